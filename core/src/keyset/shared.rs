//! Users of remote sets. Verifiers with the same source and policy share one set, so that even a
//! verifier built for every request does not flood the identity provider.

use std::ops::Deref;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use super::crowd::Crowds;
use super::process::PerProcess;
use super::{RemoteSet, runtime};
use crate::clock::Clock;
use crate::options::SetPolicy;

static SETS: LazyLock<PerProcess<Mutex<Sets>>> = LazyLock::new(|| PerProcess::new(Mutex::default()));

/// The sets of a process.
#[derive(Default)]
struct Sets {
    open: Vec<Weak<RemoteSet>>,
    crowds: Crowds,
    lingering: Vec<Lingering>,
}

/// A set kept for the next verifier of a crowd.
struct Lingering {
    set: Weak<RemoteSet>,
    until: i64,
}

/// One user's share of a remote set, given back when dropped.
#[derive(Debug)]
pub(crate) struct Lease {
    set: Arc<RemoteSet>,
    /// Tells this user's waiters from those of others.
    owner: u64,
    released: AtomicBool,
    advice: Option<String>,
}

impl Lease {
    /// A share of the process's set for this policy. A set on a manual clock is its owner's alone.
    pub(crate) fn of(policy: SetPolicy, clock: &Clock) -> Self {
        if !clock.is_system() {
            return Self::new(RemoteSet::new(policy, clock.clone()), None);
        }
        let sets = SETS.get_or(Mutex::default);
        let mut sets = lock(&sets);
        let now = clock.monotonic_ms();
        let measures = sets.crowds.join(&policy.locator, &policy.timing, now);
        let set = sets.open(policy, clock);
        if let Some(linger_ms) = measures.linger_ms {
            sets.linger(&set, now.saturating_add(linger_ms));
        }
        Self::new(set, measures.advice)
    }

    /// The share of whoever has leased the set already.
    fn new(set: Arc<RemoteSet>, advice: Option<String>) -> Self {
        static OWNERS: AtomicU64 = AtomicU64::new(0);
        let owner = OWNERS.fetch_add(1, Ordering::Relaxed);
        Self { set, owner, released: AtomicBool::new(false), advice }
    }

    pub(crate) fn owner(&self) -> u64 {
        self.owner
    }

    /// What the operator should know about how verifiers are built here.
    pub(crate) fn advice(&self) -> Option<&str> {
        self.advice.as_deref()
    }

    /// Gives the share back; does nothing the second time.
    pub(crate) fn release(&self) {
        if !self.released.swap(true, Ordering::SeqCst) {
            self.set.release(self.owner);
            if self.set.is_on_system_clock() {
                lock(&SETS.get_or(Mutex::default)).crowds.leave(&self.set.policy().locator);
            }
        }
    }
}

impl Deref for Lease {
    type Target = Arc<RemoteSet>;

    fn deref(&self) -> &Self::Target {
        &self.set
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.release();
    }
}

fn lock(sets: &Mutex<Sets>) -> MutexGuard<'_, Sets> {
    sets.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Sets {
    /// The set for a policy, leased once more.
    fn open(&mut self, policy: SetPolicy, clock: &Clock) -> Arc<RemoteSet> {
        self.open.retain(|set| set.strong_count() > 0);
        let mut same = self.open.iter().filter_map(Weak::upgrade).filter(|set| *set.policy() == policy);
        if let Some(set) = same.find(|set| set.try_lease()) {
            return set;
        }
        let set = RemoteSet::new(policy, clock.clone());
        self.open.push(Arc::downgrade(&set));
        set
    }

    /// Keeps a set open until then, whoever closes it.
    fn linger(&mut self, set: &Arc<RemoteSet>, until: i64) {
        self.lingering.retain(|lingering| lingering.set.strong_count() > 0);
        let same = |lingering: &&mut Lingering| lingering.set.as_ptr() == Arc::as_ptr(set);
        if let Some(lingering) = self.lingering.iter_mut().find(same) {
            lingering.until = until;
            return;
        }
        let Ok(handle) = runtime::handle() else { return };
        if set.try_lease() {
            self.lingering.push(Lingering { set: Arc::downgrade(set), until });
            // Counted by no crowd: it is nobody's verifier.
            handle.spawn(end_of_lingering(Guest(Arc::clone(set))));
        }
    }

    /// How much longer a set lingers, in milliseconds; forgotten when that is over.
    fn left(&mut self, set: &Arc<RemoteSet>, now: i64) -> Option<u64> {
        let index = self.lingering.iter().position(|lingering| lingering.set.as_ptr() == Arc::as_ptr(set))?;
        let left = u64::try_from(self.lingering[index].until.saturating_sub(now)).unwrap_or(0);
        if left == 0 {
            self.lingering.swap_remove(index);
        }
        (left > 0).then_some(left)
    }
}

/// A share that no verifier holds.
struct Guest(Arc<RemoteSet>);

impl Drop for Guest {
    fn drop(&mut self) {
        self.0.release(u64::MAX);
    }
}

async fn end_of_lingering(guest: Guest) {
    loop {
        let left = lock(&SETS.get_or(Mutex::default)).left(&guest.0, Clock::System.monotonic_ms());
        let Some(left) = left else { return };
        tokio::time::sleep(Duration::from_millis(left)).await;
    }
}
