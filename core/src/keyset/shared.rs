//! Users of remote sets. Verifiers with the same source and policy share one set.

use std::ops::Deref;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError, Weak};

use super::RemoteSet;
use crate::clock::Clock;
use crate::options::SetPolicy;
use crate::process::PerProcess;

static SETS: LazyLock<PerProcess<Mutex<Sets>>> = LazyLock::new(|| PerProcess::new(Mutex::default()));

/// The open sets of a process.
#[derive(Default)]
struct Sets(Vec<Weak<RemoteSet>>);

/// One user's share of a remote set, given back when dropped.
#[derive(Debug)]
pub(crate) struct Lease {
    set: Arc<RemoteSet>,
    /// Tells this user's waiters from those of others.
    owner: u64,
    released: AtomicBool,
}

impl Lease {
    /// A share of the process's set for this policy. A set on a manual clock is its owner's alone.
    pub(crate) fn of(policy: SetPolicy, clock: &Clock) -> Self {
        if !clock.is_system() {
            return Self::new(RemoteSet::new(policy, clock.clone()));
        }
        let sets = SETS.get_or(Mutex::default);
        let shared = lock(&sets).lease(&policy);
        Self::new(shared.unwrap_or_else(|| {
            // Made without the lock: its snapshot may be on a disk that hangs.
            let made = RemoteSet::new(policy, clock.clone());
            let mut sets = lock(&sets);
            sets.lease(made.policy()).unwrap_or_else(|| {
                sets.0.push(Arc::downgrade(&made));
                made
            })
        }))
    }

    /// One more share of a set, while it is open.
    pub(super) fn again(set: &Arc<RemoteSet>) -> Option<Self> {
        set.try_lease().then(|| Self::new(Arc::clone(set)))
    }

    /// The share of whoever has leased the set already.
    fn new(set: Arc<RemoteSet>) -> Self {
        static OWNERS: AtomicU64 = AtomicU64::new(0);
        let owner = OWNERS.fetch_add(1, Ordering::Relaxed);
        Self { set, owner, released: AtomicBool::new(false) }
    }

    pub(crate) fn owner(&self) -> u64 {
        self.owner
    }

    /// Gives the share back; does nothing the second time.
    pub(crate) fn release(&self) {
        if !self.released.swap(true, Ordering::SeqCst) {
            self.set.release(self.owner);
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
    /// The open set for a policy, leased once more.
    fn lease(&mut self, policy: &SetPolicy) -> Option<Arc<RemoteSet>> {
        self.0.retain(|set| set.strong_count() > 0);
        let mut same = self.0.iter().filter_map(Weak::upgrade).filter(|set| set.policy() == policy);
        same.find(|set| set.try_lease())
    }
}
