//! One request, one call.

use std::sync::Arc;

use bearergate_core::{Clock, Code, Decision, Gate, ManualClock, Request};
use napi::Env;
use napi::bindgen_prelude::{Either, Object};
use napi_derive::napi;

use crate::panic::{refusing, throwing};
use crate::{answer, options, wait};

/// A gate and its verifier.
#[napi]
pub struct NativeGate {
    pub(crate) gate: Arc<Gate>,
    pub(crate) clock: Option<ManualClock>,
}

/// Builds a gate on the system's clocks, or tells the construction error.
#[napi]
pub fn create_gate(options_json: String) -> napi::Result<Either<NativeGate, String>> {
    throwing(|| NativeGate::open(options_json, None))
}

impl NativeGate {
    pub(crate) fn open(options_json: String, clock: Option<ManualClock>) -> Either<Self, String> {
        let system = clock.clone().map_or(Clock::System, Clock::Manual);
        match options::open(options_json, system) {
            Ok(gate) => Either::A(Self { gate: Arc::new(gate), clock }),
            Err(error) => Either::B(options::describe(&error)),
        }
    }

    pub(crate) fn decided(&self, decision: Decision) -> Decided {
        match decision {
            Decision::Skip => Decided::Answer(answer::skipped()),
            Decision::Accept(verified) => Decided::Answer(answer::accepted(&self.gate, &verified)),
            Decision::Refuse(refusal) => Decided::Answer(answer::refused(&refusal)),
            Decision::Wait(ticket) => Decided::Wait(ticket),
        }
    }

    pub(crate) fn answered<'env>(
        &self,
        env: &'env Env,
        decided: Decided,
    ) -> napi::Result<Either<String, Object<'env>>> {
        Ok(match decided {
            Decided::Answer(answer) => Either::A(answer),
            Decided::Wait(ticket) => Either::B(wait::promise(env, &self.gate, ticket, answer::accepted)?),
        })
    }
}

#[napi]
impl NativeGate {
    /// Judges one request: an answer, or a promise of one while keys are fetched.
    #[napi]
    pub fn check<'env>(
        &self,
        env: &'env Env,
        service: String,
        method: String,
        credentials: Option<String>,
    ) -> napi::Result<Either<String, Object<'env>>> {
        let credentials = credentials.map(header_bytes);
        let values: Vec<&[u8]> = credentials.iter().map(Vec::as_slice).collect();
        let request = Request { service: &service, method: &method, credentials: &values };
        let decided = refusing(&self.gate, || self.decided(self.gate.check(&request)));
        self.answered(env, decided)
    }

    /// The refusal that a code of the table stands for, for hooks that run in JavaScript.
    #[napi]
    pub fn refuse(&self, code: String) -> String {
        let code = Code::from_name(&code).unwrap_or(Code::Internal);
        answer::refused(&self.gate.refuse(code))
    }

    /// Lower-case name of the header that holds the credentials.
    #[napi(getter)]
    pub fn credentials_header(&self) -> String {
        self.gate.credentials_header().to_owned()
    }
}

pub(crate) enum Decided {
    Answer(String),
    Wait(bearergate_core::Ticket),
}

impl From<String> for Decided {
    fn from(answer: String) -> Self {
        Self::Answer(answer)
    }
}

/// The bytes of a header value as they were received: JavaScript shows each as one character.
/// A character beyond that range cannot come from a header and is kept recognizable, never cut to
/// a byte that could be read as part of a token.
pub(crate) fn header_bytes(value: String) -> Vec<u8> {
    if value.is_ascii() {
        return value.into_bytes();
    }
    let bytes: Option<Vec<u8>> = value.chars().map(|c| u8::try_from(u32::from(c)).ok()).collect();
    bytes.unwrap_or_else(|| value.into_bytes())
}
