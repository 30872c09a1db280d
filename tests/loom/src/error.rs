//! As much of the core's errors as a ticket makes by itself.

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    Unavailable,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refusal(pub(crate) Reason);

impl Refusal {
    pub(crate) fn unavailable(reason: Reason, _retry_after_ms: i64) -> Self {
        Self(reason)
    }
}
