//! Judging on another thread: later, and the same.

mod support;

use std::sync::mpsc::channel;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use bearergate_core::{
    CacheOption, Decision, Gate, JwksOptions, Options, Outcome, PublicKey, Refusal, Request, TrustOptions, Verified,
    Verifier,
};

/// The threads, and the room before them, are the process's: one test at a time has them.
fn alone() -> MutexGuard<'static, ()> {
    static ONE: Mutex<()> = Mutex::new(());
    ONE.lock().unwrap_or_else(PoisonError::into_inner)
}

struct Signer(EcdsaKeyPair);

impl Signer {
    fn new() -> Self {
        Self(EcdsaKeyPair::generate(&ECDSA_P384_SHA384_FIXED_SIGNING).unwrap())
    }

    fn token(&self, claims: &str) -> String {
        let [header, claims] = [r#"{"alg":"ES384"}"#, claims].map(|text| URL_SAFE_NO_PAD.encode(text));
        let input = format!("{header}.{claims}");
        let signature = self.0.sign(&SystemRandom::new(), input.as_bytes()).unwrap();
        format!("{input}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    fn options(&self, cache: Option<CacheOption>) -> Options {
        // SubjectPublicKeyInfo (RFC 5480): id-ecPublicKey, secp384r1, and the point.
        let mut der = vec![0x30, 0x76, 0x30, 0x10, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];
        der.extend([0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x22, 0x03, 0x62, 0x00]);
        der.extend(self.0.public_key().as_ref());
        let pem = format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", STANDARD.encode(der));
        let trust = TrustOptions { public_key: Some(PublicKey::Pem(pem)), ..TrustOptions::default() };
        Options { trust, cache, ..Options::default() }
    }
}

fn later(outcome: Outcome) -> Result<Verified, Refusal> {
    match outcome {
        Outcome::Wait(ticket) => ticket.wait_timeout(Duration::from_secs(10)).expect("an answer"),
        Outcome::Ready(answer) => panic!("at once: {answer:?}"),
    }
}

fn now(outcome: Outcome) -> Result<Verified, Refusal> {
    match outcome {
        Outcome::Ready(answer) => answer,
        Outcome::Wait(_) => panic!("later"),
    }
}

#[test]
fn the_verdict_is_the_same_and_comes_later() {
    let _alone = alone();
    let (signer, stranger) = (Signer::new(), Signer::new());
    let verifier = Verifier::new(signer.options(Some(CacheOption::Off))).unwrap();
    for claims in [r#"{"sub":"a"}"#, r#"{"sub":"a","exp":1}"#, "{}", "[]"] {
        for token in [signer.token(claims), stranger.token(claims)] {
            let [here, there] = [now(verifier.verify(&token)), later(verifier.verify_aside(&token))]
                .map(|answer| answer.map(|caller| caller.subject().to_owned()).map_err(|refusal| refusal.code()));
            assert_eq!(here, there, "{claims}");
        }
    }
}

#[test]
fn what_is_quick_is_judged_at_once() {
    let _alone = alone();
    let signer = Signer::new();
    let verifier = Verifier::new(signer.options(None)).unwrap();
    for token in ["", "a.b.c", "eyJhbGciOiJSUzI1NiJ9.e30.AA", &"x".repeat(1 << 20)] {
        assert!(now(verifier.verify_aside(token)).is_err());
    }
    let token = signer.token(r#"{"sub":"a"}"#);
    assert_eq!(later(verifier.verify_aside(&token)).unwrap().subject(), "a");
    assert_eq!(now(verifier.verify_aside(&token)).unwrap().subject(), "a");
}

#[test]
fn of_very_many_each_is_answered_once() {
    let _alone = alone();
    let signer = Signer::new();
    let gate = Gate::new(signer.options(Some(CacheOption::Off))).unwrap().aside();
    let credentials = format!("Bearer {}", signer.token(r#"{"sub":"a"}"#));
    let request = Request { service: "s", method: "m", credentials: &[credentials.as_bytes()] };
    let (sender, answers) = channel();
    let mut at_once = 0;
    for _ in 0..6000 {
        match gate.check(&request) {
            Decision::Accept(_) => at_once += 1,
            Decision::Wait(ticket) => {
                let sender = sender.clone();
                drop(ticket.on_ready(move |answer| sender.send(answer.is_ok()).unwrap()));
            }
            other => panic!("{other:?}"),
        }
    }
    drop(sender);
    let answers: Vec<_> = answers.iter().collect();
    assert!(answers.iter().all(|good| *good));
    assert_eq!(answers.len() + at_once, 6000);
    assert!(answers.len() >= 4096, "{at_once} judged at once");
}

#[test]
fn who_gives_up_while_keys_are_fetched_leaves_the_place_to_others() {
    let _alone = alone();
    let server = support::Server::start(|_, _| std::thread::sleep(Duration::from_secs(60)));
    let jwks = JwksOptions { timeout: Some(Duration::from_secs(60)), ..JwksOptions::default() };
    let verifier = support::verifier(&server.url, jwks);
    let token = Signer::new().token("{}");
    let ask = || match verifier.verify_aside(&token) {
        Outcome::Wait(ticket) => Some(ticket),
        Outcome::Ready(_) => None,
    };
    // As many as may wait; who finds none of the threads free is answered by the set itself.
    let waiting: Vec<_> = (0..5000).filter_map(|_| ask()).map(|ticket| ticket.on_ready(|_| {})).collect();
    assert!(waiting.len() >= 4096);
    // The set looks for those that wait no more every now and then.
    let full = || {
        std::thread::sleep(Duration::from_millis(10));
        ask().is_none_or(|ticket| ticket.wait_timeout(Duration::from_millis(500)).is_some())
    };
    assert!((0..100).any(|_| full()), "the places are taken");
    waiting.into_iter().for_each(bearergate_core::Cancel::cancel);
    assert!((0..100).any(|_| !full()), "no place was left");
}
