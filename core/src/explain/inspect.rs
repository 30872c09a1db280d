//! A key set as the core sees it: each key's verdict, by the same readers that verifiers use.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;

use crate::alg::Alg;
use crate::json::{Document, Value};
use crate::key::from_jwk_set_member;
use crate::keyset::KeySet;
use crate::verifier::Verifier;

/// What a fetch brought, or why it brought nothing.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Inspection {
    /// Whether a verifier would put it into service.
    pub(super) usable: bool,
    /// Where it came from, without its query.
    pub(super) url: String,
    pub(super) keys: Vec<Key>,
    /// Why it would not be put into service.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) error: Option<String>,
}

/// One key of the set.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Key {
    pub(super) usable: bool,
    pub(super) kid: Option<String>,
    pub(super) kty: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) crv: Option<String>,
    /// Bits of an RSA modulus or of a curve.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) bits: Option<usize>,
    /// The algorithms that it admits, where it is used.
    pub(super) algorithms: Vec<&'static str>,
    /// Why it is not used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) reason: Option<String>,
}

/// Fetches the verifier's first remote set once. Blocks for as long as the fetch may take.
pub(super) fn inspect(verifier: &Verifier) -> Option<Inspection> {
    let set = verifier.remote_sets().next()?;
    let failed = |error: String| Inspection { usable: false, url: set.url(), keys: Vec::new(), error: Some(error) };
    Some(match set.document() {
        Err(error) => failed(error),
        Ok((url, bytes)) => {
            let error = KeySet::parse(bytes.clone(), set.max_keys()).err().map(|bad| bad.0);
            Inspection { usable: error.is_none(), url, keys: keys(bytes), error }
        }
    })
}

fn keys(bytes: Vec<u8>) -> Vec<Key> {
    let Ok(document) = Document::parse(bytes) else { return Vec::new() };
    let keys = document.root().get("keys");
    keys.into_iter().flat_map(Value::items).map(key).collect()
}

fn key(jwk: Value<'_>) -> Key {
    let text = |name: &str| jwk.get(name).and_then(Value::as_str).map(String::from);
    let found = from_jwk_set_member(jwk);
    let (kty, crv) = (text("kty"), text("crv"));
    let bits = match (kty.as_deref(), crv.as_deref()) {
        (Some("RSA"), _) => text("n").and_then(|n| modulus_bits(&n)),
        (_, Some("P-256" | "secp256k1" | "Ed25519")) => Some(256),
        (_, Some("P-384")) => Some(384),
        (_, Some("P-521")) => Some(521),
        _ => None,
    };
    Key {
        usable: found.is_ok(),
        kid: text("kid"),
        kty,
        crv,
        bits,
        algorithms: found.as_ref().map(|key| key.admits().iter().map(Alg::name).collect()).unwrap_or_default(),
        reason: found.err().map(|(_, problem)| problem.text().to_owned()),
    }
}

fn modulus_bits(n: &str) -> Option<usize> {
    let bytes = URL_SAFE_NO_PAD.decode(n).ok()?;
    let first = bytes.iter().position(|byte| *byte != 0)?;
    Some((bytes.len() - first) * 8 - bytes[first].leading_zeros() as usize)
}
