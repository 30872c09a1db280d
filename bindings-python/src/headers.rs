//! Header propagation and method patterns, without a gate.

use bearergate_core as core;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyMapping, PyString, PyTuple};

use crate::context::AuthContext;
use crate::python;

/// `(("SUBJECT", "x-auth-subject"), …)`.
pub fn table(py: Python<'_>) -> PyResult<Bound<'_, PyTuple>> {
    PyTuple::new(py, core::AUTH_HEADERS)
}

/// The `x-auth-*` headers that carry a context.
#[pyfunction]
#[pyo3(signature = (context, propagated_claims = None))]
pub fn encode_auth_headers(
    py: Python<'_>,
    context: &Bound<'_, AuthContext>,
    propagated_claims: Option<Vec<String>>,
) -> PyResult<Vec<(&'static str, String)>> {
    let parts = context.get().parts(py)?;
    if !context.get().subject_is_text(py) {
        return Err(PyValueError::new_err("the subject holds lone surrogates, which no header can carry"));
    }
    core::encode_auth_headers(&parts, propagated_claims.as_deref())
        .map_err(|error| PyValueError::new_err(error.to_string()))
}

/// The context that `x-auth-*` headers carry, if they name a subject.
#[pyfunction]
pub fn decode_auth_headers(py: Python<'_>, headers: &Bound<'_, PyMapping>) -> PyResult<Option<AuthContext>> {
    let get = |name: &str| -> Option<String> {
        let value = headers.get_item(name).ok()?;
        Some(value.cast::<PyString>().ok()?.to_cow().ok()?.into_owned())
    };
    core::decode_auth_headers(get).map(|parts| AuthContext::of_parts(py, &parts)).transpose()
}

/// Whether a pattern covers a method.
#[pyfunction]
pub fn matches_method_pattern(py: Python<'_>, service: &str, method: &str, pattern: &str) -> PyResult<bool> {
    core::matches_method_pattern(service, method, pattern).map_err(|error| python::config_error(py, &error))
}
