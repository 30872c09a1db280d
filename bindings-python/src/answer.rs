//! The core's answers as Python objects. Made with the GIL held.

use bearergate_core::explain::Report;
use bearergate_core::{self as core, Verified};
use pyo3::prelude::*;

use crate::context::AuthContext;
use crate::refusal::Refusal;

/// What was asked for, once it is there.
pub enum Answer {
    /// A token's judgement.
    Token(Result<Verified, core::Refusal>),
    /// Whether the keys came.
    Keys(Result<(), core::Refusal>),
    /// What a run of the command writes.
    Command(Report),
}

impl Answer {
    /// `AuthContext`, `Refusal`, `None` for keys that came, or the parts of a report.
    pub fn into_python(self, py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
        match self {
            Self::Token(Ok(verified)) => Ok(Bound::new(py, AuthContext::of(py, verified)?)?.into_any()),
            Self::Token(Err(refusal)) | Self::Keys(Err(refusal)) => Ok(Bound::new(py, Refusal(refusal))?.into_any()),
            Self::Keys(Ok(())) => Ok(py.None().into_bound(py)),
            Self::Command(report) => Ok((report.stdout, report.stderr, report.exit_code).into_pyobject(py)?.into_any()),
        }
    }
}
