//! A remote set's snapshot: read when the set is made, written after every good fetch.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::{Current, RemoteSet};
use crate::clock::Clock;
use crate::error::Reason;
use crate::keyset::event::{KeyEventKind, KeySource};
use crate::keyset::machine::{Machine, Served};
use crate::keyset::{KeySet, runtime, snapshot};
use crate::options::SetPolicy;

/// What a set begins with.
pub(super) struct Start {
    pub(super) current: Option<Arc<Current>>,
    /// What is told of it to everyone who listens.
    pub(super) events: Vec<KeyEventKind>,
    pub(super) problem: Option<String>,
}

impl Start {
    /// Takes the snapshot into service, or else the initial set, as stale.
    pub(super) fn of(policy: &SetPolicy, clock: &Clock, machine: &mut Machine) -> Self {
        let mut start = Self { current: None, events: Vec::new(), problem: None };
        let now = clock.monotonic_ms();
        let limits = (policy.fetch.max_bytes, policy.fetch.max_keys);
        let read =
            policy.snapshot_file.as_ref().map(|path| snapshot::read(path, &policy.locator, limits, clock.wall_ms()));
        match read.unwrap_or(Ok(None)) {
            Ok(Some(found)) => {
                if let Some(served) = machine.start_from_disk(now, found.age_ms, found.lifetime_ms) {
                    start.begin(Arc::new(found.keys), Some(found.document.into()), served, KeySource::Snapshot);
                }
            }
            Ok(None) => {}
            Err(problem) => {
                let error = format!("the snapshot file {problem}");
                tracing::warn!(url = %policy.locator, %error, "the snapshot is not used");
                start.events.push(snapshot_error(error.clone(), Reason::Invalid, "cold"));
                start.problem = Some(error);
            }
        }
        if start.current.is_none()
            && let Some(keys) = &policy.initial
        {
            let served = machine.start_stale(now);
            start.begin(Arc::clone(keys), None, served, KeySource::Initial);
        }
        start
    }

    fn begin(&mut self, keys: Arc<KeySet>, document: Option<Arc<[u8]>>, served: Served, source: KeySource) {
        let current = Current { keys, generation: 0, served, document, validator: None };
        self.events.push(current.change(None, source));
        self.current = Some(Arc::new(current));
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
    /// way there is no other: should the disk hang, the next good fetch after it tries again.
    pub(super) fn write_snapshot(self: &Arc<Self>) {
        let process = self.process();
        if self.policy.snapshot_file.is_none() || process.writing.swap(true, Ordering::SeqCst) {
            return;
        }
        let set = Arc::clone(self);
        let write = move || {
            let written = set.write_now();
            process.writing.store(false, Ordering::SeqCst);
            if let Err(error) = written {
                let error = format!("the snapshot file cannot be written: {error}");
                tracing::warn!(url = %set.policy.locator, %error, "the snapshot is not written");
                let now = set.clock.monotonic_ms();
                let mut state = process.lock();
                state.last_error = Some(error.clone());
                let phase = set.phase(&state, now);
                drop(state);
                set.listeners.tell(&set.policy.locator, &snapshot_error(error, Reason::Unavailable, phase));
            }
        };
        // Without a thread to fetch on there was no good fetch either.
        if let Ok(handle) = runtime::handle() {
            drop(handle.spawn_blocking(write));
        }
    }

    fn write_now(&self) -> std::io::Result<()> {
        let (Some(path), Some(current)) = (&self.policy.snapshot_file, self.current.load_full()) else { return Ok(()) };
        let Some(document) = &current.document else { return Ok(()) };
        let age_ms = self.clock.monotonic_ms().saturating_sub(current.served.since);
        let taken = snapshot::Taken {
            document,
            fetched_at_wall_ms: self.clock.wall_ms().saturating_sub(age_ms),
            lifetime_ms: current.served.stale_at.saturating_sub(current.served.since),
        };
        snapshot::write(path, &self.policy.locator, &taken)
    }
}
