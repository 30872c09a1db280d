//! Each attack on size that is known, against its bound.

use std::sync::LazyLock;
use std::time::Duration;

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bearergate_core::{Options, PublicKey, TrustOptions, Verifier};

use crate::measure::{Cost, cost, gate, header_verdict, signed, verdict};

const HEADER: &str = r#"{"alg":"HS256"}"#;
/// The longest token that an option allows.
const LARGEST: u64 = 1 << 20;
const MIB: usize = 1 << 20;
/// A refusal for size: nothing of the token is looked at.
const AT_ONCE: Duration = Duration::from_micros(1);
/// Room for a refusal.
const A_LITTLE: usize = 4096;

/// Every attack; what exceeds its bound is added to the findings.
pub fn run(findings: &mut Vec<String>) {
    oversized(findings);
    within_the_largest(findings);
    within_the_default(findings);
    key_set(findings);
}

/// How many times as long everything may take: 1, but for a build that is slowed down by a sanitizer.
static SLOWDOWN: LazyLock<u32> =
    LazyLock::new(|| std::env::var("BEARERGATE_SLOWDOWN").ok().and_then(|factor| factor.parse().ok()).unwrap_or(1));

struct Bound {
    code: &'static str,
    time: Duration,
    memory: usize,
}

fn report(findings: &mut Vec<String>, what: &str, size: usize, got: &str, Cost { time, memory }: Cost, bound: &Bound) {
    let longest = bound.time * *SLOWDOWN;
    println!("{what:<58} {size:>9} B {time:>12.2?} {longest:>11.1?} {memory:>10} B");
    if got != bound.code {
        findings.push(format!("{what}: {got} where {} was expected", bound.code));
    }
    if time > longest {
        findings.push(format!("{what}: {time:?} is more than {longest:?}"));
    }
    if memory > bound.memory {
        findings.push(format!("{what}: {memory} bytes are more than {}", bound.memory));
    }
}

/// Longer than `maxTokenBytes`: refused under a microsecond, whatever the size and the content.
fn oversized(findings: &mut Vec<String>) {
    let bound = Bound { code: "ERR_TOKEN_TOO_LARGE", time: AT_ONCE, memory: A_LITTLE };
    let gate = gate(None);
    let valid = signed(HEADER, &format!(r#"{{"sub":"x","aud":"api","f":"{}"}}"#, "x".repeat(MIB)));
    let tokens = [
        ("a token of 16,385 bytes", "A".repeat(16_385)),
        ("1 MB of dots", ".".repeat(1_000_000)),
        ("a segment of 100 MB", format!("{}.e30.AA", "A".repeat(100_000_000))),
        ("a valid token with 1 MB of claims", valid),
    ];
    for (what, token) in tokens {
        report(findings, what, token.len(), verdict(&gate, &token), cost(|| verdict(&gate, &token)), &bound);
    }
    for (what, value, code) in [
        ("an Authorization header of 10 MB", [b"Bearer ", "A".repeat(10_000_000).as_bytes()].concat(), bound.code),
        ("10 MB in another scheme", "A".repeat(10_000_000).into_bytes(), "ERR_CREDENTIALS_MISSING"),
        ("10 MB of commas", [b"Bearer ", ",".repeat(10_000_000).as_bytes()].concat(), bound.code),
    ] {
        let bound = Bound { code, ..bound };
        let got = header_verdict(&gate, &[&value]);
        report(findings, what, value.len(), got, cost(|| header_verdict(&gate, &[&value])), &bound);
    }
    // The spaces after a scheme are passed over one by one.
    let spaces = [b"Bearer ", " ".repeat(10_000_000).as_bytes()].concat();
    let got = header_verdict(&gate, &[&spaces]);
    let bound = Bound { code: "ERR_CREDENTIALS_MISSING", time: Duration::from_secs(1), memory: A_LITTLE };
    let measured = cost(|| header_verdict(&gate, &[&spaces]));
    report(findings, "10 MB of spaces after the scheme", spaces.len(), got, measured, &bound);
}

/// With `maxTokenBytes` at its limit of 1 MiB, every check is reached.
fn within_the_largest(findings: &mut Vec<String>) {
    let gate = gate(Some(LARGEST));
    let claims = |rest: &str| signed(HEADER, &format!(r#"{{"sub":"x","aud":"api",{rest}}}"#));
    let list = |item: &str, count: usize| vec![item; count].join(",");
    let members = |count: usize| (0..count).map(|at| format!("\"m{at}\":{at}")).collect::<Vec<_>>().join(",");
    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    for (what, token, code) in [
        ("1 MB of dots, allowed", ".".repeat(MIB), "ERR_TOKEN_MALFORMED"),
        (
            "depth 100,000 in the header",
            signed(&format!(r#"{{"alg":"HS256","x":{}}}"#, nested(100_000)), "{}"),
            "ERR_TOKEN_MALFORMED",
        ),
        ("depth 100,000 in the claims", claims(&format!(r#""x":{}"#, nested(100_000))), "ERR_CLAIMS_MALFORMED"),
        ("100,000 braces that open", claims(&format!(r#""x":{}"#, r#"{"a":"#.repeat(100_000))), "ERR_CLAIMS_MALFORMED"),
        (
            "10,000 members in the header",
            signed(&format!(r#"{{"alg":"HS256",{}}}"#, members(10_000)), "{}"),
            "ERR_CLAIM_MISSING",
        ),
        ("10,000 members in the claims", claims(&members(10_000)), "accepted"),
        (
            "10,000 members, the last one twice",
            claims(&format!("{},\"m9999\":0", members(10_000))),
            "ERR_CLAIMS_MALFORMED",
        ),
        ("100,000 objects of one member", claims(&format!(r#""x":[{}]"#, list(r#"{"":0}"#, 100_000))), "accepted"),
        ("a claim of 750 kB", claims(&format!(r#""x":"{}""#, "x".repeat(750_000))), "accepted"),
        ("a claim of 125,000 escapes", claims(&format!(r#""x":"{}""#, "\\u0041".repeat(125_000))), "accepted"),
        (
            "a subject of 750 kB",
            signed(HEADER, &format!(r#"{{"sub":"{}","aud":"api"}}"#, "x".repeat(750_000))),
            "ERR_SUBJECT_TOO_LONG",
        ),
        (
            "10,000 audiences",
            signed(HEADER, &format!(r#"{{"sub":"x","aud":[{}]}}"#, list(r#""x""#, 10_000))),
            "ERR_CLAIM_INVALID",
        ),
        ("10,000 roles", claims(&format!(r#""roles":[{}]"#, list(r#""r""#, 10_000))), "accepted"),
        ("190,000 roles", claims(&format!(r#""roles":[{}]"#, list(r#""r""#, 190_000))), "accepted"),
        ("375,000 scopes in one string", claims(&format!(r#""scopes":"{}""#, "s ".repeat(375_000))), "accepted"),
        ("390,000 numbers", claims(&format!(r#""x":[{}]"#, list("0", 390_000))), "accepted"),
        ("a number of 750,000 digits", claims(&format!(r#""x":0.{}"#, "1".repeat(750_000))), "accepted"),
        ("an exponent of 750,000 digits", claims(&format!(r#""x":1e-{}"#, "1".repeat(750_000))), "accepted"),
        (
            "a kid of 750 kB",
            signed(&format!(r#"{{"alg":"HS256","kid":"{}"}}"#, "k".repeat(750_000)), "{}"),
            "ERR_CLAIM_MISSING",
        ),
    ] {
        assert!(token.len() <= MIB, "{what}: {}", token.len());
        // Of memory half of what the fuzzers call a finding for as much input; of time what an
        // unoptimized build needs.
        let bound = Bound { code, time: Duration::from_secs(1), memory: 32 * MIB };
        report(findings, what, token.len(), verdict(&gate, &token), cost(|| verdict(&gate, &token)), &bound);
    }
}

/// What fits in the default of 16 KiB.
fn within_the_default(findings: &mut Vec<String>) {
    let gate = gate(None);
    let fill = |item: &str| vec![item; 12_000 / (item.len() + 1)].join(",");
    for (what, payload) in [
        ("16 kB of numbers", fill("0")),
        ("16 kB of numbers that are hard to round", fill("130687615564969234585e-321")),
        ("16 kB of objects", fill(r#"{"":0}"#)),
        ("16 kB of strings", fill(r#""r""#)),
    ] {
        let token = signed(HEADER, &format!(r#"{{"sub":"x","aud":"api","roles":[{payload}]}}"#));
        let bound = Bound { code: "accepted", time: Duration::from_millis(10), memory: MIB / 2 };
        report(findings, what, token.len(), verdict(&gate, &token), cost(|| verdict(&gate, &token)), &bound);
    }
}

/// A set of keys that a user configures; a fetched one has at most `maxKeys`.
fn key_set(findings: &mut Vec<String>) {
    let keys: Vec<String> = (0..10_000_u32)
        .map(|at| {
            let mut seed = [0; 32];
            seed[..4].copy_from_slice(&at.to_le_bytes());
            let pair = Ed25519KeyPair::from_seed_unchecked(&seed).expect("a key");
            let x = URL_SAFE_NO_PAD.encode(pair.public_key().as_ref());
            format!(r#"{{"kty":"OKP","crv":"Ed25519","kid":"k{}","x":"{x}"}}"#, at % 5000)
        })
        .collect();
    let text = format!(r#"{{"keys":[{}]}}"#, keys.join(","));
    let build = || {
        let trust = TrustOptions { public_key: Some(PublicKey::Jwk(text.clone())), ..TrustOptions::default() };
        Verifier::new(Options { trust, ..Options::default() }).expect("a set that can serve")
    };
    let bound = Bound { code: "built", time: Duration::from_secs(5), memory: 96 * MIB };
    report(findings, "a JWK Set of 10,000 keys", text.len(), "built", cost(build), &bound);
    let verifier = build();
    let input = format!("{}.e30", URL_SAFE_NO_PAD.encode(r#"{"alg":"EdDSA"}"#));
    let token = format!("{input}.{}", URL_SAFE_NO_PAD.encode([7; 64]));
    let judge = || match verifier.verify(&token) {
        bearergate_core::Outcome::Ready(Err(refusal)) => refusal.code().as_str(),
        _ => "accepted",
    };
    let bound = Bound { code: "ERR_KEY_AMBIGUOUS", time: Duration::from_millis(5), memory: A_LITTLE };
    report(findings, "a token without kid for 10,000 keys", token.len(), judge(), cost(judge), &bound);
}
