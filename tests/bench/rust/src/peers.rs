//! Other Rust libraries, their keys imported beforehand.

use std::collections::HashSet;
use std::hint::black_box;

use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode};
use jwt_simple::prelude::{
    ECDSAP256PublicKeyLike, ECDSAP384PublicKeyLike, ES256PublicKey, ES384PublicKey, Ed25519PublicKey,
    EdDSAPublicKeyLike, HS256Key, MACLike, PS256PublicKey, RS256PublicKey, RSAPublicKeyLike, VerificationOptions,
};
use serde_json::Value;

use crate::Measured;
use crate::subject::{AUDIENCE, ISSUER, SECRET, Subject};

/// As Cargo.lock has them.
pub const VERSIONS: [(&str, &str); 2] = [("jsonwebtoken", "11.1"), ("jwt-simple", "0.14, pure Rust")];

pub fn all<'a>(subject: &Subject, token: &'a str) -> Vec<Measured<'a>> {
    [jsonwebtoken(subject, token), jwt_simple(subject, token)].into_iter().flatten().collect()
}

fn jsonwebtoken<'a>(subject: &Subject, token: &'a str) -> Option<Measured<'a>> {
    let pem = subject.pem().unwrap_or_default();
    let key = match subject.alg {
        "HS256" => DecodingKey::from_secret(SECRET),
        "RS256" | "PS256" => DecodingKey::from_rsa_pem(pem.as_bytes()).ok()?,
        "ES256" | "ES384" => DecodingKey::from_ec_pem(pem.as_bytes()).ok()?,
        "EdDSA" => DecodingKey::from_ed_pem(pem.as_bytes()).ok()?,
        _ => return None,
    };
    let mut validation = Validation::new(subject.alg.parse::<Algorithm>().ok()?);
    validation.set_issuer(&[ISSUER]);
    validation.set_audience(&[AUDIENCE]);
    let call = move || drop(black_box(decode::<Value>(black_box(token), &key, &validation).expect("a good token")));
    Some(("jsonwebtoken", Box::new(call)))
}

fn jwt_simple<'a>(subject: &Subject, token: &'a str) -> Option<Measured<'a>> {
    let options = || {
        Some(VerificationOptions {
            allowed_issuers: Some(HashSet::from([ISSUER.to_owned()])),
            allowed_audiences: Some(HashSet::from([AUDIENCE.to_owned()])),
            ..VerificationOptions::default()
        })
    };
    let pem = subject.pem().unwrap_or_default();
    macro_rules! verifying {
        ($key:expr) => {{
            let (key, options) = ($key, options());
            Box::new(move || {
                let claims = key.verify_token::<Value>(black_box(token), options.clone()).expect("a good token");
                black_box(claims);
            })
        }};
    }
    let call: Box<dyn Fn() + 'a> = match subject.alg {
        "HS256" => verifying!(HS256Key::from_bytes(SECRET)),
        "RS256" => verifying!(RS256PublicKey::from_pem(&pem).ok()?),
        "PS256" => verifying!(PS256PublicKey::from_pem(&pem).ok()?),
        "ES256" => verifying!(ES256PublicKey::from_pem(&pem).ok()?),
        "ES384" => verifying!(ES384PublicKey::from_pem(&pem).ok()?),
        "EdDSA" => verifying!(Ed25519PublicKey::from_pem(&pem).ok()?),
        _ => return None,
    };
    Some(("jwt-simple", call))
}
