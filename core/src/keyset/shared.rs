//! Verifiers with the same source and policy share one set, so that even a verifier built for every
//! request does not flood the identity provider.

use std::sync::{Arc, LazyLock, Mutex, PoisonError, Weak};

use super::RemoteSet;
use super::process::PerProcess;
use crate::clock::Clock;
use crate::options::SetPolicy;

static SETS: LazyLock<PerProcess<Mutex<Vec<Weak<RemoteSet>>>>> = LazyLock::new(|| PerProcess::new(Mutex::default()));

/// The process's set for this policy, leased once more. A set on a manual clock is its owner's
/// alone.
pub(crate) fn shared_set(policy: SetPolicy, clock: &Clock) -> Arc<RemoteSet> {
    if !clock.is_system() {
        let set = RemoteSet::new(policy, clock.clone());
        set.lease();
        return set;
    }
    let sets = SETS.get_or(Mutex::default);
    let mut sets = sets.lock().unwrap_or_else(PoisonError::into_inner);
    sets.retain(|set| set.strong_count() > 0);
    let found = sets.iter().filter_map(Weak::upgrade).find(|set| !set.is_closed() && *set.policy() == policy);
    let set = found.unwrap_or_else(|| {
        let set = RemoteSet::new(policy, clock.clone());
        sets.push(Arc::downgrade(&set));
        set
    });
    set.lease();
    set
}
