//! The two clocks: wall time for a token's claims, and a monotonic time that counts suspend for the
//! age of keys. Everything that decides takes its time from here.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

/// Where a verifier takes its time from.
#[derive(Debug, Clone)]
pub enum Clock {
    /// The operating system's clocks.
    System,
    /// Hands that only a test moves.
    Manual(ManualClock),
}

impl Clock {
    /// Whole seconds since the epoch, floored.
    pub(crate) fn wall_seconds(&self) -> i64 {
        match self {
            Self::System => system_wall_ms().div_euclid(1000),
            Self::Manual(clock) => clock.wall_ms.load(Ordering::SeqCst).div_euclid(1000),
        }
    }

    /// Milliseconds of a clock that never steps and counts time spent suspended.
    pub(crate) fn monotonic_ms(&self) -> i64 {
        match self {
            Self::System => system_monotonic_ms(),
            Self::Manual(clock) => clock.monotonic_ms.load(Ordering::SeqCst),
        }
    }

    /// Wall milliseconds since the epoch.
    pub(crate) fn wall_ms(&self) -> i64 {
        match self {
            Self::System => system_wall_ms(),
            Self::Manual(clock) => clock.wall_ms.load(Ordering::SeqCst),
        }
    }

    pub(crate) fn is_system(&self) -> bool {
        matches!(self, Self::System)
    }
}

/// A clock for the conformance and fault suites. Clones share their hands.
#[derive(Debug, Clone)]
pub struct ManualClock {
    wall_ms: Arc<AtomicI64>,
    monotonic_ms: Arc<AtomicI64>,
}

impl ManualClock {
    /// A clock that stands at the given wall time (ms since the epoch) and monotonic time (ms).
    #[must_use]
    pub fn new(wall_ms: i64, monotonic_ms: u64) -> Self {
        let clock = Self { wall_ms: Arc::default(), monotonic_ms: Arc::default() };
        clock.set(wall_ms, monotonic_ms);
        clock
    }

    /// Moves both hands.
    pub fn set(&self, wall_ms: i64, monotonic_ms: u64) {
        self.wall_ms.store(wall_ms, Ordering::SeqCst);
        let monotonic = i64::try_from(monotonic_ms).unwrap_or(i64::MAX);
        self.monotonic_ms.store(monotonic, Ordering::SeqCst);
    }
}

fn system_wall_ms() -> i64 {
    match SystemTime::now().duration_since(UNIX_EPOCH) {
        Ok(since) => i64::try_from(since.as_millis()).unwrap_or(i64::MAX),
        Err(before) => i64::try_from(before.duration().as_millis()).map_or(i64::MIN, |ms| -ms),
    }
}

/// `std::time::Instant` stops while a Linux or macOS machine sleeps; these clocks do not.
#[cfg(unix)]
fn system_monotonic_ms() -> i64 {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    const ID: rustix::time::ClockId = rustix::time::ClockId::Boottime;
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    const ID: rustix::time::ClockId = rustix::time::ClockId::Monotonic;
    let now = rustix::time::clock_gettime(ID);
    now.tv_sec.saturating_mul(1000).saturating_add(now.tv_nsec / 1_000_000)
}

/// The performance counter behind `Instant` on Windows counts suspend.
#[cfg(not(unix))]
fn system_monotonic_ms() -> i64 {
    use std::sync::OnceLock;
    use std::time::Instant;
    static START: OnceLock<Instant> = OnceLock::new();
    i64::try_from(START.get_or_init(Instant::now).elapsed().as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wall_seconds_are_floored_before_the_epoch_too() {
        let clock = Clock::Manual(ManualClock::new(-1, 0));
        assert_eq!(clock.wall_seconds(), -1);
        let clock = Clock::Manual(ManualClock::new(1999, 0));
        assert_eq!(clock.wall_seconds(), 1);
    }

    #[test]
    fn the_system_monotonic_clock_does_not_run_backwards() {
        let first = Clock::System.monotonic_ms();
        assert!(Clock::System.monotonic_ms() >= first);
    }
}
