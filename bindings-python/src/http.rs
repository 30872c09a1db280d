//! HTTP requests in front of a framework, and refusals as HTTP responses.

use std::borrow::Cow;

use bearergate_core::{self as core, ConnectCode, Spelling, Told};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyString};

use crate::refusal::Refusal;
use crate::{options, python};

/// Compiled paths to skip.
#[pyclass(module = "bearergate._native", frozen)]
pub struct SkipPaths(core::SkipPaths);

#[pymethods]
impl SkipPaths {
    #[new]
    fn new(patterns: &Bound<'_, PyAny>) -> PyResult<Self> {
        let value = options::read(patterns)?;
        core::SkipPaths::read(value, Spelling::Snake)
            .map(Self)
            .map_err(|error| python::config_error(patterns.py(), &error))
    }
}

impl SkipPaths {
    /// The paths as the core has them.
    pub fn core(&self) -> &core::SkipPaths {
        &self.0
    }
}

/// A header's value as received. Text is what a server makes of it; what is not ASCII is no token.
pub fn header_bytes<'a>(value: &'a Bound<'_, PyAny>) -> PyResult<Cow<'a, [u8]>> {
    if let Ok(bytes) = value.cast::<PyBytes>() {
        return Ok(Cow::Borrowed(bytes.as_bytes()));
    }
    Ok(match value.cast::<PyString>()?.to_string_lossy() {
        Cow::Borrowed(text) => Cow::Borrowed(text.as_bytes()),
        Cow::Owned(text) => Cow::Owned(text.into_bytes()),
    })
}

/// The method that a request target calls, where it could be one of Connect's.
#[pyfunction]
pub fn procedure_of(target: &[u8]) -> Option<String> {
    core::procedure_of(target)
}

/// The refusal that a defect is, where no gate is near to make it.
#[pyfunction]
pub fn internal_refusal() -> Refusal {
    Refusal(core::Refusal::of(core::Code::Internal))
}

type Response<'py> = (u16, Vec<(&'static str, String)>, Bound<'py, PyBytes>);

/// Status, headers and body for a refused request, given what its client is told. `None` for an unknown
/// code.
#[pyfunction]
#[pyo3(signature = (connect_code, message, challenge, retry_after, content_type))]
pub fn answer_http<'py>(
    py: Python<'py>,
    connect_code: &str,
    message: &str,
    challenge: Option<&str>,
    retry_after: Option<u32>,
    content_type: Option<&str>,
) -> Option<Response<'py>> {
    let code = ConnectCode::from_name(connect_code)?;
    let answer = core::http_answer(Told { code, message, challenge, retry_after }, content_type);
    Some((answer.status, answer.headers, PyBytes::new(py, &answer.body)))
}
