//! Every token of every case through `explain`: the check that it marks as failed is the one that the
//! refusal is about, all before it passed, none after it was reached, and it says of a payload nothing
//! before the signature has verified.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use bearergate_core::explain::{Explanation, Verdict};
use bearergate_core::{Clock, Code, ManualClock, OptionValue, Options, Outcome, Refusal, Spelling, Verified, Verifier};
use conformance_runner::cases::{self, Case, place};
use conformance_runner::server::Server;
use serde_json::Value;

/// The numbers of the checks that a refusal with a code may be about, from the table of the
/// specification.
fn rows(code: Code) -> &'static [u8] {
    match code {
        Code::TokenTooLarge => &[1],
        Code::TokenMalformed => &[2, 3],
        Code::TokenCritical => &[4],
        Code::AlgNotAllowed => &[5],
        Code::KeyNotFound | Code::KeyAmbiguous | Code::KeysUnavailable => &[6],
        Code::SignatureInvalid => &[7],
        Code::ClaimsMalformed => &[8],
        Code::TypInvalid => &[9],
        Code::ClaimMissing => &[10],
        Code::ClaimInvalid => &[11, 12, 15],
        Code::TokenNotYetValid => &[13],
        Code::TokenExpired => &[14],
        Code::TokenTooOld => &[15],
        Code::TokenBound => &[16],
        Code::SubjectMissing => &[17],
        _ => &[],
    }
}

/// How often a code was explained by a check.
type Seen = BTreeMap<(&'static str, u8), usize>;

fn ms(seconds: &Value) -> i64 {
    #[allow(clippy::cast_possible_truncation)]
    let ms = (seconds.as_f64().expect("seconds") * 1000.0).round() as i64;
    ms
}

fn judged(verifier: &Verifier, token: &str) -> Result<Verified, Refusal> {
    match verifier.verify(token) {
        Outcome::Ready(outcome) => outcome,
        Outcome::Wait(ticket) => ticket.wait_timeout(Duration::from_secs(20)).expect("an answer"),
    }
}

/// The token of a step, as a bearer would send it.
fn token(step: &Value) -> Option<&str> {
    step["token"].as_str().or_else(|| {
        let headers = step["headers"].as_array()?;
        let value = headers.iter().find(|pair| pair[0].as_str() == Some("authorization"))?[1].as_str()?;
        value.strip_prefix("Bearer ").map(str::trim_start)
    })
}

/// Strings of the payload that nothing else of the case holds, and that are long enough to be told.
fn private_texts(token: &str, options: &str) -> Vec<String> {
    fn texts(value: &Value, found: &mut Vec<String>) {
        match value {
            Value::String(text) => found.push(text.clone()),
            Value::Array(items) => items.iter().for_each(|item| texts(item, found)),
            Value::Object(members) => members.values().for_each(|member| texts(member, found)),
            _ => {}
        }
    }
    let segments: Vec<_> = token.split('.').collect();
    let Some(payload) = segments.get(1).and_then(|segment| decode(segment)) else { return Vec::new() };
    let header = segments.first().and_then(|segment| decode(segment)).unwrap_or_default();
    let header = String::from_utf8_lossy(&header).into_owned();
    let Ok(payload) = serde_json::from_slice::<Value>(&payload) else { return Vec::new() };
    let mut found = Vec::new();
    texts(&payload, &mut found);
    found.retain(|text| text.len() >= 5 && text.is_ascii() && !options.contains(text) && !header.contains(text));
    found
}

/// base64url, by hand: this test looks at tokens without the code under test.
fn decode(segment: &str) -> Option<Vec<u8>> {
    let mut bits = 0u32;
    let (mut have, mut out) = (0, Vec::new());
    for byte in segment.bytes() {
        let value =
            b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".iter().position(|b| *b == byte)?;
        bits = bits << 6 | u32::try_from(value).ok()?;
        have += 6;
        if have >= 8 {
            have -= 8;
            out.push((bits >> have & 0xff) as u8);
        }
    }
    // What is left over must be less than a byte, and nothing.
    (have < 6 && bits & ((1 << have) - 1) == 0).then_some(out)
}

/// Whether a token is three non-empty segments of strict base64url.
fn is_three_segments(token: &str) -> bool {
    let segments: Vec<_> = token.split('.').collect();
    segments.len() == 3 && segments.iter().all(|segment| !segment.is_empty() && decode(segment).is_some())
}

fn check(case: &Case, token: &str, verifier: &Verifier, seen: &Mutex<Seen>) {
    let outcome = judged(verifier, token);
    let explanation = Explanation::of(verifier, token, &outcome);
    let id = &case.id;
    assert_eq!(explanation.checks.len(), 17, "{id}");
    let failed = explanation.checks.iter().position(|check| check.verdict == Verdict::Failed);
    let by_issuer = case.options.contains_key("issuers");
    match &outcome {
        Ok(_) => {
            assert_eq!((explanation.outcome, failed), ("accepted", None), "{id}");
            assert!(explanation.checks.iter().all(|check| check.verdict != Verdict::NotReached), "{id}");
        }
        Err(refusal) => {
            let at = failed.unwrap_or_else(|| panic!("{id}: {refusal:?} marks no check"));
            let row = explanation.checks[at].row;
            assert!(rows(refusal.code()).contains(&row), "{id}: {refusal:?} marks {row}");
            if refusal.code() == Code::ClaimInvalid && !by_issuer {
                let of_claim: &[u8] = if matches!(refusal.claim(), Some("iss" | "aud")) { &[11] } else { &[12, 15] };
                assert!(of_claim.contains(&row), "{id}: {refusal:?} marks {row}");
            }
            if refusal.code() == Code::TokenMalformed {
                assert_eq!(row, if is_three_segments(token) { 3 } else { 2 }, "{id}");
            }
            assert!(
                explanation.checks[..at]
                    .iter()
                    .all(|check| matches!(check.verdict, Verdict::Passed | Verdict::NotAsked)),
                "{id}"
            );
            assert!(
                explanation.checks[at + 1..]
                    .iter()
                    .all(|check| check.verdict == Verdict::NotReached && check.detail.is_empty()),
                "{id}"
            );
            *seen.lock().expect("no panic").entry((refusal.code().as_str(), row)).or_default() += 1;
        }
    }
    let passed = |row: u8| explanation.checks.iter().any(|check| check.row == row && check.verdict == Verdict::Passed);
    let said = serde_json::to_string(&explanation).expect("JSON");
    if !passed(7) {
        let options = Value::Object(case.options.clone()).to_string();
        for text in private_texts(token, &options) {
            assert!(!said.contains(&text), "{id}: {text} of an unverified payload is told: {said}");
        }
    }
    let segments: Vec<_> = token.split('.').filter(|segment| segment.len() >= 16).collect();
    assert!(!segments.iter().any(|segment| said.contains(segment)), "{id}: a part of the token is told");
}

/// One case, from its options through its steps; the number of tokens in it.
fn explain(case: &Case, server: &Server, seen: &Mutex<Seen>) -> usize {
    let folder = server.folder();
    let origin = server.origin(&folder);
    server.lead(&format!("{}.test", case.id), &folder);
    let mut options = case.options.clone();
    options.remove("validate");
    let options = place(&Value::Object(options), &origin);
    let first = ms(&case.steps[0]["now"]);
    let clock = ManualClock::new(first, 0);
    let options = OptionValue::from_json(&options.to_string()).expect("tags");
    let Ok(options) = Options::read(options, Spelling::Camel) else { return 0 };
    let Ok(verifier) = Verifier::with_clock(options, Clock::Manual(clock.clone())) else { return 0 };
    let (mut mono, mut tokens) = (0, 0);
    for step in &case.steps {
        if let Some(answer) = step.get("serve") {
            server.serve(&folder, place(answer, &origin));
        }
        let now = ms(&step["now"]);
        mono = if step["mono"].is_number() { ms(&step["mono"]) } else { mono.max(now - first) };
        clock.set(now, u64::try_from(mono).expect("a monotonic time"));
        if let Some(token) = token(step).filter(|token| !token.is_empty()) {
            check(case, token, &verifier, seen);
            tokens += 1;
        }
        let started = Instant::now();
        while verifier.stats().fetching && started.elapsed() < Duration::from_secs(20) {
            std::thread::sleep(Duration::from_millis(1));
        }
    }
    verifier.close();
    tokens
}

#[test]
fn every_case_marks_the_check_that_it_is_about() {
    let (server, cases, seen) = (Server::start(), cases::load(), Mutex::default());
    let (next, tokens) = (AtomicUsize::new(0), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        // Most of the time is spent on waiting for fetches.
        for _ in 0..8 {
            scope.spawn(|| {
                while let Some(case) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
                    tokens.fetch_add(explain(case, &server, &seen), Ordering::Relaxed);
                }
            });
        }
    });
    let seen = seen.into_inner().expect("no panic");
    println!("{} tokens explained: {seen:?}", tokens.into_inner());
    for code in Code::ALL.iter().filter(|code| !rows(**code).is_empty()) {
        for row in rows(*code) {
            assert!(seen.contains_key(&(code.as_str(), *row)), "no case has {code} at check {row}");
        }
    }
}
