//! What every test may know, and production must not believe: the test secret, the `kid` of test
//! keys, and the caller that tests pretend to be. Both packages take them from here.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::propagate::ContextParts;

/// The HMAC secret of test tokens, 64 bytes and more. Everyone knows it, so a verifier is built with it
/// only in a process in which [`allow_test_secret`] was called.
pub const TEST_JWT_SECRET: &str = "bearergate-test-secret-that-everyone-knows-never-use-it-in-production";

/// The `kid` of generated test keys.
pub const TEST_JWT_KID: &str = "bearergate-test-key";

static ALLOWED: AtomicBool = AtomicBool::new(false);

/// Lets verifiers of this process be built with [`TEST_JWT_SECRET`]. The packages' testing modules call
/// it when they are loaded; no program should that real callers reach.
pub fn allow_test_secret() {
    ALLOWED.store(true, Ordering::Relaxed);
}

/// Whether bytes are the test secret, in a process that has not said that it tests.
pub(crate) fn is_locked_test_secret(bytes: &[u8]) -> bool {
    bytes == TEST_JWT_SECRET.as_bytes() && !ALLOWED.load(Ordering::Relaxed)
}

/// The caller that tests pretend to be unless they say otherwise: `test-user` with the role `user` and
/// the scope `read`, of type `test`.
#[must_use]
pub fn mock_context() -> ContextParts {
    ContextParts {
        subject: "test-user".to_owned(),
        name: Some("Test User".to_owned()),
        roles: vec!["user".to_owned()],
        scopes: vec!["read".to_owned()],
        claims_json: Some("{}".to_owned()),
        r#type: "test".to_owned(),
    }
}
