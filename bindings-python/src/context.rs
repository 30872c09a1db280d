//! `AuthContext`: a verified identity as a Python value that nobody can change.

use bearergate_core::{ContextParts, Verified};
use pyo3::basic::CompareOp;
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyString, PyTuple};

use crate::claims::Claims;
use crate::{once, python, recurring};

/// Who is calling, as a verified token says.
///
/// Cannot be changed; equal when every field is; may be pickled and copied. The constructor is for
/// tests and for code that learned an identity elsewhere: it verifies nothing.
#[pyclass(module = "bearergate", frozen)]
pub struct AuthContext {
    // Told without a call: an attribute that is an object is read where it stands.
    /// The mapped subject or `sub`; never empty in a verified context.
    #[pyo3(get)]
    subject: Py<PyString>,
    name: Option<Py<PyString>>,
    /// The mapped roles.
    #[pyo3(get)]
    roles: Py<PyTuple>,
    /// The mapped scopes, or those of `scope` or `scp`.
    #[pyo3(get)]
    scopes: Py<PyTuple>,
    /// How the identity was proved: `"jwt"`.
    #[pyo3(get, name = "type")]
    kind: Py<PyString>,
    // Most handlers read neither, so both are made when they are first asked for.
    claims: PyOnceLock<Py<Claims>>,
    expires_at: PyOnceLock<Py<PyAny>>,
    /// Present when the core verified it, absent when Python code made it.
    verified: Option<Verified>,
}

impl AuthContext {
    /// The context of a token that the core has verified.
    pub fn of(py: Python<'_>, verified: Verified) -> PyResult<Self> {
        Ok(Self {
            subject: PyString::new(py, verified.subject()).unbind(),
            name: verified.name().map(|name| PyString::new(py, name).unbind()),
            roles: recurring::tuple(py, verified.roles())?.unbind(),
            scopes: recurring::tuple(py, verified.scopes())?.unbind(),
            kind: jwt(py)?,
            claims: PyOnceLock::new(),
            expires_at: PyOnceLock::new(),
            verified: Some(verified),
        })
    }

    /// The context that another service sent in headers.
    pub fn of_parts(py: Python<'_>, parts: &ContextParts) -> PyResult<Self> {
        let claims = Claims::over(python::members_of_json(py, parts.claims_json.as_deref().unwrap_or("{}"))?);
        Ok(Self {
            subject: PyString::new(py, &parts.subject).unbind(),
            name: parts.name.as_deref().map(|name| PyString::new(py, name).unbind()),
            roles: PyTuple::new(py, &parts.roles)?.unbind(),
            scopes: PyTuple::new(py, &parts.scopes)?.unbind(),
            kind: PyString::new(py, &parts.r#type).unbind(),
            claims: filled(py, Bound::new(py, claims)?),
            expires_at: filled(py, py.None().into_bound(py)),
            verified: None,
        })
    }

    /// What the core verified, if it did.
    pub fn verified(&self) -> Option<&Verified> {
        self.verified.as_ref()
    }

    /// Whether UTF-8 can say the subject. A str of Python's may hold lone surrogates, which would become
    /// the same replacement character for different subjects.
    pub fn subject_is_text(&self, py: Python<'_>) -> bool {
        self.subject.bind(py).to_cow().is_ok()
    }

    /// The fields as the core writes them into headers.
    pub fn parts(&self, py: Python<'_>) -> PyResult<ContextParts> {
        let claims_json = match &self.verified {
            Some(verified) => verified.claims_json().to_owned(),
            None => python::claims_to_json(&self.claims(py)?)?,
        };
        Ok(ContextParts {
            subject: text(self.subject.bind(py)),
            name: self.name.as_ref().map(|name| text(name.bind(py))),
            roles: texts(self.roles.bind(py)),
            scopes: texts(self.scopes.bind(py)),
            claims_json: Some(claims_json),
            r#type: text(self.kind.bind(py)),
        })
    }

    /// Every field by name, in the order in which they are shown.
    fn fields<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let fields = PyDict::new(py);
        fields.set_item("subject", &self.subject)?;
        fields.set_item("name", &self.name)?;
        fields.set_item("roles", &self.roles)?;
        fields.set_item("scopes", &self.scopes)?;
        fields.set_item("claims", self.claims(py)?)?;
        fields.set_item("type", &self.kind)?;
        fields.set_item("expires_at", self.expires_at(py)?)?;
        Ok(fields)
    }
}

#[pymethods]
impl AuthContext {
    #[new]
    #[pyo3(
        signature = (*, subject, name = None, roles = None, scopes = None, claims = None, r#type = None, expires_at = None),
        text_signature = "(*, subject, name=None, roles=(), scopes=(), claims=None, type='jwt', expires_at=None)"
    )]
    #[allow(clippy::too_many_arguments)]
    fn new<'py>(
        py: Python<'py>,
        subject: Bound<'py, PyString>,
        name: Option<Bound<'py, PyString>>,
        roles: Option<Bound<'py, PyAny>>,
        scopes: Option<Bound<'py, PyAny>>,
        claims: Option<Bound<'py, PyAny>>,
        r#type: Option<Bound<'py, PyString>>,
        expires_at: Option<Bound<'py, PyAny>>,
    ) -> PyResult<Self> {
        if subject.is_empty()? {
            return Err(PyValueError::new_err("subject is empty: an identity needs one"));
        }
        let claims = claims.as_ref().map_or_else(|| Ok(PyDict::new(py)), python::plain_members)?;
        let expires_at = match expires_at {
            Some(instant) => python::instant_in_utc(&instant)?,
            None => py.None().into_bound(py),
        };
        Ok(Self {
            subject: subject.unbind(),
            name: name.map(Bound::unbind),
            roles: names(py, "roles", roles)?.unbind(),
            scopes: names(py, "scopes", scopes)?.unbind(),
            kind: r#type.map_or_else(|| jwt(py), |kind| Ok(kind.unbind()))?,
            claims: filled(py, Bound::new(py, Claims::over(claims))?),
            expires_at: filled(py, expires_at),
            verified: None,
        })
    }

    /// The mapped name or the `name` claim.
    #[getter]
    fn name(&self, py: Python<'_>) -> Option<Py<PyString>> {
        self.name.as_ref().map(|name| name.clone_ref(py))
    }

    /// Every claim of the token, read-only at every level.
    #[getter]
    fn claims<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, Claims>> {
        let claims = once::made(py, &self.claims, || {
            let claims = match &self.verified {
                Some(verified) => Claims::of(verified),
                None => Claims::over(PyDict::new(py)),
            };
            Bound::new(py, claims).map(Bound::unbind)
        })?;
        Ok(claims.bind(py).clone())
    }

    /// `exp` as an aware UTC datetime, floored to the millisecond; `None` without `exp` or beyond
    /// the year 9999.
    #[getter]
    fn expires_at<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let instant =
            once::made(py, &self.expires_at, || match self.verified.as_ref().and_then(Verified::expires_at_ms) {
                Some(ms) => python::instant_of_ms(py, ms).map(Bound::unbind),
                None => Ok(py.None()),
            })?;
        Ok(instant.bind(py).clone())
    }

    /// Whether the caller has this role. Compared exactly.
    #[pyo3(signature = (role, /))]
    fn has_role(&self, role: &Bound<'_, PyString>) -> PyResult<bool> {
        self.roles.bind(role.py()).contains(role)
    }

    /// Whether the caller has all of these scopes. Compared exactly.
    #[pyo3(signature = (*scopes))]
    #[allow(clippy::needless_pass_by_value)]
    fn has_scopes(&self, py: Python<'_>, scopes: Vec<Bound<'_, PyString>>) -> PyResult<bool> {
        for scope in &scopes {
            if !self.scopes.bind(py).contains(scope)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The claims as a value of this type: a pydantic model, a msgspec struct, a dataclass or a `TypedDict`.
    #[pyo3(signature = (model, /))]
    fn claims_as<'py>(&self, model: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        python::claims_as(&self.claims(model.py())?, model)
    }

    fn __richcmp__<'py>(
        &self,
        py: Python<'py>,
        other: &Bound<'py, PyAny>,
        op: CompareOp,
    ) -> PyResult<Bound<'py, PyAny>> {
        let Ok(other) = other.cast::<Self>() else {
            return Ok(py.NotImplemented().into_bound(py));
        };
        if !matches!(op, CompareOp::Eq | CompareOp::Ne) {
            return Ok(py.NotImplemented().into_bound(py));
        }
        self.fields(py)?.rich_compare(other.get().fields(py)?, op)
    }

    fn __hash__(&self, py: Python<'_>) -> PyResult<isize> {
        // Claims have no hash; equal contexts agree in the rest.
        (&self.subject, &self.name, &self.roles, &self.scopes, &self.kind, self.expires_at(py)?)
            .into_pyobject(py)?
            .hash()
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        let mut shown = Vec::new();
        for (name, value) in self.fields(py)? {
            shown.push(format!("{name}={}", value.repr()?));
        }
        Ok(format!("AuthContext({})", shown.join(", ")))
    }

    fn __copy__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    #[pyo3(signature = (memo, /))]
    fn __deepcopy__(slf: Py<Self>, memo: &Bound<'_, PyAny>) -> Py<Self> {
        let _ = memo;
        slf
    }

    #[pyo3(signature = (**changes))]
    fn __replace__<'py>(slf: &Bound<'py, Self>, changes: Option<&Bound<'py, PyDict>>) -> PyResult<Bound<'py, PyAny>> {
        let fields = slf.get().fields(slf.py())?;
        if let Some(changes) = changes {
            fields.update(changes.as_mapping())?;
        }
        slf.get_type().call((), Some(&fields))
    }

    fn __reduce__<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyTuple>> {
        let py = slf.py();
        let make = py.import("copyreg")?.getattr("__newobj_ex__")?;
        let arguments = (slf.get_type(), PyTuple::empty(py), slf.get().fields(py)?).into_pyobject(py)?;
        (make, arguments).into_pyobject(py)
    }

    #[classattr]
    fn __match_args__() -> (&'static str, &'static str, &'static str) {
        ("subject", "roles", "scopes")
    }
}

/// How a token proves an identity.
fn jwt(py: Python<'_>) -> PyResult<Py<PyString>> {
    static JWT: PyOnceLock<Py<PyString>> = PyOnceLock::new();
    once::made(py, &JWT, || Ok(PyString::intern(py, "jwt").unbind())).map(|jwt| jwt.clone_ref(py))
}

fn filled<T>(py: Python<'_>, value: Bound<'_, T>) -> PyOnceLock<Py<T>> {
    let lock = PyOnceLock::new();
    let _ = lock.set(py, value.unbind());
    lock
}

/// A tuple of str. A str is an iterable of str too, and never what was meant.
fn names<'py>(py: Python<'py>, field: &str, given: Option<Bound<'py, PyAny>>) -> PyResult<Bound<'py, PyTuple>> {
    let Some(given) = given else { return Ok(PyTuple::empty(py)) };
    let wrong = || PyTypeError::new_err(format!("{field} takes an iterable of str"));
    if given.is_instance_of::<PyString>() {
        return Err(wrong());
    }
    let items = given.try_iter()?.collect::<PyResult<Vec<_>>>()?;
    if !items.iter().all(Bound::is_instance_of::<PyString>) {
        return Err(wrong());
    }
    PyTuple::new(py, items)
}

fn text(given: &Bound<'_, PyString>) -> String {
    given.to_string_lossy().into_owned()
}

fn texts(given: &Bound<'_, PyTuple>) -> Vec<String> {
    given.iter().filter_map(|item| item.cast_into::<PyString>().ok()).map(|item| text(&item)).collect()
}
