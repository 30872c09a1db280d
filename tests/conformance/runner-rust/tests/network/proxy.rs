//! A real listener that the tokens name, and another that is the process's proxy and so records every name
//! that the client would look up.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::process::Command;
use std::sync::{Arc, Mutex};

use serde_json::json;

use crate::tokens::{ALGS, forged, key, refuses, sources, verifier};

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

/// Plays the tokens in a process whose proxy is the recorder.
#[test]
#[ignore = "the half of the next test that runs under its environment"]
fn tokens_are_refused() {
    let trap = std::env::var(TRAP).expect("started by the test below");
    for (at, options) in sources().into_iter().enumerate() {
        let verifier = verifier(&options);
        for url in [format!("{trap}/evil"), "http://evil.test/evil".to_owned(), "https://evil.test/evil".to_owned()] {
            for token in forged(&url, &ALGS) {
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
    command.args(["--exact", "proxy::tokens_are_refused", "--ignored", "--nocapture"]);
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
