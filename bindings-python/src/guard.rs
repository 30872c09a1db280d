//! A panic in the core becomes a value before it can cross into Python, where it would be a
//! `BaseException` that ordinary handlers do not catch.

use std::panic::{AssertUnwindSafe, catch_unwind};

use pyo3::prelude::*;

/// Runs core code with the GIL released. `None` is a panic; the caller refuses.
///
/// Whatever the panic interrupted is behind the core's own locks, which it does not leave poisoned for
/// its callers; the value that was being made is dropped.
pub fn detached<T: Send>(py: Python<'_>, work: impl FnOnce() -> T + Send) -> Option<T> {
    py.detach(|| catch_unwind(AssertUnwindSafe(work)).ok())
}

/// Runs core code that is over at once, with the GIL held. `None` is a panic; the caller refuses.
pub fn caught<T>(work: impl FnOnce() -> T) -> Option<T> {
    catch_unwind(AssertUnwindSafe(work)).ok()
}

/// Runs core code that may take a while with the GIL released, and quick code without letting go of it: who
/// does may have to wait for it for longer than the work takes.
pub fn judged<T: Send>(py: Python<'_>, quick: bool, work: impl FnOnce() -> T + Send) -> Option<T> {
    if quick { caught(work) } else { detached(py, work) }
}
