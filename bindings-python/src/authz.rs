//! Authorization: a compiled policy and its verdicts.

use bearergate_core::{self as core, AuthzEffect, AuthzVerdict, Caller, Spelling};
use pyo3::prelude::*;
use pyo3::types::PyBool;

use crate::{guard, options, python};

/// The core's compiled rules.
#[pyclass(module = "bearergate._native", frozen)]
pub struct AuthzPolicy(core::AuthzPolicy);

/// A refused call.
#[pyclass(module = "bearergate._native", frozen)]
pub struct AuthzDenial {
    #[pyo3(get)]
    connect_code: &'static str,
    #[pyo3(get)]
    message: &'static str,
    #[pyo3(get)]
    rule_name: Option<String>,
    #[pyo3(get)]
    required_roles: Vec<String>,
    #[pyo3(get)]
    required_scopes: Vec<String>,
}

#[pymethods]
impl AuthzPolicy {
    #[new]
    fn new(given: &Bound<'_, PyAny>) -> PyResult<Self> {
        let value = options::read(given)?;
        core::AuthzPolicy::read(value, Spelling::Snake)
            .map(Self)
            .map_err(|error| python::config_error(given.py(), &error))
    }

    /// Judges a call; `roles` and `scopes` are both there where there is a caller.
    fn check<'py>(
        &self,
        py: Python<'py>,
        service: &str,
        method: &str,
        roles: Option<Vec<String>>,
        scopes: Option<Vec<String>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let caller = roles.as_deref().zip(scopes.as_deref()).map(|(roles, scopes)| Caller { roles, scopes });
        told(py, guard::caught(|| self.0.check(caller.as_ref(), service, method)))
    }

    /// Judges a call that no rule matches, given what `authorize` says, if there is such a function.
    fn decide<'py>(&self, py: Python<'py>, authorized: Option<bool>) -> PyResult<Bound<'py, PyAny>> {
        told(py, guard::caught(|| self.0.decide(authorized)))
    }
}

/// The denial that a failure of the host is.
#[pyfunction]
pub fn authz_failure() -> AuthzDenial {
    AuthzDenial::of(&core::AuthzDenial::plain())
}

/// The effects that rules may have.
pub fn effects() -> Vec<&'static str> {
    AuthzEffect::ALL.iter().map(|effect| effect.as_str()).collect()
}

impl AuthzDenial {
    fn of(denial: &core::AuthzDenial<'_>) -> Self {
        let rule = denial.rule();
        Self {
            connect_code: denial.connect_code().as_str(),
            message: denial.message(),
            rule_name: rule.map(|rule| rule.name().to_owned()),
            required_roles: rule.map(|rule| rule.roles().to_vec()).unwrap_or_default(),
            required_scopes: rule.map(|rule| rule.scopes().to_vec()).unwrap_or_default(),
        }
    }
}

/// `True` lets the call go on, `None` asks for what `authorize` says, anything else is a denial. No
/// verdict was a panic.
fn told<'py>(py: Python<'py>, verdict: Option<AuthzVerdict<'_>>) -> PyResult<Bound<'py, PyAny>> {
    match verdict {
        Some(AuthzVerdict::Allowed) => Ok(PyBool::new(py, true).to_owned().into_any()),
        Some(AuthzVerdict::Undecided) => Ok(py.None().into_bound(py)),
        Some(AuthzVerdict::Denied(denial)) => Ok(Bound::new(py, AuthzDenial::of(&denial))?.into_any()),
        None => Ok(Bound::new(py, authz_failure())?.into_any()),
    }
}
