//! The command line: arguments in, what to write out.

use bearergate_core::explain::{self, Report, Surroundings};
use napi::Env;
use napi::bindgen_prelude::Object;
use napi_derive::napi;

use crate::wait;

/// A promise of what a run of the command writes, as JSON: `stdout`, `stderr`, `exitCode`.
#[napi]
pub fn run_command(env: &Env, arguments: Vec<String>) -> napi::Result<Object<'_>> {
    let ticket = explain::run(arguments, Surroundings::of_process());
    wait::promise_of(env, ticket, |answer| Report::of(answer).to_json().into())
}
