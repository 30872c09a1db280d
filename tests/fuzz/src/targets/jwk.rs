//! One JWK: what is accepted says that it is a public key for verifying, is strong enough, verifies
//! under what it admits, and is the same key in DER and PEM.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bearergate_core::fuzzing::{Key, key_of_jwk};
use bearergate_core::{Options, PublicKey, TrustOptions, Verifier};
use serde_json::{Map, Value};

use super::key_import::{check_no_secret, check_same_in_der};
use crate::keys::{check_verifies, rsa_pkcs1, rsa_spki};
use crate::limits::bounded;
use crate::oracle::strict_object;

const PRIVATE: [&str; 9] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv"];

/// The input is the JWK.
pub fn check(data: &[u8]) {
    let Ok(key) = bounded(|| key_of_jwk(data)) else { return };
    let jwk = strict_object(data).expect("a strict JSON object");
    check_members(&jwk, &key);
    check_verifies(&key);
    check_same_in_der(&key, &spki(&jwk));
    check_no_secret(data);
    if !jwk.contains_key("keys") {
        check_option(data, &key);
    }
}

/// What a JWK must say to be accepted.
pub(super) fn check_members(jwk: &Map<String, Value>, key: &Key) {
    assert!(PRIVATE.iter().all(|member| !jwk.contains_key(*member)), "a private key");
    assert!(jwk.get("use").is_none_or(|purpose| purpose == "sig"));
    assert!(jwk.get("key_ops").is_none_or(|all| all.as_array().is_some_and(|all| all.contains(&"verify".into()))));
    assert_eq!(jwk.get("kid").map(|kid| kid.as_str().expect("a string")), key.kid());
    let admits = key.admits();
    if let Some(alg) = jwk.get("alg") {
        assert_eq!(admits, [alg.as_str().expect("a string")]);
    }
    let fitting: &[&str] = match (jwk["kty"].as_str().expect("a string"), jwk.get("crv").and_then(Value::as_str)) {
        ("RSA", _) => &["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"],
        ("EC", Some("P-256")) => &["ES256"],
        ("EC", Some("P-384")) => &["ES384"],
        ("EC", Some("P-521")) => &["ES512"],
        ("EC", Some("secp256k1")) => &["ES256K"],
        ("OKP", Some("Ed25519")) => &["EdDSA", "Ed25519"],
        ("AKP", _) => &["ML-DSA-44", "ML-DSA-65", "ML-DSA-87"],
        other => panic!("a key of type {other:?}"),
    };
    assert!(admits.iter().all(|alg| fitting.contains(alg)), "{admits:?}");
    if jwk["kty"] == "RSA" {
        let (n, e) = (number(jwk, "n"), number(jwk, "e"));
        let bits = n.len() * 8 - n[0].leading_zeros() as usize;
        assert!((2048..=8192).contains(&bits), "{bits} bits");
        assert!(e.len() <= 4 && e[e.len() - 1] % 2 == 1 && e != [1], "exponent {e:?}");
    }
}

fn member(jwk: &Map<String, Value>, name: &str) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(jwk[name].as_str().expect("a string")).expect("base64url")
}

/// A big-endian number without leading zeros.
fn number(jwk: &Map<String, Value>, name: &str) -> Vec<u8> {
    member(jwk, name).into_iter().skip_while(|byte| *byte == 0).collect()
}

/// `SubjectPublicKeyInfo` of an accepted JWK.
fn spki(jwk: &Map<String, Value>) -> Vec<u8> {
    let text = |name| jwk.get(name).and_then(Value::as_str).unwrap_or_default();
    let point = || [vec![4], member(jwk, "x"), member(jwk, "y")].concat();
    let ec: &[u8] = &[0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];
    let ml_dsa = |last: u8| vec![0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x03, last];
    let curve = |oid: &[u8]| [ec, oid].concat();
    let (algorithm, key) = match (text("kty"), text("crv"), text("alg")) {
        ("RSA", ..) => return rsa_spki(&rsa_pkcs1(&number(jwk, "n"), &number(jwk, "e"))),
        ("EC", "P-256", _) => (curve(&[0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07]), point()),
        ("EC", "P-384", _) => (curve(&[0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x22]), point()),
        ("EC", "P-521", _) => (curve(&[0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x23]), point()),
        ("EC", "secp256k1", _) => (curve(&[0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x0a]), point()),
        ("OKP", ..) => (vec![0x06, 0x03, 0x2b, 0x65, 0x70], member(jwk, "x")),
        (_, _, "ML-DSA-44") => (ml_dsa(17), member(jwk, "pub")),
        (_, _, "ML-DSA-65") => (ml_dsa(18), member(jwk, "pub")),
        _ => (ml_dsa(19), member(jwk, "pub")),
    };
    let bits = [&[0], &*key].concat();
    der(0x30, &[der(0x30, &algorithm), der(0x03, &bits)].concat())
}

fn der(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(content.len()).expect("a short element").to_be_bytes();
    let head: Vec<u8> = match length {
        [0, short @ ..0x80] => vec![tag, short],
        [0, short] => vec![tag, 0x81, short],
        [high, low] => vec![tag, 0x82, high, low],
    };
    [&*head, content].concat()
}

/// As `publicKey` it serves for what it admits, and for no HMAC.
fn check_option(data: &[u8], key: &Key) {
    let with = |algorithms: Option<Vec<String>>| {
        let text = String::from_utf8(data.to_vec()).expect("text");
        let trust = TrustOptions { public_key: Some(PublicKey::Jwk(text)), algorithms, ..TrustOptions::default() };
        Verifier::new(Options { trust, ..Options::default() })
    };
    let names = |names: &[&str]| Some(names.iter().map(ToString::to_string).collect());
    assert!(with(names(&key.admits())).is_ok(), "its own algorithms");
    // ES256K only where it is asked for by name.
    assert_eq!(with(None).is_ok(), key.admits() != ["ES256K"], "no list");
    assert!(with(names(&["HS256"])).is_err(), "HS256");
    assert!(with(names(&["none"])).is_err(), "none");
}
