//! The machine on given clocks: each rule by example, then all of them on any schedule.

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
        (443_000, Phase::Fresh),
        (547_000, Phase::Ageing),
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
