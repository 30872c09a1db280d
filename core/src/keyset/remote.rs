//! A remote set at work: the state machine's decisions carried out. The hot path reads one atomic
//! pointer and one clock; everything else happens under a lock that is held for moments.

use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::time::Duration;

use arc_swap::ArcSwapOption;
use reqwest::Client;
use tokio::task::AbortHandle;

use super::fetch::{Fetched, Validator, fetch};
use super::http::{self, HttpError};
pub(crate) use super::machine::Want;
use super::machine::{Answer, Flight, Landing, Machine, Phase, Served};
use super::process::PerProcess;
use super::{KeySet, SkippedKey, runtime};
use crate::clock::Clock;
use crate::error::{Reason, Refusal};
use crate::options::SetPolicy;

/// The key set of one URL.
pub(crate) struct RemoteSet {
    policy: SetPolicy,
    clock: Clock,
    current: ArcSwapOption<Current>,
    /// Monotonic time at which the machine next wants to be asked.
    attention: AtomicI64,
    process: PerProcess<Process>,
    leases: AtomicUsize,
    closed: AtomicBool,
    fetches: AtomicU64,
    failures: AtomicU64,
    generations: AtomicU64,
}

/// The set in service.
#[derive(Debug)]
pub(crate) struct Current {
    pub(crate) keys: Arc<KeySet>,
    /// Changes whenever the keys do, and only then.
    pub(crate) generation: u64,
    served: Served,
    validator: Option<Validator>,
}

/// What must not cross a fork.
struct Process {
    state: Mutex<State>,
    client: OnceLock<Client>,
}

struct State {
    machine: Machine,
    waiters: Vec<Waiter>,
    flight: Option<AbortHandle>,
    timer: Option<AbortHandle>,
    last_error: Option<String>,
    last_success_wall_ms: Option<i64>,
}

/// A request that waits for the fetch under way.
struct Waiter {
    owner: u64,
    on_landing: OnLanding,
}

type OnLanding = Box<dyn FnOnce(Landed) + Send>;

/// How the fetch that a request waited for ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Landed {
    Good,
    Failed { timed_out: bool },
    Closed,
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
        let now = clock.monotonic_ms();
        let mut machine = Machine::new(policy.timing, seed());
        let current = policy.initial.clone().map(|keys| {
            machine.start_stale(now);
            Arc::new(Current { keys, generation: 0, served: machine.served().unwrap_or(EMPTY), validator: None })
        });
        Arc::new(Self {
            clock,
            attention: AtomicI64::new(machine.next_wake().unwrap_or(i64::MAX)),
            current: ArcSwapOption::new(current),
            process: PerProcess::new(Process::new(machine, None)),
            // Whoever makes a set is its first user.
            leases: AtomicUsize::new(1),
            closed: AtomicBool::new(false),
            fetches: AtomicU64::new(0),
            failures: AtomicU64::new(0),
            generations: AtomicU64::new(0),
            policy,
        })
    }

    pub(super) fn policy(&self) -> &SetPolicy {
        &self.policy
    }

    /// The set to judge by, if there is one that may serve. Starts what is due in the background.
    pub(crate) fn current(self: &Arc<Self>) -> Option<Arc<Current>> {
        let now = self.clock.monotonic_ms();
        let current = self.current.load_full()?;
        if now >= self.attention.load(Ordering::Relaxed) {
            self.attend(now);
        }
        (now < current.served.dead_at || mutant!("stale")).then_some(current)
    }

    /// Waits for a fetch, beginning one if that is allowed. `on_landing` is called once, on another
    /// thread; it is dropped uncalled when the answer is an error.
    pub(crate) fn wait(
        self: &Arc<Self>,
        owner: u64,
        want: Want,
        seen: Option<&Arc<Current>>,
        on_landing: impl FnOnce(Landed) + Send + 'static,
    ) -> Result<(), NoWait> {
        let now = self.clock.monotonic_ms();
        let process = self.process();
        let mut state = process.lock();
        if self.closed.load(Ordering::SeqCst) {
            return Err(NoWait::Refused(Refusal::unavailable(Reason::Unavailable, 1000)));
        }
        // A landing may have come between the caller's look at the set and this lock.
        let current = self.current.load_full().filter(|current| now < current.served.dead_at);
        if current.as_ref().is_some_and(|current| seen.is_none_or(|seen| !Arc::ptr_eq(seen, current))) {
            return Err(NoWait::Changed);
        }
        let mut grounded = None;
        match state.machine.want(now, want) {
            Answer::Join => {}
            Answer::Begin(flight) => grounded = self.launch(&mut state, flight),
            Answer::Full => return Err(NoWait::Refused(Refusal::unavailable(Reason::Unavailable, 1000))),
            Answer::NotNow { next_attempt_ms } => return Err(NoWait::NotNow { next_attempt_ms }),
        }
        state.waiters.push(Waiter { owner, on_landing: Box::new(on_landing) });
        drop(state);
        Grounded::land(grounded);
        Ok(())
    }

    /// Calls `on_landing` once there is a set or a fetch has ended, beginning one if that is allowed
    /// and otherwise after the next attempt of the set itself.
    pub(crate) fn wait_until_usable(self: &Arc<Self>, owner: u64, on_landing: impl FnOnce(Landed) + Send + 'static) {
        let now = self.clock.monotonic_ms();
        let process = self.process();
        let mut state = process.lock();
        // A landing may have come between the caller's look at the set and this lock.
        let usable = self.current.load().as_ref().is_some_and(|current| now < current.served.dead_at);
        if usable || self.is_closed() || !state.machine.enlist() {
            let landed = if usable && !self.is_closed() { Landed::Good } else { Landed::Closed };
            drop(state);
            return on_landing(landed);
        }
        let grounded = state.machine.wake(now).and_then(|flight| self.launch(&mut state, flight));
        state.waiters.push(Waiter { owner, on_landing: Box::new(on_landing) });
        drop(state);
        Grounded::land(grounded);
    }

    /// How far away the next attempt is that could change the answer to a token.
    pub(crate) fn next_attempt_ms(&self) -> i64 {
        let process = self.process();
        let state = process.lock();
        state.machine.next_attempt().saturating_sub(self.clock.monotonic_ms()).max(0)
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

    /// Begins a fetch on its own thread. Where there can be no such thread, the fetch has failed, and
    /// is landed by the caller once it has given up the lock.
    #[must_use]
    fn launch(self: &Arc<Self>, state: &mut State, flight: Flight) -> Option<Grounded> {
        self.fetches.fetch_add(1, Ordering::Relaxed);
        self.note_next_wake(state, self.clock.monotonic_ms());
        let airborne = Airborne { set: Some(Arc::clone(self)), flight };
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

    async fn fetch_once(&self) -> Result<Fetched, (HttpError, bool)> {
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
            let validator = self.current.load().as_ref().and_then(|current| current.validator.clone());
            fetch(&client, &self.policy.locator, policy, validator.as_ref()).await
        };
        match tokio::time::timeout(limit, work).await {
            Ok(result) => result.map_err(|error| {
                let timed_out = error.text.starts_with("timed out");
                (error, timed_out)
            }),
            Err(_) => Err((HttpError::new(format!("timed out after {} ms", policy.timeout_ms)), true)),
        }
    }

    fn landed(self: &Arc<Self>, flight: Flight, result: Result<Fetched, (HttpError, bool)>) {
        let now = self.clock.monotonic_ms();
        let process = self.process();
        let mut state = process.lock();
        let (landing, outcome) = match &result {
            Ok(Fetched::Set { age_ms, .. } | Fetched::NotModified { age_ms }) => {
                (Landing::Good { age_ms: *age_ms }, Landed::Good)
            }
            Err((error, timed_out)) => {
                (Landing::Failed { retry_after_ms: error.retry_after_ms }, Landed::Failed { timed_out: *timed_out })
            }
        };
        if !state.machine.land(now, flight, landing) {
            return;
        }
        state.flight = None;
        let mut changed = false;
        let failure = match result {
            Ok(fetched) => {
                state.last_success_wall_ms = Some(self.clock.wall_ms());
                changed = self.serve(fetched, state.machine.served().unwrap_or(EMPTY));
                None
            }
            Err((error, _)) => {
                self.failures.fetch_add(1, Ordering::Relaxed);
                state.last_error = Some(error.text.clone());
                Some(error.text)
            }
        };
        self.note_next_wake(&state, now);
        self.set_timer(&mut state, now);
        let waiters = std::mem::take(&mut state.waiters);
        drop(state);
        if let Some(error) = failure {
            tracing::warn!(url = %self.policy.locator, %error, "fetching the key set failed");
        } else if changed {
            tracing::info!(url = %self.policy.locator, "key set changed");
        }
        for waiter in waiters {
            (waiter.on_landing)(outcome);
        }
    }

    /// Puts a good answer into service, with the old keys where the new ones are the same; whether
    /// they are other keys.
    fn serve(&self, fetched: Fetched, served: Served) -> bool {
        let before = self.current.load_full();
        let (keys, validator) = match fetched {
            Fetched::Set { keys, validator, .. } => (Some(keys), validator),
            Fetched::NotModified { .. } => (None, before.as_ref().and_then(|before| before.validator.clone())),
        };
        let kept = before.as_ref().filter(|before| {
            keys.as_ref().is_none_or(|keys| before.keys.same_keys(keys) && before.keys.skipped() == keys.skipped())
                || mutant!("key-removed")
        });
        let changed = kept.is_none();
        let current = match (kept, keys) {
            (Some(kept), _) => Current { keys: Arc::clone(&kept.keys), generation: kept.generation, served, validator },
            (None, Some(keys)) => {
                let generation = self.generations.fetch_add(1, Ordering::SeqCst) + 1;
                Current { keys: Arc::new(keys), generation, served, validator }
            }
            (None, None) => return false,
        };
        self.current.store(Some(Arc::new(current)));
        changed
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
        let process = self.process();
        let mut state = process.lock();
        if last {
            self.closed.store(true, Ordering::SeqCst);
            for task in [state.timer.take(), state.flight.take()].into_iter().flatten() {
                task.abort();
            }
        }
        let (gone, stay): (Vec<Waiter>, _) =
            std::mem::take(&mut state.waiters).into_iter().partition(|waiter| waiter.owner == owner);
        state.waiters = stay;
        for _ in &gone {
            state.machine.leave();
        }
        drop(state);
        for waiter in gone {
            (waiter.on_landing)(Landed::Closed);
        }
    }

    pub(crate) fn stats(&self) -> SetStats {
        let now = self.clock.monotonic_ms();
        let process = self.process();
        let state = process.lock();
        let current = self.current.load_full();
        let phase = match state.machine.phase(now) {
            _ if self.is_closed() => "closed",
            Phase::Cold => "cold",
            Phase::Fresh => "fresh",
            Phase::Ageing => "ageing",
            Phase::Stale => "stale",
            Phase::Dead => "dead",
        };
        SetStats {
            phase,
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
            if let Some(current) = self.current.load().as_ref() {
                machine.resume(current.served);
            }
            self.attention.store(i64::MIN, Ordering::Relaxed);
            Process::new(machine, None)
        })
    }
}

const EMPTY: Served = Served { since: 0, refresh_at: i64::MIN, stale_at: i64::MIN, dead_at: i64::MIN };

/// Why a request does not wait.
#[derive(Debug)]
pub(crate) enum NoWait {
    /// No fetch is allowed now; the set itself tries again this far away.
    NotNow {
        next_attempt_ms: i64,
    },
    /// There is a set that the request has not been judged by.
    Changed,
    Refused(Refusal),
}

impl Process {
    fn new(machine: Machine, last_error: Option<String>) -> Self {
        let state =
            State { machine, waiters: Vec::new(), flight: None, timer: None, last_error, last_success_wall_ms: None };
        Self { state: Mutex::new(state), client: OnceLock::new() }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A fetch that will land, even if its task is dropped half-way.
struct Airborne {
    set: Option<Arc<RemoteSet>>,
    flight: Flight,
}

impl Airborne {
    fn land(mut self, result: Result<Fetched, (HttpError, bool)>) {
        if let Some(set) = self.set.take() {
            set.landed(self.flight, result);
        }
    }
}

impl Drop for Airborne {
    fn drop(&mut self) {
        if let Some(set) = self.set.take() {
            set.landed(self.flight, Err((HttpError::new("the fetch was cancelled"), false)));
        }
    }
}

/// A fetch that could not begin.
struct Grounded {
    airborne: Airborne,
    error: std::io::Error,
}

impl Grounded {
    /// Lands it as failed. The set's lock must not be held.
    fn land(grounded: Option<Self>) {
        if let Some(Self { airborne, error }) = grounded {
            airborne.land(Err((HttpError::new(format!("the fetch thread cannot be started: {error}")), false)));
        }
    }
}

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
