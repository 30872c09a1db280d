//! Time and memory of one call, and the verifiers and tokens that are measured.

use std::hint::black_box;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bearergate_core::{CacheOption, ClaimPath, ClaimsMapping, Gate, Options, Outcome, Request, Secret, TrustOptions};

use crate::MEMORY;

pub const SECRET: &[u8] = b"0123456789abcdef0123456789abcdef";

/// What a call cost.
pub struct Cost {
    /// The least of its runs.
    pub time: Duration,
    /// Most bytes in use at a time, beyond those before it.
    pub memory: usize,
}

/// Longest that one call is measured for, beyond three runs.
const PATIENCE: Duration = Duration::from_millis(60);

/// Measures a call: at least three runs, and more for as long as they are quick.
pub fn cost<T>(call: impl Fn() -> T) -> Cost {
    let before = MEMORY.current_usage();
    MEMORY.reset_peak_usage();
    let begun = Instant::now();
    drop(black_box(call()));
    let memory = MEMORY.peak_usage().saturating_sub(before);
    let read = if begun.elapsed() < Duration::from_micros(50) { wall } else { processor };
    let begun = Instant::now();
    let mut time = Duration::MAX;
    for run in 0..200_000 {
        if run >= 3 && begun.elapsed() > PATIENCE {
            break;
        }
        let started = read();
        drop(black_box(call()));
        time = time.min(read().saturating_sub(started));
    }
    Cost { time, memory }
}

/// The quicker clock to read.
fn wall() -> Duration {
    static START: LazyLock<Instant> = LazyLock::new(Instant::now);
    START.elapsed()
}

/// What this thread has had of a processor, which other work on the machine does not lengthen.
#[cfg(unix)]
fn processor() -> Duration {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::new(now.tv_sec.unsigned_abs(), u32::try_from(now.tv_nsec).unwrap_or(0))
}

#[cfg(not(unix))]
fn processor() -> Duration {
    wall()
}

/// A gate for HS256 tokens of at most so many bytes, with rules that make it look at every claim there is
/// an option for.
pub fn gate(max_token_bytes: Option<u64>) -> Gate {
    let path = |text: &str| Some(ClaimPath::Dotted(text.to_owned()));
    Gate::new(Options {
        trust: TrustOptions {
            secret: Some(vec![Secret::new(SECRET)]),
            audience: Some(vec!["api".to_owned(), "other".to_owned()]),
            claims_mapping: ClaimsMapping {
                roles: path("roles"),
                scopes: path("scopes"),
                name: path("a.b.c"),
                subject: path("user.id"),
            },
            required_claims: Some(vec!["sub".to_owned(), "aud".to_owned()]),
            ..TrustOptions::default()
        },
        propagate_headers: Some(true),
        cache: Some(CacheOption::Off),
        max_token_bytes,
        ..Options::default()
    })
    .expect("valid options")
}

/// A token with this header and payload and a good MAC.
pub fn signed(header: &str, payload: &str) -> String {
    let input = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(payload));
    let mac = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, SECRET), input.as_bytes());
    format!("{input}.{}", URL_SAFE_NO_PAD.encode(mac))
}

/// The code with which a bare token is refused; `accepted` where it is not. What it says of itself is
/// propagated too.
pub fn verdict(gate: &Gate, token: &str) -> &'static str {
    match gate.verifier().verify(token) {
        Outcome::Ready(Ok(verified)) => match gate.propagate(&verified) {
            Ok(headers) => {
                black_box(headers);
                "accepted"
            }
            Err(refusal) => refusal.code().as_str(),
        },
        Outcome::Ready(Err(refusal)) => refusal.code().as_str(),
        Outcome::Wait(_) => "waits",
    }
}

/// The same for the values of a credentials header.
pub fn header_verdict(gate: &Gate, values: &[&[u8]]) -> &'static str {
    use bearergate_core::Decision;
    match gate.check(&Request { service: "pkg.Service", method: "Method", credentials: values }) {
        Decision::Accept(_) => "accepted",
        Decision::Refuse(refusal) => refusal.code().as_str(),
        Decision::Skip => "skipped",
        Decision::Wait(_) => "waits",
    }
}
