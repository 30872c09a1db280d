//! The Python package's own functions that the native side calls, looked up once.

use bearergate_core::ConfigError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyType};

static CONFIG_ERROR: PyOnceLock<Py<PyType>> = PyOnceLock::new();
static NEW_OBJECT: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
static SET_MEMBERS: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
static CLAIMS_OF_JSON: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
static CLAIMS_TO_JSON: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
static CLAIMS_AS: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
static CLAIMS: PyOnceLock<Py<PyType>> = PyOnceLock::new();
static INSTANT_OF_MS: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
static INSTANT_IN_UTC: PyOnceLock<Py<PyAny>> = PyOnceLock::new();

/// `bearergate.ConfigError` for an error of the core.
pub fn config_error(py: Python<'_>, error: &ConfigError) -> PyErr {
    let make = || -> PyResult<PyErr> {
        let class = CONFIG_ERROR.import(py, "bearergate._errors", "ConfigError")?;
        let option = PyDict::new(py);
        option.set_item(intern!(py, "option"), error.option())?;
        Ok(PyErr::from_value(class.call((error.to_string(),), Some(&option))?))
    };
    make().unwrap_or_else(|failed| failed)
}

/// `Claims` over JSON text that the core has checked.
pub fn claims_of_json<'py>(py: Python<'py>, text: &str) -> PyResult<Bound<'py, PyAny>> {
    CLAIMS_OF_JSON.import(py, "bearergate._claims", "of_json")?.call1((text,))
}

/// `Claims` over a `Members`, or over a dict that nobody else holds.
pub fn claims_of_plain<'py>(py: Python<'py>, members: Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    let class = CLAIMS.import(py, "bearergate._claims", "Claims")?;
    let claims = NEW_OBJECT.import(py, "bearergate._claims", "new_object")?.call1((class,))?;
    SET_MEMBERS.import(py, "bearergate._claims", "set_members")?.call1((&claims, members))?;
    Ok(claims)
}

/// JSON text of a `Claims`.
pub fn claims_to_json(claims: &Bound<'_, PyAny>) -> PyResult<String> {
    let py = claims.py();
    CLAIMS_TO_JSON.import(py, "bearergate._claims", "to_json")?.call1((claims,))?.extract()
}

/// Claims as a value of a type of the program's.
pub fn claims_as<'py>(claims: &Bound<'py, PyAny>, model: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    CLAIMS_AS.import(claims.py(), "bearergate._claims_as", "claims_as")?.call1((claims, model))
}

/// `Claims` over a copy of a mapping.
pub fn claims_of<'py>(py: Python<'py>, members: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    CLAIMS.import(py, "bearergate._claims", "Claims")?.call1((members,))
}

/// An aware UTC `datetime`, or `None` where none can say it.
pub fn instant_of_ms(py: Python<'_>, ms: i64) -> PyResult<Bound<'_, PyAny>> {
    INSTANT_OF_MS.import(py, "bearergate._time", "of_ms")?.call1((ms,))
}

/// A given `datetime` in UTC, floored to the millisecond.
pub fn instant_in_utc<'py>(instant: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    INSTANT_IN_UTC.import(instant.py(), "bearergate._time", "in_utc")?.call1((instant,))
}
