//! The state machine that ships: the very files, without a public way into the core.

/// No check is ever dropped here.
macro_rules! mutant {
    ($name:literal) => {
        false
    };
}

#[rustfmt::skip]
#[path = "../../../core/src/keyset/jitter.rs"]
mod jitter;
// Forks, snapshots and `ready` are not simulated. Formatted where it lives: from here rustfmt would not
// find its tests.
#[allow(dead_code)]
#[rustfmt::skip]
#[path = "../../../core/src/keyset/machine.rs"]
pub(crate) mod machine;
