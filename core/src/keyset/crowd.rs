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
    warned: bool,
}

/// Every source that has verifiers, or had some lately.
#[derive(Debug, Default)]
pub(super) struct Crowds(Vec<Crowd>);

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
        self.0.retain(|crowd| crowd.live > 0 || crowd.is_recent(now));
        let index = self.0.iter().position(|crowd| crowd.source == *source).unwrap_or_else(|| {
            self.0.push(Crowd { source: source.clone(), live: 0, window: now, built: 0, warned: false });
            self.0.len() - 1
        });
        let crowd = &mut self.0[index];
        if !crowd.is_recent(now) {
            (crowd.window, crowd.built) = (now, 0);
        }
        crowd.live += 1;
        crowd.built += 1;
        if crowd.live <= MANY && crowd.built <= MANY {
            return Measures { advice: None, linger_ms: None };
        }
        let first = !std::mem::replace(&mut crowd.warned, true);
        Measures { advice: first.then(|| crowd.advice()), linger_ms: Some(timing.cooldown_ms) }
    }

    /// Counts one less.
    pub(super) fn leave(&mut self, source: &Locator) {
        if let Some(crowd) = self.0.iter_mut().find(|crowd| crowd.source == *source) {
            crowd.live = crowd.live.saturating_sub(1);
        }
    }
}

impl Crowd {
    fn is_recent(&self, now: i64) -> bool {
        now.saturating_sub(self.window) < WINDOW_MS
    }

    fn advice(&self) -> String {
        format!(
            "more than {MANY} verifiers for {} were built within a minute or are open at a time. Build one verifier \
             or interceptor when the program (or one of its workers) starts, use it for every request, and close what \
             is no longer used",
            self.source
        )
    }
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
        assert_eq!(advised(1000, 10, true), [65]);
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
        assert!(crowds.0.len() <= 60, "{}", crowds.0.len());
    }
}
