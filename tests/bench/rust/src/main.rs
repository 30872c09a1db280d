//! What is measured of the core: bench-rust --out FILE [--quick]
//!
//! `bench-rust --bare` is the signature alone for the suites of the other languages: for each line `ALG COUNT` it
//! writes how many microseconds one of so many checks took. `bench-rust --loop SECONDS` verifies for so long, for a
//! profiler.
//!
//! A whole verification beside the bare check of the same signature and beside other Rust libraries, all taking
//! turns in one process. Times on a shared machine are noise; the ratios of one run count.

mod peers;
mod subject;

use std::hint::black_box;
use std::time::{Duration, Instant};

use bearergate_core::{CacheOption, ClaimPath, ClaimsMapping, Options, Outcome, PublicKey, TrustOptions, Verifier};
use serde_json::{Value, json};
use subject::{AUDIENCE, CLAIMS, ISSUER, Subject};

pub const BARE: &str = "signature alone";

/// A function to be measured, by the name of its column.
type Measured<'a> = (&'static str, Box<dyn Fn() + 'a>);

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if arguments.iter().any(|each| each == "--bare") {
        return bare();
    }
    let told = |name: &str| arguments.iter().position(|each| each == name).and_then(|at| arguments.get(at + 1));
    if let Some(seconds) = told("--loop") {
        return verify_for(Duration::from_secs(seconds.parse().expect("seconds")));
    }
    let out = told("--out");
    let rounds = if arguments.iter().any(|each| each == "--quick") { 10 } else { 200 };
    let mut measurements = verify(&subject::all(), rounds);
    measurements.extend(token_sizes(rounds));
    measurements.extend(key_counts(rounds));
    let versions: serde_json::Map<_, _> =
        peers::VERSIONS.iter().map(|(name, version)| ((*name).to_owned(), json!(version))).collect();
    let result = json!({ "suite": "rust", "runtime": "Rust", "versions": versions, "measurements": measurements });
    let text = serde_json::to_string_pretty(&result).expect("JSON");
    match out {
        Some(path) => std::fs::write(path, text).expect("the results file"),
        None => println!("{text}"),
    }
}

fn bare() {
    let subjects: Vec<_> = subject::all().into_iter().map(|subject| (subject.token(CLAIMS), subject)).collect();
    for line in std::io::stdin().lines() {
        let line = line.expect("a line");
        let (alg, count) = line.split_once(' ').expect("ALG COUNT");
        let count: u32 = count.parse().expect("a count");
        let ((token, signature), subject) = subjects.iter().find(|(_, each)| each.alg == alg).expect("an algorithm");
        let (input, _) = token.rsplit_once('.').expect("a token");
        let begun = Instant::now();
        (0..count).for_each(|_| (subject.bare)(black_box(input.as_bytes()), signature));
        println!("{}", begun.elapsed().as_secs_f64() * 1e6 / f64::from(count));
    }
}

fn verify_for(duration: Duration) {
    let subject = subject::hs256();
    let (token, _) = subject.token(CLAIMS);
    let verifier = Verifier::new(options(subject.trust(), Some(CacheOption::Off))).expect("valid options");
    let begun = Instant::now();
    while begun.elapsed() < duration {
        (0..1000).for_each(|_| accept(&verifier, &token));
    }
}

/// Rules that look at issuer and audience, and map roles and scopes.
fn options(trust: TrustOptions, cache: Option<CacheOption>) -> Options {
    let claims_mapping = ClaimsMapping {
        roles: Some(ClaimPath::Dotted("realm_access.roles".to_owned())),
        scopes: Some(ClaimPath::Dotted("scope".to_owned())),
        ..ClaimsMapping::default()
    };
    let trust = TrustOptions {
        issuer: Some(vec![ISSUER.to_owned()]),
        audience: Some(vec![AUDIENCE.to_owned()]),
        claims_mapping,
        ..trust
    };
    Options { trust, cache, ..Options::default() }
}

/// To a whole context, of which what a handler reads is read.
fn accept(verifier: &Verifier, token: &str) {
    match verifier.verify(black_box(token)) {
        Outcome::Ready(Ok(caller)) => {
            black_box((caller.subject(), caller.roles().count(), caller.scopes().count()));
        }
        other => panic!("{other:?}"),
    }
}

/// All algorithms within each round: a fast one would else be measured in a moment, whatever the machine did in it.
fn verify(subjects: &[Subject], rounds: usize) -> Vec<Value> {
    let tokens: Vec<_> = subjects.iter().map(|subject| subject.token(CLAIMS)).collect();
    let groups: Vec<(String, Vec<Measured<'_>>)> = subjects
        .iter()
        .zip(&tokens)
        .map(|(subject, (token, signature))| {
            let (input, _) = token.rsplit_once('.').expect("a token");
            let plain = Verifier::new(options(subject.trust(), Some(CacheOption::Off))).expect("valid options");
            let cached = Verifier::new(options(subject.trust(), None)).expect("valid options");
            let mut calls: Vec<Measured<'_>> = vec![
                (BARE, Box::new(move || (subject.bare)(black_box(input.as_bytes()), signature))),
                ("bearergate", Box::new(move || accept(&plain, token))),
                ("bearergate, cache hit", Box::new(move || accept(&cached, token))),
            ];
            calls.extend(peers::all(subject, token));
            (subject.alg.to_owned(), calls)
        })
        .collect();
    alternate("verify", &groups, rounds)
}

/// HS256 and RS256 tokens of different sizes, by claims of more or fewer roles.
fn token_sizes(rounds: usize) -> Vec<Value> {
    let subjects = [subject::hs256(), subject::rs256()];
    let mut groups: Vec<(String, Vec<Measured<'_>>)> = Vec::new();
    for subject in &subjects {
        let plain = Verifier::new(options(subject.trust(), Some(CacheOption::Off))).expect("valid options");
        for roles in [0, 8, 24, 56, 120, 250, 440] {
            let roles: Vec<String> = (0..roles).map(|i| format!("department-{i:03}:editor")).collect();
            let claims = json!({
                "iss": ISSUER, "aud": AUDIENCE, "sub": "user-1", "exp": 4_102_444_800_u64, "realm_access": { "roles": roles },
            });
            let (token, signature) = subject.token(&claims.to_string());
            let input = token.rsplit_once('.').expect("a token").0.to_owned();
            let row = format!("{}, {} bytes", subject.alg, token.len());
            let plain = plain.clone();
            let calls: Vec<Measured<'_>> = vec![
                (BARE, Box::new(move || (subject.bare)(black_box(input.as_bytes()), &signature))),
                ("bearergate", Box::new(move || accept(&plain, &token))),
            ];
            groups.push((row, calls));
        }
    }
    alternate("token size", &groups, rounds)
}

/// A set of so many keys, of which the token names one.
fn key_counts(rounds: usize) -> Vec<Value> {
    let subject = subject::eddsa();
    let (token, _) = subject.token(CLAIMS);
    let sets: Vec<(usize, Verifier)> = [1, 4, 16, 64, 256]
        .into_iter()
        .map(|count| {
            let keys: Vec<Value> =
                (0..count)
                    .map(|at| {
                        if at == count / 2 {
                            subject.jwk(subject::KID)
                        } else {
                            subject::eddsa().jwk(&format!("k{at}"))
                        }
                    })
                    .collect();
            let document = json!({ "keys": keys }).to_string();
            let trust = TrustOptions { public_key: Some(PublicKey::Jwk(document)), ..TrustOptions::default() };
            (count, Verifier::new(options(trust, Some(CacheOption::Off))).expect("valid options"))
        })
        .collect();
    let token = &token;
    let groups: Vec<(String, Vec<Measured<'_>>)> = sets
        .iter()
        .map(|(count, verifier)| {
            let call: Measured<'_> = ("bearergate", Box::new(move || accept(verifier, token)));
            (count.to_string(), vec![call])
        })
        .collect();
    alternate("number of keys", &groups, rounds)
}

/// Microseconds per call of functions that take turns, each round a batch of each, by rows.
fn alternate(table: &str, groups: &[(String, Vec<Measured<'_>>)], rounds: usize) -> Vec<Value> {
    const BATCH: u32 = 50;
    let calls: Vec<_> =
        groups.iter().flat_map(|(row, calls)| calls.iter().map(move |(column, call)| (row, column, call))).collect();
    let mut times: Vec<Vec<Duration>> = vec![Vec::new(); calls.len()];
    for _ in 0..rounds {
        for ((.., call), times) in calls.iter().zip(&mut times) {
            // Untimed, a few: what the others have pushed out of the processor's caches is nobody's cost.
            (0..=BATCH / 8).for_each(|_| call());
            let begun = Instant::now();
            (0..BATCH).for_each(|_| call());
            times.push(begun.elapsed() / BATCH);
        }
    }
    let us = |time: Duration| time.as_secs_f64() * 1e6;
    calls
        .iter()
        .zip(times)
        .map(|((row, column, _), mut times)| {
            times.sort_unstable();
            let [min, median, max] = [0, times.len() / 2, times.len() - 1].map(|at| us(times[at]));
            json!({ "table": table, "row": row, "column": column, "us": median, "min": min, "max": max })
        })
        .collect()
}
