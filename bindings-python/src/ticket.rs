//! Waiting for an answer: blocking with the GIL released, or by a callback for event loops.

use std::sync::Mutex;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use bearergate_core::{self as core, Verified};
use pyo3::exceptions::{PyRuntimeError, PyTimeoutError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyType;

use crate::answer::Answer;
use crate::outside::call_python;

/// How long a blocked thread goes without looking for signals such as Ctrl-C.
const SLICE: Duration = Duration::from_millis(100);

/// A wait of the core.
pub enum Pending {
    /// For a token's judgement.
    Token(core::Ticket<Verified>),
    /// For keys.
    Keys(core::Ticket<()>),
}

impl Pending {
    fn on_answer(self, deliver: impl FnOnce(Answer) + Send + 'static) {
        match self {
            Self::Token(ticket) => ticket.on_ready(|result| deliver(Answer::Token(result))),
            Self::Keys(ticket) => ticket.on_ready(|result| deliver(Answer::Keys(result))),
        }
    }
}

/// An answer that waits for keys. It resolves once.
#[pyclass(module = "bearergate._native", frozen)]
pub struct Ticket {
    pending: Mutex<Option<Pending>>,
}

impl Ticket {
    pub fn new(pending: Pending) -> Self {
        Self { pending: Mutex::new(Some(pending)) }
    }

    fn take(&self) -> PyResult<Pending> {
        let mut pending = self.pending.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        pending.take().ok_or_else(|| PyRuntimeError::new_err("this ticket has been waited for already"))
    }
}

#[pymethods]
impl Ticket {
    /// Blocks with the GIL released; signals are handled. Raises TimeoutError.
    #[pyo3(signature = (timeout = None))]
    fn wait<'py>(&self, py: Python<'py>, timeout: Option<f64>) -> PyResult<Bound<'py, PyAny>> {
        let limit = match timeout {
            None => None,
            Some(seconds) if seconds.is_nan() => return Err(PyValueError::new_err("timeout is not a number")),
            // Beyond what a Duration holds there is no limit.
            Some(seconds) => Duration::try_from_secs_f64(seconds.max(0.0)).ok(),
        };
        let (sender, receiver) = channel();
        self.take()?.on_answer(move |answer| {
            // Nobody listens any more after a timeout or a signal.
            let _ = sender.send(answer);
        });
        let receiver = Mutex::new(receiver);
        let started = Instant::now();
        loop {
            let slice = match limit {
                None => SLICE,
                Some(limit) => SLICE.min(limit.saturating_sub(started.elapsed())),
            };
            match py.detach(|| receive(&receiver, slice)) {
                Ok(answer) => return answer.into_python(py),
                Err(RecvTimeoutError::Timeout) => py.check_signals()?,
                Err(RecvTimeoutError::Disconnected) => {
                    return Err(PyRuntimeError::new_err("the verifier dropped a waiting call"));
                }
            }
            if limit.is_some_and(|limit| started.elapsed() >= limit) {
                return Err(PyTimeoutError::new_err("the keys did not come in time"));
            }
        }
    }

    /// Calls back with the answer, on any thread, possibly before this returns.
    fn subscribe(&self, py: Python<'_>, callback: Py<PyAny>) -> PyResult<()> {
        let pending = self.take()?;
        py.detach(|| {
            pending.on_answer(move |answer| {
                call_python(|py| {
                    let told = answer.into_python(py).and_then(|answer| callback.call1(py, (answer,)));
                    if let Err(error) = told {
                        error.write_unraisable(py, None);
                    }
                });
            });
        });
        Ok(())
    }

    #[classmethod]
    fn __class_getitem__(cls: &Bound<'_, PyType>, item: &Bound<'_, PyAny>) -> Py<PyType> {
        let _ = item;
        cls.clone().unbind()
    }
}

fn receive(receiver: &Mutex<Receiver<Answer>>, limit: Duration) -> Result<Answer, RecvTimeoutError> {
    receiver.lock().unwrap_or_else(std::sync::PoisonError::into_inner).recv_timeout(limit)
}
