//! How a verifier is set up: a key in some form and the rules for tokens, as our options and in the
//! terms that every peer has.

use conformance_generator::keys::{Keys, pem, strip};
use serde_json::{Map, Value, json};

use crate::draft::{Draft, Members, Signer, quoted};
use crate::kinds::keys::{KeyDraft, KeyKind};
use crate::random::Random;

/// Keys with the algorithm they sign with, the quick ones more often.
const SIGNERS: [(&str, &str, usize); 20] = [
    ("hmac-32", "HS256", 12),
    ("hmac-48", "HS384", 3),
    ("hmac-64", "HS512", 3),
    ("ed-a", "EdDSA", 8),
    ("ed-b", "Ed25519", 3),
    ("p256-a", "ES256", 12),
    ("p256-b", "ES256", 3),
    ("p384", "ES384", 1),
    ("p521", "ES512", 1),
    ("k256", "ES256K", 2),
    ("rsa-a", "RS256", 6),
    ("rsa-a", "PS256", 3),
    ("rsa-a", "RS384", 1),
    ("rsa-a", "RS512", 1),
    ("rsa-b", "PS384", 1),
    ("rsa-b", "PS512", 1),
    ("rsa-3072", "RS256", 1),
    ("mldsa-44", "ML-DSA-44", 1),
    ("mldsa-65", "ML-DSA-65", 1),
    ("mldsa-87", "ML-DSA-87", 1),
];

/// A set-up, and who signs the tokens that it verifies.
pub struct World {
    /// Its name in the lines.
    pub name: String,
    key: &'static str,
    alg: &'static str,
    rules: Value,
}

impl World {
    /// Every combination of signer, form of key and rules, each with the line that announces it, and
    /// how often it is to be used.
    pub fn all(keys: &Keys) -> Vec<(Self, Value, usize)> {
        let mut worlds = Vec::new();
        for (key, alg, weight) in SIGNERS {
            for form in forms(alg) {
                for rules in rules() {
                    let name = format!("w{}", worlds.len());
                    let world = Self { name, key, alg, rules };
                    let source = source(keys, key, alg, form);
                    let line = world.line(&source);
                    worlds.push((world, line, weight));
                }
            }
        }
        worlds
    }

    /// The same signer and rules with a key source of its own.
    pub fn with_key(&self, name: String, keys: &Keys, kind: &KeyKind, random: &mut Random) -> Option<(Self, Value)> {
        if self.alg.starts_with("HS") {
            return None;
        }
        let key = keys.key(self.key);
        let beside = random.one_in(2).then(|| vec![keys.key("p384-b").public_jwk(), keys.key("ed-b").public_jwk()]);
        let mut draft = KeyDraft { keys, jwk: key.public_jwk(), beside, private: key.private_jwk() };
        if draft.jwk["kty"] != "AKP" && random.one_in(2) {
            draft.jwk["alg"] = self.alg.into();
        }
        (kind.apply)(&mut draft, random);
        let source = match draft.beside {
            None => json!({ "jwk": draft.jwk }),
            Some(mut beside) => {
                let at = random.below(beside.len() + 1);
                beside.insert(at, draft.jwk);
                json!({ "jwk": { "keys": beside } })
            }
        };
        let world = Self { name, key: self.key, alg: self.alg, rules: self.rules.clone() };
        let line = world.line(&source);
        Some((world, line))
    }

    fn line(&self, source: &Value) -> Value {
        let mut options = self.rules.as_object().expect("an object").clone();
        let mut peer = options.clone();
        let (form, value) = source.as_object().and_then(|source| source.iter().next()).expect("a source");
        let ours = if form == "secret" { "secret" } else { "publicKey" };
        options.insert(ours.to_owned(), value.clone());
        if self.alg == "ES256K" {
            options.insert("algorithms".to_owned(), json!(["ES256K"]));
        }
        peer.insert("key".to_owned(), source.clone());
        peer.insert("algorithms".to_owned(), algorithms(self.alg, value));
        json!({ "config": self.name, "options": options, "peer": peer })
    }

    /// A valid token of this world.
    pub fn draft<'a>(&self, keys: &'a Keys, now: i64) -> Draft<'a> {
        let mut header = Members::default();
        header.set("typ", quoted(self.rules["typ"].as_str().unwrap_or("JWT")));
        header.set("alg", quoted(self.alg));
        header.set("kid", quoted(self.key));
        let mut claims = Members::default();
        claims.set("iss", "\"https://issuer.example\"");
        claims.set("sub", "\"user-1\"");
        claims.set("aud", "\"api\"");
        claims.set("iat", (now - 60).to_string());
        claims.set("exp", (now + 7 * 86_400).to_string());
        claims.set("jti", "\"a1\"");
        claims.set("realm_access", r#"{"roles":["admin","user"]}"#);
        claims.set("scope", "\"read write\"");
        let signer = Signer { key: self.key.to_owned(), alg: self.alg.to_owned(), secret: None, stale: false };
        Draft::new(keys, now, self.rules["clockTolerance"].as_i64().unwrap_or(0), header, claims, signer)
    }
}

fn forms(alg: &str) -> &'static [&'static str] {
    match &alg[..2] {
        "HS" => &["secret"],
        "ML" => &["jwk", "set"],
        _ => &["jwk", "jwk-alg", "pem", "set"],
    }
}

fn source(keys: &Keys, name: &str, alg: &str, form: &str) -> Value {
    let key = keys.key(name);
    match form {
        "secret" => json!({ "secret": String::from_utf8(key.secret().to_vec()).expect("text") }),
        "pem" => json!({ "pem": pem("PUBLIC KEY", &key.spki()) }),
        "jwk" => json!({ "jwk": strip(key.public_jwk(), &["kid"]) }),
        "jwk-alg" => {
            let mut jwk = key.public_jwk();
            jwk["alg"] = alg.into();
            json!({ "jwk": jwk })
        }
        _ => {
            let others = ["p384-b", "rsa-b", "p256-b", "ed-b"].into_iter().filter(|other| *other != name);
            let mut set: Vec<Value> = others.map(|other| keys.key(other).public_jwk()).collect();
            set.insert(set.len() / 2, key.public_jwk());
            json!({ "jwk": { "keys": set } })
        }
    }
}

/// What a key source can do by BEHAVIOUR 4, for the peers, which must be told.
fn algorithms(alg: &str, source: &Value) -> Value {
    const RSA: [&str; 6] = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"];
    if source.get("keys").is_some() && alg != "ES256K" {
        let others = ["ES256", "ES384", "ES512", "EdDSA", "Ed25519", "ML-DSA-44", "ML-DSA-65", "ML-DSA-87"];
        return RSA.into_iter().chain(others).collect();
    }
    match alg {
        "HS384" => json!(["HS256", "HS384"]),
        "HS512" => json!(["HS256", "HS384", "HS512"]),
        "EdDSA" | "Ed25519" => json!(["EdDSA", "Ed25519"]),
        _ if RSA.contains(&alg) => json!(RSA),
        _ => json!([alg]),
    }
}

fn rules() -> [Value; 4] {
    [
        json!({ "issuer": "https://issuer.example", "audience": "api" }),
        json!({
            "issuer": ["https://first.example", "https://issuer.example"], "audience": ["other", "api"],
            "clockTolerance": 30, "requiredClaims": ["jti", "exp"],
        }),
        json!({ "issuer": "https://issuer.example", "audience": "api", "maxTokenAge": 3600, "typ": "at+jwt" }),
        Value::Object(Map::new()),
    ]
}
