//! Discovery and several issuers against a real HTTP server on loopback.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bearergate_core::{Options, Outcome, TrustOptions, Verifier};

const JWK: &str = r#"{"kty":"OKP","crv":"Ed25519","kid":"k","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;

/// Serves metadata at `metadata_path` only, and keys at `/keys`; remembers what was asked for.
fn provider(metadata_path: &'static str, issuer_suffix: &'static str) -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    let asked = Arc::new(Mutex::new(Vec::new()));
    let (log, base) = (Arc::clone(&asked), origin.clone());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut request = [0; 4096];
            let read = stream.read(&mut request).unwrap_or(0);
            let request = String::from_utf8_lossy(&request[..read]).into_owned();
            let path = request.split(' ').nth(1).unwrap_or_default().to_owned();
            let (status, body) = if path == metadata_path {
                ("200 OK", format!(r#"{{"issuer":"{base}{issuer_suffix}","jwks_uri":"{base}/keys"}}"#))
            } else if path == "/keys" {
                ("200 OK", format!(r#"{{"keys":[{JWK}]}}"#))
            } else {
                ("404 Not Found", String::new())
            };
            log.lock().unwrap().push(path);
            let _ = write!(stream, "HTTP/1.1 {status}\r\nContent-Length: {}\r\n\r\n{body}", body.len());
        }
    });
    (origin, asked)
}

fn token(issuer: &str) -> String {
    let encode = |text: String| URL_SAFE_NO_PAD.encode(text);
    format!(
        "{}.{}.{}",
        encode(r#"{"alg":"EdDSA","kid":"k"}"#.into()),
        encode(format!(r#"{{"iss":"{issuer}"}}"#)),
        encode("no".into())
    )
}

fn code(verifier: &Verifier, token: &str) -> &'static str {
    let decision = match verifier.verify(token) {
        Outcome::Ready(decision) => decision,
        Outcome::Wait(ticket) => ticket.wait(),
    };
    decision.map_or_else(|refusal| refusal.code().as_str(), |_| "accepted")
}

fn discovering(issuer: &str) -> TrustOptions {
    TrustOptions { issuer: Some(vec![issuer.to_owned()]), discover: Some(true), ..TrustOptions::default() }
}

#[test]
fn openid_metadata_comes_first_and_oauth_metadata_after_a_404() {
    for (path, requests) in [
        ("/t/.well-known/openid-configuration", vec!["/t/.well-known/openid-configuration", "/keys"]),
        (
            "/.well-known/oauth-authorization-server/t",
            vec!["/t/.well-known/openid-configuration", "/.well-known/oauth-authorization-server/t", "/keys"],
        ),
    ] {
        let (origin, asked) = provider(path, "/t");
        let issuer = format!("{origin}/t");
        let verifier = Verifier::new(Options { trust: discovering(&issuer), ..Options::default() }).unwrap();
        // The key is found and the signature is not its own: one more fetch may show a newer key.
        assert_eq!(code(&verifier, &token(&issuer)), "ERR_SIGNATURE_INVALID");
        assert_eq!(*asked.lock().unwrap(), requests);
    }
}

#[test]
fn a_document_of_another_issuer_is_refused() {
    let (origin, asked) = provider("/.well-known/openid-configuration", "/other");
    let verifier = Verifier::new(Options { trust: discovering(&origin), ..Options::default() }).unwrap();
    assert_eq!(code(&verifier, &token(&origin)), "ERR_KEYS_UNAVAILABLE");
    assert_eq!(*asked.lock().unwrap(), ["/.well-known/openid-configuration"]);
}

#[test]
fn an_issuer_without_an_entry_causes_no_fetch() {
    let (origin, asked) = provider("/.well-known/openid-configuration", "");
    let options = Options { issuers: Some(vec![discovering(&origin)]), ..Options::default() };
    let verifier = Verifier::new(options).unwrap();
    assert_eq!(code(&verifier, &token("https://elsewhere.example")), "ERR_CLAIM_INVALID");
    assert!(asked.lock().unwrap().is_empty());
    assert_eq!(code(&verifier, &token(&origin)), "ERR_SIGNATURE_INVALID");
    assert!(!asked.lock().unwrap().is_empty());
}
