//! This project: the shipped state machine in a shell that follows `core/src/keyset/remote/`, with
//! the default options.

use super::{Client, Kid, Step};
use crate::shipped::machine::{Answer, Flight, Landing, Machine, Timing, Want};

/// The defaults of the options `cacheMaxAge`, `cooldown`, `staleIfError` and of the refresh ahead.
const TIMING: Timing =
    Timing { cache_max_age_ms: 600_000, cooldown_ms: 30_000, stale_if_error_ms: 3_600_000, refresh_ahead: 0.8 };

pub(crate) struct Bearergate {
    machine: Machine,
    newest: Kid,
    flight: Option<Flight>,
    waiters: Vec<Kid>,
}

impl Bearergate {
    fn dead_at(&self) -> Option<i64> {
        self.machine.served().map(|served| served.dead_at)
    }
}

impl Client for Bearergate {
    const NAME: &'static str = "bearergate";
    const TIMEOUT_MS: i64 = 5000;

    fn new(seed: u64) -> Self {
        Self { machine: Machine::new(TIMING, seed), newest: 0, flight: None, waiters: Vec::new() }
    }

    fn request(&mut self, now: i64, kid: Kid) -> Step {
        let want = match self.dead_at() {
            Some(dead_at) if now < dead_at && kid <= self.newest => return Step::Served,
            Some(dead_at) if now < dead_at => Want::NewerSet,
            _ => Want::AnySet,
        };
        match self.machine.want(now, want) {
            Answer::Join => {
                self.waiters.push(kid);
                Step::Waits
            }
            Answer::Begin(flight) => {
                self.flight = Some(flight);
                self.waiters.push(kid);
                Step::Fetches
            }
            Answer::NotNow { .. } | Answer::Full => Step::Refused,
        }
    }

    fn land(&mut self, now: i64, set: Option<Kid>, mut judged: impl FnMut(Kid, bool)) -> bool {
        let landing = match set {
            Some(_) => Landing::Good { age_ms: None },
            None => Landing::Failed { retry_after_ms: None },
        };
        let flight = self.flight.take().expect("a fetch is under way");
        assert!(self.machine.land(now, flight, landing), "no other fetch is under way");
        self.newest = set.unwrap_or(self.newest);
        // A waiter is judged once more, by the set that there is now.
        let usable = self.dead_at().is_some_and(|dead_at| now < dead_at);
        for kid in self.waiters.drain(..) {
            judged(kid, usable && kid <= self.newest);
        }
        false
    }

    fn calm(&self, now: i64) -> (Kid, i64) {
        (self.newest, self.dead_at().unwrap_or(now))
    }

    fn deaf_until(&self, now: i64) -> i64 {
        if self.flight.is_some() || self.dead_at().is_none() { now } else { self.machine.next_attempt() }
    }

    fn timer(&self) -> Option<i64> {
        self.machine.next_wake()
    }

    fn attend(&mut self, now: i64) -> bool {
        let begun = self.machine.wake(now);
        self.flight = self.flight.or(begun);
        begun.is_some()
    }
}
