//! One request, one call.

use std::borrow::Cow;
use std::sync::Arc;

use bearergate_core::{Clock, Code, Decision, Gate, ManualClock, Request, Verified};
use napi::Env;
use napi::bindgen_prelude::{Either, Either3, Object};
use napi_derive::napi;

use crate::panic::{refusing, throwing};
use crate::text::Text;
use crate::told::{Number, ToldBefore};
use crate::{answer, options, wait};

/// A gate and its verifier.
#[napi]
pub struct NativeGate {
    pub(crate) gate: Arc<Gate>,
    pub(crate) clock: Option<ManualClock>,
    /// The requests, and the bare tokens, that JavaScript knows to be accepted.
    pub(crate) requests: ToldBefore,
    pub(crate) tokens: ToldBefore,
}

/// Builds a gate on the system's clocks, or tells the construction error.
#[napi]
pub fn create_gate(options_json: String, off_main_thread: bool) -> napi::Result<Either<NativeGate, String>> {
    throwing(|| NativeGate::open(options_json, off_main_thread, None))
}

impl NativeGate {
    pub(crate) fn open(
        options_json: String,
        off_main_thread: bool,
        clock: Option<ManualClock>,
    ) -> Either<Self, String> {
        let system = clock.clone().map_or(Clock::System, Clock::Manual);
        match options::open(options_json, system) {
            Ok(gate) => Either::A(Self {
                gate: Arc::new(if off_main_thread { gate.aside() } else { gate }),
                clock,
                requests: ToldBefore::default(),
                tokens: ToldBefore::default(),
            }),
            Err(error) => Either::B(options::describe(&error)),
        }
    }

    pub(crate) fn decided(&self, decision: Decision) -> Decided {
        match decision {
            Decision::Skip => Decided::Answer(answer::skipped()),
            Decision::Accept(verified) => {
                self.told(&self.requests, &verified, |number| answer::accepted(&self.gate, &verified, number))
            }
            Decision::Refuse(refusal) => Decided::Answer(answer::refused(&refusal)),
            Decision::Wait(ticket) => Decided::Wait(ticket),
        }
    }

    /// Tells of an accepted token: by its number where that was told before, else by an answer.
    pub(crate) fn told(
        &self,
        before: &ToldBefore,
        verified: &Verified,
        answer: impl FnOnce(Option<f64>) -> String,
    ) -> Decided {
        let Some(entries) = self.gate.verifier().cache_entries() else {
            return Decided::Answer(answer(None));
        };
        match before.number(verified, entries) {
            Number::Known(number) => Decided::Known(number),
            Number::New(number) => Decided::Answer(answer(Some(number))),
        }
    }

    pub(crate) fn answered<'env>(
        &self,
        env: &'env Env,
        decided: Decided,
        accepted: impl FnOnce(&Gate, &Verified) -> String + Send + 'static,
    ) -> napi::Result<Answered<'env>> {
        Ok(match decided {
            Decided::Known(number) => Either3::A(number),
            Decided::Answer(answer) => Either3::B(answer),
            Decided::Wait(ticket) => Either3::C(wait::promise(env, &self.gate, ticket, accepted)?),
        })
    }

    pub(crate) fn answered_request<'env>(&self, env: &'env Env, decided: Decided) -> napi::Result<Answered<'env>> {
        self.answered(env, decided, |gate, verified| answer::accepted(gate, verified, None))
    }
}

/// A number, an answer, or a promise of an answer.
pub(crate) type Answered<'env> = Either3<f64, String, Object<'env>>;

#[napi]
impl NativeGate {
    /// Judges one request: an answer, or a promise of one while keys are fetched or another thread judges.
    #[napi]
    pub fn check<'env>(
        &self,
        env: &'env Env,
        service: String,
        method: String,
        credentials: Option<Text>,
    ) -> napi::Result<Answered<'env>> {
        let credentials = credentials.as_deref().map(header_bytes);
        let values = credentials.as_deref();
        let request = Request { service: &service, method: &method, credentials: values.as_slice() };
        let decided = refusing(&self.gate, || self.decided(self.gate.check(&request)));
        self.answered_request(env, decided)
    }

    /// Gives no number for what was told so far.
    #[napi]
    pub fn forget_told(&self) {
        self.requests.clear();
        self.tokens.clear();
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
    Known(f64),
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
pub(crate) fn header_bytes(value: &str) -> Cow<'_, [u8]> {
    if value.is_ascii() {
        return Cow::Borrowed(value.as_bytes());
    }
    let bytes: Option<Vec<u8>> = value.chars().map(|c| u8::try_from(u32::from(c)).ok()).collect();
    bytes.map_or(Cow::Borrowed(value.as_bytes()), Cow::Owned)
}
