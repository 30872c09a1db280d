//! Waiting for an answer: blocking with the GIL released, or by a callback for event loops.

use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bearergate_core::explain::Report;
use bearergate_core::{self as core, Verified};
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use pyo3::types::PyType;

use crate::answer::Answer;
use crate::lent::Owned;
use crate::outside::{call_python, calls_have_ended};

/// How long a blocked thread goes without looking for signals such as Ctrl-C.
const SLICE: Duration = Duration::from_millis(100);

/// A wait of the core.
pub enum Pending {
    /// For a token's judgement.
    Token(core::Ticket<Verified>),
    /// For keys.
    Keys(core::Ticket<()>),
    /// For a run of the command.
    Command(core::Ticket<Report>),
}

impl Pending {
    fn on_answer(self, deliver: impl FnOnce(Answer) + Send + 'static) -> core::Cancel {
        match self {
            Self::Token(ticket) => ticket.on_ready(|result| deliver(Answer::Token(result))),
            Self::Keys(ticket) => ticket.on_ready(|result| deliver(Answer::Keys(result))),
            Self::Command(ticket) => ticket.on_ready(|result| deliver(Answer::Command(Report::of(result)))),
        }
    }
}

/// An answer that waits for keys. It resolves once.
#[pyclass(module = "bearergate._native", frozen)]
pub struct Ticket {
    pending: Mutex<Option<Pending>>,
    /// Until it is called. The collector does not see it: a task that nobody else holds is kept by its callback, and
    /// must not be collected while it waits.
    callback: Owned,
    cancel: Mutex<Option<core::Cancel>>,
}

impl Ticket {
    pub fn new(pending: Pending) -> Self {
        Self { pending: Mutex::new(Some(pending)), callback: Owned::default(), cancel: Mutex::new(None) }
    }

    fn take(&self) -> PyResult<Pending> {
        lock(&self.pending).take().ok_or_else(|| PyRuntimeError::new_err("this ticket has been waited for already"))
    }
}

#[pymethods]
impl Ticket {
    /// Blocks with the GIL released; signals are handled.
    fn wait<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let (sender, receiver) = channel();
        let cancel = self.take()?.on_answer(move |answer| {
            // Nobody listens any more after a signal.
            let _ = sender.send(answer);
        });
        let receiver = Mutex::new(receiver);
        loop {
            match py.detach(|| receive(&receiver, SLICE)) {
                Ok(answer) => return answer.into_python(py),
                Err(RecvTimeoutError::Timeout) => {
                    if let Err(signal) = py.check_signals() {
                        cancel.cancel();
                        return Err(signal);
                    }
                }
                Err(RecvTimeoutError::Disconnected) => {
                    return Err(PyRuntimeError::new_err("the verifier dropped a waiting call"));
                }
            }
        }
    }

    /// Calls back with the answer while the ticket is there, on any thread, possibly before this returns. `False` where
    /// nothing calls back any more, as in an exit handler that runs late: whoever wants the answer waits for it.
    fn subscribe(&self, py: Python<'_>, callback: Py<PyAny>) -> PyResult<bool> {
        if calls_have_ended() {
            // Nor is it waited for here and told from here: until CPython 3.14 a daemon thread is killed as it
            // asks for the GIL again in what it calls, which aborts the process if Rust is underneath.
            return Ok(false);
        }
        let pending = self.take()?;
        let lent = self.callback.lend(callback);
        let cancel = py.detach(|| {
            pending.on_answer(move |answer| {
                call_python(move |py| {
                    let Some(callback) = lent.take(py) else { return };
                    let told = answer.into_python(py).and_then(|answer| callback.call1((answer,)));
                    if let Err(error) = told {
                        error.write_unraisable(py, None);
                    }
                });
            })
        });
        *lock(&self.cancel) = Some(cancel);
        Ok(true)
    }

    /// Gives up a wait that was subscribed to: nobody is called any more.
    fn cancel(&self) {
        self.callback.forget();
        let cancel = lock(&self.cancel).take();
        if let Some(cancel) = cancel {
            cancel.cancel();
        }
    }

    #[classmethod]
    fn __class_getitem__(cls: &Bound<'_, PyType>, item: &Bound<'_, PyAny>) -> Py<PyType> {
        let _ = item;
        cls.clone().unbind()
    }
}

fn receive(receiver: &Mutex<Receiver<Answer>>, limit: Duration) -> Result<Answer, RecvTimeoutError> {
    lock(receiver).recv_timeout(limit)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
