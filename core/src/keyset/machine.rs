//! When a remote set is fetched, and what it may serve meanwhile: a state machine without I/O. Events
//! and the time go in, what to do comes out; `remote.rs` does it.
//!
//! All times are milliseconds of the monotonic clock.

use super::jitter::Jitter;

/// Most requests that wait for one set at a time.
const MAX_WAITERS: usize = 4096;

/// First delay after a failed attempt of the set itself.
const FIRST_BACKOFF_MS: i64 = 1000;

/// Least age of a set, whatever its response says.
const MIN_AGE_MS: i64 = 60_000;

/// Share by which a backoff may be shorter or longer, so that replicas spread out.
const BACKOFF_JITTER: f64 = 0.2;

/// By which share of the age a replica's refreshes come before or after the usual time. It draws its
/// share once and keeps it: replicas that fetched together drift apart with every round, where a new
/// share for each refresh would leave them together for hours.
const EARLIEST: f64 = -0.06;
const LATEST: f64 = 0.11;

/// The durations that steer a set.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Timing {
    pub(crate) cache_max_age_ms: i64,
    pub(crate) cooldown_ms: i64,
    pub(crate) stale_if_error_ms: i64,
    /// Fraction of the age after which a refresh begins.
    pub(crate) refresh_ahead: f64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    /// There has never been a set.
    Cold,
    Fresh,
    /// Still fresh, and due for a refresh.
    Ageing,
    /// Past its age, within `staleIfError`.
    Stale,
    /// Past everything.
    Dead,
}

/// The set in service: since when, and until when it is what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Served {
    pub(crate) since: i64,
    pub(crate) refresh_at: i64,
    pub(crate) stale_at: i64,
    pub(crate) dead_at: i64,
}

/// One fetch. At most one is under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Flight {
    id: u64,
    started: i64,
    own: bool,
}

impl Flight {
    /// Whether it is an attempt of the set itself.
    #[cfg(test)]
    pub(crate) fn is_own(self) -> bool {
        self.own
    }

    pub(crate) fn started(self) -> i64 {
        self.started
    }
}

/// How a fetch ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Landing {
    /// A good set, or the news that the one we have is current; with the age its response gives.
    Good { age_ms: Option<i64> },
    /// Anything else; with the delay the response asks for.
    Failed { retry_after_ms: Option<i64> },
}

/// Why a request wants a fetch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Want {
    /// There is no set to judge it by.
    AnySet,
    /// Its token does not verify under the set there is.
    NewerSet,
}

/// What a request that wants a fetch is to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answer {
    /// Wait for the fetch under way.
    Join,
    /// Begin this fetch and wait for it.
    Begin(Flight),
    /// No fetch now; the next attempt of the set itself is this far away.
    NotNow { next_attempt_ms: i64 },
    /// Too many wait already.
    Full,
}

#[derive(Debug)]
pub(crate) struct Machine {
    timing: Timing,
    served: Option<Served>,
    flight: Option<Flight>,
    flights: u64,
    /// Failed attempts of the set itself since the last good fetch.
    failures: u32,
    /// Before this the set itself does not try again.
    next_own: i64,
    /// Before this no token causes a fetch.
    next_caused: i64,
    waiters: usize,
    /// The share of the age after which this replica refreshes.
    refresh_share: f64,
    jitter: Jitter,
}

impl Machine {
    pub(crate) fn new(timing: Timing, seed: u64) -> Self {
        let mut jitter = Jitter::new(seed);
        let pace = f64::midpoint(EARLIEST, LATEST) + jitter.within((LATEST - EARLIEST) / 2.0);
        Self {
            refresh_share: (timing.refresh_ahead + pace).min(1.0),
            timing,
            served: None,
            flight: None,
            flights: 0,
            failures: 0,
            next_own: i64::MIN,
            next_caused: i64::MIN,
            waiters: 0,
            jitter,
        }
    }

    /// Takes a set into service as stale, to be refreshed at once.
    pub(crate) fn start_stale(&mut self, now: i64) -> Served {
        let age = self.timing.cache_max_age_ms;
        let since = now.saturating_sub(age);
        *self.served.insert(Served { since, refresh_at: now, stale_at: now, dead_at: self.dead_at(since, age) })
    }

    /// Takes a set of an earlier process into service, as stale and as old as it is, if it may still
    /// serve.
    pub(crate) fn start_from_disk(&mut self, now: i64, age: i64, lifetime: i64) -> Option<Served> {
        let since = now.saturating_sub(age);
        let dead_at = self.dead_at(since, lifetime.clamp(0, self.timing.cache_max_age_ms));
        self.served = (now < dead_at).then_some(Served { since, refresh_at: now, stale_at: now, dead_at });
        self.served
    }

    fn dead_at(&self, since: i64, lifetime: i64) -> i64 {
        since.saturating_add(lifetime).saturating_add(self.timing.stale_if_error_ms)
    }

    /// Takes over the set of a process this one was forked from.
    pub(crate) fn resume(&mut self, served: Served) {
        self.served = Some(served);
    }

    pub(crate) fn served(&self) -> Option<Served> {
        self.served
    }

    pub(crate) fn in_flight(&self) -> bool {
        self.flight.is_some()
    }

    pub(crate) fn phase(&self, now: i64) -> Phase {
        match self.served {
            None => Phase::Cold,
            Some(served) if now < served.refresh_at && now < served.stale_at => Phase::Fresh,
            Some(served) if now < served.stale_at => Phase::Ageing,
            Some(served) if now < served.dead_at => Phase::Stale,
            Some(_) => Phase::Dead,
        }
    }

    /// The next time at which the set itself has something to do; `None` while a fetch is under way.
    pub(crate) fn next_wake(&self) -> Option<i64> {
        let due = self.served.map_or(self.next_own, |served| served.refresh_at.max(self.next_own));
        self.flight.is_none().then_some(due)
    }

    /// The next time at which any fetch may begin: one of the set itself, or one that a token causes.
    pub(crate) fn next_attempt(&self) -> i64 {
        let own = self.next_wake().unwrap_or(i64::MIN);
        if self.served.is_some() { own.min(self.next_caused) } else { own }
    }

    /// An attempt of the set itself, if one is due.
    pub(crate) fn wake(&mut self, now: i64) -> Option<Flight> {
        let due = self.phase(now) != Phase::Fresh && now >= self.next_own;
        (due && self.flight.is_none()).then(|| self.begin(now, true))
    }

    /// What a request that cannot be judged by the set there is shall do. Every `Join` and `Begin`
    /// is a waiter, until `land` or `leave`.
    pub(crate) fn want(&mut self, now: i64, want: Want) -> Answer {
        if self.waiters >= MAX_WAITERS {
            return Answer::Full;
        }
        if self.flight.is_some() {
            self.waiters += 1;
            return Answer::Join;
        }
        let flight = self.wake(now).or_else(|| {
            let allowed = want == Want::NewerSet && (now >= self.next_caused || mutant!("cooldown"));
            allowed.then(|| {
                self.next_caused = now.saturating_add(self.timing.cooldown_ms);
                self.begin(now, false)
            })
        });
        match flight {
            Some(flight) => {
                self.waiters += 1;
                Answer::Begin(flight)
            }
            None => Answer::NotNow { next_attempt_ms: self.next_own.saturating_sub(now).max(0) },
        }
    }

    /// A waiter that no longer waits.
    pub(crate) fn leave(&mut self) {
        self.waiters = self.waiters.saturating_sub(1);
    }

    fn begin(&mut self, now: i64, own: bool) -> Flight {
        self.flights += 1;
        let flight = Flight { id: self.flights, started: now, own };
        self.flight = Some(flight);
        flight
    }

    /// A fetch has ended, and with it every waiter's wait. `false` when it is not the one under
    /// way: its answer is older than the set and is discarded.
    pub(crate) fn land(&mut self, now: i64, flight: Flight, landing: Landing) -> bool {
        if self.flight != Some(flight) {
            return false;
        }
        self.flight = None;
        self.waiters = 0;
        match landing {
            Landing::Good { age_ms } => {
                self.failures = 0;
                self.next_own = i64::MIN;
                self.served = Some(self.serve_from(flight.started, age_ms));
            }
            Landing::Failed { retry_after_ms } => {
                let asked = retry_after_ms.unwrap_or(0).min(self.timing.cooldown_ms);
                let delay = if flight.own {
                    self.failures = self.failures.saturating_add(1);
                    self.backoff().max(asked)
                } else {
                    asked
                };
                self.next_own = self.next_own.max(now.saturating_add(delay));
                self.next_caused = self.next_caused.max(now.saturating_add(asked));
            }
        }
        true
    }

    /// Age counts from the start of the fetch, the earliest moment the answer can be of.
    fn serve_from(&self, started: i64, age_ms: Option<i64>) -> Served {
        let max = self.timing.cache_max_age_ms;
        let age = age_ms.unwrap_or(max).max(MIN_AGE_MS).min(max);
        let stale_at = started.saturating_add(age);
        Served {
            since: started,
            refresh_at: started.saturating_add(scale(age, self.refresh_share)),
            stale_at,
            dead_at: self.dead_at(started, age),
        }
    }

    fn backoff(&mut self) -> i64 {
        let doublings = self.failures.saturating_sub(1).min(32);
        let delay = FIRST_BACKOFF_MS.saturating_mul(1 << doublings).min(self.timing.cooldown_ms);
        scale(delay, 1.0 + self.jitter.within(BACKOFF_JITTER))
    }
}

#[allow(clippy::cast_possible_truncation, clippy::cast_precision_loss)] // durations are bounded options
fn scale(ms: i64, factor: f64) -> i64 {
    (ms as f64 * factor) as i64
}

#[cfg(test)]
#[path = "machine/tests.rs"]
mod tests;
