//! Users of remote sets. Verifiers with the same source and policy share one set, so that even a
//! verifier built for every request does not flood the identity provider.

use std::ops::Deref;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, LazyLock, Mutex, PoisonError, Weak};

use super::RemoteSet;
use super::process::PerProcess;
use crate::clock::Clock;
use crate::options::SetPolicy;

static SETS: LazyLock<PerProcess<Mutex<Vec<Weak<RemoteSet>>>>> = LazyLock::new(|| PerProcess::new(Mutex::default()));

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
        static OWNERS: AtomicU64 = AtomicU64::new(0);
        let owner = OWNERS.fetch_add(1, Ordering::Relaxed);
        let set = if clock.is_system() { shared(policy, clock) } else { RemoteSet::new(policy, clock.clone()) };
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

fn shared(policy: SetPolicy, clock: &Clock) -> Arc<RemoteSet> {
    let sets = SETS.get_or(Mutex::default);
    let mut sets = sets.lock().unwrap_or_else(PoisonError::into_inner);
    sets.retain(|set| set.strong_count() > 0);
    let mut same = sets.iter().filter_map(Weak::upgrade).filter(|set| *set.policy() == policy);
    if let Some(set) = same.find(|set| set.try_lease()) {
        return set;
    }
    let set = RemoteSet::new(policy, clock.clone());
    sets.push(Arc::downgrade(&set));
    set
}
