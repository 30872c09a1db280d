//! State that a forked child must not share with its parent: locks that another thread may have
//! held, sockets, work under way.

use std::sync::Arc;

use arc_swap::ArcSwap;

/// A value that is built anew in every process that asks for it.
///
/// The old one is leaked by a child: a lock inside it may be held for ever.
#[derive(Debug)]
pub(crate) struct PerProcess<T>(ArcSwap<Owned<T>>);

#[derive(Debug)]
struct Owned<T> {
    pid: u32,
    value: Arc<T>,
}

impl<T> PerProcess<T> {
    pub(crate) fn new(value: T) -> Self {
        Self(ArcSwap::from_pointee(Owned { pid: std::process::id(), value: Arc::new(value) }))
    }

    /// This process's value; `build` makes it in a process that has none yet.
    pub(crate) fn get_or(&self, build: impl FnOnce() -> T) -> Arc<T> {
        let pid = std::process::id();
        let seen = self.0.load_full();
        if seen.pid == pid {
            return Arc::clone(&seen.value);
        }
        let fresh = Arc::new(Owned { pid, value: Arc::new(build()) });
        let before = self.0.compare_and_swap(&seen, Arc::clone(&fresh));
        if Arc::ptr_eq(&before, &seen) {
            // Dropping the parent's value could run destructors of its runtime in the child.
            std::mem::forget(seen);
            std::mem::forget(arc_swap::Guard::into_inner(before));
            return Arc::clone(&fresh.value);
        }
        Arc::clone(&self.0.load().value)
    }
}
