//! The primitives of shared state whose every interleaving is tried: `tests/loom` compiles the modules
//! that are built on this one over loom's primitives instead.

pub(crate) use std::sync::atomic::{AtomicU64, Ordering};
pub(crate) use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use arc_swap::ArcSwapOption;

/// A place for a shared value. Reading takes no lock: what was put in before is seen, and all of it.
pub(crate) struct Slot<T>(ArcSwapOption<T>);

impl<T> Slot<T> {
    pub(crate) fn new(value: Option<Arc<T>>) -> Self {
        Self(ArcSwapOption::new(value))
    }

    pub(crate) fn read(&self) -> Option<Arc<T>> {
        self.0.load_full()
    }

    /// Puts a value in the place of the one that was read; gives back what stands there if it is
    /// another by now.
    pub(crate) fn replace(&self, read: Option<&Arc<T>>, value: &Arc<T>) -> Result<(), Option<Arc<T>>> {
        let found = self.0.compare_and_swap(&read.cloned(), Some(Arc::clone(value)));
        let same = match (&*found, read) {
            (None, None) => true,
            (Some(found), Some(read)) => Arc::ptr_eq(found, read),
            _ => false,
        };
        if same { Ok(()) } else { Err(arc_swap::Guard::into_inner(found)) }
    }
}
