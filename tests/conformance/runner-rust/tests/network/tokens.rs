//! Forged tokens that offer a URL in every member that somebody has followed, and the key sources that
//! they are shown to.

use bearergate_core::{Gate, OptionValue, Options, Outcome, Spelling, Verifier};
use serde_json::{Value, json};

/// The algorithms of the forged tokens.
pub const ALGS: [&str; 4] = ["RS256", "ES256", "HS256", "none"];

/// One verifier's options for each kind of source. The names that may be looked up are `configured.test` and
/// `discovered.test`.
pub fn sources() -> Vec<Value> {
    let set = json!({ "keys": [key("rsa-a"), key("p256-a")] });
    vec![
        json!({ "publicKey": key("p256-a") }),
        json!({ "publicKey": set }),
        json!({ "secret": "a secret of at least thirty-two bytes" }),
        json!({ "jwksUri": "http://configured.test/keys", "jwks": { "allowHttp": true } }),
        json!({ "issuers": [
            { "issuer": "https://issuer.example", "publicKey": key("p256-a") },
            { "issuer": "http://discovered.test", "discover": true, "jwks": { "allowHttp": true } },
        ] }),
    ]
}

/// How many of the sources are fixed, and so have no business on any network.
pub const FIXED: usize = 3;

/// A committed public key.
pub fn key(name: &str) -> Value {
    let text = std::fs::read_to_string(conformance_runner::cases::root().join(format!("keys/{name}.json")));
    let mut jwk: Value = serde_json::from_str(&text.expect("a key")).expect("a JWK");
    let members = jwk.as_object_mut().expect("an object");
    members.retain(|name, _| !matches!(name.as_str(), "_" | "d" | "p" | "q" | "dp" | "dq" | "qi"));
    jwk
}

fn b64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut out = String::new();
    for chunk in bytes.chunks(3) {
        let word = chunk.iter().fold(0_u32, |word, byte| word << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
        for at in 0..=chunk.len() {
            out.push(char::from(ALPHABET[(word >> (18 - 6 * at) & 63) as usize]));
        }
    }
    out
}

/// Forged tokens that offer the URL in every member of header and claims that somebody has followed.
pub fn forged(url: &str, algs: &[&str]) -> Vec<String> {
    let host = url.trim_end_matches("/evil");
    let headers = [
        json!({ "jku": url }),
        json!({ "x5u": url }),
        json!({ "kid": url }),
        json!({ "kid": format!("x@{}/evil", host.trim_start_matches("http://")) }),
        json!({ "jku": url, "x5u": url, "kid": url, "jwk": { "kty": "RSA", "jku": url, "x5u": url } }),
        json!({ "x5c": [url], "iss": host, "jwks_uri": url, "typ": url }),
    ];
    let claims = [
        json!({ "iss": host, "sub": "x" }),
        json!({ "iss": url, "sub": "x", "aud": url, "jku": url, "jwks_uri": url }),
        json!({ "iss": "https://issuer.example", "sub": url, "_claim_sources": { "a": { "endpoint": url } } }),
        json!({ "iss": [url], "sub": "x", "cnf": { "jku": url } }),
    ];
    let mut tokens = Vec::new();
    for alg in algs {
        for header in &headers {
            for claims in &claims {
                let mut header = header.clone();
                header["alg"] = json!(alg);
                let length = if *alg == "RS256" { 256 } else { 64 };
                let (header, claims) = (header.to_string(), claims.to_string());
                tokens.push(format!("{}.{}.{}", b64(header.as_bytes()), b64(claims.as_bytes()), b64(&vec![7; length])));
            }
        }
    }
    tokens
}

/// A verifier with these options.
pub fn verifier(options: &Value) -> Verifier {
    let options = OptionValue::from_json(&options.to_string()).and_then(|value| Options::read(value, Spelling::Camel));
    Gate::new(options.expect("options")).expect("a verifier").verifier().clone()
}

/// Judges a token, waiting for keys where that is needed.
pub fn refuses(verifier: &Verifier, token: &str) {
    let result = match verifier.verify(token) {
        Outcome::Ready(result) => result,
        Outcome::Wait(ticket) => ticket.wait(),
    };
    assert!(result.is_err(), "a forged token was accepted");
}
