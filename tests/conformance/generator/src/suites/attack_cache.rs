//! Published attacks on what is remembered: a token that differs in one place from one that is cached,
//! tokens that begin alike, and keys of two issuers under names that can be taken for one another.

use serde_json::{Value, json};

use super::algorithms::{EVERY, fits};
use crate::case::{Case, Suite, err, missing, mistyped, ok, rejected, used};
use crate::keys::{b64, try_unb64};
use crate::mint::{T0, Token, keys};
use crate::source::Source;

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

pub fn suite() -> Suite {
    let mut s = Suite::new("attack-cache", "9", "Published attacks on caches of tokens and of keys");
    s.each(
        "cached-token-flipped",
        "9",
        "a token that differs from a cached one in a single bit is judged by itself",
        |c, k| {
            let token = k.token();
            let text = token.mint();
            c.text(T0, &text, ok(&token));
            // Every byte where tokens are short; elsewhere every seventh and the ends of the segments.
            let every = if k.name == "secret" { 1 } else { 7 };
            for at in 0..text.len() {
                let bytes = text.as_bytes();
                let end = at + 1 == bytes.len() || bytes[at] == b'.' || bytes[at + 1] == b'.';
                if at % every != 0 && !end {
                    continue;
                }
                let mut bent = bytes.to_vec();
                bent[at] = match ALPHABET.iter().position(|byte| *byte == bytes[at]) {
                    Some(value) => ALPHABET[value ^ (1 << (at % 6))],
                    None => b'A',
                };
                let bent = String::from_utf8(bent).expect("ASCII");
                c.text(T0, &bent, judged(k, &bent));
            }
            c.text(T0, &text, ok(&token));
        },
    );
    s.each("cached-token-cut", "9", "nor is a part of it, or more than it, the cached token", |c, k| {
        let token = k.token();
        let text = token.mint();
        c.text(T0, &text, ok(&token));
        for cut in [1, 2, 20, 43] {
            let (from, to) = (&text[cut..], &text[..text.len() - cut]);
            for part in [from, to] {
                c.text(T0, part, judged(k, part));
            }
        }
        for more in ["A", "AA", "AAAA", ".", "=", " "] {
            let longer = format!("{text}{more}");
            c.text(T0, &longer, judged(k, &longer));
        }
        c.text(T0, &text, ok(&token));
    });
    s.each("cached-token-same-beginning", "9", "two tokens that begin alike are two tokens", |c, k| {
        let with = |last: &str| k.token().claim("zz", format!("{}{last}", "a".repeat(200)));
        let (one, other) = (with("1"), with("2"));
        c.verify(T0, &one, ok(&one));
        c.verify(T0, &other.clone().signature(one.signature_bytes()), err("ERR_SIGNATURE_INVALID"));
        c.verify(T0, &other, ok(&other));
        c.verify(T0, &one.clone().signature(other.signature_bytes()), err("ERR_SIGNATURE_INVALID"));
        c.verify(T0, &one, ok(&one)).verify(T0, &other, ok(&other));
        c.verify(T0 + 3600, &one, err("ERR_TOKEN_EXPIRED")).verify(T0 + 3600, &other, err("ERR_TOKEN_EXPIRED"));
    });
    s.each("cached-token-in-a-small-cache", "9", "what is thrown out of the cache is verified anew", |c, k| {
        c.options(json!({ "cache": { "maxEntries": 1 } }));
        let tokens: Vec<Token> = (0..4).map(|n| k.token().claim("n", n)).collect();
        for token in tokens.iter().chain(tokens.iter().rev()) {
            c.verify(T0, token, ok(token));
            let forged = token.clone().claim("sub", "admin").signature(token.signature_bytes());
            c.verify(T0, &forged, err("ERR_SIGNATURE_INVALID"));
        }
    });
    issuers(&mut s);
    s
}

/// What a text that is not the good token must cost, told from the text alone.
fn judged(k: &Source, text: &str) -> Value {
    let malformed = || err("ERR_TOKEN_MALFORMED");
    let segments: Vec<_> = text.split('.').map(|part| try_unb64(part).filter(|bytes| !bytes.is_empty())).collect();
    let [Some(header), Some(payload), Some(_)] = segments.as_slice() else { return malformed() };
    let Ok(Value::Object(header)) = serde_json::from_slice(header) else { return malformed() };
    let Some(Value::String(alg)) = header.get("alg") else { return malformed() };
    if k.name == "issuers" {
        let Ok(Value::Object(claims)) = serde_json::from_slice(payload) else { return err("ERR_CLAIMS_MALFORMED") };
        match claims.get("iss") {
            None => return missing("iss"),
            Some(Value::String(iss)) if iss == "https://issuer.example" => {}
            Some(Value::String(_)) => return rejected("iss"),
            Some(_) => return mistyped("iss"),
        }
    }
    let admitted = match k.name {
        "jwks-uri" => EVERY.iter().any(|name| name == alg && !name.starts_with("HS") && *name != "ES256K"),
        "jwk-set" => fits("rsa-a").iter().chain(fits("ed-a")).chain(fits("p256-a")).any(|name| name == alg),
        _ => k.alg == alg,
    };
    if !admitted {
        return err("ERR_ALG_NOT_ALLOWED");
    }
    let chosen = header.get("kid").is_none_or(|kid| kid == k.key);
    if !chosen && matches!(k.name, "jwks-uri" | "jwk-set") {
        return err("ERR_KEY_NOT_FOUND");
    }
    err("ERR_SIGNATURE_INVALID")
}

/// Keys of two issuers that a careless key of a cache would join.
fn issuers(s: &mut Suite) {
    const A: &str = "https://a.example";
    let keyed = |name: &str, kid: &str| {
        let mut jwk = keys().form(&format!("{name}.jwk"));
        jwk["kid"] = json!(kid);
        json!({ "keys": [jwk] })
    };
    let token = |issuer: &str, key: &str, kid: &str| Token::new(key, "ES256").claim("iss", issuer).kid(Some(kid));
    for (id, other, kid_a, kid_b) in [
        ("same-kid", "https://b.example", "shared", "shared"),
        ("joined-by-colon", "https://a.example:x", "x:k", "k"),
        ("joined-by-slash", "https://a.example/x", "x/k", "k"),
        ("joined-by-dash", "https://a.example-ES256", "ES256-k", "k"),
        ("joined-by-nothing", "https://a.examplex", "xk", "k"),
        ("joined-by-nul", "https://a.example\u{0}", "\u{0}k", "k"),
        ("same-beginning", "https://a.example.org", "k", "k"),
        ("empty-kid", "https://b.example", "", ""),
    ] {
        let play = |c: &mut Case| {
            for _ in 0..2 {
                let (a, b) = (token(A, "p256-a", kid_a), token(other, "p256-b", kid_b));
                c.verify(T0, &a, ok(&a)).verify(T0, &b, ok(&b));
                for (issuer, key, kid) in [(A, "p256-b", kid_a), (other, "p256-a", kid_b)] {
                    c.verify(T0, &token(issuer, key, kid), err("ERR_SIGNATURE_INVALID"));
                }
                if kid_a != kid_b {
                    c.verify(T0, &token(A, "p256-b", kid_b), err("ERR_KEY_NOT_FOUND"));
                    c.verify(T0, &token(other, "p256-a", kid_a), err("ERR_KEY_NOT_FOUND"));
                }
            }
        };
        let why = "keys of two issuers stay apart, however issuer and kid could be joined";
        s.one(&format!("two-issuers-{id}"), "4 issuers", why, |c| {
            c.options(json!({ "issuers": [
                { "issuer": A, "publicKey": keyed("p256-a", kid_a) }, { "issuer": other, "publicKey": keyed("p256-b", kid_b) },
            ] }));
            play(c);
        });
        s.one(&format!("two-issuers-{id}-remote"), "4 issuers", why, |c| {
            c.options(json!({ "issuers": [{ "issuer": A, "jwksUri": "$jwks/a" }, { "issuer": other, "jwksUri": "$jwks/b" }] }));
            c.serve(json!({ "routes": {
                "/a": { "jwks": keyed("p256-a", kid_a) }, "/b": { "jwks": keyed("p256-b", kid_b) },
            } }));
            play(c);
        });
    }
    s.one("two-issuers-one-url", "4 issuers", "one key set for two issuers is one set of keys and two sets of rules", |c| {
        c.options(json!({ "issuers": [
            { "issuer": A, "jwksUri": "$jwks", "audience": "a" }, { "issuer": "https://b.example", "jwksUri": "$jwks", "audience": "b" },
        ] }));
        c.serve(json!({ "jwks": { "keys": [used("p256-a.jwk")] } }));
        let own = |issuer: &str, aud: &str| token(issuer, "p256-a", "p256-a").claim("aud", aud);
        let (a, b) = (own(A, "a"), own("https://b.example", "b"));
        for _ in 0..2 {
            c.verify(T0, &a, ok(&a)).verify(T0, &b, ok(&b));
            c.verify(T0, &own(A, "b"), rejected("aud")).verify(T0, &own("https://b.example", "a"), rejected("aud"));
        }
    });
    s.one("cached-token-of-another-issuer", "9", "a cached token does not vouch for its likeness from another issuer", |c| {
        c.options(json!({ "issuers": [
            { "issuer": A, "publicKey": used("p256-a.jwk") }, { "issuer": "https://b.example", "publicKey": used("p256-b.jwk") },
        ] }));
        let a = token(A, "p256-a", "p256-a");
        let b = token("https://b.example", "p256-b", "p256-a");
        c.verify(T0, &a, ok(&a)).verify(T0, &b, ok(&b));
        let moved = b.clone().signature(a.signature_bytes());
        c.verify(T0, &moved, err("ERR_SIGNATURE_INVALID")).verify(T0, &a, ok(&a));
        let header = b64(r#"{"typ":"JWT","alg":"ES256","kid":"p256-a"}"#);
        assert!(a.mint().starts_with(&header), "both begin with one header");
    });
}
