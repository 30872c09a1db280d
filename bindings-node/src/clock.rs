//! The private entry of the conformance and fault runners: a gate on a clock that they move. No
//! option reaches it and the package does not export it.

use bearergate_core::ManualClock;
use napi::bindgen_prelude::Either;
use napi_derive::napi;

use crate::gate::NativeGate;
use crate::panic::throwing;

/// Builds a gate whose wall and monotonic clocks stand still at the given milliseconds.
#[napi(skip_typescript)]
pub fn create_gate_on_clock(
    options_json: String,
    off_main_thread: bool,
    wall_ms: i64,
    mono_ms: i64,
) -> napi::Result<Either<NativeGate, String>> {
    let clock = ManualClock::new(wall_ms, mono_ms.unsigned_abs());
    throwing(|| NativeGate::open(options_json, off_main_thread, Some(clock)))
}

#[napi]
impl NativeGate {
    /// Moves the clocks of a gate made by `createGateOnClock`.
    #[napi(skip_typescript)]
    pub fn set_clock(&self, wall_ms: i64, mono_ms: i64) -> napi::Result<()> {
        match &self.clock {
            Some(clock) => throwing(|| clock.set(wall_ms, mono_ms.unsigned_abs())),
            None => Err(napi::Error::from_reason("bearergate: this gate runs on the system's clocks")),
        }
    }
}
