//! A remote set's snapshot: read when the set is made, written after every good fetch.

use std::path::Path;
use std::sync::Arc;

use super::state::{Process, Writing};
use super::{Current, RemoteSet, Set};
use crate::clock::Clock;
use crate::error::Reason;
use crate::keyset::event::{KeyEventKind, KeySource};
use crate::keyset::machine::{Machine, Served};
use crate::keyset::{KeySet, runtime, snapshot};
use crate::options::SetPolicy;

/// What a set begins with.
pub(super) struct Start {
    pub(super) set: Option<Set>,
    /// What is told of it to everyone who listens.
    pub(super) events: Vec<KeyEventKind>,
    pub(super) problem: Option<String>,
}

impl Start {
    /// Takes the snapshot into service, or else the initial set, as stale.
    pub(super) fn of(policy: &SetPolicy, clock: &Clock, machine: &mut Machine) -> Self {
        let mut start = Self { set: None, events: Vec::new(), problem: None };
        let now = clock.monotonic_ms();
        let limits = (policy.fetch.max_bytes, policy.fetch.max_keys);
        let read =
            policy.snapshot_file.as_ref().map(|path| snapshot::read(path, &policy.locator, limits, clock.wall_ms()));
        match read.unwrap_or(Ok(None)) {
            Ok(Some(found)) => match machine.start_from_disk(now, found.age_ms, found.lifetime_ms) {
                Some(served) => {
                    start.begin(Arc::new(found.keys), Some(found.document.into()), served, KeySource::Snapshot);
                }
                None => start.problem = Some(format!("is {} s old, too old to serve", found.age_ms / 1000)),
            },
            Ok(None) => {}
            Err(problem) => start.problem = Some(problem),
        }
        if start.set.is_none()
            && let Some(keys) = &policy.initial
        {
            let served = machine.start_stale(now);
            start.begin(Arc::clone(keys), None, served, KeySource::Initial);
        }
        if let Some(problem) = &mut start.problem {
            *problem = format!("the snapshot file {problem}");
            let state = if start.set.is_some() { "stale" } else { "cold" };
            start.events.push(snapshot_error(problem.clone(), Reason::Invalid, state));
        }
        for event in &start.events {
            event.log(&policy.locator);
        }
        start
    }

    fn begin(&mut self, keys: Arc<KeySet>, document: Option<Arc<[u8]>>, served: Served, source: KeySource) {
        let set = Set { keys, served, document, validator: None };
        self.events.push(set.change(None, source));
        self.set = Some(set);
    }
}

fn snapshot_error(error: String, reason: Reason, state: &'static str) -> KeyEventKind {
    KeyEventKind::FetchError {
        source: KeySource::Snapshot,
        error,
        reason,
        status: None,
        state,
        duration_ms: None,
        next_attempt_seconds: None,
    }
}

impl RemoteSet {
    /// Writes the set in service to disk, on a thread that may wait for it. While one write is under
    /// way there is no other; what has landed meanwhile is written by the same thread.
    pub(super) fn write_snapshot(self: &Arc<Self>) {
        // Without a thread to fetch on there was no good fetch either.
        let (Some(path), Ok(handle)) = (self.policy.snapshot_file.clone(), runtime::handle()) else { return };
        let process = self.process();
        let begins = {
            let mut state = process.lock();
            let before = state.writing;
            state.writing = if before == Writing::Idle { Writing::UnderWay } else { Writing::Outdated };
            before == Writing::Idle
        };
        if begins {
            let writer = Writer { set: Arc::clone(self), process };
            drop(handle.spawn_blocking(move || while writer.write(&path) {}));
        }
    }
}

/// Whoever is writing. Dropped in whatever way, it leaves the way to the next one free.
struct Writer {
    set: Arc<RemoteSet>,
    process: Arc<Process>,
}

impl Writer {
    /// Writes the newest set; whether there is a newer one already.
    fn write(&self, path: &Path) -> bool {
        let set = &self.set;
        let written = set.current.read().map_or(Ok(()), |current| self.write_set(path, &current));
        let failure = written.err().map(|error| format!("the snapshot file cannot be written: {error}"));
        let now = set.clock.monotonic_ms();
        let mut state = self.process.lock();
        if let Some(error) = &failure {
            state.last_error = Some(error.clone());
        }
        let outdated = state.writing == Writing::Outdated;
        state.writing = if outdated { Writing::UnderWay } else { Writing::Idle };
        let phase = set.phase(&state, now);
        drop(state);
        if let Some(error) = failure {
            let event = snapshot_error(error, Reason::Unavailable, phase);
            event.log(&set.policy.locator);
            set.listeners.tell(&set.policy.locator, &event);
        }
        outdated
    }

    fn write_set(&self, path: &Path, current: &Current) -> std::io::Result<()> {
        let Some(document) = &current.document else { return Ok(()) };
        let clock = &self.set.clock;
        let (wall_ms, age_ms) = (clock.wall_ms(), clock.monotonic_ms().saturating_sub(current.served.since));
        let taken = snapshot::Taken {
            document,
            fetched_at_wall_ms: wall_ms.saturating_sub(age_ms),
            lifetime_ms: current.served.stale_at.saturating_sub(current.served.since),
        };
        snapshot::write(path, &self.set.policy.locator, &taken, wall_ms)
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.process.lock().writing = Writing::Idle;
    }
}
