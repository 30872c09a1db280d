//! Wycheproof's files about primitives: each group's key through every form of import that the file
//! offers, and each test's signature below the token path. What no JWS algorithm has is counted by
//! its reason, and where the file calls it valid it must still not verify.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;

use super::source::{Json, hex, list, text};
use super::tally::{Answer, Label, Tally};
use super::token_path::import;
use crate::alg::{Alg, AlgSet};
use crate::key::{KeyProblem, PreparedKey, Secret, check_secret, from_pem, from_spki, prepare_secret};

/// The algorithms under which a group's signatures are to verify, or why there is none.
type Scheme = Result<AlgSet, String>;

/// A group's key in each form that the file has it in.
type Forms = Vec<(&'static str, Result<PreparedKey, KeyProblem>)>;

/// RSA, ECDSA, `EdDSA` and ML-DSA.
pub(super) fn signatures(json: &Json, tally: &mut Tally) {
    for group in list(json, "testGroups") {
        let scheme = scheme(json, group);
        let keys = forms(json, group);
        check_forms(&keys, &scheme, group, tally);
        for test in list(group, "tests") {
            let about = Test::of(test, "sig");
            match &scheme {
                Err(reason) => about.unsupported(keys.iter().filter_map(|(_, key)| key.as_ref().ok()), reason, tally),
                Ok(_) if test.get("ctx").is_some_and(|ctx| ctx != "") => {
                    let reason = "ML-DSA with a context: RFC 9964 signs with the empty one";
                    about.unsupported(keys.iter().filter_map(|(_, key)| key.as_ref().ok()), reason, tally);
                }
                Ok(algs) => about.judge(&keys, *algs, tally),
            }
        }
    }
}

/// HMAC, where each test has a key of its own.
pub(super) fn macs(json: &Json, tally: &mut Tally) {
    let (alg, bits) = match text(json, "algorithm") {
        "HMACSHA256" => (Alg::Hs256, 256),
        "HMACSHA384" => (Alg::Hs384, 384),
        "HMACSHA512" => (Alg::Hs512, 512),
        other => panic!("no JWS algorithm is {other}"),
    };
    for group in list(json, "testGroups") {
        let size = |name: &str| group[name].as_u64().expect("a size in bits");
        for test in list(group, "tests") {
            let about = Test::of(test, "tag");
            let secret = Secret::new(hex(test, "key"));
            let strong = check_secret(&secret, Some(AlgSet::one(alg)));
            if strong.is_ok() != (size("keySize") >= bits) {
                tally.fail(&about.name(), &format!("a key of {} bits: {strong:?}", size("keySize")));
            }
            if size("keySize") < bits {
                let reason = format!("a key of {} bits: RFC 7518 section 3.2 wants {bits}", size("keySize"));
                tally.unsupported(&reason);
                continue;
            }
            let key = prepare_secret(&secret);
            if size("tagSize") < bits {
                let reason = format!("a tag cut to {} bits: RFC 7518 section 3.2 has {bits}", size("tagSize"));
                about.unsupported([&key].into_iter(), &reason, tally);
            } else {
                about.judge(&vec![("secret", Ok(key))], AlgSet::one(alg), tally);
            }
        }
    }
}

struct Test {
    tc_id: u64,
    label: Label,
    message: Vec<u8>,
    signature: Vec<u8>,
}

impl Test {
    fn of(test: &Json, signature: &str) -> Self {
        Self {
            tc_id: test["tcId"].as_u64().expect("tcId is a number"),
            label: Label::of(text(test, "result")),
            message: hex(test, "msg"),
            signature: hex(test, signature),
        }
    }

    fn name(&self) -> String {
        format!("tcId {}", self.tc_id)
    }

    /// The algorithms under which the key verifies the signature.
    fn verifying(&self, key: &PreparedKey) -> AlgSet {
        key.admits().iter().filter(|alg| key.verifies(*alg, &self.message, &self.signature)).collect()
    }

    /// Every form must answer alike; a good signature is good under the names of its algorithm and no
    /// other.
    fn judge(&self, keys: &Forms, algs: AlgSet, tally: &mut Tally) {
        let answers: Vec<_> = keys.iter().map(|(_, key)| self.answer(key, algs)).collect();
        let first = answers[0].clone();
        match first {
            Ok(answer) if answers.iter().all(|other| *other == first) => tally.judge(self.tc_id, self.label, answer),
            _ => tally.fail(&self.name(), &format!("{:?} gave {answers:?}", names(keys))),
        }
    }

    fn answer(&self, key: &Result<PreparedKey, KeyProblem>, algs: AlgSet) -> Result<Answer, String> {
        let Ok(key) = key else { return Ok(Answer::KeyRefused) };
        let verifying = self.verifying(key);
        match self.label {
            // A signature that is bad for this scheme may be good for another of the same key.
            Label::Invalid | Label::Acceptable if verifying.and(algs).is_empty() => Ok(Answer::NotVerified),
            Label::Valid if verifying.is_empty() => Ok(Answer::NotVerified),
            _ if verifying == algs => Ok(Answer::Accepted),
            _ => Err(format!("verifies under {verifying:?}, due is {algs:?}")),
        }
    }

    /// A signature with parameters that no JWS algorithm has is good under none. One that is bad for
    /// such parameters may be good for those of a JWS algorithm: some files try just that.
    fn unsupported<'k>(&self, keys: impl Iterator<Item = &'k PreparedKey>, reason: &str, tally: &mut Tally) {
        for key in keys {
            let verifying = self.verifying(key);
            if self.label == Label::Valid && !verifying.is_empty() {
                tally.fail(&self.name(), &format!("verifies under {verifying:?} in spite of {reason}"));
            }
        }
        tally.unsupported(reason);
    }
}

fn scheme(json: &Json, group: &Json) -> Scheme {
    let by_hash = |names: [Alg; 3]| match text(group, "sha") {
        "SHA-256" => Ok(AlgSet::one(names[0])),
        "SHA-384" => Ok(AlgSet::one(names[1])),
        "SHA-512" => Ok(AlgSet::one(names[2])),
        other => Err(format!("RSA with {other}")),
    };
    match text(group, "type") {
        "RsassaPkcs1Verify" => by_hash([Alg::Rs256, Alg::Rs384, Alg::Rs512]),
        "RsassaPssVerify" => {
            let (hash, mask) = (text(group, "sha"), text(group, "mgfSha"));
            let salt = group["sLen"].as_u64().expect("sLen is a number") * 8;
            if mask != hash {
                return Err(format!(
                    "PSS with {hash} and a mask of {mask}: RFC 7518 section 3.5 has one hash for both"
                ));
            }
            if hash.strip_prefix("SHA-") != Some(salt.to_string().as_str()) {
                return Err(format!(
                    "PSS with {hash} and a salt of {salt} bits: RFC 7518 section 3.5 has the hash's length"
                ));
            }
            by_hash([Alg::Ps256, Alg::Ps384, Alg::Ps512])
        }
        "EcdsaP1363Verify" => match (text(&group["publicKey"], "curve"), text(group, "sha")) {
            ("secp256r1", "SHA-256") => Ok(AlgSet::one(Alg::Es256)),
            ("secp384r1", "SHA-384") => Ok(AlgSet::one(Alg::Es384)),
            ("secp521r1", "SHA-512") => Ok(AlgSet::one(Alg::Es512)),
            ("secp256k1", "SHA-256") => Ok(AlgSet::one(Alg::Es256k)),
            (curve, hash) => Err(format!("{curve} with {hash}: RFC 7518 section 3.4 pairs each curve with one hash")),
        },
        "EddsaVerify" => match text(&group["publicKey"], "curve") {
            "edwards25519" => Ok(AlgSet::ED25519),
            _ => Err("Ed448: not among the algorithms of this package".to_owned()),
        },
        "MlDsaVerify" => Ok(AlgSet::one(Alg::from_name(text(json, "algorithm")).expect("an ML-DSA algorithm"))),
        other => panic!("a group of type {other}"),
    }
}

fn forms(json: &Json, group: &Json) -> Forms {
    let mut forms: Forms = Vec::new();
    for jwk in ["publicKeyJwk", "keyJwk"].into_iter().filter_map(|name| group.get(name)) {
        forms.push(("jwk", import(jwk)));
    }
    if group.get("publicKeyDer").is_some() {
        forms.push(("der", from_spki(&hex(group, "publicKeyDer"))));
    }
    if group.get("publicKeyPem").is_some() {
        forms.push(("pem", from_pem(text(group, "publicKeyPem").as_bytes())));
    }
    if group.get("publicKeyAsn").is_some() {
        let block = ::pem::Pem::new("RSA PUBLIC KEY", hex(group, "publicKeyAsn"));
        forms.push(("pkcs1", from_pem(::pem::encode(&block).as_bytes())));
    }
    if group["publicKey"].is_string() {
        let encoded = URL_SAFE_NO_PAD.encode(hex(group, "publicKey"));
        let jwk = json!({"kty": "AKP", "alg": text(json, "algorithm"), "pub": encoded});
        forms.push(("jwk", import(&jwk)));
    }
    forms
}

fn names(keys: &Forms) -> Vec<&'static str> {
    keys.iter().map(|(name, _)| *name).collect()
}

/// All forms are one key; those of an unsupported kind are all refused as that.
fn check_forms(keys: &Forms, scheme: &Scheme, group: &Json, tally: &mut Tally) {
    let mut identities = keys.iter().filter_map(|(_, key)| key.as_ref().ok()).map(PreparedKey::identity);
    if let Some(first) = identities.next()
        && !identities.all(|other| other == first)
    {
        tally.fail("", &format!("the forms {:?} of one key are different keys", names(keys)));
    }
    let ed448 = group["publicKey"].get("curve").is_some_and(|curve| curve == "edwards448");
    let unsupported = |key: &Result<PreparedKey, _>| matches!(key, Err(KeyProblem::Unsupported(_)));
    if scheme.is_err() && keys.iter().any(|(_, key)| unsupported(key) != ed448 || key.is_ok() == ed448) {
        tally.fail("", "a key of an unsupported kind is imported, or one of a supported kind is not");
    }
}
