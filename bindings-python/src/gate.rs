//! One gate over one set of options: one call per request.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use bearergate_core::{
    self as core, Clock, Code, Decision, HttpRequest, ManualClock, Options, Outcome, Readiness, Request, Spelling,
    Verified,
};
use pyo3::exceptions::{PyRuntimeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyString;

use crate::answer::Answer;
use crate::context::AuthContext;
use crate::http::{SkipPaths, header_bytes};
use crate::lent::Owned;
use crate::outside::call_python;
use crate::refusal::{Refusal, code_named};
use crate::ticket::{Pending, Ticket};
use crate::told::ToldBefore;
use crate::{guard, options, python};

/// The core's gate over one set of options.
#[pyclass(module = "bearergate._native", frozen)]
pub struct Gate {
    core: core::Gate,
    clock: Option<ManualClock>,
    quick: bool,
    /// Where verified tokens are remembered.
    told: Option<ToldBefore>,
    /// Who is called with events about the keys.
    listeners: Mutex<Vec<Owned>>,
}

impl Gate {
    fn over(given: &Bound<'_, PyAny>, clock: Option<ManualClock>) -> PyResult<Self> {
        let py = given.py();
        let value = options::read(given)?;
        let made = guard::detached(py, || {
            let options = Options::read(value, Spelling::Snake)?;
            match &clock {
                Some(hands) => core::Gate::with_clock(options, Clock::Manual(hands.clone())),
                None => core::Gate::new(options),
            }
        });
        match made {
            Some(Ok(core)) => {
                let (quick, told) = (core.verifier().is_quick(), core.verifier().cache_entries().map(ToldBefore::new));
                Ok(Self { core, clock, quick, told, listeners: Mutex::default() })
            }
            Some(Err(error)) => Err(python::config_error(py, &error)),
            None => Err(PyRuntimeError::new_err("a defect inside the verifier: the options could not be read")),
        }
    }

    fn accepted<'py>(&self, py: Python<'py>, verified: Verified) -> PyResult<Bound<'py, PyAny>> {
        let context = match &self.told {
            Some(told) => told.context(py, verified)?,
            None => Bound::new(py, AuthContext::of(py, verified)?)?,
        };
        Ok(context.into_any())
    }

    fn defect(&self) -> core::Refusal {
        self.core.refuse(Code::Internal)
    }

    /// A decision as Python sees it: `None` for what is skipped; no decision was a panic.
    fn answer<'py>(&self, py: Python<'py>, decided: Option<Decision>) -> PyResult<Option<Bound<'py, PyAny>>> {
        let answer = match decided {
            Some(Decision::Skip) => return Ok(None),
            Some(Decision::Accept(verified)) => return self.accepted(py, verified).map(Some),
            Some(Decision::Refuse(refusal)) => Answer::Token(Err(refusal)),
            Some(Decision::Wait(ticket)) => return waiting(py, Pending::Token(ticket)).map(Some),
            None => Answer::Token(Err(self.defect())),
        };
        answer.into_python(py).map(Some)
    }
}

#[pymethods]
impl Gate {
    #[new]
    fn new(options: &Bound<'_, PyAny>) -> PyResult<Self> {
        Self::over(options, None)
    }

    /// For the conformance and fault runners: a gate whose clocks only `set_clock` moves.
    #[staticmethod]
    fn on_clock(options: &Bound<'_, PyAny>, wall_ms: i64, mono_ms: u64) -> PyResult<Self> {
        Self::over(options, Some(ManualClock::new(wall_ms, mono_ms)))
    }

    /// For the conformance and fault runners: moves the clocks.
    fn set_clock(&self, wall_ms: i64, mono_ms: u64) -> PyResult<()> {
        let clock =
            self.clock.as_ref().ok_or_else(|| PyRuntimeError::new_err("this gate runs on the system's clocks"))?;
        clock.set(wall_ms, mono_ms);
        Ok(())
    }

    /// Lower-case name of the header that `check` wants the values of.
    #[getter]
    fn credentials_header(&self) -> &str {
        self.core.credentials_header()
    }

    /// The subprotocols that a handshake offers without those that carry a token; `None` where tokens
    /// come another way.
    fn offered_protocols(&self, values: Vec<Vec<u8>>) -> Option<Vec<String>> {
        let values: Vec<&[u8]> = values.iter().map(Vec::as_slice).collect();
        self.core.offered_protocols(&values)
    }

    /// Whether keys are fetched, of which there are events to tell.
    #[getter]
    fn has_remote_keys(&self) -> bool {
        !self.core.verifier().key_states().is_empty()
    }

    #[getter]
    fn propagates(&self) -> bool {
        self.core.propagates()
    }

    #[getter]
    fn ends_streams_at_expiry(&self) -> bool {
        self.core.ends_streams_at_expiry()
    }

    /// Judges a request: `None` where the method is skipped.
    fn check<'py>(
        &self,
        py: Python<'py>,
        service: &str,
        method: &str,
        credentials: Vec<Bound<'py, PyString>>,
    ) -> PyResult<Option<Bound<'py, PyAny>>> {
        // What is not UTF-8 is not a token either; the core says so.
        let values: Vec<_> = credentials.iter().map(|value| value.to_string_lossy()).collect();
        let credentials: Vec<&[u8]> = values.iter().map(|value| value.as_bytes()).collect();
        let request = Request { service, method, credentials: &credentials };
        let decided = guard::judged(py, self.quick, || self.core.check(&request));
        self.answer(py, decided)
    }

    /// Judges an HTTP request: `None` where it goes through without a context.
    fn check_http<'py>(
        &self,
        py: Python<'py>,
        skip_paths: &Bound<'py, SkipPaths>,
        method: &str,
        target: &[u8],
        preflight: bool,
        credentials: Vec<Bound<'py, PyAny>>,
    ) -> PyResult<Option<Bound<'py, PyAny>>> {
        let values = credentials.iter().map(header_bytes).collect::<PyResult<Vec<_>>>()?;
        let credentials: Vec<&[u8]> = values.iter().map(AsRef::as_ref).collect();
        let request = HttpRequest { method, target, preflight, credentials: &credentials };
        let skip_paths = skip_paths.get().core();
        let decided = guard::judged(py, self.quick, || self.core.check_http(&request, skip_paths));
        self.answer(py, decided)
    }

    /// Judges a bare token. Only a str can be one.
    fn verify<'py>(&self, py: Python<'py>, token: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        let Ok(token) = token.cast::<PyString>() else {
            return Answer::Token(Err(self.core.refuse(Code::TokenMalformed))).into_python(py);
        };
        let token = token.to_string_lossy();
        let answer = match guard::judged(py, self.quick, || self.core.verifier().verify(&token)) {
            Some(Outcome::Ready(Ok(verified))) => return self.accepted(py, verified),
            Some(Outcome::Ready(Err(refusal))) => Answer::Token(Err(refusal)),
            Some(Outcome::Wait(ticket)) => return waiting(py, Pending::Token(ticket)),
            None => Answer::Token(Err(self.defect())),
        };
        answer.into_python(py)
    }

    /// `None` when the keys are there, else a ticket; starts a fetch where none is under way.
    #[pyo3(signature = (limit = None))]
    fn ready<'py>(&self, py: Python<'py>, limit: Option<f64>) -> PyResult<Option<Bound<'py, PyAny>>> {
        // Beyond what a Duration holds there is no limit.
        let limit = limit.and_then(|seconds| Duration::try_from_secs_f64(seconds.max(0.0)).ok());
        match guard::detached(py, || self.core.verifier().ready(limit)) {
            Some(Readiness::Ready) => Ok(None),
            Some(Readiness::Wait(ticket)) => waiting(py, Pending::Keys(ticket)).map(Some),
            None => Err(PyRuntimeError::new_err("a defect inside the verifier")),
        }
    }

    /// The headers for a verified context; empty when `propagate_headers` is off.
    fn propagate<'py>(&self, py: Python<'py>, context: &Bound<'py, AuthContext>) -> PyResult<Bound<'py, PyAny>> {
        let verified = context.get().verified().ok_or_else(unverified)?;
        match guard::detached(py, || self.core.propagate(verified)) {
            Some(Ok(headers)) => Ok(headers.into_pyobject(py)?.into_any()),
            Some(Err(refusal)) => Ok(Bound::new(py, Refusal(refusal))?.into_any()),
            None => Ok(Bound::new(py, Refusal(self.defect()))?.into_any()),
        }
    }

    /// When a stream of this caller ends, in milliseconds since the epoch.
    fn stream_deadline(&self, context: &Bound<'_, AuthContext>) -> PyResult<Option<i64>> {
        Ok(self.core.stream_deadline(context.get().verified().ok_or_else(unverified)?))
    }

    /// A refusal that is decided outside the core.
    fn refuse(&self, code: &str) -> PyResult<Refusal> {
        let code = code_named(code).ok_or_else(|| PyValueError::new_err(format!("no such code: {code}")))?;
        Ok(Refusal(self.core.refuse(code)))
    }

    /// Has the listener called with each event about the keys, as JSON, on a thread of its own.
    fn on_key_event(&self, py: Python<'_>, listener: Py<PyAny>) -> PyResult<()> {
        let owned = Owned::default();
        let lent = owned.lend(listener);
        self.listeners.lock().unwrap_or_else(PoisonError::into_inner).push(owned);
        let tell = move |event: &core::KeyEvent| {
            let text = event.to_json();
            call_python(|py| {
                let told = lent.get(py).map_or(Ok(()), |listener| listener.call1((text,)).map(drop));
                if let Err(error) = told {
                    error.write_unraisable(py, None);
                }
            });
        };
        guard::detached(py, || self.core.verifier().on_key_event(tell))
            .ok_or_else(|| PyRuntimeError::new_err("a defect inside the verifier"))
    }

    /// What the operator should know about how this gate was built, the one time that it is said.
    #[getter]
    fn advice(&self) -> Option<&str> {
        self.core.verifier().advice()
    }

    /// The state of the keys as JSON.
    fn stats_json(&self, py: Python<'_>) -> PyResult<String> {
        guard::detached(py, || self.core.verifier().stats().to_json())
            .ok_or_else(|| PyRuntimeError::new_err("a defect inside the verifier"))
    }

    /// Lets go of the keys. Idempotent.
    fn close(&self, py: Python<'_>) {
        guard::detached(py, || self.core.verifier().close());
        if let Some(told) = &self.told {
            told.clear();
        }
    }
}

fn waiting(py: Python<'_>, pending: Pending) -> PyResult<Bound<'_, PyAny>> {
    Ok(Bound::new(py, Ticket::new(pending))?.into_any())
}

fn unverified() -> PyErr {
    PyValueError::new_err("this context was not made by a verifier")
}
