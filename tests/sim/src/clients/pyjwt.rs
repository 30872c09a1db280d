//! `PyJWKClient` of `PyJWT` 2.15.1 (`PyPI`), `jwt/jwks_client.py`, with its defaults: the set is fetched by the
//! first request after its lifespan, nothing is served past it; an unknown kid causes a fetch unless
//! the last good one is less than the cooldown ago; failures are followed by no pause. A lock is held
//! through lookup and fetch, so that after a failed fetch each request in the queue makes its own.

use std::collections::VecDeque;

use super::{Client, Kid, Step};

const LIFESPAN_MS: i64 = 300_000;
const COOLDOWN_MS: i64 = 30_000;

/// Threads of the server around it (the default of anyio, which Starlette and `FastAPI` run on); a request
/// that finds all of them waiting counts as refused.
const THREADS: usize = 40;

pub(crate) struct PyJwt {
    newest: Kid,
    /// The end of the last good fetch: time of the cached set and `_last_successful_fetch`.
    fetched: Option<i64>,
    /// Who waits for the lock; the first holds it and fetches.
    queue: VecDeque<Kid>,
}

impl PyJwt {
    fn is_within(&self, now: i64, duration: i64) -> bool {
        self.fetched.is_some_and(|fetched| now < fetched + duration)
    }

    /// `get_signing_key` with the lock held, up to a fetch.
    fn look_up(&self, now: i64, kid: Kid) -> Step {
        if !self.is_within(now, LIFESPAN_MS) {
            Step::Fetches
        } else if kid <= self.newest {
            Step::Served
        } else if self.is_within(now, COOLDOWN_MS) {
            Step::Refused
        } else {
            Step::Fetches
        }
    }
}

impl Client for PyJwt {
    const NAME: &'static str = "PyJWT 2.15.1";
    const TIMEOUT_MS: i64 = 30_000;

    fn new(_seed: u64) -> Self {
        Self { newest: 0, fetched: None, queue: VecDeque::new() }
    }

    fn request(&mut self, now: i64, kid: Kid) -> Step {
        if self.queue.len() >= THREADS {
            return Step::Refused;
        }
        let step = if self.queue.is_empty() { self.look_up(now, kid) } else { Step::Waits };
        if matches!(step, Step::Waits | Step::Fetches) {
            self.queue.push_back(kid);
        }
        step
    }

    fn land(&mut self, now: i64, set: Option<Kid>, mut judged: impl FnMut(Kid, bool)) -> bool {
        if let Some(newest) = set {
            (self.newest, self.fetched) = (newest, Some(now));
        }
        if let Some(holder) = self.queue.pop_front() {
            judged(holder, set.is_some_and(|newest| holder <= newest));
        }
        while let Some(&next) = self.queue.front() {
            let step = self.look_up(now, next);
            if step == Step::Fetches {
                return true;
            }
            judged(next, step == Step::Served);
            self.queue.pop_front();
        }
        false
    }

    /// Valid requests that wait behind a fetch which an unknown kid caused are served after it: the
    /// wait itself is not counted.
    fn calm(&self, now: i64) -> (Kid, i64) {
        (self.newest, self.fetched.map_or(now, |fetched| fetched + LIFESPAN_MS))
    }

    fn deaf_until(&self, now: i64) -> i64 {
        self.fetched.map_or(now, |fetched| fetched + COOLDOWN_MS)
    }
}
