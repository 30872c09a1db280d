//! Durations outside the options.

use bearergate_core::{OptionValue, parse_duration};
use napi::bindgen_prelude::Either;
use napi_derive::napi;

use crate::options::describe;
use crate::panic::throwing;

/// Seconds of a duration as options spell them, or what is wrong with it; `name` is how the error
/// calls it.
#[napi]
pub fn read_duration(name: String, json: String) -> napi::Result<Either<f64, String>> {
    throwing(|| {
        let duration = OptionValue::from_json(&json).and_then(|value| parse_duration(&name, &value));
        match duration {
            Ok(duration) => Either::A(duration.as_secs_f64()),
            Err(error) => Either::B(describe(&error)),
        }
    })
}
