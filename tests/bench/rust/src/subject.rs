//! A token of each algorithm, and its key in the forms that libraries take.

use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::hmac;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{self as sig, EcdsaKeyPair, Ed25519KeyPair, KeyPair, ParsedPublicKey, RsaKeyPair};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use bearergate_core::{PublicKey, Secret, TrustOptions};
use serde_json::{Value, json};

#[path = "../../../../core/benches/token.rs"]
mod token;

pub use token::{AUDIENCE, CLAIMS, ISSUER};

pub const SECRET: &[u8] = b"0123456789abcdef0123456789abcdef";
pub const KID: &str = "f2d1b1a2c3d4e5f6";

type Sign = Box<dyn Fn(&[u8]) -> Vec<u8>>;
type Verify = Box<dyn Fn(&[u8], &[u8])>;

/// One algorithm: how to sign, the bare check, and the key.
pub struct Subject {
    pub alg: &'static str,
    sign: Sign,
    pub bare: Verify,
    /// SubjectPublicKeyInfo; nothing for an HMAC secret.
    spki: Option<Vec<u8>>,
}

impl Subject {
    /// A token with these claims; its signature also as bytes.
    pub fn token(&self, claims: &str) -> (String, Vec<u8>) {
        let header = format!(r#"{{"alg":"{}","typ":"JWT","kid":"{KID}"}}"#, self.alg);
        let input = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
        let signature = (self.sign)(input.as_bytes());
        (format!("{input}.{}", URL_SAFE_NO_PAD.encode(&signature)), signature)
    }

    pub fn trust(&self) -> TrustOptions {
        TrustOptions {
            public_key: self.spki.clone().map(PublicKey::Der),
            secret: self.spki.is_none().then(|| vec![Secret::new(SECRET)]),
            ..TrustOptions::default()
        }
    }

    /// An Ed25519 key as a JWK of this name.
    pub fn jwk(&self, kid: &str) -> Value {
        let spki = self.spki.as_deref().unwrap_or_default();
        let x = URL_SAFE_NO_PAD.encode(&spki[spki.len() - 32..]);
        json!({ "kty": "OKP", "crv": "Ed25519", "kid": kid, "x": x })
    }

    pub fn pem(&self) -> Option<String> {
        let text = STANDARD.encode(self.spki.as_ref()?);
        let lines: Vec<&str> = text.as_bytes().chunks(64).filter_map(|line| std::str::from_utf8(line).ok()).collect();
        Some(format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", lines.join("\n")))
    }
}

fn public(alg: &'static str, key: ParsedPublicKey, sign: Sign) -> Subject {
    let spki = Some(key.as_der().expect("a parsed key").as_ref().to_vec());
    let bare = move |message: &[u8], signature: &[u8]| key.verify_sig(message, signature).expect("a good signature");
    Subject { alg, sign, bare: Box::new(bare), spki }
}

fn rsa(
    alg: &'static str,
    parameters: &'static sig::RsaParameters,
    encoding: &'static sig::RsaSignatureEncoding,
) -> Subject {
    let pair = RsaKeyPair::generate(aws_lc_rs::rsa::KeySize::Rsa2048).expect("a key");
    let key = ParsedPublicKey::new(parameters, pair.public_key().as_ref()).expect("a public key");
    let sign = move |message: &[u8]| {
        let mut signature = vec![0; pair.public_modulus_len()];
        pair.sign(encoding, &SystemRandom::new(), message, &mut signature).expect("a signature");
        signature
    };
    public(alg, key, Box::new(sign))
}

fn ecdsa(
    alg: &'static str,
    verification: &'static sig::EcdsaVerificationAlgorithm,
    signing: &'static sig::EcdsaSigningAlgorithm,
) -> Subject {
    let pair = EcdsaKeyPair::generate(signing).expect("a key");
    let key = ParsedPublicKey::new(verification, pair.public_key().as_ref()).expect("a public key");
    let sign = move |message: &[u8]| pair.sign(&SystemRandom::new(), message).expect("a signature").as_ref().to_vec();
    public(alg, key, Box::new(sign))
}

pub fn eddsa() -> Subject {
    let pair = Ed25519KeyPair::generate().expect("a key");
    let key = ParsedPublicKey::new(&sig::ED25519, pair.public_key().as_ref()).expect("a public key");
    public("EdDSA", key, Box::new(move |message| pair.sign(message).as_ref().to_vec()))
}

pub fn hs256() -> Subject {
    let key = hmac::Key::new(hmac::HMAC_SHA256, SECRET);
    let signing = key.clone();
    Subject {
        alg: "HS256",
        sign: Box::new(move |message| hmac::sign(&signing, message).as_ref().to_vec()),
        bare: Box::new(move |message, tag| hmac::verify(&key, message, tag).expect("a good tag")),
        spki: None,
    }
}

pub fn rs256() -> Subject {
    rsa("RS256", &sig::RSA_PKCS1_2048_8192_SHA256, &sig::RSA_PKCS1_SHA256)
}

pub fn all() -> Vec<Subject> {
    vec![
        rs256(),
        rsa("PS256", &sig::RSA_PSS_2048_8192_SHA256, &sig::RSA_PSS_SHA256),
        ecdsa("ES256", &sig::ECDSA_P256_SHA256_FIXED, &sig::ECDSA_P256_SHA256_FIXED_SIGNING),
        ecdsa("ES384", &sig::ECDSA_P384_SHA384_FIXED, &sig::ECDSA_P384_SHA384_FIXED_SIGNING),
        ecdsa("ES512", &sig::ECDSA_P521_SHA512_FIXED, &sig::ECDSA_P521_SHA512_FIXED_SIGNING),
        eddsa(),
        hs256(),
    ]
}
