//! The committed test keys, for the other suites that mint with them.

pub mod keys;
