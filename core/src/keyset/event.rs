//! What the operator is told about remote keys, and the thread on which it is told: a listener that
//! takes its time, or panics, holds up no key and no request.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Arc, LazyLock, OnceLock};

use arc_swap::ArcSwap;
use serde::{Serialize, Serializer};

use super::SkippedKey;
use crate::error::Reason;
use crate::process::PerProcess;

/// Most events that wait to be told. More are dropped: what a listener cannot keep up with would
/// otherwise grow without bound.
const MAX_PENDING: usize = 1024;

/// Something that happened to a verifier's remote keys. Holds no header, no token and no secret.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct KeyEvent {
    /// Where the keys come from, without its query.
    pub url: String,
    /// The configured issuer whose keys they are, where it is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issuer: Option<String>,
    /// What happened.
    #[serde(flatten)]
    pub kind: KeyEventKind,
}

/// What happened to remote keys.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "type", rename_all = "camelCase", rename_all_fields = "camelCase")]
#[non_exhaustive]
pub enum KeyEventKind {
    /// A good fetch ended.
    Fetch {
        /// How long it took, in milliseconds, discovery included.
        duration_ms: i64,
        /// Whether the server said that the set is still current (304).
        not_modified: bool,
        /// Usable keys of the set.
        keys: usize,
        /// Keys of the set that are not used.
        skipped: usize,
    },
    /// A fetch gave nothing, or a snapshot could not be used or written. The set there was serves on.
    FetchError {
        /// What failed.
        source: KeySource,
        /// What went wrong, in words.
        error: String,
        /// `timeout`, `invalid` for an answer that cannot be used, else `unavailable`.
        #[serde(serialize_with = "reason_word")]
        reason: Reason,
        /// The HTTP status, where there was an answer whose status alone is a failure.
        #[serde(skip_serializing_if = "Option::is_none")]
        status: Option<u16>,
        /// The state of the keys after it, as in [`Stats::state`](crate::Stats::state).
        state: &'static str,
        /// How long the fetch took, in milliseconds.
        #[serde(skip_serializing_if = "Option::is_none")]
        duration_ms: Option<i64>,
        /// Seconds to the next attempt of the set itself.
        #[serde(skip_serializing_if = "Option::is_none")]
        next_attempt_seconds: Option<f64>,
    },
    /// Other keys are in service, or skipped, than before.
    KeysChanged {
        /// Where the new keys come from.
        source: KeySource,
        /// Usable keys now in service.
        keys: usize,
        /// `kid` of each key that is new, `None` for a key without one.
        added: Vec<Option<String>>,
        /// `kid` of each key that is no longer in service, `None` for a key without one.
        removed: Vec<Option<String>>,
        /// Keys of the set that are not used, and why.
        skipped: Vec<SkippedKey>,
    },
}

/// Where a set of keys came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum KeySource {
    /// The network.
    Remote,
    /// The file of `jwks.snapshotFile`.
    Snapshot,
    /// The option `jwks.initial`.
    Initial,
}

impl KeyEventKind {
    /// Writes it to the log. No lock may be held: a subscriber may ask for `stats()`.
    pub(super) fn log(&self, url: &dyn std::fmt::Display) {
        match self {
            Self::Fetch { .. } => tracing::debug!(%url, "fetched the key set"),
            Self::FetchError { source: KeySource::Remote, error, .. } => {
                tracing::warn!(%url, %error, "fetching the key set failed");
            }
            Self::FetchError { error, .. } => tracing::warn!(%url, %error, "the snapshot file"),
            Self::KeysChanged { keys, .. } => tracing::info!(%url, keys, "key set changed"),
        }
    }
}

impl KeyEvent {
    /// The event as a JSON object; `type` is `fetch`, `fetchError` or `keysChanged`.
    #[must_use]
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}

#[allow(clippy::trivially_copy_pass_by_ref)] // the shape that serde asks for
fn reason_word<S: Serializer>(reason: &Reason, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(reason.as_str())
}

/// Is told of events.
pub(crate) type Listener = Arc<dyn Fn(&KeyEvent) + Send + Sync>;

/// Who is told of one set's events. Read without a lock, so that no fork can leave one held.
#[derive(Default)]
pub(super) struct Listeners(ArcSwap<Vec<Registered>>);

#[derive(Clone)]
struct Registered {
    owner: u64,
    issuer: Option<Arc<str>>,
    listener: Listener,
}

impl Listeners {
    pub(super) fn add(&self, owner: u64, issuer: Option<&str>, listener: Listener) {
        let registered = Registered { owner, issuer: issuer.map(Into::into), listener };
        self.0.rcu(|all| all.iter().cloned().chain([registered.clone()]).collect::<Vec<_>>());
    }

    pub(super) fn remove(&self, owner: u64) {
        if self.0.load().iter().any(|registered| registered.owner == owner) {
            self.0.rcu(|all| all.iter().filter(|registered| registered.owner != owner).cloned().collect::<Vec<_>>());
        }
    }

    /// Tells everyone, soon and elsewhere.
    pub(super) fn tell(&self, url: &dyn std::fmt::Display, kind: &KeyEventKind) {
        for registered in self.0.load().iter() {
            registered.tell(url, kind);
        }
    }

    /// Tells one of them.
    pub(super) fn tell_owner(&self, owner: u64, url: &dyn std::fmt::Display, kind: &KeyEventKind) {
        for registered in self.0.load().iter().filter(|registered| registered.owner == owner) {
            registered.tell(url, kind);
        }
    }
}

impl Registered {
    fn tell(&self, url: &dyn std::fmt::Display, kind: &KeyEventKind) {
        let event =
            KeyEvent { url: url.to_string(), issuer: self.issuer.as_deref().map(str::to_owned), kind: kind.clone() };
        deliver(Delivery { listener: Arc::clone(&self.listener), event });
    }
}

struct Delivery {
    listener: Listener,
    event: KeyEvent,
}

type Thread = OnceLock<SyncSender<Delivery>>;

/// The thread that tells. It starts with the first event that someone listens to.
static THREAD: LazyLock<PerProcess<Thread>> = LazyLock::new(|| PerProcess::new(Thread::new()));

fn deliver(delivery: Delivery) {
    let thread = THREAD.get_or(Thread::new);
    // Where no thread can be started now, one may be for the next event.
    let sender = thread.get().cloned().or_else(|| start().map(|sender| thread.get_or_init(|| sender).clone()));
    if sender.is_none_or(|sender| sender.try_send(delivery).is_err()) {
        tracing::warn!("an event about keys was dropped: listeners do not keep up");
    }
}

fn start() -> Option<SyncSender<Delivery>> {
    let (sender, receiver) = sync_channel::<Delivery>(MAX_PENDING);
    let told = std::thread::Builder::new().name("bearergate-events".to_owned()).spawn(move || {
        for Delivery { listener, event } in receiver {
            // A listener's panic is its own affair.
            let _ = catch_unwind(AssertUnwindSafe(|| listener(&event)));
        }
    });
    told.is_ok().then_some(sender)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::channel;
    use std::time::Duration;

    fn fetched(keys: usize) -> KeyEventKind {
        KeyEventKind::Fetch { duration_ms: 12, not_modified: false, keys, skipped: 0 }
    }

    #[test]
    fn listeners_hear_until_they_leave_and_a_panic_harms_nobody() {
        let listeners = Listeners::default();
        let (sender, heard) = channel();
        listeners.add(1, None, Arc::new(|_| panic!("a listener's own")));
        listeners.add(2, Some("https://a.example"), Arc::new(move |event| sender.send(event.clone()).unwrap()));
        listeners.tell(&"https://a.example/jwks", &fetched(3));
        let event = heard.recv_timeout(Duration::from_secs(5)).unwrap();
        assert_eq!(event.issuer.as_deref(), Some("https://a.example"));
        assert_eq!(
            event.to_json(),
            r#"{"url":"https://a.example/jwks","issuer":"https://a.example","type":"fetch","durationMs":12,"notModified":false,"keys":3,"skipped":0}"#
        );
        listeners.remove(2);
        listeners.tell(&"u", &fetched(1));
        assert!(heard.recv_timeout(Duration::from_secs(5)).is_err(), "told after it left");
    }

    #[test]
    fn an_event_in_json_says_what_it_knows() {
        let kind = KeyEventKind::FetchError {
            source: KeySource::Remote,
            error: "status 500".to_owned(),
            reason: Reason::Unavailable,
            status: Some(500),
            state: "stale",
            duration_ms: Some(4),
            next_attempt_seconds: None,
        };
        let event = KeyEvent { url: "u".to_owned(), issuer: None, kind };
        assert_eq!(
            event.to_json(),
            r#"{"url":"u","type":"fetchError","source":"remote","error":"status 500","reason":"unavailable","status":500,"state":"stale","durationMs":4}"#
        );
    }
}
