//! The core's refusal, read-only, and its table of codes.

use bearergate_core::{self as core, Code};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};

/// Why a token was refused, before it is an exception.
#[pyclass(module = "bearergate._native", frozen)]
pub struct Refusal(pub core::Refusal);

#[pymethods]
impl Refusal {
    #[getter]
    fn code(&self) -> &'static str {
        self.0.code().as_str()
    }

    #[getter]
    fn claim(&self) -> Option<&str> {
        self.0.claim()
    }

    #[getter]
    fn reason(&self) -> &'static str {
        self.0.reason().as_str()
    }

    #[getter]
    fn connect_code(&self) -> &'static str {
        self.0.connect_code().as_str()
    }

    #[getter]
    fn http_status(&self) -> u16 {
        self.0.http_status()
    }

    #[getter]
    fn message(&self) -> &'static str {
        self.0.message()
    }

    #[getter]
    fn summary(&self) -> &'static str {
        self.0.code().summary()
    }

    #[getter]
    fn challenge(&self) -> Option<&str> {
        self.0.challenge()
    }

    #[getter]
    fn retry_after(&self) -> Option<u32> {
        self.0.retry_after()
    }

    #[getter]
    fn alg(&self) -> Option<&str> {
        self.0.alg()
    }

    #[getter]
    fn kid(&self) -> Option<&str> {
        self.0.kid()
    }

    #[getter]
    fn issuer(&self) -> Option<&str> {
        self.0.issuer()
    }

    #[getter]
    fn python_class(&self) -> &'static str {
        self.0.code().python_class()
    }

    fn __repr__(&self) -> String {
        match self.0.claim() {
            Some(claim) => format!("<Refusal {} {claim}>", self.0.code()),
            None => format!("<Refusal {}>", self.0.code()),
        }
    }
}

/// The code with this name.
pub fn code_named(name: &str) -> Option<Code> {
    Code::from_name(name)
}

/// The refusal of a request without credentials, where no gate is near to make it.
#[pyfunction]
pub fn missing_credentials() -> Refusal {
    Refusal(core::Refusal::of(Code::CredentialsMissing))
}

/// The refusal of a token whose claims are not what a program takes.
#[pyfunction]
pub fn unfit_claims() -> Refusal {
    Refusal(core::Refusal::of(Code::ClaimInvalid))
}

/// Every refusal code as the core has it.
#[pyfunction]
pub fn error_table(py: Python<'_>) -> PyResult<Bound<'_, PyList>> {
    let table = PyList::empty(py);
    for code in Code::ALL {
        let row = PyDict::new(py);
        row.set_item("code", code.as_str())?;
        row.set_item("reason", code.reason().as_str())?;
        row.set_item("connect_code", code.connect_code().as_str())?;
        row.set_item("message", code.message())?;
        row.set_item("python_class", code.python_class())?;
        row.set_item("summary", code.summary())?;
        table.append(row)?;
    }
    Ok(table)
}
