//! The Python package's own functions that the native side calls, looked up once.

use bearergate_core::ConfigError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyDict;

use crate::claims::Claims;
use crate::once;

static CONFIG_ERROR: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
static LOADS: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
static PLAIN_MEMBERS: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
static CLAIMS_EQUAL: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
static CLAIMS_TO_JSON: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
static CLAIMS_AS: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
static INSTANT_OF_MS: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
static INSTANT_IN_UTC: PyOnceLock<Py<PyAny>> = PyOnceLock::new();

/// A member of a module, looked up the first time.
fn looked_up<'py>(
    py: Python<'py>,
    cell: &PyOnceLock<Py<PyAny>>,
    module: &str,
    name: &str,
) -> PyResult<Bound<'py, PyAny>> {
    Ok(once::made(py, cell, || Ok(py.import(module)?.getattr(name)?.unbind()))?.bind(py).clone())
}

/// `bearergate.ConfigError` for an error of the core.
pub fn config_error(py: Python<'_>, error: &ConfigError) -> PyErr {
    let make = || -> PyResult<PyErr> {
        let class = looked_up(py, &CONFIG_ERROR, "bearergate._errors", "ConfigError")?;
        let option = PyDict::new(py);
        option.set_item(intern!(py, "option"), error.option())?;
        Ok(PyErr::from_value(class.call((error.to_string(),), Some(&option))?))
    };
    make().unwrap_or_else(|failed| failed)
}

/// The dict of JSON text that the core has checked to be an object.
pub fn members_of_json<'py>(py: Python<'py>, text: &str) -> PyResult<Bound<'py, PyDict>> {
    Ok(looked_up(py, &LOADS, "json", "loads")?.call1((text,))?.cast_into()?)
}

/// A copy of a mapping that holds JSON, in dicts and lists.
pub fn plain_members<'py>(members: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyDict>> {
    Ok(looked_up(members.py(), &PLAIN_MEMBERS, "bearergate._claims", "plain_members")?
        .call1((members,))?
        .cast_into()?)
}

/// Whether a `Claims` says what another mapping says; nothing where that is none.
pub fn claims_equal(claims: &Bound<'_, Claims>, other: &Bound<'_, PyAny>) -> PyResult<Option<bool>> {
    looked_up(claims.py(), &CLAIMS_EQUAL, "bearergate._claims", "equal")?.call1((claims, other))?.extract()
}

/// One of the views of `collections.abc`.
pub fn view<'py>(claims: &Bound<'py, Claims>, kind: &str) -> PyResult<Bound<'py, PyAny>> {
    claims.py().import("collections.abc")?.getattr(kind)?.call1((claims,))
}

/// JSON text of a `Claims`.
pub fn claims_to_json(claims: &Bound<'_, Claims>) -> PyResult<String> {
    let py = claims.py();
    looked_up(py, &CLAIMS_TO_JSON, "bearergate._claims", "to_json")?.call1((claims,))?.extract()
}

/// Claims as a value of a type of the program's.
pub fn claims_as<'py>(claims: &Bound<'py, Claims>, model: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    looked_up(claims.py(), &CLAIMS_AS, "bearergate._claims_as", "claims_as")?.call1((claims, model))
}

/// An aware UTC `datetime`, or `None` where none can say it.
pub fn instant_of_ms(py: Python<'_>, ms: i64) -> PyResult<Bound<'_, PyAny>> {
    looked_up(py, &INSTANT_OF_MS, "bearergate._time", "of_ms")?.call1((ms,))
}

/// A given `datetime` in UTC, floored to the millisecond.
pub fn instant_in_utc<'py>(instant: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    looked_up(instant.py(), &INSTANT_IN_UTC, "bearergate._time", "in_utc")?.call1((instant,))
}
