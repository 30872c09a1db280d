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

/// Share of the age by which a refresh ahead may be earlier or later.
const REFRESH_JITTER: f64 = 0.05;

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
    jitter: Jitter,
}

impl Machine {
    pub(crate) fn new(timing: Timing, seed: u64) -> Self {
        Self {
            timing,
            served: None,
            flight: None,
            flights: 0,
            failures: 0,
            next_own: i64::MIN,
            next_caused: i64::MIN,
            waiters: 0,
            jitter: Jitter::new(seed),
        }
    }

    /// Takes a set into service as stale, to be refreshed at once.
    pub(crate) fn start_stale(&mut self, now: i64) {
        self.served = Some(Served {
            since: now - self.timing.cache_max_age_ms,
            refresh_at: now,
            stale_at: now,
            dead_at: now.saturating_add(self.timing.stale_if_error_ms),
        });
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

    /// One more waiter for whatever lands next, fetch under way or not; `false` when too many wait.
    pub(crate) fn enlist(&mut self) -> bool {
        let room = self.waiters < MAX_WAITERS;
        self.waiters += usize::from(room);
        room
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
    fn serve_from(&mut self, started: i64, age_ms: Option<i64>) -> Served {
        let max = self.timing.cache_max_age_ms;
        let age = age_ms.unwrap_or(max).max(MIN_AGE_MS).min(max);
        let share = self.timing.refresh_ahead + self.jitter.within(REFRESH_JITTER);
        let stale_at = started.saturating_add(age);
        Served {
            since: started,
            refresh_at: started.saturating_add(scale(age, share)),
            stale_at,
            dead_at: stale_at.saturating_add(self.timing.stale_if_error_ms),
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
mod tests {
    use super::*;
    use proptest::prelude::*;

    const TIMING: Timing =
        Timing { cache_max_age_ms: 600_000, cooldown_ms: 30_000, stale_if_error_ms: 3_600_000, refresh_ahead: 0.8 };
    const GOOD: Landing = Landing::Good { age_ms: None };
    const FAILED: Landing = Landing::Failed { retry_after_ms: None };

    fn begun(answer: Answer) -> Flight {
        match answer {
            Answer::Begin(flight) => flight,
            other => panic!("no flight: {other:?}"),
        }
    }

    fn loaded() -> Machine {
        let mut machine = Machine::new(TIMING, 7);
        let flight = begun(machine.want(0, Want::AnySet));
        assert!(machine.land(0, flight, GOOD));
        machine
    }

    #[test]
    fn a_cold_set_is_fetched_once_for_all_who_wait() {
        let mut machine = Machine::new(TIMING, 7);
        let flight = begun(machine.want(0, Want::AnySet));
        for _ in 0..100 {
            assert_eq!(machine.want(1, Want::AnySet), Answer::Join);
        }
        assert!(machine.land(2, flight, GOOD));
        assert_eq!(machine.phase(2), Phase::Fresh);
        assert_eq!(machine.wake(3), None);
    }

    #[test]
    fn phases_follow_the_age() {
        let machine = loaded();
        for (now, phase) in [
            (449_000, Phase::Fresh),
            (511_000, Phase::Ageing),
            (600_000, Phase::Stale),
            (4_199_999, Phase::Stale),
            (4_200_000, Phase::Dead),
        ] {
            assert_eq!(machine.phase(now), phase, "{now}");
        }
    }

    #[test]
    fn own_attempts_back_off_and_recover_within_seconds() {
        let mut machine = Machine::new(TIMING, 7);
        let (mut now, mut delays) = (0, Vec::new());
        for _ in 0..8 {
            let flight = begun(machine.want(now, Want::AnySet));
            assert!(machine.land(now, flight, FAILED));
            let Answer::NotNow { next_attempt_ms } = machine.want(now, Want::AnySet) else { panic!("attempt at once") };
            delays.push(next_attempt_ms);
            now += next_attempt_ms;
        }
        for (delay, nominal) in delays.into_iter().zip([1, 2, 4, 8, 16, 30, 30, 30]) {
            assert!((nominal * 800..=nominal * 1200).contains(&delay), "{delay} for {nominal}");
        }
    }

    #[test]
    fn tokens_cause_one_fetch_per_cooldown_failures_counted() {
        let mut machine = loaded();
        let flight = begun(machine.want(1000, Want::NewerSet));
        assert!(machine.land(1000, flight, FAILED));
        for now in [1000, 2000, 30_999] {
            assert!(matches!(machine.want(now, Want::NewerSet), Answer::NotNow { .. }), "{now}");
        }
        assert!(matches!(machine.want(31_000, Want::NewerSet), Answer::Begin(_)));
    }

    #[test]
    fn retry_after_is_honoured_up_to_the_cooldown() {
        for (asked, least, most) in [(20_000, 20_000, 20_000), (i64::MAX, 30_000, 30_000), (0, 800, 1200)] {
            let mut machine = Machine::new(TIMING, 7);
            let flight = begun(machine.want(0, Want::AnySet));
            machine.land(0, flight, Landing::Failed { retry_after_ms: Some(asked) });
            let Answer::NotNow { next_attempt_ms } = machine.want(0, Want::AnySet) else { panic!("attempt at once") };
            assert!((least..=most).contains(&next_attempt_ms), "{next_attempt_ms}");
        }
    }

    #[test]
    fn an_older_answer_is_discarded() {
        let mut machine = Machine::new(TIMING, 7);
        let first = begun(machine.want(0, Want::AnySet));
        assert!(machine.land(5000, first, FAILED));
        let second = begun(machine.want(10_000, Want::AnySet));
        assert!(!machine.land(10_001, first, GOOD));
        assert_eq!(machine.phase(10_001), Phase::Cold);
        assert!(machine.land(10_002, second, GOOD));
    }

    #[test]
    fn waiters_are_bounded() {
        let mut machine = Machine::new(TIMING, 7);
        let flight = begun(machine.want(0, Want::AnySet));
        for _ in 1..MAX_WAITERS {
            assert_eq!(machine.want(0, Want::AnySet), Answer::Join);
        }
        assert_eq!(machine.want(0, Want::AnySet), Answer::Full);
        machine.leave();
        assert_eq!(machine.want(0, Want::AnySet), Answer::Join);
        machine.land(1, flight, FAILED);
        assert_eq!(machine.waiters, 0);
    }

    #[test]
    fn absurd_ages_are_clamped() {
        for (age_ms, stale_at) in
            [(Some(0), 60_000), (Some(-5), 60_000), (Some(i64::MAX), 600_000), (Some(90_000), 90_000), (None, 600_000)]
        {
            let mut machine = Machine::new(TIMING, 7);
            let flight = begun(machine.want(0, Want::AnySet));
            machine.land(0, flight, Landing::Good { age_ms });
            assert_eq!(machine.served().map(|served| served.stale_at), Some(stale_at), "{age_ms:?}");
        }
    }

    #[test]
    fn an_initial_set_is_stale_and_refreshed_at_once() {
        let mut machine = Machine::new(TIMING, 7);
        machine.start_stale(5);
        assert_eq!(machine.phase(5), Phase::Stale);
        assert!(machine.wake(5).is_some());
        assert_eq!(machine.phase(3_600_005), Phase::Dead);
    }

    #[derive(Debug, Clone)]
    enum Event {
        Request(Want),
        Wake,
        Land(bool, Option<i64>),
        LandStale,
        Leave,
        Pass(i64),
    }

    fn events() -> impl Strategy<Value = Vec<Event>> {
        let event = prop_oneof![
            4 => Just(Event::Request(Want::NewerSet)),
            2 => Just(Event::Request(Want::AnySet)),
            2 => Just(Event::Wake),
            3 => (any::<bool>(), prop::option::of(-10i64..10_000_000)).prop_map(|(good, ms)| Event::Land(good, ms)),
            1 => Just(Event::LandStale),
            1 => Just(Event::Leave),
            3 => prop_oneof![0i64..2000, 0i64..100_000, 0i64..5_000_000].prop_map(Event::Pass),
        ];
        prop::collection::vec(event, 0..400)
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]
        #[test]
        fn invariants_hold_on_any_schedule(events in events(), seed in any::<u64>()) {
            let mut machine = Machine::new(TIMING, seed);
            let (mut now, mut flying, mut landed) = (0i64, None::<Flight>, None::<Flight>);
            let (mut last_caused, mut last_failure) = (None::<i64>, None::<i64>);
            for event in events {
                let begun = match event {
                    Event::Pass(ms) => { now += ms; None }
                    Event::Leave => { machine.leave(); None }
                    Event::Wake => machine.wake(now),
                    Event::Request(want) => match machine.want(now, want) {
                        Answer::Begin(flight) => Some(flight),
                        Answer::Join => { prop_assert!(flying.is_some()); None }
                        Answer::NotNow { next_attempt_ms } => {
                            prop_assert!(flying.is_none());
                            prop_assert!((0..=36_000).contains(&next_attempt_ms));
                            None
                        }
                        Answer::Full => None,
                    },
                    Event::Land(good, ms) => {
                        if let Some(flight) = flying.take() {
                            let landing = if good { Landing::Good { age_ms: ms } } else { Landing::Failed { retry_after_ms: ms } };
                            prop_assert!(machine.land(now, flight, landing));
                            prop_assert_eq!(machine.waiters, 0);
                            if flight.own { last_failure = (!good).then_some(now); }
                            if good { last_failure = None; }
                            landed = Some(flight);
                        }
                        None
                    }
                    Event::LandStale => {
                        if let Some(flight) = landed { prop_assert!(!machine.land(now, flight, GOOD)); }
                        None
                    }
                };
                if let Some(flight) = begun {
                    prop_assert!(flying.is_none(), "two fetches in flight");
                    if flight.own {
                        if let Some(failed) = last_failure { prop_assert!(now - failed >= 800, "no backoff"); }
                    } else {
                        if let Some(caused) = last_caused { prop_assert!(now - caused >= TIMING.cooldown_ms, "cooldown"); }
                        last_caused = Some(now);
                    }
                    flying = Some(flight);
                }
                if let Some(served) = machine.served() {
                    prop_assert!(served.since <= served.refresh_at && served.refresh_at <= served.stale_at);
                    prop_assert!(served.stale_at - served.since <= TIMING.cache_max_age_ms);
                    prop_assert_eq!(served.dead_at - served.stale_at, TIMING.stale_if_error_ms);
                }
                prop_assert!(machine.waiters <= MAX_WAITERS);
            }
        }
    }
}
