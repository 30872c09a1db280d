//! No connection is caused by what a token says: forged tokens that name a real listener in every member
//! that has ever been fetched, against every key source. A second listener is the process's proxy, and
//! so records every name that would be looked up.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::process::Command;
use std::sync::{Arc, Mutex};

use bearergate_core::{Gate, OptionValue, Options, Outcome, Spelling, Verifier};
use serde_json::{Value, json};

const TRAP: &str = "BEARERGATE_TEST_TRAP";

/// The first lines of the connections that a listener has had.
type Lines = Arc<Mutex<Vec<String>>>;

/// Listens on loopback and answers each request with the body.
fn listen(body: String) -> (u16, Lines) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a loopback port");
    let port = listener.local_addr().expect("an address").port();
    let lines = Lines::default();
    let seen = Arc::clone(&lines);
    std::thread::spawn(move || {
        for mut connection in listener.incoming().flatten() {
            let mut head = BufReader::new(connection.try_clone().expect("a handle")).lines().map_while(Result::ok);
            seen.lock().expect("no panic holds it").push(head.next().unwrap_or_default());
            let _rest = head.take_while(|line| !line.is_empty()).count();
            let _ = write!(
                connection,
                "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
                body.len()
            );
        }
    });
    (port, lines)
}

fn key(name: &str) -> Value {
    let text = std::fs::read_to_string(conformance_runner::cases::root().join(format!("keys/{name}.json")));
    let mut jwk: Value = serde_json::from_str(&text.expect("a key")).expect("a JWK");
    let members = jwk.as_object_mut().expect("an object");
    members.retain(|name, _| !matches!(name.as_str(), "_" | "d" | "p" | "q" | "dp" | "dq" | "qi"));
    jwk
}

fn b64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut out = String::new();
    for chunk in bytes.chunks(3) {
        let word = chunk.iter().fold(0_u32, |word, byte| word << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
        for at in 0..=chunk.len() {
            out.push(char::from(ALPHABET[(word >> (18 - 6 * at) & 63) as usize]));
        }
    }
    out
}

/// Forged tokens that offer the URL in every member of header and claims that somebody has followed.
fn forged(url: &str, algs: &[&str]) -> Vec<String> {
    let host = url.trim_end_matches("/evil");
    let headers = [
        json!({ "jku": url }),
        json!({ "x5u": url }),
        json!({ "kid": url }),
        json!({ "kid": format!("x@{}/evil", host.trim_start_matches("http://")) }),
        json!({ "jku": url, "x5u": url, "kid": url, "jwk": { "kty": "RSA", "jku": url, "x5u": url } }),
        json!({ "x5c": [url], "iss": host, "jwks_uri": url, "typ": url }),
    ];
    let claims = [
        json!({ "iss": host, "sub": "x" }),
        json!({ "iss": url, "sub": "x", "aud": url, "jku": url, "jwks_uri": url }),
        json!({ "iss": "https://issuer.example", "sub": url, "_claim_sources": { "a": { "endpoint": url } } }),
        json!({ "iss": [url], "sub": "x", "cnf": { "jku": url } }),
    ];
    let mut tokens = Vec::new();
    for alg in algs {
        for header in &headers {
            for claims in &claims {
                let mut header = header.clone();
                header["alg"] = json!(alg);
                let length = if *alg == "RS256" { 256 } else { 64 };
                let (header, claims) = (header.to_string(), claims.to_string());
                tokens.push(format!("{}.{}.{}", b64(header.as_bytes()), b64(claims.as_bytes()), b64(&vec![7; length])));
            }
        }
    }
    tokens
}

fn verifier(options: &Value) -> Verifier {
    let options = OptionValue::from_json(&options.to_string()).and_then(|value| Options::read(value, Spelling::Camel));
    Gate::new(options.expect("options")).expect("a verifier").verifier().clone()
}

fn refuses(verifier: &Verifier, token: &str) {
    let result = match verifier.verify(token) {
        Outcome::Ready(result) => result,
        Outcome::Wait(ticket) => ticket.wait(),
    };
    assert!(result.is_err(), "a forged token was accepted");
}

/// Plays the tokens in a process whose proxy is the recorder.
#[test]
#[ignore = "the half of the next test that runs under its environment"]
fn tokens_are_refused() {
    let trap = std::env::var(TRAP).expect("started by the test below");
    let set = json!({ "keys": [key("rsa-a"), key("p256-a")] });
    let algs = ["RS256", "ES256", "HS256", "none"];
    for (at, options) in [
        json!({ "publicKey": key("p256-a") }),
        json!({ "publicKey": set }),
        json!({ "secret": "a secret of at least thirty-two bytes" }),
        json!({ "jwksUri": "http://configured.test/keys", "jwks": { "allowHttp": true } }),
        json!({ "issuers": [
            { "issuer": "https://issuer.example", "publicKey": key("p256-a") },
            { "issuer": "http://discovered.test", "discover": true, "jwks": { "allowHttp": true } },
        ] }),
    ]
    .into_iter()
    .enumerate()
    {
        let verifier = verifier(&options);
        for url in [format!("{trap}/evil"), "http://evil.test/evil".to_owned(), "https://evil.test/evil".to_owned()] {
            for token in forged(&url, &algs) {
                refuses(&verifier, &token);
            }
        }
        println!("source {at} refused them");
    }
    // The recorder would see a name that is looked up: the next one is, for the options ask for it.
    refuses(
        &verifier(&json!({ "jwksUri": "https://control.test/keys" })),
        &forged("http://x.test/evil", &["ES256"])[0],
    );
}

#[test]
fn no_connection_is_caused_by_a_token() {
    let set = json!({ "keys": [key("rsa-a"), key("p256-a")] }).to_string();
    let ((trap_port, trapped), (proxy_port, recorded)) = (listen(set.clone()), listen(set));
    let proxy = format!("http://127.0.0.1:{proxy_port}");
    let mut command = Command::new(std::env::current_exe().expect("this program"));
    command.args(["--exact", "tokens_are_refused", "--ignored", "--nocapture"]);
    command.env(TRAP, format!("http://127.0.0.1:{trap_port}"));
    for name in ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"] {
        command.env(name, &proxy);
    }
    let output = command.env_remove("NO_PROXY").env_remove("no_proxy").output().expect("the program runs");
    let text = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && text.contains("source 4 refused them"), "{text}");

    assert_eq!(*trapped.lock().expect("no panic holds it"), Vec::<String>::new(), "connections to the tokens' URLs");
    let recorded = recorded.lock().expect("no panic holds it").clone();
    let of = |text: &str| recorded.iter().filter(|line| line.contains(text)).count();
    // The set of the options: fetched when it was cold, and once more for a key that it lacks.
    assert!((1..=2).contains(&of("GET http://configured.test/keys ")), "{recorded:?}");
    assert!(of("CONNECT control.test:443 ") > 0, "{recorded:?}");
    assert_eq!(of("evil"), 0, "{recorded:?}");
    assert_eq!(of("configured.test") + of("control.test"), recorded.len(), "{recorded:?}");
}
