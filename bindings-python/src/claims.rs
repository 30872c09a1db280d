//! The claims that the core has read, as Python's own values.

use std::sync::atomic::{AtomicU32, Ordering};

use bearergate_core::{ClaimValue, Verified};
use pyo3::exceptions::PyKeyError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyBool, PyDict, PyFloat, PyInt, PyList, PyString};

/// The claims of a verified token, each made when it is asked for: a handler reads one or two, and all of
/// them take as long as verifying the token did.
#[pyclass(module = "bearergate._native", frozen)]
pub struct Members {
    verified: Verified,
    asked: AtomicU32,
    all: PyOnceLock<Py<PyDict>>,
}

/// Who asks for more than so many gets them out of a dict.
const FEW: u32 = 8;

impl Members {
    pub fn of(verified: &Verified) -> Self {
        Self { verified: verified.clone(), asked: AtomicU32::new(0), all: PyOnceLock::new() }
    }

    fn find<'py>(&self, name: &Bound<'py, PyAny>) -> PyResult<Option<Bound<'py, PyAny>>> {
        let py = name.py();
        if self.all.get(py).is_some() || self.asked.fetch_add(1, Ordering::Relaxed) >= FEW {
            return self.all(py)?.get_item(name);
        }
        match name.cast_exact::<PyString>().map(|text| text.to_cow()) {
            Ok(Ok(text)) => self.verified.claim(&text).map(|value| plain(py, value)).transpose(),
            // A str of a kind of its own, or no claim's name: a dict knows what to say.
            _ => self.all(py)?.get_item(name),
        }
    }
}

#[pymethods]
impl Members {
    /// Every claim, in a dict that nobody may change.
    fn all<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let all = self.all.get_or_try_init(py, || {
            plain(py, self.verified.claims_value())?.cast_into::<PyDict>().map(Bound::unbind).map_err(PyErr::from)
        })?;
        Ok(all.bind(py).clone())
    }

    fn __getitem__<'py>(&self, name: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        self.find(name)?.ok_or_else(|| PyKeyError::new_err((name.clone().unbind(),)))
    }

    fn __contains__(&self, name: &Bound<'_, PyAny>) -> PyResult<bool> {
        Ok(self.find(name)?.is_some())
    }
}

/// The value that `json.loads` makes of the same text.
pub fn plain<'py>(py: Python<'py>, value: ClaimValue<'_>) -> PyResult<Bound<'py, PyAny>> {
    Ok(match value {
        ClaimValue::Null => py.None().into_bound(py),
        ClaimValue::Bool(is) => PyBool::new(py, is).to_owned().into_any(),
        ClaimValue::Number(number) => return plain_number(py, number),
        ClaimValue::String(text) => PyString::new(py, &text).into_any(),
        ClaimValue::Array(items) => {
            let list = PyList::empty(py);
            for item in items {
                list.append(plain(py, item)?)?;
            }
            list.into_any()
        }
        ClaimValue::Object(members) => {
            let dict = PyDict::new(py);
            for (name, value) in members {
                dict.set_item(key(py, &name), plain(py, value)?)?;
            }
            dict.into_any()
        }
    })
}

/// An int where the number is written as one, with every digit; else a float.
fn plain_number<'py>(py: Python<'py>, number: &str) -> PyResult<Bound<'py, PyAny>> {
    if number.contains(['.', 'e', 'E']) {
        // The core has checked that it is one, and finite.
        return Ok(PyFloat::new(py, number.parse().unwrap_or_default()).into_any());
    }
    match number.parse::<i64>() {
        Ok(whole) => Ok(PyInt::new(py, whole).into_any()),
        Err(_) => py.get_type::<PyInt>().call1((number,)),
    }
}

/// Names that most tokens have are made once.
fn key<'py>(py: Python<'py>, name: &str) -> Bound<'py, PyString> {
    macro_rules! known {
        ($($name:literal)*) => {
            match name {
                $($name => intern!(py, $name).clone(),)*
                _ => PyString::new(py, name),
            }
        };
    }
    known!("iss" "sub" "aud" "exp" "nbf" "iat" "jti" "azp" "typ" "sid" "acr" "scope" "scp" "roles" "groups"
        "name" "email" "email_verified" "preferred_username" "given_name" "family_name" "client_id" "auth_time"
        "session_state" "realm_access" "resource_access" "account" "allowed-origins" "nonce" "tid" "oid")
}
