//! Threads that Python does not know, and how they call it: the core's own, when keys arrive. Until
//! CPython 3.14 such a thread is killed in the middle of whatever it does if it asks for the GIL while
//! the interpreter shuts down, which aborts the process. So there is an end to asking before that.
//!
//! Python makes such a thread known under a lock that it takes without the GIL. Until CPython 3.12 a child
//! that was forked at that moment waits for that lock for ever (python/cpython#112275), and in 3.12 it has
//! what was being changed under it. So no thread is made known while the process forks.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use pyo3::prelude::*;

/// Threads that hold the GIL or wait for it.
static INSIDE: AtomicUsize = AtomicUsize::new(0);
static ENDED: AtomicBool = AtomicBool::new(false);

/// Threads that are being made known.
static ENTERING: AtomicUsize = AtomicUsize::new(0);
/// Forks under way.
static FORKS: AtomicUsize = AtomicUsize::new(0);

/// How long the end waits for those that are inside, a fork for those that enter, and they for a fork.
const LAST: Duration = Duration::from_millis(500);
/// How often they look.
const SHORT: Duration = Duration::from_micros(100);

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

struct Entering;

impl Entering {
    fn begin() -> Self {
        let started = Instant::now();
        loop {
            ENTERING.fetch_add(1, Ordering::SeqCst);
            let entering = Self;
            if FORKS.load(Ordering::SeqCst) == 0 || started.elapsed() >= LAST {
                return entering;
            }
            drop(entering);
            std::thread::sleep(SHORT);
        }
    }
}

impl Drop for Entering {
    fn drop(&mut self) {
        ENTERING.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Runs `call` with the GIL; does nothing when there is nobody to call any more.
pub fn call_python(call: impl FnOnce(Python<'_>)) {
    if let Some(_inside) = Inside::enter() {
        let entering = Entering::begin();
        Python::try_attach(|py| {
            drop(entering);
            call(py);
        });
    }
}

/// From now on no thread of the core calls Python; those that do so now have come to their end when
/// this returns, or have had half a second. For `atexit`.
#[pyfunction]
pub fn end_calls(py: Python<'_>) {
    ENDED.store(true, Ordering::SeqCst);
    wait_for_none(py, &INSIDE);
}

/// Whether that is so already, and whoever wants an answer must wait for it.
pub fn calls_have_ended() -> bool {
    ENDED.load(Ordering::SeqCst)
}

/// From now on no thread is made known, until `resume_calls`. For `os.register_at_fork`, before a fork.
#[pyfunction]
pub fn hold_calls(py: Python<'_>) {
    FORKS.fetch_add(1, Ordering::SeqCst);
    wait_for_none(py, &ENTERING);
}

/// For `os.register_at_fork`, in the parent.
#[pyfunction]
pub fn resume_calls() {
    FORKS.fetch_sub(1, Ordering::SeqCst);
}

/// In a child are none of the parent's threads. For `os.register_at_fork`.
#[pyfunction]
pub fn forget_calls() {
    for count in [&INSIDE, &ENTERING, &FORKS] {
        count.store(0, Ordering::SeqCst);
    }
    ENDED.store(false, Ordering::SeqCst);
}

fn wait_for_none(py: Python<'_>, threads: &AtomicUsize) {
    if threads.load(Ordering::SeqCst) == 0 {
        return;
    }
    py.detach(|| {
        let started = Instant::now();
        while threads.load(Ordering::SeqCst) > 0 && started.elapsed() < LAST {
            std::thread::sleep(SHORT);
        }
    });
}
