//! Who waits for a set to have keys at all. They are apart from the requests that wait for a fetch:
//! they may wait through many fetches, and must not take a request's place.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use tokio::task::AbortHandle;

use super::RemoteSet;
use super::flight::Grounded;
use crate::keyset::runtime;

/// Most that wait for the keys of one set.
const MAX_WAITING: usize = 4096;

/// One that waits.
pub(crate) struct ReadyWait {
    pub(crate) owner: u64,
    pub(crate) deadline: Instant,
    /// Whether nobody listens any more.
    pub(crate) is_over: Box<dyn Fn() -> bool + Send>,
    /// Called once, on any thread, without a lock.
    pub(crate) then: Box<dyn FnOnce(Readied) + Send>,
}

/// How the wait for keys ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Readied {
    Usable,
    Late,
    /// The set was closed, or too many wait.
    Refused,
}

/// All that wait, and the timer of the first deadline among them.
#[derive(Default)]
pub(super) struct Readiness {
    waiting: Vec<ReadyWait>,
    /// At how many the abandoned ones are next looked for.
    sweep_at: usize,
    timer: Option<(Instant, AbortHandle)>,
}

impl Readiness {
    /// Takes one in, or hands it back when there is no room.
    fn admit(&mut self, wait: ReadyWait) -> Result<(), ReadyWait> {
        if self.waiting.len() >= self.sweep_at.min(MAX_WAITING) {
            self.waiting.retain(|wait| !(wait.is_over)());
            self.sweep_at = (self.waiting.len() * 2).max(64);
        }
        if self.waiting.len() >= MAX_WAITING {
            return Err(wait);
        }
        self.waiting.push(wait);
        Ok(())
    }

    /// Everyone; for when there is a set.
    pub(super) fn take_all(&mut self) -> Vec<ReadyWait> {
        self.stop_timer();
        std::mem::take(&mut self.waiting)
    }

    pub(super) fn take_of(&mut self, owner: u64) -> Vec<ReadyWait> {
        self.take(|wait| wait.owner == owner)
    }

    fn take(&mut self, ends: impl Fn(&ReadyWait) -> bool) -> Vec<ReadyWait> {
        let (ended, stay) = std::mem::take(&mut self.waiting).into_iter().partition(ends);
        self.waiting = stay;
        ended
    }

    pub(super) fn stop_timer(&mut self) {
        if let Some((_, timer)) = self.timer.take() {
            timer.abort();
        }
    }
}

/// Tells them. No lock may be held.
pub(super) fn end(waits: Vec<ReadyWait>, how: Readied) {
    for wait in waits {
        (wait.then)(how);
    }
}

impl RemoteSet {
    /// Has it told once there is a set that may serve, beginning a fetch if one is due.
    pub(crate) fn when_usable(self: &Arc<Self>, wait: ReadyWait) {
        let now = self.clock.monotonic_ms();
        let process = self.process();
        let mut state = process.lock();
        // A landing may have come between the caller's look at the set and this lock.
        let usable = self.current.read().is_some_and(|current| now < current.served.dead_at);
        if usable || self.closed.load(Ordering::SeqCst) {
            drop(state);
            return (wait.then)(if usable && !self.is_closed() { Readied::Usable } else { Readied::Refused });
        }
        let deadline = wait.deadline;
        if let Err(wait) = state.readiness.admit(wait) {
            drop(state);
            return (wait.then)(Readied::Refused);
        }
        let grounded = state.machine.wake(now).and_then(|flight| self.launch(&mut state, flight));
        let timed = self.watch_deadline(&mut state.readiness, deadline);
        let refused = if timed { Vec::new() } else { state.readiness.take_all() };
        drop(state);
        Grounded::land(grounded);
        end(refused, Readied::Refused);
    }

    /// Sees to it that this deadline is kept; `false` where there can be no thread to do it.
    fn watch_deadline(self: &Arc<Self>, readiness: &mut Readiness, deadline: Instant) -> bool {
        if readiness.timer.as_ref().is_some_and(|(earliest, _)| *earliest <= deadline) {
            return true;
        }
        let Ok(handle) = runtime::handle() else { return false };
        readiness.stop_timer();
        let set = Arc::downgrade(self);
        let timer = handle.spawn(async move {
            tokio::time::sleep(deadline.saturating_duration_since(Instant::now()).max(Duration::from_millis(1))).await;
            if let Some(set) = set.upgrade() {
                set.end_late();
            }
        });
        readiness.timer = Some((deadline, timer.abort_handle()));
        true
    }

    /// Ends the waits whose deadline has passed, and watches the next.
    fn end_late(self: &Arc<Self>) {
        let process = self.process();
        let mut state = process.lock();
        let now = Instant::now();
        state.readiness.timer = None;
        let late = state.readiness.take(|wait| wait.deadline <= now);
        if let Some(next) = state.readiness.waiting.iter().map(|wait| wait.deadline).min() {
            self.watch_deadline(&mut state.readiness, next);
        }
        drop(state);
        end(late, Readied::Late);
    }
}
