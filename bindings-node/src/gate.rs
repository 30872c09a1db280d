//! A gate, and the functions that requests are judged by.
//!
//! They are functions of their own, and no methods: to find what a method belongs to costs Node-API two look-ups
//! of hidden members and the binding a table of all that is borrowed, more than all else that crosses the border.

use std::ops::Deref;
use std::sync::Arc;

use bearergate_core::{Clock, Code, Gate, ManualClock, Request};
use napi::Env;
use napi::bindgen_prelude::{Either, Function};
use napi_derive::napi;
use zeroize::Zeroizing;

use crate::judge::{Answered, Judge};
use crate::panic::throwing;
use crate::text::Text;
use crate::{answer, options};

/// A gate and its verifier.
#[napi]
pub struct NativeGate {
    pub(crate) gate: Arc<Gate>,
    pub(crate) clock: Option<ManualClock>,
    pub(crate) requests: Judge,
    pub(crate) tokens: Judge,
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
            Ok(gate) => {
                let gate = Arc::new(if off_main_thread { gate.aside() } else { gate });
                let [requests, tokens] = [Judge::new(&gate), Judge::new(&gate)];
                Either::A(Self { gate, clock, requests, tokens })
            }
            Err(error) => Either::B(options::describe(&error)),
        }
    }
}

#[napi]
impl NativeGate {
    /// The function that judges requests to a method: an answer, or a promise of one while keys are fetched or
    /// another thread judges.
    #[napi(ts_return_type = "(credentials: string | null | undefined) => number | string | Promise<string>")]
    pub fn request_judge<'env>(
        &self,
        env: &'env Env,
        service: String,
        method: String,
    ) -> napi::Result<Function<'env, Option<String>, Answered>> {
        let judge = self.requests.clone();
        env.create_function_from_closure("judge", move |call| {
            let credentials: Option<Text> = call.get(0)?;
            let credentials = credentials.as_ref().map(|value| header_bytes(value));
            let values = credentials.as_deref();
            let request = Request { service: &service, method: &method, credentials: values.as_slice() };
            judge.request(call.env, |gate| gate.check(&request))
        })
    }

    /// Gives no number for what was told so far.
    #[napi]
    pub fn forget_told(&self) {
        self.requests.forget();
        self.tokens.forget();
    }

    /// The refusal that a code of the table stands for, for hooks that run in JavaScript.
    #[napi(ts_return_type = "string")]
    pub fn refuse(&self, code: String) -> Text {
        let code = Code::from_name(&code).unwrap_or(Code::Internal);
        answer::refused(&self.gate.refuse(code))
    }

    /// Lower-case name of the header that holds the credentials.
    #[napi(getter)]
    pub fn credentials_header(&self) -> String {
        self.gate.credentials_header().to_owned()
    }
}

/// The bytes of a header value.
pub(crate) enum HeaderBytes<'a> {
    Text(&'a [u8]),
    /// Cleared when it is dropped, as the text is.
    Narrowed(Zeroizing<Vec<u8>>),
}

impl Deref for HeaderBytes<'_> {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Self::Text(bytes) => bytes,
            Self::Narrowed(bytes) => bytes,
        }
    }
}

/// The bytes of a header value as they were received: JavaScript shows each as one character.
/// A character beyond that range cannot come from a header and is kept recognizable, never cut to
/// a byte that could be read as part of a token.
pub(crate) fn header_bytes(value: &str) -> HeaderBytes<'_> {
    if value.is_ascii() {
        return HeaderBytes::Text(value.as_bytes());
    }
    // With room for all of them, since a buffer that grows leaves copies behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(value.len()));
    for character in value.chars() {
        match u8::try_from(u32::from(character)) {
            Ok(byte) => bytes.push(byte),
            Err(_) => return HeaderBytes::Text(value.as_bytes()),
        }
    }
    HeaderBytes::Narrowed(bytes)
}
