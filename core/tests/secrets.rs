//! What is written anywhere about a verifier holds no secret and nothing of a token: every Debug, Display,
//! error, event, log record, panic message and `stats()` is searched for markers that stand in each secret
//! and each part of the tokens, as they are and in the encodings that they could be written in.

mod support;

use std::collections::BTreeSet;
use std::fmt::{self, Debug, Write as _};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use bearergate_core::{
    Code, ConfigError, Decision, Gate, JwksOptions, OptionValue, Options, Outcome, Request, Secret, Spelling,
    TrustOptions,
};
use support::{Server, ok};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};
use zeroize::{ZeroizeOnDrop, Zeroizing};

/// One in each secret.
const SECRET: &str = "SECRETMARKER-5d41402abc4b2a76b9719d91";
const HEADER: &str = "HEADERMARKER-7d793037a0760186574b0282";
const PROXY: &str = "PROXYMARKER-9e107d9d372bb6826bd81d35";
const QUERY: &str = "QUERYMARKER-e4d909c290d0fb1ca068ffad";
const PRIVATE: &str = "PRIVATEMARKER-f96b697d7cb7938d525a2f31";
/// One in the claims, and one as the whole signature.
const CLAIM: &str = "CLAIMMARKER-8277e0910d750195b448797616";
const SIGNATURE: &str = "SIGNATUREMARKER-d174ab98d277d9f5a5611c";

/// Every text that was written, with what wrote it.
#[derive(Clone, Default)]
struct Written(Arc<Mutex<Vec<(String, String)>>>);

impl Written {
    fn text(&self, what: &str, text: impl fmt::Display) {
        self.0.lock().unwrap().push((what.to_owned(), text.to_string()));
    }

    fn debug(&self, what: &str, value: &dyn Debug) {
        self.text(what, format!("{value:?}"));
        self.text(what, format!("{value:#?}"));
    }

    fn config_error(&self, what: &str, error: &ConfigError) {
        self.debug(what, error);
        self.text(what, error);
    }

    /// Fails where one of the markers stands in any encoding.
    fn search(&self, extra: &[(&str, Vec<u8>)]) {
        let markers = [SECRET, HEADER, PROXY, QUERY, PRIVATE, CLAIM, SIGNATURE];
        let markers = markers.map(|text| (text, text.as_bytes().to_vec()));
        let written = std::mem::take(&mut *self.0.lock().unwrap());
        assert!(written.len() > 150, "only {} texts", written.len());
        let mut found = BTreeSet::new();
        for (name, bytes) in markers.iter().chain(extra) {
            for form in forms(bytes) {
                for (what, text) in &written {
                    if let Some(at) = text.find(&form) {
                        let before: String = text[..at].chars().rev().take(80).collect();
                        found.insert(format!("{name} in {what}, after {}", before.chars().rev().collect::<String>()));
                    }
                }
            }
        }
        assert!(found.is_empty(), "{found:#?}");
    }
}

/// How bytes may appear in a text.
fn forms(bytes: &[u8]) -> Vec<String> {
    let hex = bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat();
    let list = format!("{bytes:?}");
    let pretty = format!("{bytes:#?}");
    // The last letters of base64 depend on what follows.
    let cut = |text: String| text[..text.len() - 4].to_owned();
    vec![
        String::from_utf8_lossy(bytes).into_owned(),
        hex.to_uppercase(),
        hex,
        list.trim_matches(['[', ']']).to_owned(),
        pretty.trim_matches(['[', ']', '\n']).to_owned(),
        cut(STANDARD.encode(bytes)),
        cut(URL_SAFE.encode(bytes)),
        cut(STANDARD_NO_PAD.encode(bytes)),
        cut(URL_SAFE_NO_PAD.encode(bytes)),
    ]
}

/// Keeps every log record, of whatever crate and level.
struct Log(Written);

impl Subscriber for Log {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }
    fn new_span(&self, span: &Attributes<'_>) -> Id {
        let mut fields = Fields(String::new());
        span.record(&mut fields);
        self.0.text(span.metadata().target(), fields.0);
        Id::from_u64(1)
    }
    fn record(&self, _: &Id, values: &Record<'_>) {
        let mut fields = Fields(String::new());
        values.record(&mut fields);
        self.0.text("a span", fields.0);
    }
    fn event(&self, event: &Event<'_>) {
        let mut fields = Fields(String::new());
        event.record(&mut fields);
        self.0.text(&format!("the log of {}", event.metadata().target()), fields.0);
    }
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

struct Fields(String);

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        let _ = write!(self.0, "{field}={value:?} ");
    }
}

fn read(json: &str) -> Result<Options, ConfigError> {
    OptionValue::from_json(json).and_then(|value| Options::read(value, Spelling::Camel))
}

fn encode(text: &str) -> String {
    URL_SAFE_NO_PAD.encode(text)
}

fn signed(header: &str, payload: &str) -> String {
    let input = format!("{}.{}", encode(header), encode(payload));
    let mac = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, SECRET.as_bytes()), input.as_bytes());
    format!("{input}.{}", URL_SAFE_NO_PAD.encode(mac))
}

/// Tokens for every refusal that needs no server, each with markers in its claims.
fn tokens() -> Vec<String> {
    let claims = |rest: &str| format!(r#"{{"sub":"user-1","email":"{CLAIM}",{rest}}}"#);
    let header = r#"{"alg":"HS256","kid":"k"}"#;
    let mut tokens: Vec<String> = [
        format!(r#""iss":"{CLAIM}""#),
        format!(r#""aud":"{CLAIM}""#),
        format!(r#""exp":"{CLAIM}""#),
        r#""exp":1"#.to_owned(),
        r#""nbf":99999999999"#.to_owned(),
        format!(r#""cnf":{{"jkt":"{CLAIM}"}}"#),
        format!(r#""x":"{CLAIM}","x":1"#),
        r#""y":1"#.to_owned(),
    ]
    .iter()
    .map(|rest| signed(header, &claims(rest)))
    .collect();
    tokens.push(signed(header, &format!(r#"{{"email":"{CLAIM}"}}"#)));
    tokens.push(signed(header, CLAIM));
    for head in [header, r#"{"alg":"none"}"#, r#"{"alg":"HS256","crit":["x"]}"#, r#"{"alg":1}"#, "x"] {
        tokens.push(format!("{}.{}.{}", encode(head), encode(&claims("\"z\":1")), encode(SIGNATURE)));
    }
    tokens.push(format!("{}.{}.{}.{}", encode(header), encode(CLAIM), encode(SIGNATURE), encode(CLAIM)));
    tokens.push(format!("{}.{}{}", encode(header), CLAIM, "A".repeat(20_000)));
    tokens.push(format!("{CLAIM} {SIGNATURE}"));
    tokens
}

#[test]
fn nothing_that_is_written_holds_a_secret_or_a_token() {
    let written = Written::default();
    tracing::subscriber::set_global_default(Log(written.clone())).expect("the only subscriber");
    let panics = written.clone();
    std::panic::set_hook(Box::new(move |panic| panics.text("a panic", panic)));

    configuration(&written);
    let mut markers = decisions(&written);
    markers.extend(remote_keys(&written));
    for source in ["the log of bearergate_core", "a panic", "an event", "stats", "a refusal"] {
        let found = written.0.lock().unwrap().iter().any(|(what, _)| what.contains(source));
        assert!(found, "nothing was written by {source}");
    }
    // A panic of this test itself is told as usual.
    let _ = std::panic::take_hook();
    written.search(&markers);
}

/// Options, good and bad.
fn configuration(written: &Written) {
    let everything = format!(
        r#"{{"secret":["{SECRET}",{{"$bytes":"{}"}}],"jwksUri":"https://idp.test/keys?key={QUERY}","publicKey":"{PRIVATE}",
            "jwks":{{"headers":{{"authorization":"{HEADER}"}},"proxy":"http://user:{PROXY}@proxy.test:1"}}}}"#,
        STANDARD.encode(SECRET)
    );
    written.debug("an option value", &OptionValue::from_json(&everything).expect("JSON"));
    let options = read(&everything).expect("options");
    written.debug("options", &options);
    written.debug("jwks options", &options.trust.jwks);
    written.debug("trust options", &options.trust);
    written.debug("a secret", &Secret::new(SECRET));
    let verifier = Gate::new(options).expect("a gate");
    written.debug("a gate", &verifier);
    written.debug("stats", &verifier.verifier().stats());

    let pem = format!("-----BEGIN PRIVATE KEY-----\n{PRIVATE}\n-----END PRIVATE KEY-----");
    for bad in [
        format!(r#"{{"secret":"{}"}}"#, &SECRET[..20]),
        format!(r#"{{"secret":{{"x":"{SECRET}"}}}}"#),
        format!(r#"{{"secret":"{{\"kty\":\"oct\",\"k\":\"{SECRET}\"}}"}}"#),
        format!(r#"{{"secret":"{SECRET}","algorithms":["HS512"]}}"#),
        format!(r#"{{"secret":"{SECRET}","issuers":[]}}"#),
        format!(r#"{{"secret":["{SECRET}",7]}}"#),
        format!(r#"{{"secret":"{SECRET}","clockTolerance":"x"}}"#),
        format!(r#"{{"secret":"{}"}}"#, pem.replace('\n', "\\n")),
        format!(r#"{{"publicKey":"{}"}}"#, pem.replace('\n', "\\n")),
        format!(r#"{{"publicKey":"{PRIVATE}"}}"#),
        format!(r#"{{"publicKey":{{"kty":"EC","crv":"P-256","d":"{PRIVATE}"}}}}"#),
        format!(r#"{{"publicKey":{{"kty":"oct","k":"{PRIVATE}"}}}}"#),
        format!(r#"{{"publicKey":{{"kty":"RSA","n":"{PRIVATE}","e":"AQAB"}}}}"#),
        format!(r#"{{"publicKey":{{"keys":[{{"kty":"OKP","d":"{PRIVATE}"}}]}}}}"#),
        format!(r#"{{"jwksUri":"https://user:{QUERY}@idp.test/"}}"#),
        format!(r#"{{"jwksUri":"ftp://idp.test/?key={QUERY}"}}"#),
        format!(r#"{{"jwksUri":"http://idp.test/?key={QUERY}"}}"#),
        format!(r#"{{"jwksUri":"idp.test/?key={QUERY}"}}"#),
        format!(r#"{{"jwksUri":"https://idp.test/","jwks":{{"headers":{{"x":"{HEADER}\n"}}}}}}"#),
        format!(r#"{{"jwksUri":"https://idp.test/","jwks":{{"headers":{{"x y":"{HEADER}"}}}}}}"#),
        format!(r#"{{"jwksUri":"https://idp.test/","jwks":{{"headers":{{"x":["{HEADER}"]}}}}}}"#),
        format!(r#"{{"jwksUri":"https://idp.test/","jwks":{{"headers":"{HEADER}"}}}}"#),
        format!(r#"{{"jwksUri":"https://idp.test/","jwks":{{"proxy":"socks5://u:{PROXY}@p.test"}}}}"#),
        format!(r#"{{"jwksUri":"https://idp.test/","jwks":{{"proxy":"{PROXY}"}}}}"#),
        format!(r#"{{"jwksUri":"https://idp.test/","jwks":{{"proxy":["{PROXY}"]}}}}"#),
        format!(
            r#"{{"jwksUri":"https://idp.test/","jwks":{{"initial":{{"keys":[{{"kty":"oct","k":"{PRIVATE}"}}]}}}}}}"#
        ),
        format!(r#"{{"secret":{{"$bytes":"*{SECRET}"}}}}"#),
        format!(r#"{{"secret":"{SECRET}""#),
    ] {
        match read(&bad).and_then(Gate::new) {
            Ok(_) => panic!("accepted: {bad}"),
            Err(error) => written.config_error("a configuration error", &error),
        }
    }
}

/// Every refusal of a token, and an accepted one. The markers are what the tokens themselves consist of.
fn decisions(written: &Written) -> Vec<(&'static str, Vec<u8>)> {
    let options = format!(
        r#"{{"secret":"{SECRET}","issuer":"https://issuer.test","audience":"api","maxTokenAge":"1h","resourceMetadata":"https://api.test/"}}"#
    );
    let strict = Gate::new(read(&options).expect("options")).expect("a gate");
    let plain = Gate::new(read(&format!(r#"{{"secret":"{SECRET}","propagateHeaders":true}}"#)).expect("options"))
        .expect("a gate");
    let mut markers = Vec::new();
    let mut codes = Vec::new();
    for token in tokens() {
        for segment in token.split('.').skip(1).filter(|segment| (16..1000).contains(&segment.len())) {
            markers.push(("a segment", segment.as_bytes().to_vec()));
        }
        for gate in [&strict, &plain] {
            for header in [format!("Bearer {token}"), token.clone()] {
                let request = Request { service: "pkg.Service", method: "Method", credentials: &[header.as_bytes()] };
                written.debug("a decision", &gate.check(&request));
                if let Decision::Refuse(refusal) = gate.check(&request) {
                    codes.push(refusal.code());
                    written.debug("a refusal", &refusal);
                    written.text("a refusal", &refusal);
                    written.text("a refusal", refusal.told_json());
                    written.text("a refusal", refusal.about_json());
                }
            }
            written.debug("an outcome", &gate.verifier().verify(&token));
        }
    }
    let token = signed(
        r#"{"alg":"HS256"}"#,
        &format!(r#"{{"sub":"user-1","email":"{CLAIM}","realm":{{"roles":["r"]}},"scope":"s t","list":[{{"x":1}}]}}"#),
    );
    let Outcome::Ready(Ok(caller)) = plain.verifier().verify(&token) else { panic!("a good token") };
    written.debug("roles", &caller.roles());
    written.debug("scopes", &caller.scopes());
    for claim in ["realm", "scope", "list"] {
        written.debug("a claim", &caller.claim(claim));
    }
    for gate in [&strict, &plain] {
        written.debug("a gate", gate);
        written.debug("stats", &gate.verifier().stats());
        written.text("stats", gate.verifier().stats().to_json());
    }
    for code in [
        Code::CredentialsMissing,
        Code::TokenTooLarge,
        Code::TokenMalformed,
        Code::TokenCritical,
        Code::AlgNotAllowed,
        Code::SignatureInvalid,
        Code::ClaimsMalformed,
        Code::ClaimMissing,
        Code::ClaimInvalid,
        Code::TokenExpired,
        Code::TokenNotYetValid,
        Code::TokenBound,
        Code::SubjectMissing,
    ] {
        assert!(codes.contains(&code), "no token was refused with {code}");
    }
    markers
}

fn with_tag(body: &str) -> String {
    ok(body).replacen("Content-Length", "ETag: \"1\"\r\nContent-Length", 1)
}

/// Fetches that fail in several ways and one that does not: events, log, tickets and the panic of a
/// listener.
fn remote_keys(written: &Written) -> Vec<(&'static str, Vec<u8>)> {
    let answers: Arc<Mutex<Vec<String>>> = Arc::new(Mutex::new(vec![
        with_tag(&format!(
            r#"{{"keys":[{{"kty":"EC","kid":"good","crv":"P-256","x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4","y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"}},
            {{"kty":"oct","k":"{PRIVATE}"}},{{"kty":"EC","crv":"P-256","d":"{PRIVATE}"}},{{"kty":"RSA","n":"{PRIVATE}","e":"AQAB"}}]}}"#
        )),
        ok(&format!(r#"{{"keys":"{PRIVATE}"}}"#)),
        format!("HTTP/1.1 500 {PRIVATE}\r\nContent-Length: 38\r\n\r\n{PRIVATE}"),
        format!("HTTP/1.1 302 Found\r\nLocation: http://x.test/{PRIVATE}\r\nContent-Length: 0\r\n\r\n"),
        ok(PRIVATE),
        format!("{PRIVATE}\r\n\r\n"),
    ]));
    let mut markers = Vec::new();
    while let Some(answer) = answers.lock().unwrap().pop() {
        let server = Server::start(move |stream, _| {
            let _ = std::io::Write::write_all(stream, answer.as_bytes());
        });
        let options = format!(
            r#"{{"jwksUri":"{}?key={QUERY}","jwks":{{"headers":{{"authorization":"{HEADER}"}}}}}}"#,
            server.url
        );
        let gate = Gate::new(read(&options).expect("options")).expect("a gate");
        let told = written.clone();
        gate.verifier().on_key_event(move |event| {
            told.debug("an event", event);
            told.text("an event", event.to_json());
            panic!("the listener's own");
        });
        let token = format!(
            "{}.{}.{}",
            encode(r#"{"alg":"ES256","kid":"k"}"#),
            encode(&format!(r#"{{"sub":"{CLAIM}"}}"#)),
            encode(SIGNATURE)
        );
        markers.push(("a segment", token.split('.').nth(1).unwrap().as_bytes().to_vec()));
        for _ in 0..2 {
            match gate.verifier().verify(&token) {
                Outcome::Wait(ticket) => {
                    written.debug("a ticket", &ticket);
                    written.debug("a gate", &gate);
                    let refusal = ticket.wait().expect_err("a forged token");
                    written.debug("a refusal", &refusal);
                    written.text("a refusal", refusal.about_json());
                }
                outcome @ Outcome::Ready(_) => written.debug("an outcome", &outcome),
            }
            written.debug("stats", &gate.verifier().stats());
            written.text("stats", gate.verifier().stats().to_json());
            written.debug("a gate", &gate);
        }
        let begun = Instant::now();
        while !written.0.lock().unwrap().iter().any(|(what, _)| what == "an event") {
            assert!(begun.elapsed() < Duration::from_secs(20), "no event came");
            std::thread::sleep(Duration::from_millis(5));
        }
        gate.verifier().close();
        written.debug("a gate", &gate);
    }
    markers
}

/// By their types: what the options hold of secrets is wiped when it is dropped.
#[test]
fn secrets_are_wiped() {
    fn wiped<T: ZeroizeOnDrop>(_: &T) {}
    wiped(&Secret::new(SECRET));
    let JwksOptions { headers, proxy, .. } = JwksOptions {
        headers: Some(vec![("x".to_owned(), Zeroizing::new(HEADER.to_owned()))]),
        proxy: Some(Zeroizing::new(PROXY.to_owned())),
        ..JwksOptions::default()
    };
    wiped(&headers.expect("headers")[0].1);
    wiped(&proxy.expect("a proxy"));
    let trust = TrustOptions { secret: Some(vec![Secret::new(SECRET)]), ..TrustOptions::default() };
    wiped(&trust.secret.expect("secrets")[0]);
}
