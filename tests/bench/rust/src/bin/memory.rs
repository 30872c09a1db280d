//! What the core holds in memory, in bytes: memory --out FILE

#[allow(dead_code)] // each program uses its share
#[path = "../subject.rs"]
mod subject;

use bearergate_core::{CacheOption, Options, Outcome, PublicKey, TrustOptions, Verifier};
use peak_alloc::PeakAlloc;
use serde_json::{Value, json};
use subject::{AUDIENCE, CLAIMS, ISSUER};

#[global_allocator]
static HEAP: PeakAlloc = PeakAlloc;

const TOKENS: usize = 1000;
const KEYS: usize = 256;

/// What is made, and the bytes it holds.
fn held<T>(make: impl FnOnce() -> T) -> (T, usize) {
    let before = HEAP.current_usage();
    let made = make();
    (made, HEAP.current_usage().saturating_sub(before))
}

fn open(trust: TrustOptions, cache: CacheOption) -> Verifier {
    let trust =
        TrustOptions { issuer: Some(vec![ISSUER.to_owned()]), audience: Some(vec![AUDIENCE.to_owned()]), ..trust };
    Verifier::new(Options { trust, cache: Some(cache), ..Options::default() }).expect("valid options")
}

fn main() {
    let row =
        |name: &str, bytes: usize| json!({ "table": "memory", "row": name, "column": "bearergate", "bytes": bytes });
    let rsa = subject::rs256();
    // What is made once for all verifiers is made here.
    drop(open(rsa.trust(), CacheOption::Off));
    let (_, one) = held(|| open(rsa.trust(), CacheOption::Off));

    let keys: Vec<Value> = (0..KEYS).map(|at| subject::eddsa().jwk(&format!("k{at}"))).collect();
    let document = json!({ "keys": keys }).to_string();
    let trust = TrustOptions { public_key: Some(PublicKey::Jwk(document)), ..TrustOptions::default() };
    let (_, many) = held(|| open(trust, CacheOption::Off));

    let secret = subject::hs256();
    let (verifier, empty) = held(|| open(secret.trust(), CacheOption::MaxEntries(4 * TOKENS as u64)));
    let tokens: Vec<String> = (0..TOKENS)
        .map(|at| secret.token(&CLAIMS.replace(r#""jti":"5f0e6c1a"#, &format!(r#""jti":"{at:08}"#))).0)
        .collect();
    let ((), kept) = held(|| {
        for token in &tokens {
            assert!(matches!(verifier.verify(token), Outcome::Ready(Ok(_))));
        }
    });
    let bytes = tokens.iter().map(String::len).sum::<usize>() / TOKENS;

    let measurements = [
        row("a verifier with one RSA key, no cache", one),
        row(&format!("a set of {KEYS} Ed25519 keys, each"), many / KEYS),
        row("a place of the cache, empty", empty / (4 * TOKENS)),
        row(&format!("a token of {bytes} bytes in the cache"), kept / TOKENS),
    ];
    let text = serde_json::to_string_pretty(&json!({ "suite": "memory", "measurements": measurements })).expect("JSON");
    match std::env::args().skip_while(|argument| argument != "--out").nth(1) {
        Some(path) => std::fs::write(path, text).expect("the results file"),
        None => println!("{text}"),
    }
}
