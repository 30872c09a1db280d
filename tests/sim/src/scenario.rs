//! The day that every policy lives through.

use std::ops::Range;

use crate::clients::Kid;

pub(crate) const SECOND: i64 = 1000;
pub(crate) const MINUTE: i64 = 60 * SECOND;
pub(crate) const HOUR: i64 = 60 * MINUTE;

/// How long before its first use a key is published, where it is.
const NOTICE: i64 = 900 * SECOND;

pub(crate) struct Rotation {
    pub(crate) published: i64,
    /// From here on every valid request carries the new key: the worst case, as if every caller
    /// fetched a new token in that moment.
    pub(crate) first_used: i64,
}

pub(crate) struct Scenario {
    pub(crate) replicas: usize,
    pub(crate) end: i64,
    /// In the order of time.
    pub(crate) rotations: Vec<Rotation>,
    /// The rotation that nobody was told of: published when first used.
    pub(crate) surprise: i64,
    pub(crate) outage: Range<i64>,
    pub(crate) attack: Range<i64>,
    /// Replicas that the attacker's tokens reach.
    pub(crate) attacked: usize,
}

/// Valid requests per second and replica; the attacker's, where they come.
pub(crate) const REQUESTS: f64 = 1.0;
pub(crate) const ATTACKS: f64 = 5.0;

/// How long the identity provider takes to answer, well or ill.
pub(crate) const LATENCY_MS: Range<i64> = 50..200;

/// Share of the outage's fetches that get no answer at all; the others get an error in the usual time.
pub(crate) const UNANSWERED: f64 = 0.5;

impl Scenario {
    pub(crate) fn new() -> Self {
        let outage = 6 * HOUR..6 * HOUR + 30 * MINUTE;
        let attack = 12 * HOUR..13 * HOUR;
        let surprise = 18 * HOUR;
        // One key is first used while the identity provider is out, one during the attack.
        let told = [3 * HOUR, outage.start + 4 * MINUTE, attack.start + 30 * MINUTE, 15 * HOUR, 21 * HOUR];
        let told = told.map(|first_used| Rotation { published: first_used - NOTICE, first_used });
        let mut rotations = vec![Rotation { published: surprise, first_used: surprise }];
        rotations.extend(told);
        rotations.sort_by_key(|rotation| rotation.first_used);
        Self { replicas: 10_000, end: 24 * HOUR, rotations, surprise, outage, attack, attacked: 1000 }
    }

    /// The newest key that the identity provider publishes.
    pub(crate) fn published(&self, now: i64) -> Kid {
        self.rotations.iter().filter(|rotation| rotation.published <= now).count() as Kid
    }

    /// The key that valid requests carry.
    pub(crate) fn in_use(&self, now: i64) -> Kid {
        self.rotations.iter().filter(|rotation| rotation.first_used <= now).count() as Kid
    }

    /// When valid requests begin to carry a key newer than `newest`.
    pub(crate) fn outgrown(&self, newest: Kid) -> i64 {
        self.rotations.get(newest as usize).map_or(i64::MAX, |rotation| rotation.first_used)
    }

    /// The moments after which every replica may have to fetch once: the joint start, the end of the
    /// outage, the rotation without notice.
    pub(crate) fn last_upheaval(&self, now: i64) -> i64 {
        [0, self.outage.end, self.surprise].into_iter().filter(|&at| at <= now).max().unwrap_or(0)
    }
}
