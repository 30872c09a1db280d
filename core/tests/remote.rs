//! A remote key set against a real HTTP server on loopback that misbehaves on request.

mod support;

use std::io::Write;
use std::time::{Duration, Instant};

use bearergate_core::{Cancel, JwksOptions, Options, Outcome, Readiness, TrustOptions, Verifier};
use support::*;

#[test]
fn a_thousand_requests_on_a_cold_cache_make_one_fetch() {
    let signer = Signer::new("a");
    let response = jwks(&[&signer]);
    let server = Server::start(move |stream, _| {
        std::thread::sleep(Duration::from_millis(100));
        let _ = stream.write_all(response.as_bytes());
    });
    let verifier = verifier(&server.url, JwksOptions::default());
    let token = signer.token();
    let tickets: Vec<_> = (0..1000)
        .map(|_| match verifier.verify(&token) {
            Outcome::Wait(ticket) => ticket,
            Outcome::Ready(decision) => panic!("decided without keys: {decision:?}"),
        })
        .collect();
    for ticket in tickets {
        assert_eq!(ticket.wait().unwrap().subject(), "user-1");
    }
    assert_eq!(server.hits(), 1);
}

#[test]
fn verifiers_with_the_same_policy_share_one_set() {
    let signer = Signer::new("a");
    let server = Server::answering(jwks(&[&signer]));
    let mut kept = Vec::new();
    for _ in 0..20 {
        kept.push(verifier(&server.url, JwksOptions::default()));
        assert_eq!(code(&kept[kept.len() - 1], &signer.token()), "accepted");
    }
    assert_eq!(server.hits(), 1);
    let other = verifier(&server.url, JwksOptions { max_keys: Some(7), ..JwksOptions::default() });
    assert_eq!(code(&other, &signer.token()), "accepted");
    assert_eq!(server.hits(), 2);
}

#[test]
fn rotation_is_picked_up_once_per_cooldown() {
    let (old, new, unknown) = (Signer::new("old"), Signer::new("new"), Signer::new("unknown"));
    let server = Server::answering(jwks(&[&old]));
    let verifier = verifier(&server.url, JwksOptions::default());
    assert_eq!(code(&verifier, &old.token()), "accepted");
    server.now(says(jwks(&[&new])));
    assert_eq!(code(&verifier, &new.token()), "accepted");
    assert_eq!(code(&verifier, &old.token()), "ERR_KEY_NOT_FOUND");
    for _ in 0..50 {
        assert_eq!(code(&verifier, &unknown.token()), "ERR_KEY_NOT_FOUND");
    }
    assert_eq!(server.hits(), 2);
}

#[test]
fn a_key_rotated_in_place_is_picked_up_after_one_signature_failure() {
    let (old, new) = (Signer::new("same"), Signer::new("same"));
    let server = Server::answering(jwks(&[&old]));
    let verifier = verifier(&server.url, JwksOptions::default());
    assert_eq!(code(&verifier, &old.token()), "accepted");
    server.now(says(jwks(&[&new])));
    assert_eq!(code(&verifier, &new.token()), "accepted");
    assert_eq!(code(&verifier, &old.token()), "ERR_SIGNATURE_INVALID");
    assert_eq!(server.hits(), 2);
}

#[test]
fn an_outage_keeps_the_last_good_set() {
    let signer = Signer::new("a");
    let server = Server::answering(jwks(&[&signer]));
    let verifier = verifier(&server.url, JwksOptions { cooldown: one_second(), ..JwksOptions::default() });
    assert_eq!(code(&verifier, &signer.token()), "accepted");
    for broken in [
        "HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n".to_owned(),
        "HTTP/1.1 302 Found\r\nLocation: http://169.254.169.254/\r\nContent-Length: 0\r\n\r\n".to_owned(),
        ok("<html>"),
        ok(r#"{"keys":[]}"#),
    ] {
        server.now(says(broken));
        // An unknown key causes a fetch; that it failed says nothing about the token.
        assert_eq!(code(&verifier, &Signer::new("other").token()), "ERR_KEYS_UNAVAILABLE");
        assert_eq!(code(&verifier, &signer.token()), "accepted");
        std::thread::sleep(Duration::from_millis(1050));
    }
    assert_eq!(verifier.stats().failures, 4);
}

#[test]
fn a_cold_outage_is_unavailable_and_recovers_by_itself() {
    let signer = Signer::new("a");
    let server = Server::answering("HTTP/1.1 503 Down\r\nContent-Length: 0\r\n\r\n".to_owned());
    let verifier = verifier(&server.url, JwksOptions::default());
    assert_eq!(code(&verifier, &signer.token()), "ERR_KEYS_UNAVAILABLE");
    let Outcome::Ready(Err(refusal)) = verifier.verify(&signer.token()) else { panic!("no backoff") };
    assert!(refusal.retry_after().is_some_and(|seconds| (1..=2).contains(&seconds)));
    server.now(says(jwks(&[&signer])));
    let Readiness::Wait(ticket) = verifier.ready(None) else { panic!("ready without keys") };
    assert_eq!(ticket.wait_timeout(Duration::from_secs(5)), Some(Ok(())));
    assert_eq!(code(&verifier, &signer.token()), "accepted");
    assert_eq!(verifier.stats().state, "fresh");
}

#[test]
fn a_slow_body_meets_the_total_deadline() {
    let signer = Signer::new("a");
    let server = Server::start(|stream, _| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n");
        while stream.write_all(b" ").is_ok() {
            std::thread::sleep(Duration::from_millis(50));
        }
    });
    let timeout = Some(Duration::from_millis(300));
    let verifier = verifier(&server.url, JwksOptions { timeout, ..JwksOptions::default() });
    let begun = Instant::now();
    let Outcome::Wait(ticket) = verifier.verify(&signer.token()) else { panic!("decided without keys") };
    let refusal = ticket.wait().err().unwrap();
    assert_eq!((refusal.code().as_str(), refusal.reason().as_str()), ("ERR_KEYS_UNAVAILABLE", "timeout"));
    assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
}

#[test]
fn bodies_are_bounded() {
    let signer = Signer::new("a");
    let server = Server::start(|stream, _| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
        let chunk = format!("10000\r\n{}\r\n", " ".repeat(0x10000));
        while stream.write_all(chunk.as_bytes()).is_ok() {}
    });
    let verifier = verifier(&server.url, JwksOptions { max_bytes: Some(100_000), ..JwksOptions::default() });
    assert_eq!(code(&verifier, &signer.token()), "ERR_KEYS_UNAVAILABLE");
    assert!(verifier.stats().last_error.is_some_and(|error| error.contains("maxBytes")));
}

#[test]
fn a_validator_is_sent_and_304_renews_the_set() {
    let signer = Signer::new("a");
    let body = format!("{{\"keys\":[{}]}}", signer.jwk());
    let server = Server::start(move |stream, request| {
        let response = if request.to_ascii_lowercase().contains("if-none-match: \"v1\"") {
            "HTTP/1.1 304 Not Modified\r\nETag: \"v1\"\r\n\r\n".to_owned()
        } else {
            format!("HTTP/1.1 200 OK\r\nETag: \"v1\"\r\nContent-Length: {}\r\n\r\n{body}", body.len())
        };
        let _ = stream.write_all(response.as_bytes());
    });
    let verifier = verifier(&server.url, JwksOptions { cooldown: one_second(), ..JwksOptions::default() });
    assert_eq!(code(&verifier, &signer.token()), "accepted");
    assert_eq!(code(&verifier, &Signer::new("b").token()), "ERR_KEY_NOT_FOUND");
    assert_eq!((server.hits(), verifier.stats().failures), (2, 0));
    server.now(says("HTTP/1.1 304 Not Modified\r\n\r\n".to_owned()));
    std::thread::sleep(Duration::from_millis(1100));
    assert_eq!(code(&verifier, &Signer::new("b").token()), "ERR_KEY_NOT_FOUND");
    assert_eq!(code(&verifier, &signer.token()), "accepted");
}

#[test]
fn closing_answers_whoever_waits() {
    let signer = Signer::new("a");
    let server = Server::start(|_, _| std::thread::sleep(Duration::from_secs(10)));
    let verifier = verifier(&server.url, JwksOptions::default());
    let Outcome::Wait(ticket) = verifier.verify(&signer.token()) else { panic!("decided without keys") };
    let begun = Instant::now();
    verifier.close();
    verifier.close();
    assert_eq!(ticket.wait().map_err(|refusal| refusal.code().as_str()).err(), Some("ERR_KEYS_UNAVAILABLE"));
    assert!(begun.elapsed() < Duration::from_secs(1));
    assert_eq!(code(&verifier, &signer.token()), "ERR_KEYS_UNAVAILABLE");
    assert_eq!(verifier.stats().state, "closed");
}

#[test]
fn a_caller_that_gives_up_does_not_end_the_fetch_for_others() {
    let signer = Signer::new("a");
    let response = jwks(&[&signer]);
    let server = Server::start(move |stream, _| {
        std::thread::sleep(Duration::from_millis(200));
        let _ = stream.write_all(response.as_bytes());
    });
    let verifier = verifier(&server.url, JwksOptions::default());
    let token = signer.token();
    let Outcome::Wait(first) = verifier.verify(&token) else { panic!("decided without keys") };
    let Outcome::Wait(second) = verifier.verify(&token) else { panic!("decided without keys") };
    drop(first);
    assert!(second.wait().is_ok());
    assert_eq!(server.hits(), 1);
}

#[test]
fn configured_headers_go_to_the_configured_origin() {
    let signer = Signer::new("a");
    let response = jwks(&[&signer]);
    let server = Server::start(move |stream, request| {
        let authorized = request.contains("authorization: Basic abc") && request.contains("user-agent: bearergate/");
        let refused = "HTTP/1.1 401 No\r\nContent-Length: 0\r\n\r\n";
        let _ = stream.write_all(if authorized { response.as_bytes() } else { refused.as_bytes() });
    });
    let headers = Some(vec![("Authorization".to_owned(), "Basic abc".to_owned().into())]);
    let verifier = verifier(&server.url, JwksOptions { headers, ..JwksOptions::default() });
    assert_eq!(code(&verifier, &signer.token()), "accepted");
}

#[test]
fn names_below_localhost_are_this_machine_whatever_the_system_says() {
    let signer = Signer::new("a");
    let server = Server::answering(jwks(&[&signer]));
    for host in ["localhost", "keys.localhost", "no.such.name.localhost"] {
        let verifier = verifier(&server.url.replace("127.0.0.1", host), JwksOptions::default());
        assert_eq!(code(&verifier, &signer.token()), "accepted", "{host}");
    }
    assert_eq!(server.hits(), 3);
}

#[test]
fn a_wait_for_keys_ends_by_its_limit_and_takes_no_place_of_a_request() {
    let signer = Signer::new("a");
    let server = Server::answering("HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n".to_owned());
    let verifier = verifier(&server.url, JwksOptions { cooldown: one_second(), ..JwksOptions::default() });
    let abandoned = (0..10_000).filter_map(|_| match verifier.ready(None) {
        Readiness::Wait(ticket) => Some(ticket.on_ready(|_| {})),
        Readiness::Ready => None,
    });
    abandoned.for_each(Cancel::cancel);
    let started = Instant::now();
    let Readiness::Wait(late) = verifier.ready(Some(Duration::from_millis(50))) else { panic!("ready without keys") };
    let refusal = late.wait().unwrap_err();
    assert_eq!((refusal.code().as_str(), refusal.reason().as_str()), ("ERR_KEYS_UNAVAILABLE", "timeout"));
    assert!(started.elapsed() < Duration::from_millis(500), "{:?}", started.elapsed());
    server.now(says(jwks(&[&signer])));
    let Readiness::Wait(ready) = verifier.ready(Some(Duration::from_secs(5))) else { panic!("ready without keys") };
    assert_eq!(ready.wait(), Ok(()));
    assert_eq!(code(&verifier, &signer.token()), "accepted");
}

#[test]
fn a_verifier_of_many_issuers_is_one_verifier() {
    let server = Server::answering(jwks(&[&Signer::new("a")]));
    let issuers = (0..100).map(|i| TrustOptions {
        issuer: Some(vec![format!("https://{i}.example")]),
        jwks_uri: Some(server.url.clone()),
        ..TrustOptions::default()
    });
    let verifier = Verifier::new(Options { issuers: Some(issuers.collect()), ..Options::default() }).unwrap();
    assert_eq!(verifier.advice(), None);
}

#[test]
fn a_verifier_for_each_request_is_noticed_and_does_not_flood_the_endpoint() {
    let signer = Signer::new("a");
    let server = Server::answering(jwks(&[&signer]));
    let advice: Vec<_> = (0..200)
        .filter_map(|_| {
            let verifier = verifier(&server.url, JwksOptions::default());
            assert_eq!(code(&verifier, &signer.token()), "accepted");
            let advice = verifier.advice().map(str::to_owned);
            verifier.close();
            advice
        })
        .collect();
    assert_eq!(advice.len(), 1, "{advice:?}");
    assert!(advice[0].contains("/jwks") && advice[0].contains("Build one verifier"), "{}", advice[0]);
    assert!(server.hits() <= 65, "{} fetches", server.hits());
}
