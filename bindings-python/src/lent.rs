//! Python objects that threads without the GIL call. Their owner lends them, and so nobody else drops one: what is
//! dropped without the GIL pyo3 keeps in a list behind a lock, for which a child would wait for ever that was forked
//! while a thread held it.

use std::sync::{Arc, Weak};

use pyo3::prelude::*;

/// The owner's, which is dropped with the GIL.
pub struct Owned(Arc<Py<PyAny>>);

/// The object while its owner has it.
pub struct Lent(Weak<Py<PyAny>>);

impl Owned {
    pub fn new(object: Py<PyAny>) -> Self {
        Self(Arc::new(object))
    }

    pub fn lend(&self) -> Lent {
        Lent(Arc::downgrade(&self.0))
    }
}

impl Lent {
    pub fn get<'py>(&self, py: Python<'py>) -> Option<Bound<'py, PyAny>> {
        self.0.upgrade().map(|object| object.bind(py).clone())
    }
}
