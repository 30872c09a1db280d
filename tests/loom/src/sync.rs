//! The core's `sync.rs` over loom's primitives.

pub(crate) use std::sync::{Arc, PoisonError};

use loom::sync::atomic::AtomicUsize;
pub(crate) use loom::sync::atomic::{AtomicU64, Ordering};
pub(crate) use loom::sync::{Condvar, Mutex, MutexGuard};

/// A place for a shared value: an index into all values that ever stood there. Its orderings are those
/// that `arc-swap` promises, so a reader may see an old value until something orders it after the new.
pub(crate) struct Slot<T> {
    at: AtomicUsize,
    /// Written before each use. Loom tries another order of two uses only where the second conflicts with the
    /// very last one, which between a read and a write may be a read.
    used: AtomicUsize,
    /// Not one of loom's: never held while another thread could run.
    values: std::sync::Mutex<Vec<Option<Arc<T>>>>,
}

impl<T> Slot<T> {
    pub(crate) fn new(value: Option<Arc<T>>) -> Self {
        Self { at: AtomicUsize::new(0), used: AtomicUsize::new(0), values: std::sync::Mutex::new(vec![value]) }
    }

    pub(crate) fn read(&self) -> Option<Arc<T>> {
        self.used.fetch_add(1, Ordering::Relaxed);
        let at = self.at.load(Ordering::Acquire);
        self.values.lock().unwrap()[at].clone()
    }

    pub(crate) fn replace(&self, read: Option<&Arc<T>>, value: &Arc<T>) -> Result<(), Option<Arc<T>>> {
        let same = |other: &Option<Arc<T>>| match (other, read) {
            (None, None) => true,
            (Some(other), Some(read)) => Arc::ptr_eq(other, read),
            _ => false,
        };
        let (from, to) = {
            let mut values = self.values.lock().unwrap();
            let from = values.iter().position(same).expect("it was read here");
            values.push(Some(Arc::clone(value)));
            (from, values.len() - 1)
        };
        self.used.fetch_add(1, Ordering::Relaxed);
        match self.at.compare_exchange(from, to, Ordering::AcqRel, Ordering::Acquire) {
            Ok(_) => Ok(()),
            Err(found) => Err(self.values.lock().unwrap()[found].clone()),
        }
    }
}
