//! What of a remote set must not cross a fork, and who waits in it.

use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use reqwest::Client;
use tokio::task::AbortHandle;

use super::readiness::Readiness;
use crate::error::Refusal;
use crate::keyset::machine::Machine;

/// One process's locks and sockets.
pub(super) struct Process {
    state: Mutex<State>,
    pub(super) client: OnceLock<Client>,
}

pub(super) struct State {
    pub(super) machine: Machine,
    pub(super) waiters: Vec<Waiter>,
    /// When those who wait no more are next looked for.
    pub(super) next_sweep: i64,
    pub(super) readiness: Readiness,
    pub(super) flight: Option<AbortHandle>,
    pub(super) timer: Option<AbortHandle>,
    pub(super) last_error: Option<String>,
    pub(super) last_success_wall_ms: Option<i64>,
    pub(super) writing: Writing,
}

/// Whether the snapshot is being written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Writing {
    Idle,
    UnderWay,
    /// Under way, with a set that is no longer the newest.
    Outdated,
}

/// A request that waits for the fetch under way.
pub(super) struct Waiter {
    pub(super) owner: u64,
    pub(super) is_over: Box<dyn Fn() -> bool + Send>,
    pub(super) on_landing: OnLanding,
}

/// Least time between two looks for requests that wait no more, in milliseconds.
const SWEEP_MS: i64 = 100;

impl State {
    /// Takes out the requests that wait no more. They may be dropped only when the lock is not held:
    /// they may be the last to hold a verifier.
    #[must_use]
    pub(super) fn sweep(&mut self, now: i64) -> Vec<Waiter> {
        if now < self.next_sweep {
            return Vec::new();
        }
        self.next_sweep = now.saturating_add(SWEEP_MS);
        let (gone, stay): (Vec<Waiter>, _) =
            std::mem::take(&mut self.waiters).into_iter().partition(|waiter| (waiter.is_over)());
        self.waiters = stay;
        for _ in &gone {
            self.machine.leave();
        }
        gone
    }
}

pub(super) type OnLanding = Box<dyn FnOnce(Landed) + Send>;

/// How the fetch that a request waited for ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Landed {
    Good,
    Failed { timed_out: bool },
    Closed,
}

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
    pub(super) fn new(machine: Machine, last_error: Option<String>) -> Self {
        let state = State {
            machine,
            waiters: Vec::new(),
            next_sweep: i64::MIN,
            readiness: Readiness::default(),
            flight: None,
            timer: None,
            last_error,
            last_success_wall_ms: None,
            writing: Writing::Idle,
        };
        Self { state: Mutex::new(state), client: OnceLock::new() }
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
