//! The fleet under one policy: an event queue of requests, attacks, fetches and timers.
//!
//! Requests come as Poisson processes. While all of a replica's valid requests would be served
//! without any effect, they are counted by their expected number and not one by one; a Poisson process
//! has no memory, so the next one after that time comes as if it were the first.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::clients::{Client, Kid, Step, UNKNOWN};
use crate::random::Random;
use crate::scenario::{ATTACKS, LATENCY_MS, REQUESTS, SECOND, Scenario, UNANSWERED};

/// What happened, second by second.
pub(crate) struct Record {
    /// Fetches that the identity provider was asked for (in an outage too), by the second in which
    /// they begin.
    pub(crate) fetches: Vec<u32>,
    /// Those of them that are not their replica's first since the last upheaval.
    pub(crate) repeats: Vec<u32>,
    /// Valid requests by the second in which they were answered or, served without delay, expected.
    pub(crate) valid: Vec<f64>,
    pub(crate) refused: Vec<u32>,
    /// Change of the rate of requests that are counted by expectation; of use to `finish` only.
    expected: Vec<f64>,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    Request,
    Attack,
    Timer,
    Landing { set: Option<Kid> },
}

struct Fleet<'a, C> {
    scenario: &'a Scenario,
    clients: Vec<C>,
    /// When each replica last began a fetch.
    last_fetch: Vec<Option<i64>>,
    events: BinaryHeap<Reverse<(i64, u64, u32, Event)>>,
    pushed: u64,
    random: Random,
    record: Record,
}

/// The whole scenario with every replica a `C`.
pub(crate) fn run<C: Client>(scenario: &Scenario, seed: u64) -> Record {
    let mut random = Random::new(seed);
    let clients: Vec<C> = (0..scenario.replicas).map(|_| C::new(random.next())).collect();
    let mut fleet = Fleet {
        last_fetch: vec![None; clients.len()],
        clients,
        scenario,
        events: BinaryHeap::new(),
        pushed: 0,
        random,
        record: Record::new((scenario.end / SECOND) as usize),
    };
    // All start together, cold; each fetches when its first request comes.
    for replica in 0..scenario.replicas {
        fleet.push_arrival(0, replica, Event::Request);
        if replica < scenario.attacked {
            fleet.push_arrival(scenario.attack.start, replica, Event::Attack);
        }
    }
    while let Some(Reverse((now, _, replica, event))) = fleet.events.pop() {
        if now >= scenario.end {
            break;
        }
        fleet.handle(now, replica as usize, event);
    }
    fleet.record.finish();
    fleet.record
}

impl<C: Client> Fleet<'_, C> {
    fn handle(&mut self, now: i64, replica: usize, event: Event) {
        match event {
            Event::Request => self.request(now, replica),
            Event::Attack => self.attack(now, replica),
            Event::Timer => {
                if self.clients[replica].attend(now) {
                    self.fetch(now, replica);
                }
            }
            Event::Landing { set } => self.land(now, replica, set),
        }
    }

    fn request(&mut self, now: i64, replica: usize) {
        match self.clients[replica].request(now, self.scenario.in_use(now)) {
            Step::Served => self.record.judge(now, true),
            Step::Refused => self.record.judge(now, false),
            Step::Waits => {}
            Step::Fetches => self.fetch(now, replica),
        }
        let (newest, until) = self.clients[replica].calm(now);
        let calm = until.min(self.scenario.outgrown(newest)).min(self.scenario.end);
        if calm > now {
            self.record.expect(now, calm);
        }
        self.push_arrival(now.max(calm), replica, Event::Request);
    }

    fn attack(&mut self, now: i64, replica: usize) {
        if self.clients[replica].request(now, UNKNOWN) == Step::Fetches {
            self.fetch(now, replica);
        }
        let next = now.max(self.clients[replica].deaf_until(now));
        if next < self.scenario.attack.end {
            self.push_arrival(next, replica, Event::Attack);
        }
    }

    /// The identity provider hears of a fetch when it begins, and answers with what it publishes then.
    fn fetch(&mut self, now: i64, replica: usize) {
        let second = (now / SECOND) as usize;
        self.record.fetches[second] += 1;
        let upheaval = self.scenario.last_upheaval(now);
        if self.last_fetch[replica].replace(now).is_some_and(|last| last >= upheaval) {
            self.record.repeats[second] += 1;
        }
        let answers = !self.scenario.outage.contains(&now);
        let latency = if answers || self.random.unit() >= UNANSWERED {
            self.random.between(LATENCY_MS.start, LATENCY_MS.end)
        } else {
            C::TIMEOUT_MS
        };
        let set = answers.then(|| self.scenario.published(now));
        self.push(now + latency, replica, Event::Landing { set });
    }

    fn land(&mut self, now: i64, replica: usize, set: Option<Kid>) {
        let record = &mut self.record;
        let next = self.clients[replica].land(now, set, |kid, served| {
            if kid != UNKNOWN {
                record.judge(now, served);
            }
        });
        if next {
            self.fetch(now, replica);
        }
        if let Some(at) = self.clients[replica].timer() {
            self.push(at.max(now + 1), replica, Event::Timer);
        }
    }

    fn push_arrival(&mut self, after: i64, replica: usize, event: Event) {
        let rate = if event == Event::Attack { ATTACKS } else { REQUESTS };
        let at = after + self.random.arrival_ms(rate);
        self.push(at, replica, event);
    }

    fn push(&mut self, at: i64, replica: usize, event: Event) {
        if at < self.scenario.end {
            self.pushed += 1;
            self.events.push(Reverse((at, self.pushed, replica as u32, event)));
        }
    }
}

impl Record {
    fn new(seconds: usize) -> Self {
        Self {
            fetches: vec![0; seconds],
            repeats: vec![0; seconds],
            valid: vec![0.0; seconds],
            refused: vec![0; seconds],
            expected: vec![0.0; seconds + 1],
        }
    }

    fn judge(&mut self, now: i64, served: bool) {
        let second = (now / SECOND) as usize;
        self.valid[second] += 1.0;
        self.refused[second] += u32::from(!served);
    }

    /// The requests of one replica between two times, all served.
    fn expect(&mut self, from: i64, to: i64) {
        for (at, sign) in [(from, 1.0), (to, -1.0)] {
            let second = (at / SECOND) as usize;
            // The second in which a span begins or ends is counted by its share.
            let share = 1.0 - (at % SECOND) as f64 / SECOND as f64;
            if second < self.valid.len() {
                self.valid[second] += sign * REQUESTS * share;
                self.expected[second + 1] += sign * REQUESTS;
            }
        }
    }

    fn finish(&mut self) {
        let mut rate = 0.0;
        for (valid, change) in self.valid.iter_mut().zip(&self.expected) {
            rate += change;
            *valid += rate;
        }
    }
}
