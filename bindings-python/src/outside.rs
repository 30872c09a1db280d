//! Threads that Python does not know, and how they call it: the core's own, when keys arrive. Until
//! CPython 3.14 such a thread is killed in the middle of whatever it does if it asks for the GIL while
//! the interpreter shuts down, which aborts the process. So there is an end to asking before that.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use pyo3::prelude::*;

/// Threads that hold the GIL or wait for it.
static INSIDE: AtomicUsize = AtomicUsize::new(0);
static ENDED: AtomicBool = AtomicBool::new(false);

/// How long the end waits for those that are inside.
const LAST: Duration = Duration::from_millis(500);

struct Inside;

impl Inside {
    fn enter() -> Option<Self> {
        INSIDE.fetch_add(1, Ordering::SeqCst);
        let inside = Self;
        (!ENDED.load(Ordering::SeqCst)).then_some(inside)
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        INSIDE.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Runs `call` with the GIL; does nothing when there is nobody to call any more.
pub fn call_python(call: impl FnOnce(Python<'_>)) {
    if let Some(_inside) = Inside::enter() {
        Python::try_attach(call);
    }
}

/// From now on no thread of the core calls Python; those that do so now have come to their end when
/// this returns, or have had half a second. For `atexit`.
#[pyfunction]
pub fn end_calls(py: Python<'_>) {
    ENDED.store(true, Ordering::SeqCst);
    py.detach(|| {
        let started = Instant::now();
        while INSIDE.load(Ordering::SeqCst) > 0 && started.elapsed() < LAST {
            std::thread::sleep(Duration::from_millis(1));
        }
    });
}

/// Whether that is so already, and whoever wants an answer must wait for it.
pub fn calls_have_ended() -> bool {
    ENDED.load(Ordering::SeqCst)
}

/// In a child none of the parent's threads is inside. For `os.register_at_fork`.
#[pyfunction]
pub fn forget_calls() {
    INSIDE.store(0, Ordering::SeqCst);
    ENDED.store(false, Ordering::SeqCst);
}
