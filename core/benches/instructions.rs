//! One outcome of a verification, again and again, for a tool that counts instructions:
//! `instructions CASE COUNT`. tests/bench/instructions.mjs runs it.

use std::hint::black_box;

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bearergate_core::mint::{MintHeader, SigningKey, mint};
use bearergate_core::{
    CacheOption, ClaimPath, ClaimsMapping, Clock, ManualClock, Options, Outcome, Secret, TrustOptions, Verifier,
};

#[path = "token.rs"]
mod token;

const SECRET: &str = "0123456789abcdef0123456789abcdef";

fn main() {
    let mut arguments = std::env::args().skip(1).filter(|argument| argument != "--bench");
    let (Some(case), Some(count)) = (arguments.next(), arguments.next()) else {
        return println!("instructions CASE COUNT, the cases: bare, verified, hit, forged, too-large");
    };
    let signed = |secret: &str| {
        let header = MintHeader { alg: "HS256", typ: Some("JWT"), kid: Some("f2d1b1a2c3d4e5f6") };
        mint(&header, token::CLAIMS, &SigningKey::from_secret(secret.as_bytes())).expect("a token")
    };
    let count: u64 = count.parse().expect("a count");
    if case == "bare" {
        return bare(&signed(SECRET), count);
    }
    let (cache, token, accepted) = match case.as_str() {
        "verified" => (Some(CacheOption::Off), signed(SECRET), true),
        "hit" => (None, signed(SECRET), true),
        "forged" => (None, signed("another secret of thirty-two bytes"), false),
        "too-large" => (None, "a.".repeat(100_000), false),
        other => panic!("no case {other}"),
    };
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
    // Not the system's clock, which cannot be read under every tool.
    let clock = Clock::Manual(ManualClock::new(1_700_000_000_000, 0));
    let options = Options { trust, cache, ..Options::default() };
    let verifier = Verifier::with_clock(options, clock).expect("valid options");
    for _ in 0..count {
        match verifier.verify(black_box(&token)) {
            Outcome::Ready(result) => assert_eq!(black_box(result).is_ok(), accepted),
            Outcome::Wait(_) => unreachable!("the key is here"),
        }
    }
}

/// The signature alone.
fn bare(token: &str, count: u64) {
    let key = hmac::Key::new(hmac::HMAC_SHA256, SECRET.as_bytes());
    let (input, signature) = token.rsplit_once('.').expect("a token");
    let signature = URL_SAFE_NO_PAD.decode(signature).expect("base64url");
    for _ in 0..count {
        hmac::verify(&key, black_box(input.as_bytes()), &signature).expect("its signature");
    }
}
