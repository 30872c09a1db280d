//! How often a verification asks for memory: the numbers that docs/benchmarks.md states.

use std::hint::black_box;

use allocation_counter::measure;
use bearergate_core::mint::{MintHeader, SigningKey, mint};
use bearergate_core::{CacheOption, ClaimPath, ClaimsMapping, Code, Options, Outcome, Secret, TrustOptions, Verifier};

#[path = "../benches/token.rs"]
mod token;

const SECRET: &str = "0123456789abcdef0123456789abcdef";

/// Header, payload and signature as bytes; the index of each of the two texts; where in the claims each of the
/// context's strings stands; the context itself.
const VERIFIED: u64 = 7;

/// The same, and what the operator is told: algorithm, key and issuer are copied and cleaned.
const REFUSED: u64 = 11;

/// The challenge of a refusal that looks at nothing.
const TOO_LARGE: u64 = 1;

fn verifier(cache: Option<CacheOption>) -> Verifier {
    let trust = TrustOptions {
        secret: Some(vec![Secret::new(SECRET)]),
        issuer: Some(vec![token::ISSUER.to_owned()]),
        audience: Some(vec![token::AUDIENCE.to_owned()]),
        claims_mapping: ClaimsMapping {
            roles: Some(ClaimPath::Dotted("realm_access.roles".to_owned())),
            ..ClaimsMapping::default()
        },
        ..TrustOptions::default()
    };
    Verifier::new(Options { trust, cache, ..Options::default() }).expect("valid options")
}

fn signed(secret: &str) -> String {
    let header = MintHeader { alg: "HS256", typ: Some("JWT"), kid: Some("f2d1b1a2c3d4e5f6") };
    mint(&header, token::CLAIMS, &SigningKey::from_secret(secret.as_bytes())).expect("a token")
}

/// Allocations of one verification, once what is made only once has been made.
fn count(verifier: &Verifier, token: &str, accepted: bool) -> u64 {
    let verify = || match verifier.verify(black_box(token)) {
        Outcome::Ready(Ok(caller)) => {
            assert!(accepted);
            black_box((caller.subject(), caller.roles().count(), caller.scopes().count()));
        }
        Outcome::Ready(Err(refusal)) => assert!(!accepted, "{:?}", refusal.code()),
        Outcome::Wait(_) => unreachable!("the key is here"),
    };
    verify();
    measure(verify).count_total
}

#[test]
fn a_verification_asks_for_memory_a_known_number_of_times() {
    let (plain, cached) = (verifier(Some(CacheOption::Off)), verifier(None));
    let (good, forged) = (signed(SECRET), signed("another secret of thirty-two bytes"));
    let counts = [
        count(&plain, &good, true),
        count(&cached, &good, true),
        count(&plain, &forged, false),
        count(&plain, &"a.".repeat(100_000), false),
    ];
    assert_eq!(counts, [VERIFIED, 0, REFUSED, TOO_LARGE], "verified, out of the cache, refused, too large");
    let refusal = match plain.verify(&forged) {
        Outcome::Ready(Err(refusal)) => refusal,
        other => panic!("{other:?}"),
    };
    assert_eq!(refusal.code(), Code::SignatureInvalid);
}
