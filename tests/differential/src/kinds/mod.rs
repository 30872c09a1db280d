//! The kinds of mutation, by what they change. Every kind has a name, which the report counts.

pub mod base64;
pub mod claims;
pub mod header;
pub mod json;
pub mod keys;
pub mod signature;
pub mod structure;
pub mod times;

use crate::draft::{Draft, Stage};
use crate::random::Random;

/// One way to change a token.
pub struct Kind {
    /// What it is called in the report.
    pub name: &'static str,
    /// The stage at which it takes hold.
    pub stage: Stage,
    /// The change.
    pub apply: fn(&mut Draft<'_>, &mut Random),
}

/// Shorthand for a table of kinds.
const fn kind(name: &'static str, stage: Stage, apply: fn(&mut Draft<'_>, &mut Random)) -> Kind {
    Kind { name, stage, apply }
}

/// Every kind that changes a token, in groups: a group is chosen first, so that a long one does not
/// crowd out the others.
pub const GROUPS: [&[Kind]; 7] =
    [structure::KINDS, base64::KINDS, json::KINDS, header::KINDS, claims::KINDS, times::KINDS, signature::KINDS];
