//! The suites, one file of cases each, in the order of the specification.

mod ages;
mod algorithms;
mod attack_cache;
mod attack_claims;
mod attack_keys;
mod attack_network;
mod attack_tokens;
mod authz;
mod claims;
mod config;
mod config_keys;
mod credentials;
mod discovery;
mod durations;
mod headers;
mod hooks;
mod http;
mod issuers;
mod mapping;
mod order;
mod patterns;
mod propagation;
mod remote;
mod responses;
mod selection;
mod signatures;
mod times;
mod tokens;
mod wire;

use crate::case::Suite;

/// Every suite.
pub fn all() -> Vec<Suite> {
    vec![
        config::suite(),
        config_keys::suite(),
        durations::suite(),
        credentials::suite(),
        tokens::suite(),
        headers::suite(),
        algorithms::suite(),
        signatures::suite(),
        claims::suite(),
        times::suite(),
        order::suite(),
        issuers::suite(),
        selection::suite(),
        remote::suite(),
        ages::suite(),
        responses::suite(),
        discovery::suite(),
        mapping::suite(),
        patterns::suite(),
        hooks::suite(),
        propagation::suite(),
        wire::suite(),
        http::suite(),
        authz::suite(),
        attack_keys::suite(),
        attack_tokens::suite(),
        attack_claims::suite(),
        attack_cache::suite(),
        attack_network::suite(),
    ]
}

/// JSON documents that are refused wherever a strict object is asked for, each with the words for
/// its `why`. `%A%` stands for members that would be good.
pub fn broken_json() -> Vec<(&'static str, &'static str, Vec<u8>)> {
    let deep = |levels: usize| format!("{{%A%,\"x\":{}{}}}", "[".repeat(levels), "]".repeat(levels));
    let text: Vec<(&str, &str, String)> = vec![
        ("array", "an array is not an object", "[]".into()),
        ("string", "a string is not an object", "\"x\"".into()),
        ("null", "null is not an object", "null".into()),
        ("number", "a number is not an object", "1".into()),
        ("truncated", "truncated JSON is not JSON", "{%A%".into()),
        ("trailing-text", "text after the object is refused", "{%A%} x".into()),
        ("two-objects", "a second object is refused", "{%A%}{}".into()),
        ("trailing-comma", "a trailing comma is not JSON", "{%A%,}".into()),
        ("comment", "a comment is not JSON", "{/**/%A%}".into()),
        ("single-quotes", "single quotes are not JSON", "{%A%,'x':1}".into()),
        ("nan", "NaN is not JSON", "{%A%,\"x\":NaN}".into()),
        ("leading-zero", "a leading zero is not JSON", "{%A%,\"x\":01}".into()),
        ("raw-control", "a raw control character in a string is not JSON", "{%A%,\"x\":\"a\nb\"}".into()),
        ("form-feed", "a form feed is not JSON white space", "{%A%,\u{c}\"x\":1}".into()),
        ("no-break-space", "a no-break space is not JSON white space", "{%A%,\u{a0}\"x\":1}".into()),
        ("bad-escape", "an unknown escape is not JSON", "{%A%,\"x\":\"\\x41\"}".into()),
        ("duplicate", "a member named twice is refused", "{%A%,\"x\":1,\"x\":2}".into()),
        ("duplicate-escaped", "names are compared after unescaping", "{%A%,\"x\":1,\"\\u0078\":2}".into()),
        ("lone-high-surrogate", "a lone high surrogate is refused", "{%A%,\"x\":\"\\ud83d\"}".into()),
        ("lone-low-surrogate", "a lone low surrogate is refused", "{%A%,\"x\":\"\\ude00\"}".into()),
        (
            "reversed-surrogates",
            "a pair in the wrong order is two lone surrogates",
            "{%A%,\"x\":\"\\ude00\\ud83d\"}".into(),
        ),
        ("surrogate-in-name", "a lone surrogate in a name is refused", "{%A%,\"\\ud800\":1}".into()),
        ("bom", "a byte order mark is refused", "\u{feff}{%A%}".into()),
        ("infinite", "a number whose double is infinite is refused", "{%A%,\"x\":1e400}".into()),
        ("minus-infinite", "a negative number whose double is infinite is refused", "{%A%,\"x\":-1e400}".into()),
        ("depth-33", "a document deeper than 32 is refused, the outer object being 1", deep(32)),
        ("depth-3000", "great depth is refused without recursion", deep(3000)),
    ];
    let mut all: Vec<_> = text.into_iter().map(|(id, why, text)| (id, why, text.into_bytes())).collect();
    all.push(("invalid-utf8", "a byte that is not UTF-8 is refused", b"{%A%,\"x\":\"\xff\"}".to_vec()));
    all.push(("overlong-utf8", "an overlong encoding is not UTF-8", b"{%A%,\"x\":\"\xc0\xaf\"}".to_vec()));
    all.push((
        "encoded-surrogate",
        "a surrogate encoded in UTF-8 is not UTF-8",
        b"{%A%,\"x\":\"\xed\xa0\x80\"}".to_vec(),
    ));
    let utf16: Vec<u8> = "{}".encode_utf16().flat_map(u16::to_le_bytes).collect();
    all.push(("utf-16", "UTF-16 is not UTF-8", utf16));
    all
}

/// Puts the good members where `%A%` stands.
pub fn fill(bytes: &[u8], members: &str) -> Vec<u8> {
    let Some(at) = bytes.windows(3).position(|window| window == b"%A%") else { return bytes.to_vec() };
    [&bytes[..at], members.as_bytes(), &bytes[at + 3..]].concat()
}
