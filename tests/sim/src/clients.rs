//! What a replica does about keys: one policy each, driven by the fleet.

pub(crate) mod bearergate;
pub(crate) mod jose;
pub(crate) mod pyjwt;

/// Keys in the order in which they were first published. A set holds all up to one of them: the
/// keys that no valid token carries any more do not matter here.
pub(crate) type Kid = u32;

/// The kid of an attacker's tokens: no set ever holds it.
pub(crate) const UNKNOWN: Kid = Kid::MAX;

/// What becomes of a request on arrival.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    Served,
    Refused,
    /// It waits for the fetch under way.
    Waits,
    /// It begins a fetch and waits for it.
    Fetches,
}

/// One replica's JWKS client. At most one fetch of it is under way.
pub(crate) trait Client {
    const NAME: &'static str;
    /// When a fetch without an answer has failed.
    const TIMEOUT_MS: i64;

    fn new(seed: u64) -> Self;

    fn request(&mut self, now: i64, kid: Kid) -> Step;

    /// The fetch has ended, with a set or without; `judged` hears of every waiter that was served or
    /// not. `true` when the next fetch has begun.
    fn land(&mut self, now: i64, set: Option<Kid>, judged: impl FnMut(Kid, bool)) -> bool;

    /// The newest key of the set it holds, and until when requests that verify under it are served
    /// without any effect on this client.
    fn calm(&self, now: i64) -> (Kid, i64);

    /// Until when unknown kids are refused without any effect on this client.
    fn deaf_until(&self, now: i64) -> i64;

    /// When it wants to be attended to without a request.
    fn timer(&self) -> Option<i64> {
        None
    }

    /// The timer has run out; `true` when a fetch has begun.
    fn attend(&mut self, _now: i64) -> bool {
        false
    }
}
