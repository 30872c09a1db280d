//! The verifier of a gate: bare tokens, readiness, counts.

use std::time::Duration;

use bearergate_core::Readiness;
use napi::Env;
use napi::bindgen_prelude::{Either, Function, Object};
use napi_derive::napi;

use crate::gate::NativeGate;
use crate::judge::Answered;
use crate::panic::throwing;
use crate::text::Text;
use crate::wait;

#[napi]
impl NativeGate {
    /// The function that judges a bare token: an answer, or a promise of one while keys are fetched or another
    /// thread judges.
    #[napi(ts_return_type = "(token: string) => number | string | Promise<string>")]
    pub fn token_judge<'env>(&self, env: &'env Env) -> napi::Result<Function<'env, String, Answered>> {
        let judge = self.tokens.clone();
        env.create_function_from_closure("judge", move |call| judge.token(call.env, &call.get::<Text>(0)?))
    }

    /// The function that judges a bare token without waiting.
    #[napi(ts_return_type = "(token: string) => number | string")]
    pub fn token_judge_now<'env>(&self, env: &'env Env) -> napi::Result<Function<'env, String, Either<f64, Text>>> {
        let judge = self.tokens.clone();
        env.create_function_from_closure("judge", move |call| Ok(judge.token_now(&call.get::<Text>(0)?)))
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
