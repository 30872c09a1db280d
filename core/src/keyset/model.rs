//! A verifier and its remote set, whole but for the network and the clock, on any schedule of
//! arrivals, landings, cancellations and time, against a model that is too simple to be wrong.

use std::cell::Cell;
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use super::fetch::Fetched;
use super::http::HttpError;
use super::remote::Airborne;
use super::{KeySet, RemoteSet, Ticket};
use crate::clock::{Clock, ManualClock};
use crate::error::Code;
use crate::options::{CacheOption, JwksOptions, Options, TrustOptions};
use crate::verifier::{Outcome, Readiness, Verifier};

const CASES: u32 = 420;
const STEPS: usize = 256;

const TIMEOUT_MS: i64 = 5000;
const MAX_AGE_MS: i64 = 600_000;
const STALE_MS: i64 = 900_000;
const COOLDOWN_MS: i64 = 30_000;
const MAX_WAITERS: usize = 4096;

/// The second and the third key share their name, as after a rotation in place.
const KIDS: [&str; 4] = ["a", "b", "b", "stranger"];

/// The key that no set ever holds.
const STRANGER: usize = 3;

/// A signed token and the JWK that verifies it, for each key.
static KEYS: LazyLock<Vec<(String, String)>> = LazyLock::new(|| {
    KIDS.iter()
        .map(|kid| {
            let key = Ed25519KeyPair::generate().unwrap();
            let header = URL_SAFE_NO_PAD.encode(format!(r#"{{"alg":"EdDSA","kid":"{kid}"}}"#));
            let input = format!("{header}.{}", URL_SAFE_NO_PAD.encode(r#"{"sub":"user-1"}"#));
            let token = format!("{input}.{}", URL_SAFE_NO_PAD.encode(key.sign(input.as_bytes())));
            let x = URL_SAFE_NO_PAD.encode(key.public_key());
            (token, format!(r#"{{"kty":"OKP","crv":"Ed25519","kid":"{kid}","x":"{x}"}}"#))
        })
        .collect()
});

/// What a landing brings.
#[derive(Debug, Clone)]
enum Brought {
    /// Keys by number; never two of one name.
    Keys(Vec<usize>, Option<i64>),
    NotModified(Option<i64>),
    Failure(Option<i64>),
}

#[derive(Debug, Clone)]
enum Event {
    Arrive(usize),
    /// As many at once, of the stranger's.
    Flood(usize),
    Cancel(usize),
    /// Someone asks whether the keys are there.
    Ready,
    Land(Brought),
    Pass(i64),
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let age = || prop::option::of(prop_oneof![-10i64..10_000_000, 0i64..700_000]);
    let keys = prop::sample::select(vec![vec![0], vec![0, 1], vec![0, 2], vec![1], vec![2]]);
    let brought = prop_oneof![
        5 => (keys, age()).prop_map(|(keys, age)| Brought::Keys(keys, age)),
        1 => age().prop_map(Brought::NotModified),
        4 => age().prop_map(Brought::Failure),
    ];
    let event = prop_oneof![
        100 => (0..KIDS.len()).prop_map(Event::Arrive),
        1 => prop_oneof![12 => 1usize..50, 1 => 4000usize..4500].prop_map(Event::Flood),
        10 => any::<usize>().prop_map(Event::Cancel),
        5 => Just(Event::Ready),
        40 => brought.prop_map(Event::Land),
        60 => prop_oneof![0i64..2000, 0i64..40_000, 0i64..2_000_000].prop_map(Event::Pass),
    ];
    prop::collection::vec(event, STEPS)
}

fn document(keys: &[usize]) -> String {
    let jwks: Vec<_> = keys.iter().map(|key| KEYS[*key].1.as_str()).collect();
    format!("{{\"keys\":[{}]}}", jwks.join(","))
}

/// The newest good set.
struct Good {
    keys: Vec<usize>,
    dead_at: i64,
}

struct Model {
    verifier: Verifier,
    set: Arc<RemoteSet>,
    clock: ManualClock,
    now: i64,
    good: Option<Good>,
    flying: Option<Airborne>,
    waiting: Vec<(usize, i64, Ticket)>,
    asking: Vec<Ticket<()>>,
    last_caused: Option<i64>,
    last_landed: i64,
    /// Failures of the set's own since a good fetch, and when the last was.
    own_failures: (u32, i64),
}

impl Model {
    fn new(cache: bool, initial: bool) -> Self {
        let seconds = |ms: i64| Some(Duration::from_millis(ms.unsigned_abs()));
        let jwks = JwksOptions {
            timeout: seconds(TIMEOUT_MS),
            cache_max_age: seconds(MAX_AGE_MS),
            cooldown: seconds(COOLDOWN_MS),
            stale_if_error: seconds(STALE_MS),
            initial: initial.then(|| document(&[0])),
            ..JwksOptions::default()
        };
        let trust =
            TrustOptions { jwks_uri: Some("https://a.example/jwks".to_owned()), jwks, ..TrustOptions::default() };
        let cache = (!cache).then_some(CacheOption::Off);
        let clock = ManualClock::new(0, 0);
        let options = Options { trust, cache, ..Options::default() };
        let verifier = Verifier::with_clock(options, Clock::Manual(clock.clone())).unwrap();
        let set = Arc::clone(verifier.remote_sets().next().unwrap());
        set.held.set(Mutex::default()).ok().unwrap();
        Self {
            verifier,
            set,
            clock,
            now: 0,
            good: initial.then(|| Good { keys: vec![0], dead_at: STALE_MS }),
            flying: None,
            waiting: Vec::new(),
            asking: Vec::new(),
            last_caused: None,
            last_landed: 0,
            own_failures: (0, 0),
        }
    }

    /// Whether the newest good set may serve now and holds this key.
    fn verifies(&self, key: usize) -> bool {
        self.good.as_ref().is_some_and(|good| self.now < good.dead_at && good.keys.contains(&key))
    }

    fn usable(&self) -> bool {
        self.good.as_ref().is_some_and(|good| self.now < good.dead_at)
    }

    fn arrive(&mut self, key: usize) -> Result<(), TestCaseError> {
        // The longest backoff, and the longest Retry-After, are over.
        let due = self.flying.is_none() && self.now - self.last_landed > COOLDOWN_MS * 12 / 10;
        match self.verifier.verify(&KEYS[key].0) {
            Outcome::Ready(Ok(_)) => prop_assert!(self.verifies(key), "key {key} verified under no set that may serve"),
            Outcome::Ready(Err(refusal)) => {
                prop_assert!(self.usable() || !due, "nothing is fetched any more");
                prop_assert!(!self.verifies(key), "key {key} refused with {:?}", refusal.code());
                prop_assert!(self.usable() || refusal.code() == Code::KeysUnavailable, "{:?}", refusal.code());
            }
            Outcome::Wait(ticket) => {
                prop_assert!(!self.verifies(key), "key {key} waits though it verifies");
                self.waiting.push((key, self.now, ticket));
            }
        }
        self.take_off()
    }

    /// A fetch that has begun, if one has.
    fn take_off(&mut self) -> Result<(), TestCaseError> {
        let begun = std::mem::take(&mut *self.set.held.get().unwrap().lock().unwrap());
        for airborne in begun {
            prop_assert!(self.flying.is_none(), "two fetches in flight");
            if airborne.flight().is_own() {
                let (failures, last) = self.own_failures;
                let nominal = 1000i64.saturating_mul(1 << failures.saturating_sub(1).min(20)).min(COOLDOWN_MS);
                prop_assert!(failures == 0 || self.now - last >= nominal * 8 / 10, "no backoff after {failures}");
            } else {
                prop_assert!(self.last_caused.is_none_or(|last| self.now - last >= COOLDOWN_MS), "no cooldown");
                self.last_caused = Some(self.now);
            }
            self.flying = Some(airborne);
        }
        Ok(())
    }

    fn land(&mut self, brought: Brought) -> Result<(), TestCaseError> {
        let Some(airborne) = self.flying.take() else { return Ok(()) };
        let flight = airborne.flight();
        // A server says 304 only to a validator, which only a set can bring.
        let brought = match brought {
            Brought::NotModified(_) if self.good.is_none() => Brought::Failure(None),
            other => other,
        };
        let dead_at =
            |age: Option<i64>| flight.started() + age.unwrap_or(MAX_AGE_MS).clamp(60_000, MAX_AGE_MS) + STALE_MS;
        let result = match &brought {
            Brought::Keys(keys, age_ms) => {
                self.good = Some(Good { keys: keys.clone(), dead_at: dead_at(*age_ms) });
                let document = document(keys);
                let keys = KeySet::parse(document.clone().into_bytes(), 16).unwrap();
                Ok(Fetched::Set { keys, document: document.into_bytes().into(), age_ms: *age_ms, validator: None })
            }
            Brought::NotModified(age_ms) => {
                self.good.as_mut().unwrap().dead_at = dead_at(*age_ms);
                Ok(Fetched::NotModified { age_ms: *age_ms })
            }
            Brought::Failure(retry_after_ms) => {
                Err(HttpError { retry_after_ms: *retry_after_ms, ..HttpError::new("status 500") })
            }
        };
        match (&result, flight.is_own()) {
            (Ok(_), _) => self.own_failures = (0, 0),
            (Err(_), true) => self.own_failures = (self.own_failures.0 + 1, self.now),
            (Err(_), false) => {}
        }
        self.last_landed = self.now;
        let good = result.is_ok();
        airborne.land(result);
        for (key, since, ticket) in std::mem::take(&mut self.waiting) {
            prop_assert!(self.now - since <= TIMEOUT_MS, "waited past the deadline");
            let answer = ticket.wait_timeout(Duration::ZERO);
            prop_assert!(answer.is_some(), "a waiter was forgotten");
            prop_assert_eq!(answer.is_some_and(|answer| answer.is_ok()), self.verifies(key));
        }
        for ticket in self.asking.split_off(if good { 0 } else { self.asking.len() }) {
            prop_assert_eq!(ticket.wait_timeout(Duration::ZERO), Some(Ok(())), "whoever asked was not told");
        }
        self.take_off()
    }

    fn ask(&mut self) -> Result<(), TestCaseError> {
        match self.verifier.ready(None) {
            Readiness::Ready => prop_assert!(self.usable()),
            Readiness::Wait(ticket) => {
                prop_assert!(!self.usable());
                self.asking.push(ticket);
            }
        }
        self.take_off()
    }

    /// Lets time pass; a fetch ends at its deadline at the latest, also one that the end of another began.
    fn pass(&mut self, ms: i64) -> Result<(), TestCaseError> {
        let until = self.now + ms;
        while let Some(deadline) = self.flying.as_ref().map(|airborne| airborne.flight().started() + TIMEOUT_MS)
            && deadline <= until
        {
            self.set_clock(deadline.max(self.now));
            self.land(Brought::Failure(None))?;
        }
        self.set_clock(until);
        Ok(())
    }

    fn set_clock(&mut self, now: i64) {
        self.now = now;
        self.clock.set(0, now.unsigned_abs());
    }

    fn step(&mut self, event: Event) -> Result<(), TestCaseError> {
        match event {
            Event::Arrive(key) => self.arrive(key)?,
            Event::Flood(count) => {
                for _ in 0..count {
                    self.arrive(STRANGER)?;
                }
            }
            Event::Cancel(which) => {
                if !self.waiting.is_empty() {
                    drop(self.waiting.swap_remove(which % self.waiting.len()));
                }
            }
            Event::Ready => self.ask()?,
            Event::Land(brought) => self.land(brought)?,
            Event::Pass(ms) => self.pass(ms)?,
        }
        prop_assert!(self.waiting.len() <= MAX_WAITERS, "{} wait", self.waiting.len());
        Ok(())
    }
}

#[test]
fn a_verifier_keeps_its_promises_on_any_schedule() {
    let steps = Cell::new(0usize);
    let config = ProptestConfig { cases: CASES, failure_persistence: None, ..ProptestConfig::default() };
    let checked = TestRunner::new(config).run(&(events(), any::<bool>(), any::<bool>()), |(events, cache, initial)| {
        let mut model = Model::new(cache, initial);
        for event in events {
            model.step(event)?;
            steps.set(steps.get() + 1);
        }
        model.land(Brought::Failure(None))?;
        prop_assert!(model.waiting.is_empty());
        Ok(())
    });
    if let Err(failure) = checked {
        panic!("{failure}");
    }
    assert!(steps.get() >= 100_000, "only {} steps", steps.get());
}
