//! A whole verification against the bare signature check of the same token, interleaved in one
//! process: `cargo bench -p bearergate-core`. Times on a shared machine are noise; the ratios count.

use std::hint::black_box;
use std::time::{Duration, Instant};

use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::hmac;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{self as sig, EcdsaKeyPair, Ed25519KeyPair, KeyPair, ParsedPublicKey, RsaKeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bearergate_core::{
    CacheOption, ClaimPath, ClaimsMapping, Options, Outcome, PublicKey, Secret, TrustOptions, Verifier,
};

const ROUNDS: usize = 200;
const SECRET: &[u8] = b"0123456789abcdef0123456789abcdef";

#[path = "token.rs"]
mod token;
use token::{AUDIENCE, CLAIMS, ISSUER};

type Sign = Box<dyn Fn(&[u8]) -> Vec<u8>>;
type Verify = Box<dyn Fn(&[u8], &[u8])>;

/// One algorithm: how to sign, the bare check, and the key as an option.
struct Subject {
    alg: &'static str,
    sign: Sign,
    bare: Verify,
    trust: TrustOptions,
}

fn main() {
    println!("{:<8} {:>11} {:>11} {:>7} {:>11} {:>7}", "", "bare µs", "verify µs", "ratio", "cached µs", "ratio");
    let only: Vec<String> = std::env::args().skip(1).filter(|arg| !arg.starts_with('-')).collect();
    for subject in subjects().iter().filter(|subject| only.is_empty() || only.iter().any(|alg| alg == subject.alg)) {
        measure(subject);
    }
}

fn measure(subject: &Subject) {
    let header = format!(r#"{{"alg":"{}","typ":"JWT","kid":"f2d1b1a2c3d4e5f6"}}"#, subject.alg);
    let input = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(CLAIMS));
    let signature = (subject.sign)(input.as_bytes());
    let token = format!("{input}.{}", URL_SAFE_NO_PAD.encode(&signature));
    let [plain, cached] = [Some(CacheOption::Off), None].map(|cache| {
        Verifier::new(Options { trust: subject.trust.clone(), cache, ..Options::default() }).expect("valid options")
    });
    let accept = |verifier: &Verifier| match verifier.verify(black_box(&token)) {
        Outcome::Ready(Ok(verified)) => drop(black_box(verified)),
        other => panic!("{}: {other:?}", subject.alg),
    };
    let mut times: [Vec<Duration>; 3] = Default::default();
    for _ in 0..ROUNDS {
        times[0].push(batch(|| (subject.bare)(black_box(input.as_bytes()), &signature)));
        times[1].push(batch(|| accept(&plain)));
        times[2].push(batch(|| accept(&cached)));
    }
    let [bare, verify, hit] = times.map(median);
    println!("{:<8} {bare:>11.2} {verify:>11.2} {:>7.2} {hit:>11.2} {:>7.2}", subject.alg, verify / bare, hit / bare);
}

/// Mean time of one call over a batch.
fn batch(call: impl Fn()) -> Duration {
    const CALLS: u32 = 100;
    let begun = Instant::now();
    (0..CALLS).for_each(|_| call());
    begun.elapsed() / CALLS
}

fn median(mut times: Vec<Duration>) -> f64 {
    times.sort_unstable();
    times[times.len() / 2].as_secs_f64() * 1e6
}

fn trust(public_key: Option<PublicKey>, secret: Option<Vec<Secret>>) -> TrustOptions {
    TrustOptions {
        public_key,
        secret,
        issuer: Some(vec![ISSUER.to_owned()]),
        audience: Some(vec![AUDIENCE.to_owned()]),
        claims_mapping: ClaimsMapping {
            roles: Some(ClaimPath::Dotted("realm_access.roles".to_owned())),
            scopes: Some(ClaimPath::Dotted("scope".to_owned())),
            ..ClaimsMapping::default()
        },
        ..TrustOptions::default()
    }
}

fn spki(key: &ParsedPublicKey) -> PublicKey {
    PublicKey::Der(key.as_der().expect("a parsed key").as_ref().to_vec())
}

fn subject(alg: &'static str, key: ParsedPublicKey, sign: Sign) -> Subject {
    let trust = trust(Some(spki(&key)), None);
    let bare = move |message: &[u8], signature: &[u8]| key.verify_sig(message, signature).expect("a good signature");
    Subject { alg, sign, bare: Box::new(bare), trust }
}

fn rsa(
    alg: &'static str,
    parameters: &'static sig::RsaParameters,
    encoding: &'static sig::RsaSignatureEncoding,
) -> Subject {
    let pair = RsaKeyPair::generate(aws_lc_rs::rsa::KeySize::Rsa2048).expect("a key");
    let key = ParsedPublicKey::new(parameters, pair.public_key().as_ref()).expect("a public key");
    subject(
        alg,
        key,
        Box::new(move |message| {
            let mut signature = vec![0; pair.public_modulus_len()];
            pair.sign(encoding, &SystemRandom::new(), message, &mut signature).expect("a signature");
            signature
        }),
    )
}

fn ecdsa(
    alg: &'static str,
    verification: &'static sig::EcdsaVerificationAlgorithm,
    signing: &'static sig::EcdsaSigningAlgorithm,
) -> Subject {
    let pair = EcdsaKeyPair::generate(signing).expect("a key");
    let key = ParsedPublicKey::new(verification, pair.public_key().as_ref()).expect("a public key");
    subject(
        alg,
        key,
        Box::new(move |message| pair.sign(&SystemRandom::new(), message).expect("a signature").as_ref().to_vec()),
    )
}

fn subjects() -> Vec<Subject> {
    let ed = Ed25519KeyPair::generate().expect("a key");
    let ed_key = ParsedPublicKey::new(&sig::ED25519, ed.public_key().as_ref()).expect("a public key");
    let secret = hmac::Key::new(hmac::HMAC_SHA256, SECRET);
    let signing = secret.clone();
    vec![
        rsa("RS256", &sig::RSA_PKCS1_2048_8192_SHA256, &sig::RSA_PKCS1_SHA256),
        rsa("PS256", &sig::RSA_PSS_2048_8192_SHA256, &sig::RSA_PSS_SHA256),
        ecdsa("ES256", &sig::ECDSA_P256_SHA256_FIXED, &sig::ECDSA_P256_SHA256_FIXED_SIGNING),
        ecdsa("ES384", &sig::ECDSA_P384_SHA384_FIXED, &sig::ECDSA_P384_SHA384_FIXED_SIGNING),
        ecdsa("ES512", &sig::ECDSA_P521_SHA512_FIXED, &sig::ECDSA_P521_SHA512_FIXED_SIGNING),
        subject("EdDSA", ed_key, Box::new(move |message| ed.sign(message).as_ref().to_vec())),
        Subject {
            alg: "HS256",
            sign: Box::new(move |message| hmac::sign(&signing, message).as_ref().to_vec()),
            bare: Box::new(move |message, tag| hmac::verify(&secret, message, tag).expect("a good tag")),
            trust: trust(None, Some(vec![Secret::new(SECRET)])),
        },
    ]
}
