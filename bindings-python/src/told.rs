//! The contexts of tokens that were accepted before. One that verifies again out of the cache is the same
//! context, which cannot be changed, and not a copy of it.

use std::sync::Mutex;

use bearergate_core::Verified;
use pyo3::prelude::*;

use crate::context::AuthContext;

/// Most places; no more than the cache has entries.
const PLACES: usize = 1024;

/// The context that was made last in each place. Holding what it is the context of keeps another from being
/// taken for that.
pub struct ToldBefore {
    places: Mutex<Vec<Option<Py<AuthContext>>>>,
    size: usize,
}

impl ToldBefore {
    /// For a cache of so many entries.
    pub fn new(entries: usize) -> Self {
        Self { places: Mutex::default(), size: entries.clamp(1, PLACES) }
    }

    /// The context of an accepted token.
    pub fn context<'py>(&self, py: Python<'py>, verified: Verified) -> PyResult<Bound<'py, AuthContext>> {
        let at = verified.identity() / 64 % self.size;
        // Never waits: who could hold it in a forked child is gone.
        if let Ok(places) = self.places.try_lock()
            && let Some(Some(told)) = places.get(at)
            && told.get().verified().is_some_and(|told| told.identity() == verified.identity())
        {
            return Ok(told.bind(py).clone());
        }
        let made = Bound::new(py, AuthContext::of(py, verified)?)?;
        let forgotten = self.places.try_lock().ok().and_then(|mut places| {
            if places.is_empty() {
                places.resize_with(self.size, || None);
            }
            places[at].replace(made.clone().unbind())
        });
        drop(forgotten);
        Ok(made)
    }

    /// Forgets them all.
    pub fn clear(&self) {
        let forgotten = self.places.try_lock().map(|mut places| std::mem::take(&mut *places));
        drop(forgotten);
    }
}
