//! A remote set at work: the state machine's decisions carried out. The hot path reads one atomic
//! pointer and one clock; everything else happens under a lock that is held for moments.

mod disk;
mod document;
mod flight;
mod readiness;
mod state;

use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use self::disk::Start;
#[cfg(test)]
pub(crate) use self::flight::Airborne;
use self::flight::Grounded;
pub(crate) use self::readiness::{Readied, ReadyWait};
pub(crate) use self::state::{Landed, NoWait};
use self::state::{Process, State, Waiter};
use super::event::{KeyEventKind, KeySource, Listener, Listeners};
use super::fetch::Validator;
use super::in_service::{InService, Numbered};
pub(crate) use super::machine::Want;
use super::machine::{Answer, Machine, Phase, Served};
use super::{KeySet, SkippedKey, runtime};
use crate::clock::Clock;
use crate::error::{Reason, Refusal};
use crate::options::SetPolicy;
use crate::process::PerProcess;
use crate::stats::seconds;

/// The key set of one URL.
pub(crate) struct RemoteSet {
    policy: SetPolicy,
    clock: Clock,
    current: InService<Set>,
    /// Monotonic time at which the machine next wants to be asked.
    attention: AtomicI64,
    process: PerProcess<Process>,
    leases: AtomicUsize,
    closed: AtomicBool,
    fetches: AtomicU64,
    failures: AtomicU64,
    listeners: Listeners,
    /// What the set began with, for whoever listens.
    start: Vec<KeyEventKind>,
    /// Where a test keeps fetches until it lands them itself.
    #[cfg(test)]
    pub(crate) held: std::sync::OnceLock<std::sync::Mutex<Vec<Airborne>>>,
}

/// Keys that are or were in service.
#[derive(Debug)]
pub(crate) struct Set {
    pub(crate) keys: Arc<KeySet>,
    served: Served,
    /// The response body, kept where it is written to disk.
    document: Option<Arc<[u8]>>,
    validator: Option<Validator>,
}

/// The set in service, and its generation.
pub(crate) type Current = Numbered<Set>;

impl Current {
    /// Whether other keys are in service, or skipped, than in this set.
    fn differs(&self, after: &Self) -> bool {
        self.generation != after.generation || self.keys.skipped() != after.keys.skipped()
    }
}

impl Set {
    /// What is told when this set takes the place of another.
    fn change(&self, before: Option<&Self>, source: KeySource) -> KeyEventKind {
        let (old, new) = (before.map(|before| &*before.keys), &*self.keys);
        KeyEventKind::KeysChanged {
            source,
            keys: new.len(),
            added: new.kids_beside(old),
            removed: old.map(|old| old.kids_beside(Some(new))).unwrap_or_default(),
            skipped: new.skipped().to_vec(),
        }
    }
}

/// A remote set's part of `stats()`.
#[derive(Debug, Clone)]
pub(crate) struct SetStats {
    pub(crate) phase: &'static str,
    pub(crate) keys: usize,
    pub(crate) skipped: Vec<SkippedKey>,
    pub(crate) age_ms: Option<i64>,
    pub(crate) last_success_wall_ms: Option<i64>,
    pub(crate) last_error: Option<String>,
    pub(crate) next_attempt_ms: Option<i64>,
    pub(crate) fetching: bool,
    pub(crate) fetches: u64,
    pub(crate) failures: u64,
    pub(crate) url: String,
}

impl RemoteSet {
    pub(super) fn new(policy: SetPolicy, clock: Clock) -> Arc<Self> {
        let mut machine = Machine::new(policy.timing, seed());
        let start = Start::of(&policy, &clock, &mut machine);
        Arc::new(Self {
            clock,
            attention: AtomicI64::new(machine.next_wake().unwrap_or(i64::MAX)),
            current: InService::new(start.set),
            process: PerProcess::new(Process::new(machine, start.problem)),
            // Whoever makes a set is its first user.
            leases: AtomicUsize::new(1),
            closed: AtomicBool::new(false),
            fetches: AtomicU64::new(0),
            failures: AtomicU64::new(0),
            listeners: Listeners::default(),
            start: start.events,
            #[cfg(test)]
            held: std::sync::OnceLock::new(),
            policy,
        })
    }

    pub(super) fn policy(&self) -> &SetPolicy {
        &self.policy
    }

    /// The set to judge by, if there is one that may serve. Starts what is due in the background.
    pub(crate) fn current(self: &Arc<Self>) -> Option<Arc<Current>> {
        let now = self.clock.monotonic_ms();
        let current = self.current.read()?;
        if now >= self.attention.load(Ordering::Relaxed) {
            self.attend(now);
        }
        (now < current.served.dead_at || mutant!("stale")).then_some(current)
    }

    /// Waits for a fetch, beginning one if that is allowed. `on_landing` is called once, on another
    /// thread; it is dropped uncalled when the answer is an error, and when `is_over` and the place is
    /// needed.
    pub(crate) fn wait(
        self: &Arc<Self>,
        owner: u64,
        want: Want,
        seen: Option<&Arc<Current>>,
        is_over: impl Fn() -> bool + Send + 'static,
        on_landing: impl FnOnce(Landed) + Send + 'static,
    ) -> Result<(), NoWait> {
        let now = self.clock.monotonic_ms();
        let process = self.process();
        let mut state = process.lock();
        if self.closed.load(Ordering::SeqCst) {
            return Err(NoWait::Refused(Refusal::unavailable(Reason::Unavailable, 1000)));
        }
        // A landing may have come between the caller's look at the set and this lock.
        let current = self.current.read().filter(|current| now < current.served.dead_at);
        if current.as_ref().is_some_and(|current| seen.is_none_or(|seen| !Arc::ptr_eq(seen, current))) {
            return Err(NoWait::Changed);
        }
        let mut grounded = None;
        let mut answer = state.machine.want(now, want);
        let gone = if matches!(answer, Answer::Full) { state.sweep(now) } else { Vec::new() };
        if !gone.is_empty() {
            answer = state.machine.want(now, want);
        }
        let refused = match answer {
            Answer::Join => None,
            Answer::Begin(flight) => {
                grounded = self.launch(&mut state, flight);
                None
            }
            Answer::Full => Some(NoWait::Refused(Refusal::unavailable(Reason::Unavailable, 1000))),
            Answer::NotNow { next_attempt_ms } => Some(NoWait::NotNow { next_attempt_ms }),
        };
        if refused.is_none() {
            state.waiters.push(Waiter { owner, is_over: Box::new(is_over), on_landing: Box::new(on_landing) });
        }
        drop(state);
        drop(gone);
        if let Some(refused) = refused {
            return Err(refused);
        }
        Grounded::land(grounded);
        Ok(())
    }

    /// How far away the next attempt is that could change the answer to a token.
    pub(crate) fn next_attempt_ms(&self) -> i64 {
        let process = self.process();
        let state = process.lock();
        state.machine.next_attempt().saturating_sub(self.clock.monotonic_ms()).max(0)
    }

    fn next_attempt_seconds(state: &State, now: i64) -> Option<f64> {
        state.machine.next_wake().map(|at| seconds(at.saturating_sub(now).max(0)))
    }

    /// Starts what is due. Takes no time: the fetch runs on its own thread.
    fn attend(self: &Arc<Self>, now: i64) {
        if self.is_closed() {
            return;
        }
        let process = self.process();
        let mut state = process.lock();
        let mut grounded = None;
        if let Some(flight) = state.machine.wake(now) {
            grounded = self.launch(&mut state, flight);
        } else {
            self.note_next_wake(&state, now);
            // A timer of a clock that runs ahead of ours came too early: it is set once more.
            self.set_timer(&mut state, now);
        }
        drop(state);
        Grounded::land(grounded);
    }

    /// While a fetch is under way that is when it must have ended, so that a child forked meanwhile,
    /// in which nothing will ever land, notices.
    fn note_next_wake(&self, state: &State, now: i64) {
        let timeout = i64::try_from(self.policy.fetch.timeout_ms).unwrap_or(i64::MAX);
        let overdue = now.saturating_add(timeout).saturating_add(1000);
        self.attention.store(state.machine.next_wake().unwrap_or(overdue), Ordering::Relaxed);
    }

    /// Attends to the set when it next wants to be, requests or not. A set on a manual clock is
    /// attended to by requests alone.
    fn set_timer(self: &Arc<Self>, state: &mut State, now: i64) {
        if let Some(timer) = state.timer.take() {
            timer.abort();
        }
        let wanted = self.clock.is_system() && !self.is_closed();
        let (true, Some(at)) = (wanted, state.machine.next_wake()) else { return };
        let Ok(handle) = runtime::handle() else { return };
        let delay = Duration::from_millis(u64::try_from(at.saturating_sub(now)).unwrap_or(0).max(1));
        let set: Weak<Self> = Arc::downgrade(self);
        let timer = handle.spawn(async move {
            tokio::time::sleep(delay).await;
            if let Some(set) = set.upgrade() {
                set.attend(set.clock.monotonic_ms());
            }
        });
        state.timer = Some(timer.abort_handle());
    }

    pub(super) fn is_closed(&self) -> bool {
        self.closed.load(Ordering::SeqCst)
    }

    /// One more user of the set; `false` when the last one has already ended it.
    pub(super) fn try_lease(&self) -> bool {
        let more = |leases: usize| (leases > 0).then_some(leases + 1);
        self.leases.fetch_update(Ordering::SeqCst, Ordering::SeqCst, more).is_ok()
    }

    /// A user stops using the set: its waiters are answered, and the last one ends all work.
    pub(super) fn release(&self, owner: u64) {
        let last = self.leases.fetch_sub(1, Ordering::SeqCst) == 1;
        self.listeners.remove(owner);
        let process = self.process();
        let mut state = process.lock();
        if last {
            self.closed.store(true, Ordering::SeqCst);
            for task in [state.timer.take(), state.flight.take()].into_iter().flatten() {
                task.abort();
            }
            state.readiness.stop_timer();
        }
        let (gone, stay): (Vec<Waiter>, _) =
            std::mem::take(&mut state.waiters).into_iter().partition(|waiter| waiter.owner == owner);
        state.waiters = stay;
        for _ in &gone {
            state.machine.leave();
        }
        let unready = state.readiness.take_of(owner);
        drop(state);
        for waiter in gone {
            (waiter.on_landing)(Landed::Closed);
        }
        readiness::end(unready, Readied::Refused);
    }

    /// Tells a user of the set what happens to it, beginning with what the set began with.
    pub(crate) fn listen(&self, owner: u64, issuer: Option<&str>, listener: Listener) {
        if self.is_closed() {
            return;
        }
        self.listeners.add(owner, issuer, listener);
        let as_it_began = self.current.read().is_none_or(|current| current.generation == 0);
        for event in self.start.iter().filter(|_| as_it_began) {
            self.listeners.tell_owner(owner, &self.policy.locator, event);
        }
    }

    fn phase(&self, state: &State, now: i64) -> &'static str {
        match state.machine.phase(now) {
            _ if self.is_closed() => "closed",
            Phase::Cold => "cold",
            Phase::Fresh => "fresh",
            Phase::Ageing => "ageing",
            Phase::Stale => "stale",
            Phase::Dead => "dead",
        }
    }

    pub(crate) fn stats(&self) -> SetStats {
        let now = self.clock.monotonic_ms();
        let process = self.process();
        let state = process.lock();
        let current = self.current.read();
        SetStats {
            phase: self.phase(&state, now),
            keys: current.as_ref().map_or(0, |current| current.keys.len()),
            skipped: current.as_ref().map(|current| current.keys.skipped().to_vec()).unwrap_or_default(),
            age_ms: state.machine.served().map(|served| now.saturating_sub(served.since)),
            last_success_wall_ms: state.last_success_wall_ms,
            last_error: state.last_error.clone(),
            next_attempt_ms: state.machine.next_wake().map(|at| at.saturating_sub(now).max(0)),
            fetching: state.machine.in_flight(),
            fetches: self.fetches.load(Ordering::Relaxed),
            failures: self.failures.load(Ordering::Relaxed),
            url: self.policy.locator.to_string(),
        }
    }

    /// This process's locks and sockets. A child keeps the keys it was born with.
    fn process(&self) -> Arc<Process> {
        self.process.get_or(|| {
            let mut machine = Machine::new(self.policy.timing, seed());
            if let Some(current) = self.current.read() {
                machine.resume(current.served);
            }
            self.attention.store(i64::MIN, Ordering::Relaxed);
            Process::new(machine, None)
        })
    }
}

const EMPTY: Served = Served { since: 0, refresh_at: i64::MIN, stale_at: i64::MIN, dead_at: i64::MIN };

/// Spreads replicas; a random hasher's seed is randomness enough.
fn seed() -> u64 {
    use std::hash::{BuildHasher, RandomState};
    RandomState::new().hash_one(std::process::id())
}

impl std::fmt::Debug for RemoteSet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RemoteSet").field("url", &self.policy.locator.to_string()).finish_non_exhaustive()
    }
}
