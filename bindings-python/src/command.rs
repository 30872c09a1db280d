//! The command line: arguments in, what to write out.

use bearergate_core::explain::{Surroundings, run};
use pyo3::prelude::*;
use pyo3::types::PyString;

use crate::ticket::{Pending, Ticket};

/// A ticket of what a run of the command writes: standard output, standard error, exit code.
#[pyfunction]
pub fn run_command(arguments: Vec<Bound<'_, PyString>>) -> Ticket {
    let arguments = arguments.iter().map(|argument| argument.to_string_lossy().into_owned()).collect();
    Ticket::new(Pending::Command(run(arguments, Surroundings::of_process())))
}
