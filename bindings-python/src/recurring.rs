//! Roles and scopes as Python's str. The same few come again with every token, so each is made once and kept
//! while it does.

use std::sync::Mutex;

use pyo3::prelude::*;
use pyo3::types::{PyString, PyTuple};

/// A power of two.
const PLACES: usize = 256;

/// Longer ones are no names that recur.
const LONGEST: usize = 64;

/// The str that was made last in each place. Only what verified tokens say is kept.
static MADE: Mutex<[Option<Py<PyString>>; PLACES]> = Mutex::new([const { None }; PLACES]);

/// A tuple of these texts.
pub fn tuple<'py, 'a>(py: Python<'py>, texts: impl ExactSizeIterator<Item = &'a str>) -> PyResult<Bound<'py, PyTuple>> {
    // Never waits: who could hold it in a forked child is gone.
    match MADE.try_lock() {
        Ok(mut made) => PyTuple::new(py, texts.map(|text| recurring(py, &mut made, text))),
        Err(_) => PyTuple::new(py, texts),
    }
}

fn recurring<'py>(py: Python<'py>, made: &mut [Option<Py<PyString>>; PLACES], text: &str) -> Bound<'py, PyString> {
    if text.len() > LONGEST {
        return PyString::new(py, text);
    }
    let place = &mut made[place(text.as_bytes())];
    if let Some(known) = place.as_ref().map(|known| known.bind(py))
        && known.to_str().is_ok_and(|known| known == text)
    {
        return known.clone();
    }
    let new = PyString::new(py, text);
    *place = Some(new.clone().unbind());
    new
}

/// FNV-1a. Two names of one place only take turns.
fn place(text: &[u8]) -> usize {
    let hash = text.iter().fold(0x811C_9DC5_u32, |hash, byte| (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193));
    hash as usize % PLACES
}
