//! A server on loopback that misbehaves on request, and what a test asks of a verifier.
#![allow(dead_code)] // each test program uses its share

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bearergate_core::{JwksOptions, Options, Outcome, TrustOptions, Verified, Verifier};

/// A signing key with the name it is published under.
pub struct Signer {
    pub kid: String,
    key: EcdsaKeyPair,
}

impl Signer {
    pub fn new(kid: &str) -> Self {
        let key = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
        Self { kid: kid.to_owned(), key }
    }

    pub fn jwk(&self) -> String {
        let point = self.key.public_key().as_ref();
        let (x, y) = (URL_SAFE_NO_PAD.encode(&point[1..33]), URL_SAFE_NO_PAD.encode(&point[33..]));
        format!(r#"{{"kty":"EC","crv":"P-256","alg":"ES256","kid":"{}","x":"{x}","y":"{y}"}}"#, self.kid)
    }

    pub fn token(&self) -> String {
        let header = URL_SAFE_NO_PAD.encode(format!(r#"{{"alg":"ES256","kid":"{}"}}"#, self.kid));
        let payload = URL_SAFE_NO_PAD.encode(r#"{"sub":"user-1"}"#);
        let input = format!("{header}.{payload}");
        let signature = self.key.sign(&SystemRandom::new(), input.as_bytes()).unwrap();
        format!("{input}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}

pub fn jwks(signers: &[&Signer]) -> String {
    let keys: Vec<_> = signers.iter().map(|signer| signer.jwk()).collect();
    ok(&format!("{{\"keys\":[{}]}}", keys.join(",")))
}

pub fn ok(body: &str) -> String {
    format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len())
}

pub type Behaviour = Arc<dyn Fn(&mut TcpStream, &str) + Send + Sync>;

/// One server; what it does to a connection can be changed at any time.
pub struct Server {
    pub url: String,
    hits: Arc<AtomicUsize>,
    behaviour: Arc<Mutex<Behaviour>>,
}

impl Server {
    pub fn start(behaviour: impl Fn(&mut TcpStream, &str) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/jwks", listener.local_addr().unwrap());
        let hits = Arc::new(AtomicUsize::new(0));
        let behaviour: Arc<Mutex<Behaviour>> = Arc::new(Mutex::new(Arc::new(behaviour)));
        let (counted, current) = (Arc::clone(&hits), Arc::clone(&behaviour));
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let Ok(mut stream) = stream else { continue };
                counted.fetch_add(1, Ordering::SeqCst);
                let behaviour = Arc::clone(&*current.lock().unwrap());
                std::thread::spawn(move || {
                    let mut request = Vec::new();
                    let mut buffer = [0; 1024];
                    while !request.ends_with(b"\r\n\r\n") {
                        match stream.read(&mut buffer) {
                            Ok(0) | Err(_) => return,
                            Ok(read) => request.extend_from_slice(&buffer[..read]),
                        }
                    }
                    behaviour(&mut stream, &String::from_utf8_lossy(&request));
                });
            }
        });
        Self { url, hits, behaviour }
    }

    pub fn answering(response: String) -> Self {
        Self::start(says(response))
    }

    pub fn now(&self, behaviour: impl Fn(&mut TcpStream, &str) + Send + Sync + 'static) {
        *self.behaviour.lock().unwrap() = Arc::new(behaviour);
    }

    pub fn hits(&self) -> usize {
        self.hits.load(Ordering::SeqCst)
    }
}

pub fn says(response: String) -> impl Fn(&mut TcpStream, &str) + Send + Sync {
    move |stream, _| {
        let _ = stream.write_all(response.as_bytes());
    }
}

pub fn verifier(url: &str, jwks: JwksOptions) -> Verifier {
    let trust = TrustOptions { jwks_uri: Some(url.to_owned()), jwks, ..TrustOptions::default() };
    Verifier::new(Options { trust, ..Options::default() }).unwrap()
}

#[allow(clippy::unnecessary_wraps)] // the shape of an option
pub fn one_second() -> Option<Duration> {
    Some(Duration::from_secs(1))
}

/// The decision, waited for.
pub fn verify(verifier: &Verifier, token: &str) -> Result<Verified, &'static str> {
    let decision = match verifier.verify(token) {
        Outcome::Ready(decision) => decision,
        Outcome::Wait(ticket) => ticket.wait(),
    };
    decision.map_err(|refusal| refusal.code().as_str())
}

pub fn code(verifier: &Verifier, token: &str) -> &'static str {
    verify(verifier, token).err().unwrap_or("accepted")
}
