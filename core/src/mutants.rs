//! Deliberate defects for the mutation check of the conformance suite. Only a build with the
//! `mutants` feature has this module; in any other, `mutant!` is `false`.

/// Every mutant's name.
pub const ALL: &[&str] = &[
    "token-size",
    "segments",
    "base64",
    "duplicates",
    "header-types",
    "crit",
    "b64",
    "alg",
    "key-alg",
    "kid",
    "ambiguous",
    "signature",
    "depth",
    "typ",
    "presence",
    "required-claims",
    "issuer",
    "audience",
    "time-types",
    "nbf",
    "exp",
    "max-age",
    "iat-future",
    "cnf",
    "subject",
    "skip",
    "two-headers",
    "cooldown",
    "stale",
    "key-removed",
    "use",
    "private-key",
    "weak-rsa",
    "header-limits",
    "scope-token",
];

/// Makes the verifier panic on every token, for the tests that a panic is a refusal.
const PANIC: &str = "panic";

pub(crate) fn is_active(name: &str) -> bool {
    use std::sync::LazyLock;
    static ACTIVE: LazyLock<Option<String>> = LazyLock::new(|| std::env::var("BEARERGATE_MUTANT").ok());
    debug_assert!(ALL.contains(&name) || name == PANIC, "{name} is not listed");
    ACTIVE.as_deref() == Some(name)
}
