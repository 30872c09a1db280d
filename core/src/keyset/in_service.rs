//! What all threads judge by: one value, replaced whole, with the number of its generation. Reading
//! takes no lock.

use std::ops::Deref;

use crate::sync::{Arc, AtomicU64, Ordering, Slot};

/// A value, and the generation that it belongs to.
#[derive(Debug)]
pub(crate) struct Numbered<T> {
    /// Changes whenever the keys do, and only then.
    pub(crate) generation: u64,
    value: T,
}

impl<T> Deref for Numbered<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

/// What is put in the place of a value.
pub(crate) enum Next<T> {
    /// It says the same in other words: what was verified under the old one is verified.
    Same(T),
    Other(T),
}

/// The value in service, if there is one.
pub(crate) struct InService<T> {
    slot: Slot<Numbered<T>>,
    generations: AtomicU64,
}

impl<T> InService<T> {
    /// Begins with this value as generation 0.
    pub(crate) fn new(first: Option<T>) -> Self {
        let first = first.map(|value| Arc::new(Numbered { generation: 0, value }));
        Self { slot: Slot::new(first), generations: AtomicU64::new(0) }
    }

    pub(crate) fn read(&self) -> Option<Arc<Numbered<T>>> {
        self.slot.read()
    }

    /// Puts what `next` makes of the value in service in its place; whoever reads afterwards reads
    /// that or something newer. `next` is called again if another was faster.
    pub(crate) fn publish(&self, next: impl Fn(Option<&Arc<Numbered<T>>>) -> Next<T>) -> Arc<Numbered<T>> {
        let mut before = self.slot.read();
        loop {
            let (generation, value) = match (next(before.as_ref()), &before) {
                (Next::Same(value), Some(before)) => (before.generation, value),
                (Next::Same(value) | Next::Other(value), _) => {
                    (self.generations.fetch_add(1, Ordering::SeqCst) + 1, value)
                }
            };
            let after = Arc::new(Numbered { generation, value });
            match self.slot.replace(before.as_ref(), &after) {
                Ok(()) => return after,
                Err(found) => before = found,
            }
        }
    }
}
