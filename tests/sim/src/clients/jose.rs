//! `createRemoteJWKSet` of jose 6.2.18 (npm), `dist/webapi/jwks/remote.js`, with its defaults: the set is
//! fetched by the first request after its age, nothing is served past it; an unknown kid causes a
//! fetch unless the last good one is less than the cooldown ago; failures are followed by no pause;
//! one fetch at a time.

use super::{Client, Kid, Step};

const CACHE_MAX_AGE_MS: i64 = 600_000;
const COOLDOWN_MS: i64 = 30_000;

pub(crate) struct Jose {
    newest: Kid,
    /// `jwksTimestamp`: the end of the last good fetch.
    fetched: Option<i64>,
    pending: bool,
    waiters: Vec<Kid>,
}

impl Jose {
    fn is_fresh_for(&self, now: i64, duration: i64) -> bool {
        self.fetched.is_some_and(|fetched| now < fetched + duration)
    }
}

impl Client for Jose {
    const NAME: &'static str = "jose 6.2.18";
    const TIMEOUT_MS: i64 = 5000;

    fn new(_seed: u64) -> Self {
        Self { newest: 0, fetched: None, pending: false, waiters: Vec::new() }
    }

    fn request(&mut self, now: i64, kid: Kid) -> Step {
        if self.is_fresh_for(now, CACHE_MAX_AGE_MS) {
            if kid <= self.newest {
                return Step::Served;
            }
            if self.is_fresh_for(now, COOLDOWN_MS) {
                return Step::Refused;
            }
        }
        self.waiters.push(kid);
        if std::mem::replace(&mut self.pending, true) { Step::Waits } else { Step::Fetches }
    }

    fn land(&mut self, now: i64, set: Option<Kid>, mut judged: impl FnMut(Kid, bool)) -> bool {
        self.pending = false;
        if let Some(newest) = set {
            (self.newest, self.fetched) = (newest, Some(now));
        }
        // A waiter whose reload failed is refused, whatever set there is.
        for kid in self.waiters.drain(..) {
            judged(kid, set.is_some_and(|newest| kid <= newest));
        }
        false
    }

    fn calm(&self, now: i64) -> (Kid, i64) {
        (self.newest, self.fetched.map_or(now, |fetched| fetched + CACHE_MAX_AGE_MS))
    }

    fn deaf_until(&self, now: i64) -> i64 {
        self.fetched.map_or(now, |fetched| fetched + COOLDOWN_MS)
    }
}
