//! A verifier's place among those of the same sources, and the sets that outlive the verifiers of a
//! crowd, so that even one built for each request does not flood the identity provider.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock, Mutex, PoisonError, Weak};
use std::time::Duration;

use super::crowd::Crowds;
use super::{Lease, RemoteSet, runtime};
use crate::clock::Clock;
use crate::options::Locator;
use crate::process::PerProcess;

/// Most sets that outlive their verifiers: for one source, and in all.
const MAX_LINGERING: (usize, usize) = (4, 64);

static TOWN: LazyLock<PerProcess<Mutex<Town>>> = LazyLock::new(|| PerProcess::new(Mutex::default()));

/// All verifiers of a process with remote keys.
#[derive(Default)]
struct Town {
    crowds: Crowds,
    lingering: Vec<Lingering>,
}

/// A set kept for the next verifier of a crowd.
struct Lingering {
    set: Weak<RemoteSet>,
    until: i64,
}

/// One verifier's place; given up when dropped.
#[derive(Debug, Default)]
pub(crate) struct Membership {
    sources: Vec<Locator>,
    left: AtomicBool,
    advice: Option<String>,
}

impl Membership {
    /// The place of a verifier over these sets. One that several of its issuers share counts once, and
    /// one on a manual clock not at all.
    pub(crate) fn of<'a>(sets: impl Iterator<Item = &'a Lease>, clock: &Clock) -> Self {
        let mut membership = Self::default();
        if !clock.is_system() {
            return membership;
        }
        let now = clock.monotonic_ms();
        for set in sets {
            let policy = set.policy();
            if membership.sources.contains(&policy.locator) {
                continue;
            }
            membership.sources.push(policy.locator.clone());
            let measures = with_town(|town| town.crowds.join(&policy.locator, &policy.timing, now));
            membership.advice = membership.advice.take().or(measures.advice);
            if let Some(linger_ms) = measures.linger_ms {
                linger(set, now.saturating_add(linger_ms));
            }
        }
        membership
    }

    /// What the operator should know about how verifiers are built here.
    pub(crate) fn advice(&self) -> Option<&str> {
        self.advice.as_deref()
    }

    /// Gives the place up; does nothing the second time.
    pub(crate) fn leave(&self) {
        if !self.sources.is_empty() && !self.left.swap(true, Ordering::SeqCst) {
            with_town(|town| self.sources.iter().for_each(|source| town.crowds.leave(source)));
        }
    }
}

impl Drop for Membership {
    fn drop(&mut self) {
        self.leave();
    }
}

/// Nothing in here waits for anything.
fn with_town<T>(act: impl FnOnce(&mut Town) -> T) -> T {
    act(&mut TOWN.get_or(Mutex::default).lock().unwrap_or_else(PoisonError::into_inner))
}

/// Keeps a set open until then, whoever closes it.
fn linger(set: &Arc<RemoteSet>, until: i64) {
    let begins = with_town(|town| town.linger(set, until));
    if begins
        && let Ok(handle) = runtime::handle()
        && let Some(lease) = Lease::again(set)
    {
        handle.spawn(end_of_lingering(lease));
    }
}

impl Town {
    /// Whether the set begins to linger; if it does so already, it is now until later.
    fn linger(&mut self, set: &Arc<RemoteSet>, until: i64) -> bool {
        self.lingering.retain(|lingering| lingering.set.strong_count() > 0);
        let same = |lingering: &&mut Lingering| lingering.set.as_ptr() == Arc::as_ptr(set);
        if let Some(lingering) = self.lingering.iter_mut().find(same) {
            lingering.until = until;
            return false;
        }
        let of_source = |lingering: &&Lingering| {
            lingering.set.upgrade().is_some_and(|other| other.policy().locator == set.policy().locator)
        };
        let here = self.lingering.iter().filter(of_source).count();
        let room = here < MAX_LINGERING.0 && self.lingering.len() < MAX_LINGERING.1;
        if room {
            self.lingering.push(Lingering { set: Arc::downgrade(set), until });
        }
        room
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

async fn end_of_lingering(lease: Lease) {
    while let Some(left) = with_town(|town| town.left(&lease, Clock::System.monotonic_ms())) {
        tokio::time::sleep(Duration::from_millis(left)).await;
    }
}
