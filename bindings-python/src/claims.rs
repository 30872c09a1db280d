//! `Claims`: the claims that the core has read, or any JSON object, as a mapping that nobody can change.

use std::sync::atomic::{AtomicU32, Ordering};

use bearergate_core::{ClaimValue, Verified};
use pyo3::basic::CompareOp;
use pyo3::exceptions::{PyAttributeError, PyKeyError, PyTypeError};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyBool, PyDict, PyFloat, PyInt, PyIterator, PyList, PyString, PyTuple, PyType};

use crate::{once, python};

/// A read-only JSON object.
///
/// Nested objects read as `Claims`, arrays as tuples. Integers keep every digit. Two claims objects are
/// equal when their JSON is, and a `Claims` equals the plain `dict` of the same content.
// A context may be handed to any number of tasks and threads, so nothing reachable from it is mutable.
#[pyclass(module = "bearergate", mapping, frozen)]
pub struct Claims(Source);

enum Source {
    /// Each claim is made when it is asked for: a handler reads one or two, and all of them take as long as
    /// verifying the token did.
    Token { verified: Verified, asked: AtomicU32, all: PyOnceLock<Py<PyDict>> },
    /// A dict of plain values that nobody else changes.
    Plain(Py<PyDict>),
}

/// Who asks for more than so many gets them out of a dict.
const FEW: u32 = 8;

impl Claims {
    /// Those of a verified token.
    pub fn of(verified: &Verified) -> Self {
        Self(Source::Token { verified: verified.clone(), asked: AtomicU32::new(0), all: PyOnceLock::new() })
    }

    /// Over a dict of plain values that nobody else changes.
    pub fn over(members: Bound<'_, PyDict>) -> Self {
        Self(Source::Plain(members.unbind()))
    }

    /// Every claim, in a dict that nobody may change.
    fn all<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        match &self.0 {
            Source::Plain(members) => Ok(members.bind(py).clone()),
            Source::Token { verified, all, .. } => {
                let make =
                    || Ok::<_, PyErr>(plain(py, verified.claims_value())?.cast_into::<PyDict>().map(Bound::unbind)?);
                Ok(once::made(py, all, make)?.bind(py).clone())
            }
        }
    }

    /// A claim as a plain value.
    fn find<'py>(&self, name: &Bound<'py, PyAny>) -> PyResult<Option<Bound<'py, PyAny>>> {
        let py = name.py();
        let Source::Token { verified, asked, all } = &self.0 else { return self.all(py)?.get_item(name) };
        if all.get(py).is_some() || asked.fetch_add(1, Ordering::Relaxed) >= FEW {
            return self.all(py)?.get_item(name);
        }
        match name.cast_exact::<PyString>().map(|text| text.to_cow()) {
            Ok(Ok(text)) => verified.claim(&text).map(|value| plain(py, value)).transpose(),
            // A str of a kind of its own, or no claim's name: a dict knows what to say.
            _ => self.all(py)?.get_item(name),
        }
    }
}

#[pymethods]
impl Claims {
    /// Copies `members`, which must be JSON: str keys, and values of JSON's types at every level.
    #[new]
    #[pyo3(signature = (*members), text_signature = "(members={}, /)")]
    fn new(members: &Bound<'_, PyTuple>) -> PyResult<Self> {
        let py = members.py();
        match members.len() {
            0 => Ok(Self::over(PyDict::new(py))),
            1 => Ok(Self::over(python::plain_members(&members.get_item(0)?)?)),
            given => Err(PyTypeError::new_err(format!("Claims takes one mapping, not {given} arguments"))),
        }
    }

    /// A fresh plain copy: dicts and lists at every level.
    fn to_dict<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        copied(self.all(py)?.into_any())
    }

    fn __getitem__<'py>(&self, name: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        match self.find(name)? {
            Some(value) => read_only(value),
            None => Err(PyKeyError::new_err((name.clone().unbind(),))),
        }
    }

    fn __contains__(&self, name: &Bound<'_, PyAny>) -> PyResult<bool> {
        Ok(self.find(name)?.is_some())
    }

    fn __iter__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyIterator>> {
        self.all(py)?.try_iter()
    }

    fn __len__(&self, py: Python<'_>) -> PyResult<usize> {
        Ok(self.all(py)?.len())
    }

    /// The claim with this name, or `default`.
    #[pyo3(signature = (key, default = None))]
    fn get<'py>(
        &self,
        key: &Bound<'py, PyAny>,
        default: Option<Bound<'py, PyAny>>,
    ) -> PyResult<Option<Bound<'py, PyAny>>> {
        Ok(self.find(key)?.map(read_only).transpose()?.or(default))
    }

    /// The names, as a set-like view.
    fn keys<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        python::view(slf, "KeysView")
    }

    /// Names and values, as a set-like view.
    fn items<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        python::view(slf, "ItemsView")
    }

    /// The values, as a view.
    fn values<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        python::view(slf, "ValuesView")
    }

    fn __richcmp__<'py>(
        slf: &Bound<'py, Self>,
        other: &Bound<'py, PyAny>,
        op: CompareOp,
    ) -> PyResult<Bound<'py, PyAny>> {
        let py = slf.py();
        let expected = match op {
            CompareOp::Eq => true,
            CompareOp::Ne => false,
            _ => return Ok(py.NotImplemented().into_bound(py)),
        };
        Ok(match python::claims_equal(slf, other)? {
            Some(equal) => PyBool::new(py, equal == expected).to_owned().into_any(),
            None => py.NotImplemented().into_bound(py),
        })
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        Ok(format!("Claims({})", self.all(py)?.repr()?))
    }

    fn __setattr__(&self, name: &Bound<'_, PyAny>, value: &Bound<'_, PyAny>) -> PyResult<()> {
        let _ = value;
        Err(PyAttributeError::new_err(format!("claims are read-only: cannot set {}", name.repr()?)))
    }

    fn __delattr__(&self, name: &Bound<'_, PyAny>) -> PyResult<()> {
        Err(PyAttributeError::new_err(format!("claims are read-only: cannot delete {}", name.repr()?)))
    }

    fn __copy__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    #[pyo3(signature = (memo, /))]
    fn __deepcopy__(slf: Py<Self>, memo: &Bound<'_, PyAny>) -> Py<Self> {
        let _ = memo;
        slf
    }

    fn __reduce__<'py>(&self, py: Python<'py>) -> PyResult<(Bound<'py, PyType>, (Bound<'py, PyAny>,))> {
        Ok((py.get_type::<Self>(), (self.to_dict(py)?,)))
    }
}

/// A plain value as one that nobody can change.
fn read_only(value: Bound<'_, PyAny>) -> PyResult<Bound<'_, PyAny>> {
    if let Ok(members) = value.cast_exact::<PyDict>() {
        return Ok(Bound::new(value.py(), Claims::over(members.clone()))?.into_any());
    }
    if let Ok(items) = value.cast_exact::<PyList>() {
        let items = items.iter().map(read_only).collect::<PyResult<Vec<_>>>()?;
        return Ok(PyTuple::new(value.py(), items)?.into_any());
    }
    Ok(value)
}

/// A plain value of which nothing that can be changed is shared.
fn copied(value: Bound<'_, PyAny>) -> PyResult<Bound<'_, PyAny>> {
    let py = value.py();
    if let Ok(members) = value.cast_exact::<PyDict>() {
        let copy = PyDict::new(py);
        for (name, value) in members {
            copy.set_item(name, copied(value)?)?;
        }
        return Ok(copy.into_any());
    }
    if let Ok(items) = value.cast_exact::<PyList>() {
        let items = items.iter().map(copied).collect::<PyResult<Vec<_>>>()?;
        return Ok(PyList::new(py, items)?.into_any());
    }
    Ok(value)
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
                dict.set_item(key(py, &name)?, plain(py, value)?)?;
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
fn key<'py>(py: Python<'py>, name: &str) -> PyResult<Bound<'py, PyString>> {
    macro_rules! known {
        ($($name:literal)*) => {
            match name {
                $($name => {
                    static MADE: PyOnceLock<Py<PyString>> = PyOnceLock::new();
                    once::made(py, &MADE, || Ok(PyString::intern(py, $name).unbind())).map(|made| made.bind(py).clone())
                })*
                _ => Ok(PyString::new(py, name)),
            }
        };
    }
    known!("iss" "sub" "aud" "exp" "nbf" "iat" "jti" "azp" "typ" "sid" "acr" "scope" "scp" "roles" "groups"
        "name" "email" "email_verified" "preferred_username" "given_name" "family_name" "client_id" "auth_time"
        "session_state" "realm_access" "resource_access" "account" "allowed-origins" "nonce" "tid" "oid")
}
