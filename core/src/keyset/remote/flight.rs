//! One fetch of a remote set, from take-off to what it changes.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::readiness::{self, Readied};
use super::state::{Landed, State};
use super::{Current, EMPTY, RemoteSet, Set};
use crate::error::Reason;
use crate::keyset::event::{KeyEventKind, KeySource};
use crate::keyset::fetch::{Fetched, fetch};
use crate::keyset::http::{self, HttpError};
use crate::keyset::in_service::Next;
use crate::keyset::machine::{Flight, Landing, Served};
use crate::keyset::runtime;

/// A fetch that will land, even if its task is dropped half-way.
pub(crate) struct Airborne {
    set: Option<Arc<RemoteSet>>,
    flight: Flight,
}

impl Airborne {
    #[cfg(test)]
    pub(crate) fn flight(&self) -> Flight {
        self.flight
    }

    pub(crate) fn land(mut self, result: Result<Fetched, HttpError>) {
        if let Some(set) = self.set.take() {
            set.landed(self.flight, result);
        }
    }
}

impl Drop for Airborne {
    fn drop(&mut self) {
        if let Some(set) = self.set.take() {
            set.landed(self.flight, Err(HttpError::new("the fetch was cancelled")));
        }
    }
}

/// A fetch that could not begin.
pub(super) struct Grounded {
    airborne: Airborne,
    error: std::io::Error,
}

impl Grounded {
    /// Lands it as failed. The set's lock must not be held.
    pub(super) fn land(grounded: Option<Self>) {
        if let Some(Self { airborne, error }) = grounded {
            airborne.land(Err(HttpError::new(format!("the fetch thread cannot be started: {error}"))));
        }
    }
}

impl RemoteSet {
    /// Begins a fetch on its own thread. Where there can be no such thread, the fetch has failed, and
    /// is landed by the caller once it has given up the lock.
    #[must_use]
    pub(super) fn launch(self: &Arc<Self>, state: &mut State, flight: Flight) -> Option<Grounded> {
        self.fetches.fetch_add(1, Ordering::Relaxed);
        self.note_next_wake(state, self.clock.monotonic_ms());
        let airborne = Airborne { set: Some(Arc::clone(self)), flight };
        #[cfg(test)]
        if let Some(held) = self.held.get() {
            held.lock().unwrap().push(airborne);
            return None;
        }
        match runtime::handle() {
            Ok(handle) => {
                let set = Arc::clone(self);
                let task = handle.spawn(async move {
                    let result = set.fetch_once().await;
                    airborne.land(result);
                });
                state.flight = Some(task.abort_handle());
                None
            }
            Err(error) => Some(Grounded { airborne, error }),
        }
    }

    async fn fetch_once(&self) -> Result<Fetched, HttpError> {
        let policy = &self.policy.fetch;
        let limit = Duration::from_millis(policy.timeout_ms);
        let work = async {
            let process = self.process();
            let client = if let Some(client) = process.client.get() {
                client.clone()
            } else {
                let client = http::client(policy, self.policy.uses_tls(), self.policy.is_plain_loopback())?;
                process.client.get_or_init(|| client).clone()
            };
            let validator = self.current.read().and_then(|current| current.validator.clone());
            fetch(&client, &self.policy.locator, policy, validator.as_ref()).await
        };
        match tokio::time::timeout(limit, work).await {
            Ok(result) => result,
            Err(_) => Err(HttpError::timeout(format!("timed out after {} ms", policy.timeout_ms))),
        }
    }

    fn landed(self: &Arc<Self>, flight: Flight, result: Result<Fetched, HttpError>) {
        let now = self.clock.monotonic_ms();
        let process = self.process();
        let mut state = process.lock();
        let (landing, outcome) = match &result {
            Ok(Fetched::Set { age_ms, .. } | Fetched::NotModified { age_ms }) => {
                (Landing::Good { age_ms: *age_ms }, Landed::Good)
            }
            Err(error) => (
                Landing::Failed { retry_after_ms: error.retry_after_ms },
                Landed::Failed { timed_out: error.reason == Reason::Timeout },
            ),
        };
        if !state.machine.land(now, flight, landing) {
            return;
        }
        state.flight = None;
        let duration_ms = now.saturating_sub(flight.started());
        let mut events = Vec::new();
        match result {
            Ok(fetched) => {
                state.last_success_wall_ms = Some(self.clock.wall_ms());
                let not_modified = matches!(fetched, Fetched::NotModified { .. });
                let before = self.current.read();
                let after = self.serve(fetched, state.machine.served().unwrap_or(EMPTY));
                let (keys, skipped) = (after.keys.len(), after.keys.skipped().len());
                events.push(KeyEventKind::Fetch { duration_ms, not_modified, keys, skipped });
                if before.as_ref().is_none_or(|before| before.differs(&after)) {
                    events.push(after.change(before.as_deref().map(|before| &**before), KeySource::Remote));
                }
            }
            Err(error) => {
                self.failures.fetch_add(1, Ordering::Relaxed);
                state.last_error = Some(error.text.clone());
                events.push(KeyEventKind::FetchError {
                    source: KeySource::Remote,
                    error: error.text,
                    reason: error.reason,
                    status: error.status,
                    state: self.phase(&state, now),
                    duration_ms: Some(duration_ms),
                    next_attempt_seconds: Self::next_attempt_seconds(&state, now),
                });
            }
        }
        self.note_next_wake(&state, now);
        self.set_timer(&mut state, now);
        let waiters = std::mem::take(&mut state.waiters);
        let ready = if outcome == Landed::Good { state.readiness.take_all() } else { Vec::new() };
        drop(state);
        for waiter in waiters {
            (waiter.on_landing)(outcome);
        }
        readiness::end(ready, Readied::Usable);
        for event in &events {
            event.log(&self.policy.locator);
            self.listeners.tell(&self.policy.locator, event);
        }
        if outcome == Landed::Good {
            self.write_snapshot();
        }
    }

    /// Puts a good answer into service, with the old keys where the new ones are the same.
    fn serve(&self, fetched: Fetched, served: Served) -> Arc<Current> {
        let (fetched, document, validator) = match fetched {
            Fetched::Set { keys, document, validator, .. } => {
                let document = self.policy.snapshot_file.is_some().then_some(document);
                (Some(Arc::new(keys)), document, validator)
            }
            Fetched::NotModified { .. } => (None, None, None),
        };
        self.current.publish(|before| {
            let same = before.filter(|before| {
                fetched.as_ref().is_none_or(|keys| before.keys.same_keys(keys)) || mutant!("key-removed")
            });
            let keys = match (same, &fetched) {
                (Some(before), None) => Arc::clone(&before.keys),
                (Some(before), Some(keys)) if before.keys.skipped() == keys.skipped() || mutant!("key-removed") => {
                    Arc::clone(&before.keys)
                }
                // A 304 comes only to a validator, and a validator only with a set.
                (_, keys) => keys.clone().unwrap_or_default(),
            };
            let (document, validator) = match (&fetched, before) {
                (None, Some(before)) => (before.document.clone(), before.validator.clone()),
                _ => (document.clone(), validator.clone()),
            };
            let set = Set { keys, served, document, validator };
            if same.is_some() { Next::Same(set) } else { Next::Other(set) }
        })
    }
}
