//! Threads that Python does not know, and how they call it: the core's own, when keys arrive. Until
//! CPython 3.14 such a thread is killed in the middle of whatever it does if it asks for the GIL while
//! the interpreter shuts down, which aborts the process. So there is an end to asking before that.
//!
//! Python makes such a thread known under a lock that it takes without the GIL. Until CPython 3.12 a child
//! that was forked at that moment waits for that lock for ever (python/cpython#112275), and in 3.12 it has
//! what was being changed under it. So no thread is made known while the process forks, unless a fork takes so
//! long that waiting for it would be worse.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use pyo3::ffi::PyGILState_GetThisThreadState;
use pyo3::prelude::*;

/// Threads that hold the GIL or wait for it.
static INSIDE: AtomicUsize = AtomicUsize::new(0);
static ENDED: AtomicBool = AtomicBool::new(false);

/// Threads that are being made known.
static ENTERING: AtomicUsize = AtomicUsize::new(0);
/// Forks under way.
static FORKS: AtomicUsize = AtomicUsize::new(0);

/// How long the end waits for those that are inside.
const END: Duration = Duration::from_millis(500);
/// How long a fork waits for those that enter, and they for a fork: less, so that none of them comes too late to be
/// waited for by the end.
const FORK: Duration = Duration::from_millis(200);
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
        one_less(&INSIDE);
    }
}

struct Entering;

impl Entering {
    /// Nothing where nobody may enter any more.
    fn begin() -> Option<Self> {
        let started = Instant::now();
        loop {
            ENTERING.fetch_add(1, Ordering::SeqCst);
            let entering = Self;
            if ENDED.load(Ordering::SeqCst) {
                return None;
            }
            if FORKS.load(Ordering::SeqCst) == 0 || started.elapsed() >= FORK {
                return Some(entering);
            }
            drop(entering);
            std::thread::sleep(SHORT);
        }
    }
}

impl Drop for Entering {
    fn drop(&mut self) {
        one_less(&ENTERING);
    }
}

/// A child, or a process whose fork began before this module was there, has forgotten whom it counts out.
fn one_less(count: &AtomicUsize) {
    let _ = count.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |count| count.checked_sub(1));
}

/// Whether Python knows this thread, which then enters as it likes.
fn is_known() -> bool {
    // SAFETY: it looks at what belongs to this thread, and needs no GIL for that.
    unsafe { !PyGILState_GetThisThreadState().is_null() }
}

/// Runs `call` with the GIL; does nothing when there is nobody to call any more.
pub fn call_python(call: impl FnOnce(Python<'_>)) {
    let Some(_inside) = Inside::enter() else { return };
    if is_known() {
        Python::try_attach(call);
    } else if let Some(entering) = Entering::begin() {
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
    wait_for_none(py, &INSIDE, END);
}

/// Whether that is so already, and whoever wants an answer must wait for it.
pub fn calls_have_ended() -> bool {
    ENDED.load(Ordering::SeqCst)
}

/// From now on no thread is made known, until `resume_calls` or for a fifth of a second. For
/// `os.register_at_fork`, before a fork.
#[pyfunction]
pub fn hold_calls(py: Python<'_>) {
    FORKS.fetch_add(1, Ordering::SeqCst);
    wait_for_none(py, &ENTERING, FORK);
}

/// For `os.register_at_fork`, in the parent.
#[pyfunction]
pub fn resume_calls() {
    one_less(&FORKS);
}

/// In a child are none of the parent's threads. For `os.register_at_fork`.
#[pyfunction]
pub fn forget_calls() {
    for count in [&INSIDE, &ENTERING, &FORKS] {
        count.store(0, Ordering::SeqCst);
    }
    ENDED.store(false, Ordering::SeqCst);
}

fn wait_for_none(py: Python<'_>, threads: &AtomicUsize, limit: Duration) {
    if threads.load(Ordering::SeqCst) == 0 {
        return;
    }
    py.detach(|| {
        let started = Instant::now();
        while threads.load(Ordering::SeqCst) > 0 && started.elapsed() < limit {
            std::thread::sleep(SHORT);
        }
    });
}
