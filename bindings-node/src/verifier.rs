//! The verifier of a gate: bare tokens, readiness, counts.

use std::time::Duration;

use bearergate_core::{Code, Gate, Outcome, Readiness};
use napi::Env;
use napi::bindgen_prelude::{Either, Object};
use napi_derive::napi;

use crate::gate::{Answered, Decided, NativeGate};
use crate::panic::{refusing, throwing};
use crate::text::Text;
use crate::{answer, wait};

impl NativeGate {
    fn judge(&self, ask: impl FnOnce(&Gate) -> Outcome) -> Decided {
        refusing(&self.gate, || match ask(&self.gate) {
            Outcome::Ready(Ok(verified)) => {
                self.told(&self.tokens, &verified, |number| answer::verified(&verified, number))
            }
            Outcome::Ready(Err(refusal)) => Decided::Answer(answer::refused(&refusal)),
            Outcome::Wait(ticket) => Decided::Wait(ticket),
        })
    }
}

#[napi]
impl NativeGate {
    /// Judges a bare token: an answer, or a promise of one while keys are fetched or another thread judges.
    #[napi]
    pub fn verify<'env>(&self, env: &'env Env, token: Text) -> napi::Result<Answered<'env>> {
        self.answered(env, self.judge(|gate| gate.verify(&token)), |_, verified| answer::verified(verified, None))
    }

    /// Judges a bare token without waiting: where keys would have to be waited for, their fetch
    /// goes on and the answer is that they are unavailable.
    #[napi]
    pub fn verify_now(&self, token: Text) -> Either<f64, String> {
        match self.judge(|gate| gate.verifier().verify(&token)) {
            Decided::Known(number) => Either::A(number),
            Decided::Answer(answer) => Either::B(answer),
            Decided::Wait(_) => Either::B(answer::refused(&self.gate.refuse(Code::KeysUnavailable))),
        }
    }

    /// Nothing when keys are there, else a promise of nothing or a refusal.
    #[napi]
    pub fn ready<'env>(&self, env: &'env Env, seconds: Option<f64>) -> napi::Result<Option<Object<'env>>> {
        // Beyond what a Duration holds there is no limit.
        let limit = seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
        match throwing(|| self.gate.verifier().ready(limit))? {
            Readiness::Ready => Ok(None),
            Readiness::Wait(ticket) => Ok(Some(wait::promise_of_keys(env, ticket)?)),
        }
    }

    /// State of the keys and counts, as JSON.
    #[napi]
    pub fn stats(&self) -> napi::Result<String> {
        throwing(|| self.gate.verifier().stats().to_json())
    }

    /// URL and state of each remote set, in turn.
    #[napi]
    pub fn key_states(&self) -> napi::Result<Vec<String>> {
        let states = throwing(|| self.gate.verifier().key_states())?;
        Ok(states.into_iter().flat_map(|(url, state)| [url, state.to_owned()]).collect())
    }

    /// Ends fetching; waiting calls end as unavailable.
    #[napi]
    pub fn close(&self) -> napi::Result<()> {
        throwing(|| self.gate.verifier().close())
    }
}
