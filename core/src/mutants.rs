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
    "plain-path",
    "preflight",
    "skip-path",
    "authz-order",
    "authz-roles",
    "authz-scopes",
    "authz-effect",
    "authz-default",
    "two-headers",
    "cooldown",
    "stale",
    "key-removed",
    "use",
    "small-order",
    "private-key",
    "weak-rsa",
    "header-limits",
    "scope-token",
];

/// Panics where `BEARERGATE_MUTANT` is `panic`, for the tests that a panic is a refusal.
pub(crate) fn panic_if_told() {
    assert_ne!(active(), Some("panic"), "deliberate");
}

pub(crate) fn is_active(name: &str) -> bool {
    debug_assert!(ALL.contains(&name), "{name} is not listed");
    active() == Some(name)
}

fn active() -> Option<&'static str> {
    use std::sync::LazyLock;
    static ACTIVE: LazyLock<Option<String>> = LazyLock::new(|| std::env::var("BEARERGATE_MUTANT").ok());
    ACTIVE.as_deref()
}
