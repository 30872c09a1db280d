//! What is made when it is first asked for. pyo3's own way lets go of the GIL between marking a cell as being filled
//! and filling it: a child that another thread forks in that moment, or a finalizer that asks for the same, would wait
//! for ever.

use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;

/// The value of a cell, made now where there is none. Several threads may make one; the first is kept.
pub fn made<'a, T>(py: Python<'_>, cell: &'a PyOnceLock<T>, make: impl FnOnce() -> PyResult<T>) -> PyResult<&'a T> {
    if cell.get(py).is_none() {
        drop(cell.set(py, make()?));
    }
    cell.get(py).ok_or_else(|| PyRuntimeError::new_err("a defect inside the verifier: nothing was made"))
}
