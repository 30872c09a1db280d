//! Python's values as the core takes options: what each is, not whether it makes sense.

use bearergate_core::{KeyHandle, KeyKind, OptionValue, parse_duration};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{
    PyBool, PyByteArray, PyBytes, PyDelta, PyDict, PyFloat, PyInt, PyList, PyMapping, PyMemoryView, PyString, PyTuple,
    PyType,
};

use crate::python;

/// Deeper than any option goes; a list may contain itself.
const DEEPEST: usize = 32;

static PATH_LIKE: PyOnceLock<Py<PyType>> = PyOnceLock::new();

/// Reads keyword arguments.
pub fn read(options: &Bound<'_, PyAny>) -> PyResult<OptionValue> {
    value(options, 0)
}

/// Seconds of a duration as options spell them; `name` is how the error calls it.
#[pyfunction]
pub fn read_duration(py: Python<'_>, name: &str, given: &Bound<'_, PyAny>) -> PyResult<f64> {
    let duration = parse_duration(name, &value(given, 0)?).map_err(|error| python::config_error(py, &error))?;
    Ok(duration.as_secs_f64())
}

fn value(given: &Bound<'_, PyAny>, depth: usize) -> PyResult<OptionValue> {
    if depth > DEEPEST {
        return Ok(OptionValue::Foreign("a value nested too deeply".to_owned()));
    }
    if given.is_none() {
        return Ok(OptionValue::Null);
    }
    // bool is an int to Python; it comes first.
    if let Ok(flag) = given.cast::<PyBool>() {
        return Ok(OptionValue::Bool(flag.is_true()));
    }
    if given.is_instance_of::<PyInt>() {
        // An integer too large for a double is out of every range, as infinity is.
        return Ok(OptionValue::Number(given.extract().unwrap_or(f64::INFINITY)));
    }
    if let Ok(number) = given.cast::<PyFloat>() {
        return Ok(OptionValue::Number(number.value()));
    }
    if let Ok(text) = given.cast::<PyString>() {
        return Ok(match text.to_cow() {
            Ok(text) => OptionValue::Text(text.into_owned().into()),
            Err(_) => OptionValue::Foreign("a str with lone surrogates".to_owned()),
        });
    }
    if let Ok(bytes) = given.cast::<PyBytes>() {
        return Ok(OptionValue::Bytes(bytes.as_bytes().to_vec().into()));
    }
    if given.is_instance_of::<PyByteArray>() || given.is_instance_of::<PyMemoryView>() {
        let bytes = given.py().get_type::<PyBytes>().call1((given,))?;
        return Ok(OptionValue::Bytes(bytes.cast::<PyBytes>()?.as_bytes().to_vec().into()));
    }
    if given.is_instance_of::<PyDelta>() {
        return Ok(OptionValue::Number(given.call_method0(intern!(given.py(), "total_seconds"))?.extract()?));
    }
    if given.is_instance_of::<PyList>() || given.is_instance_of::<PyTuple>() {
        let items = given.try_iter()?.map(|item| value(&item?, depth + 1)).collect::<PyResult<_>>()?;
        return Ok(OptionValue::List(items));
    }
    if given.is_instance_of::<PyDict>() || given.is_instance_of::<PyMapping>() {
        return members(given.cast::<PyMapping>()?, depth);
    }
    if let Some(key) = key_object(given)? {
        return Ok(key);
    }
    let path_like = PATH_LIKE.import(given.py(), "os", "PathLike")?;
    if given.is_instance(path_like)? {
        return path(given);
    }
    Ok(OptionValue::Foreign(given.get_type().name()?.to_string()))
}

/// A path of either kind, as text; a tag of its own, since a path is no text where text is asked for.
fn path(given: &Bound<'_, PyAny>) -> PyResult<OptionValue> {
    let py = given.py();
    let decoded = py.import(intern!(py, "os"))?.call_method1(intern!(py, "fsdecode"), (given,))?;
    Ok(match decoded.cast::<PyString>()?.to_cow() {
        Ok(text) => OptionValue::Path(text.into_owned()),
        Err(_) => OptionValue::Foreign("a path that is not UTF-8".to_owned()),
    })
}

fn members(given: &Bound<'_, PyMapping>, depth: usize) -> PyResult<OptionValue> {
    let mut members = Vec::new();
    for item in given.items()?.iter() {
        let (name, member): (Bound<'_, PyAny>, Bound<'_, PyAny>) = item.extract()?;
        let Ok(name) = name.cast::<PyString>().map_err(drop).and_then(|name| name.to_cow().map_err(drop)) else {
            return Ok(OptionValue::Foreign("a mapping with names that are not text".to_owned()));
        };
        members.push((name.into_owned(), value(&member, depth + 1)?));
    }
    Ok(OptionValue::Map(members))
}

/// A key object of `cryptography`, told by its methods, so that the package need not be installed.
fn key_object(given: &Bound<'_, PyAny>) -> PyResult<Option<OptionValue>> {
    let py = given.py();
    if given.hasattr(intern!(py, "private_bytes"))? {
        return Ok(Some(OptionValue::Key(KeyHandle { kind: KeyKind::Private, spki: Vec::new(), algorithm: None })));
    }
    // A certificate has a public key beside its own bytes.
    if given.hasattr(intern!(py, "public_key"))? && given.hasattr(intern!(py, "public_bytes"))? {
        return spki(&given.call_method0(intern!(py, "public_key"))?).map(Some);
    }
    if given.hasattr(intern!(py, "public_bytes"))? {
        return spki(given).map(Some);
    }
    Ok(None)
}

fn spki(key: &Bound<'_, PyAny>) -> PyResult<OptionValue> {
    let py = key.py();
    let formats = py.import("cryptography.hazmat.primitives.serialization")?;
    let der = formats.getattr("Encoding")?.getattr("DER")?;
    let format = formats.getattr("PublicFormat")?.getattr("SubjectPublicKeyInfo")?;
    let bytes = key.call_method1(intern!(py, "public_bytes"), (der, format))?;
    Ok(OptionValue::Bytes(bytes.cast::<PyBytes>()?.as_bytes().to_vec().into()))
}
