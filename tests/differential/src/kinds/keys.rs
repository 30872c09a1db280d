//! Keys as they are configured: JWKs and sets of them that are not quite what signed the token.

use conformance_generator::keys::{Keys, b64, standard, unb64};
use serde_json::{Value, json};

use crate::random::Random;

/// A key source in the making: one JWK, or a set with it.
pub struct KeyDraft<'a> {
    /// The committed keys.
    pub keys: &'a Keys,
    /// The key that signs, as it is configured.
    pub jwk: Value,
    /// What stands beside it in the set; `None` for a bare JWK.
    pub beside: Option<Vec<Value>>,
    /// The private JWK.
    pub private: Value,
}

/// One way to change a key source.
pub struct KeyKind {
    /// What it is called in the report.
    pub name: &'static str,
    /// The change.
    pub apply: fn(&mut KeyDraft<'_>, &mut Random),
}

const fn kind(name: &'static str, apply: fn(&mut KeyDraft<'_>, &mut Random)) -> KeyKind {
    KeyKind { name, apply }
}

pub const KINDS: &[KeyKind] = &[
    kind("key-as-it-is", |_, _| ()),
    kind("key-alg-of-its-type", |draft, random| {
        let alg = match draft.jwk["kty"].as_str() {
            Some("RSA") => random.choose(&["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"]),
            Some("OKP") => random.choose(&["EdDSA", "Ed25519"]),
            _ => random.choose(&["ES256", "ES384", "ES512"]),
        };
        draft.jwk["alg"] = alg.into();
    }),
    kind("key-alg-of-another-type", |draft, random| {
        draft.jwk["alg"] =
            (random.choose(&["HS256", "RS256", "ES256", "EdDSA", "RSA-OAEP", "none", "ML-DSA-44"])).into();
    }),
    kind("key-alg-not-text", |draft, random| {
        draft.jwk["alg"] = random.pick(&[json!(null), json!(1), json!([])]).clone()
    }),
    kind("key-use", |draft, random| {
        draft.jwk["use"] =
            random.pick(&[json!("sig"), json!("enc"), json!("SIG"), json!(""), json!(null), json!(1)]).clone();
    }),
    kind("key-ops", |draft, random| {
        let values = [
            json!(["verify"]),
            json!(["sign"]),
            json!(["sign", "verify"]),
            json!([]),
            json!("verify"),
            json!(null),
            json!(["verify", "verify"]),
            json!(["verify", 1]),
            json!(["encrypt"]),
        ];
        draft.jwk["key_ops"] = random.pick(&values).clone();
    }),
    kind("key-leading-zero", |draft, _| bend(draft, |bytes| bytes.insert(0, 0))),
    kind("key-trailing-zero", |draft, _| bend(draft, |bytes| bytes.push(0))),
    kind("key-cut", |draft, _| bend(draft, |bytes| bytes.truncate(bytes.len() - 1))),
    kind("key-byte-changed", |draft, random| {
        let byte = random.byte();
        bend(draft, |bytes| {
            let at = usize::from(byte) % bytes.len();
            bytes[at] ^= 1 + byte % 255;
        });
    }),
    kind("key-base64-padded", |draft, _| respell(draft, |text| text + "=")),
    kind("key-base64-standard", |draft, _| {
        respell(draft, |text| standard(unb64(&text)).trim_end_matches('=').to_owned());
    }),
    kind("key-base64-space", |draft, random| {
        let space = random.choose(&[" ", "\n"]);
        if space == " " { respell(draft, |text| text + " ") } else { respell(draft, |text| format!("\n{text}")) }
    }),
    kind("key-crv-other", |draft, random| {
        draft.jwk["crv"] =
            (random.choose(&["P-256", "P-384", "P-521", "p-256", "secp256k1", "Ed25519", "Ed448", "X25519", ""]))
                .into();
    }),
    kind("key-kty-other", |draft, random| {
        draft.jwk["kty"] = (random.choose(&["RSA", "EC", "OKP", "AKP", "oct", "rsa", "ec", ""])).into();
    }),
    kind("key-member-absent", |draft, _| {
        let member = main_member(draft);
        draft.jwk.as_object_mut().expect("a JWK").remove(member);
    }),
    kind("key-member-not-text", |draft, random| {
        let member = main_member(draft);
        draft.jwk[member] = random.pick(&[json!(1), json!(null), json!([]), json!("")]).clone();
    }),
    kind("key-private", |draft, _| {
        let (private, alg) = (draft.private.clone(), draft.jwk.get("alg").cloned());
        draft.jwk = private;
        if let Some(alg) = alg {
            draft.jwk["alg"] = alg;
        }
    }),
    kind("key-private-member", |draft, random| {
        let member = random.choose(&["d", "p", "k", "oth", "priv"]);
        draft.jwk[member] = random.pick(&[json!("AQAB"), json!(""), json!([])]).clone();
    }),
    kind("key-exponent", |draft, random| {
        if draft.jwk["kty"] == "RSA" {
            draft.jwk["e"] = (random.choose(&["AQ", "Ag", "Aw", "AAEAAQ", "AQAAAAE", "AQABAQ", "AA"])).into();
        }
    }),
    kind("key-weak", |draft, _| {
        if draft.jwk["kty"] == "RSA" {
            draft.jwk["n"] = draft.keys.key("rsa-weak").public_jwk()["n"].clone();
        }
    }),
    kind("key-more-members", |draft, random| {
        let members = [
            ("x5c", json!(["AAAA"])),
            ("x5t", json!(1)),
            ("ext", json!(true)),
            ("ext", json!("yes")),
            ("foo", json!({})),
            ("x5u", json!("http://127.0.0.1:1/")),
        ];
        let (name, value) = random.pick(&members);
        draft.jwk[*name] = value.clone();
    }),
    kind("key-kid", |draft, random| {
        let kids = [json!("other"), json!(1), json!(null), json!("")];
        match random.below(kids.len() + 1) {
            0 => drop(draft.jwk.as_object_mut().expect("a JWK").remove("kid")),
            at => draft.jwk["kid"] = kids[at - 1].clone(),
        }
    }),
    kind("set-key-twice", |draft, random| {
        let mut twin = draft.jwk.clone();
        if random.one_in(2) {
            twin["alg"] = draft.jwk["alg"].clone();
            twin["foo"] = 1.into();
        }
        beside(draft).push(twin);
    }),
    kind("set-other-key-of-the-same-kid", |draft, random| {
        let name = random.choose(&["rsa-b", "p256-b", "ed-b", "p384-b"]);
        let mut other = draft.keys.key(name).public_jwk();
        other["kid"] = draft.jwk["kid"].clone();
        beside(draft).push(other);
    }),
    kind("set-no-kids", |draft, _| {
        let stripped = |jwk: &mut Value| drop(jwk.as_object_mut().expect("a JWK").remove("kid"));
        stripped(&mut draft.jwk);
        beside(draft).iter_mut().for_each(stripped);
    }),
    kind("set-unknown-key-beside", |draft, random| {
        let unknown = [
            json!({ "kty": "XYZ", "kid": "xyz" }),
            json!({ "kty": "OKP", "crv": "X25519", "x": "AA", "kid": "x" }),
            json!({ "kty": "EC", "crv": "P-192", "kid": "old" }),
            json!({ "kty": "RSA", "use": "enc", "kid": "e", "n": "AQAB", "e": "AQAB" }),
        ];
        let unknown = random.pick(&unknown).clone();
        beside(draft).insert(0, unknown);
    }),
    kind("set-broken-key-beside", |draft, random| {
        let broken = [
            json!({}),
            json!({ "kty": "EC", "crv": "P-256", "kid": "b" }),
            json!({ "kty": "RSA", "n": "AQAB", "e": "AQAB", "kid": "b" }),
        ];
        let broken = random.pick(&broken).clone();
        beside(draft).insert(0, broken);
    }),
    kind("set-member-not-an-object", |draft, random| {
        let odd = random.pick(&[json!(null), json!(1), json!("x"), json!([])]).clone();
        beside(draft).push(odd);
    }),
    kind("set-without-the-key", |draft, _| {
        draft.jwk = draft.keys.key("ed-b").public_jwk();
        draft.beside = Some(vec![]);
    }),
    kind("set-symmetric-key-beside", |draft, _| {
        let secret = draft.keys.key("hmac-64").private_jwk();
        beside(draft).push(secret);
    }),
];

fn beside<'a>(draft: &'a mut KeyDraft<'_>) -> &'a mut Vec<Value> {
    draft.beside.get_or_insert_default()
}

fn main_member(draft: &KeyDraft<'_>) -> &'static str {
    match draft.jwk["kty"].as_str() {
        Some("RSA") => "n",
        Some("AKP") => "pub",
        _ => "x",
    }
}

fn respell(draft: &mut KeyDraft<'_>, change: impl FnOnce(String) -> String) {
    let member = main_member(draft);
    let text = draft.jwk[member].as_str().expect("base64url").to_owned();
    draft.jwk[member] = change(text).into();
}

fn bend(draft: &mut KeyDraft<'_>, change: impl FnOnce(&mut Vec<u8>)) {
    respell(draft, |text| {
        let mut bytes = unb64(&text);
        change(&mut bytes);
        b64(bytes)
    });
}
