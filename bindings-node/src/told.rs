//! The accepted tokens that JavaScript has been told of. One that verifies again out of the cache is answered
//! with its number, under which JavaScript keeps what it made of the answer. A number is never given twice:
//! should JavaScript have lost what one stands for, it finds nothing, and not another caller.

use std::cell::RefCell;

use bearergate_core::Verified;

/// Most places; no more than the cache has entries. JavaScript's lib/told.js has the same.
const PLACES: usize = 1024;

#[derive(Default)]
pub struct ToldBefore(RefCell<Table>);

#[derive(Default)]
struct Table {
    /// What was told last in each place. Holding it keeps another from being taken for it.
    places: Vec<Option<(f64, Verified)>>,
    given: u64,
}

/// Whether JavaScript was told.
pub enum Number {
    Known(f64),
    /// From now on it has been, in the place of what was there.
    New(f64),
}

impl ToldBefore {
    /// The number of an accepted token, which a cache of so many entries remembers.
    #[allow(clippy::cast_precision_loss)] // after three million numbers a second for 90 years
    pub fn number(&self, verified: &Verified, entries: usize) -> Number {
        let table = &mut *self.0.borrow_mut();
        if table.places.is_empty() {
            table.places.resize(entries.clamp(1, PLACES), None);
        }
        let at = verified.identity() / 64 % table.places.len();
        if let Some((number, told)) = &table.places[at]
            && told.identity() == verified.identity()
        {
            return Number::Known(*number);
        }
        table.given += 1;
        let number = (table.given * PLACES as u64 + at as u64) as f64;
        table.places[at] = Some((number, verified.clone()));
        Number::New(number)
    }

    /// Forgets what was told.
    pub fn clear(&self) {
        self.0.borrow_mut().places.clear();
    }
}
