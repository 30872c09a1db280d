//! Python objects that threads without the GIL call. Their owner lends them, and so nobody else drops one: what is
//! dropped without the GIL pyo3 keeps in a list behind a lock, for which a child would wait for ever that was forked
//! while a thread held it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use pyo3::prelude::*;

type Place = Mutex<Option<Py<PyAny>>>;

/// The owner's place for an object, which is dropped with the GIL.
#[derive(Default)]
pub struct Owned(Arc<Place>);

/// The object while its owner has it. Both are asked for with the GIL, so that they drop nothing without it.
pub struct Lent(Weak<Place>);

impl Owned {
    /// Owns the object, and lends it.
    pub fn lend(&self, object: Py<PyAny>) -> Lent {
        // What is dropped may run Python, which must not find the place locked.
        let before = lock(&self.0).replace(object);
        drop(before);
        Lent(Arc::downgrade(&self.0))
    }

    /// Owns and lends nothing any more.
    pub fn forget(&self) {
        let object = lock(&self.0).take();
        drop(object);
    }
}

impl Lent {
    pub fn get<'py>(&self, py: Python<'py>) -> Option<Bound<'py, PyAny>> {
        let place = self.0.upgrade()?;
        lock(&place).as_ref().map(|object| object.bind(py).clone())
    }

    /// The owner has it no more.
    pub fn take<'py>(&self, py: Python<'py>) -> Option<Bound<'py, PyAny>> {
        let place = self.0.upgrade()?;
        let object = lock(&place).take();
        object.map(|object| object.into_bound(py))
    }
}

fn lock(place: &Place) -> MutexGuard<'_, Option<Py<PyAny>>> {
    place.lock().unwrap_or_else(PoisonError::into_inner)
}
