//! Verifiers that are built again and again for one source, as by a server that builds one for each
//! request: noticed, warned of once, and kept from fetching each for itself.

use super::Timing;
use crate::options::Locator;

/// How many verifiers of one source may live at a time, or be built in one window, before they are a
/// crowd.
const MANY: usize = 64;

/// The window in which they are counted, in milliseconds.
const WINDOW_MS: i64 = 60_000;

/// The verifiers of one source.
#[derive(Debug)]
pub(super) struct Crowd {
    source: Locator,
    live: usize,
    window: i64,
    built: usize,
    /// When the last one was built.
    last: i64,
    crowded: bool,
}

/// Every source that has verifiers, or had some lately.
#[derive(Debug, Default)]
pub(super) struct Crowds {
    crowds: Vec<Crowd>,
    /// Sources that were warned of; the first ones, should there be very many.
    warned: Vec<Locator>,
}

/// Most sources that are remembered for having been warned of.
const MAX_WARNED: usize = 256;

/// What is done about one more verifier.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Measures {
    /// What the operator is told, the first time.
    pub(super) advice: Option<String>,
    /// How long its set outlives it, for the next one to take over, in milliseconds.
    pub(super) linger_ms: Option<i64>,
}

impl Crowds {
    /// Counts one more verifier.
    pub(super) fn join(&mut self, source: &Locator, timing: &Timing, now: i64) -> Measures {
        self.crowds.retain(|crowd| crowd.live > 0 || now.saturating_sub(crowd.last) < WINDOW_MS);
        let index = self.crowds.iter().position(|crowd| crowd.source == *source).unwrap_or_else(|| {
            let source = source.clone();
            self.crowds.push(Crowd { source, live: 0, window: now, built: 0, last: now, crowded: false });
            self.crowds.len() - 1
        });
        let crowd = &mut self.crowds[index];
        crowd.join(now);
        if !crowd.crowded {
            return Measures { advice: None, linger_ms: None };
        }
        let first = !self.warned.contains(source) && self.warned.len() < MAX_WARNED;
        let advice = first.then(|| {
            self.warned.push(source.clone());
            advice(source)
        });
        Measures { advice, linger_ms: Some(timing.cooldown_ms) }
    }

    /// Counts one less.
    pub(super) fn leave(&mut self, source: &Locator) {
        if let Some(crowd) = self.crowds.iter_mut().find(|crowd| crowd.source == *source) {
            crowd.live = crowd.live.saturating_sub(1);
        }
    }
}

impl Crowd {
    fn join(&mut self, now: i64) {
        // It stays one for as long as it goes on.
        self.crowded &= now.saturating_sub(self.last) < WINDOW_MS;
        if now.saturating_sub(self.window) >= WINDOW_MS {
            (self.window, self.built) = (now, 0);
        }
        self.last = now;
        self.live += 1;
        self.built += 1;
        self.crowded |= self.live > MANY || self.built > MANY;
    }
}

fn advice(source: &Locator) -> String {
    format!(
        "more than {MANY} verifiers for {source} were built within a minute or are open at a time. Build one verifier \
         or interceptor when the program (or one of its workers) starts, use it for every request, and close what \
         is no longer used"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIMING: Timing =
        Timing { cache_max_age_ms: 600_000, cooldown_ms: 30_000, stale_if_error_ms: 0, refresh_ahead: 0.8 };

    fn source(url: &str) -> Locator {
        Locator::JwksUri(url.parse().unwrap())
    }

    /// The numbers of the verifiers at which advice was given, of so many built at such a pace.
    fn advised(count: usize, pace_ms: i64, closing: bool) -> Vec<usize> {
        let mut crowds = Crowds::default();
        let source = source("https://a.example/jwks?key=secret");
        let joined = (1..=count).filter(|i| {
            let now = i64::try_from(*i).unwrap() * pace_ms;
            let measures = crowds.join(&source, &TIMING, now);
            if closing {
                crowds.leave(&source);
            }
            assert!(measures.advice.iter().all(|text| text.contains("a.example/jwks") && !text.contains("secret")));
            measures.advice.is_some()
        });
        joined.collect()
    }

    #[test]
    fn many_open_or_many_in_a_minute_are_warned_of_once() {
        assert_eq!(advised(20_000, 10, true), [65]);
        assert_eq!(advised(1000, 10_000, false), [65]);
        assert_eq!(advised(1000, 1000, true), [0; 0], "sixty a minute, closed each time");
    }

    #[test]
    fn a_crowd_lingers_and_others_do_not() {
        let mut crowds = Crowds::default();
        let (a, b) = (source("https://a.example/"), source("https://b.example/"));
        for _ in 0..MANY {
            assert_eq!(crowds.join(&a, &TIMING, 0).linger_ms, None);
        }
        assert_eq!(crowds.join(&a, &TIMING, 0).linger_ms, Some(30_000));
        assert_eq!(crowds.join(&b, &TIMING, 0).linger_ms, None);
    }

    #[test]
    fn sources_that_are_gone_are_forgotten() {
        let mut crowds = Crowds::default();
        for i in 0..100 {
            let source = source(&format!("https://a.example/{i}"));
            crowds.join(&source, &TIMING, i * 1000);
            crowds.leave(&source);
        }
        assert!(crowds.crowds.len() <= 60, "{}", crowds.crowds.len());
    }
}
