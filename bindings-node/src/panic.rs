//! A panic becomes a refusal, never an accepted request.

use std::panic::{AssertUnwindSafe, catch_unwind};

use bearergate_core::{Code, Gate};

use crate::answer;
use crate::text::Text;

/// Runs what answers a request; a panic in it answers `ERR_INTERNAL`.
pub fn refusing<T: From<Text>>(gate: &Gate, work: impl FnOnce() -> T) -> T {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| answer::refused(&gate.refuse(Code::Internal)).into())
}

/// Runs what is not about a request; a panic in it becomes a JavaScript exception.
pub fn throwing<T>(work: impl FnOnce() -> T) -> napi::Result<T> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|_| napi::Error::from_reason("bearergate: internal error"))
}
