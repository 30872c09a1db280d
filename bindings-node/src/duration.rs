//! Durations outside the options.

use napi_derive::napi;

use crate::panic::throwing;

/// Seconds of a duration string, or nothing when it is none.
#[napi]
pub fn parse_duration(text: String) -> napi::Result<Option<f64>> {
    throwing(|| bearergate_core::parse_duration_seconds(&text))
}
