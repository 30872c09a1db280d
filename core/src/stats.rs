//! What a verifier says about its keys and its cache.

use serde::Serialize;

use crate::keyset::{SetStats, SkippedKey};

/// The state of a verifier. With several issuers, numbers are sums and the state is the worst.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Stats {
    /// `static`, `cold`, `fresh`, `ageing`, `stale`, `dead` or `closed`.
    pub state: &'static str,
    /// Usable keys.
    pub keys: usize,
    /// Keys of the newest good sets that cannot be used.
    pub skipped: Vec<SkippedKey>,
    /// Age of the oldest set, in seconds.
    pub age_seconds: Option<f64>,
    /// Wall time of the oldest last success, in milliseconds since the epoch.
    pub last_success: Option<i64>,
    /// Why the last failed fetch failed.
    pub last_error: Option<String>,
    /// Seconds to the next attempt of a set itself; absent while one is under way.
    pub next_attempt_seconds: Option<f64>,
    /// Whether a fetch is under way.
    pub fetching: bool,
    /// Fetches begun.
    pub fetches: u64,
    /// Fetches that failed.
    pub failures: u64,
    /// Look-ups of the verified-signature cache that found the token.
    pub cache_hits: u64,
    /// Look-ups that did not.
    pub cache_misses: u64,
    /// URL of the first remote set, without its query.
    pub url: Option<String>,
}

/// From best to worst.
const STATES: [&str; 7] = ["static", "fresh", "ageing", "stale", "cold", "dead", "closed"];

impl Stats {
    pub(crate) fn new(fixed_keys: usize, sets: Vec<SetStats>, cache: (u64, u64), closed: bool) -> Self {
        let rank = |state: &str| STATES.iter().position(|known| *known == state).unwrap_or(0);
        let state = sets.iter().map(|set| set.phase).max_by_key(|state| rank(state)).unwrap_or("static");
        let mut sum = Self {
            state: if closed { "closed" } else { state },
            keys: fixed_keys,
            skipped: Vec::new(),
            age_seconds: None,
            last_success: None,
            last_error: None,
            next_attempt_seconds: None,
            fetching: false,
            fetches: 0,
            failures: 0,
            cache_hits: cache.0,
            cache_misses: cache.1,
            url: sets.first().map(|set| set.url.clone()),
        };
        for set in sets {
            sum.keys += set.keys;
            sum.skipped.extend(set.skipped);
            sum.age_seconds = larger(sum.age_seconds, set.age_ms.map(seconds));
            sum.last_success = sum.last_success.into_iter().chain(set.last_success_wall_ms).min();
            sum.last_error = sum.last_error.or(set.last_error);
            sum.next_attempt_seconds = smaller(sum.next_attempt_seconds, set.next_attempt_ms.map(seconds));
            sum.fetching |= set.fetching;
            sum.fetches += set.fetches;
            sum.failures += set.failures;
        }
        sum
    }

    /// The stats as a JSON object.
    #[must_use]
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}

#[allow(clippy::cast_precision_loss)] // milliseconds of a lifetime are exact
pub(crate) fn seconds(ms: i64) -> f64 {
    ms as f64 / 1000.0
}

fn larger(a: Option<f64>, b: Option<f64>) -> Option<f64> {
    a.into_iter().chain(b).reduce(f64::max)
}

fn smaller(a: Option<f64>, b: Option<f64>) -> Option<f64> {
    a.into_iter().chain(b).reduce(f64::min)
}
