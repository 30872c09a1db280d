//! The command line from its arguments to what it writes, over files, variables, standard input and a
//! real HTTP server on loopback.

mod support;

use std::io::{Cursor, ErrorKind, Read, Write};
use std::path::PathBuf;

use bearergate_core::explain::{Report, Surroundings, run};
use bearergate_core::mint::{self, SigningKey, TestTokenOptions};
use serde_json::Value;
use support::{Server, Signer, jwks, ok};

const SECRET: &str = "a secret of the command's tests, thirty-two bytes and more";

fn token(claims: &str) -> String {
    let key = SigningKey::from_secret(SECRET.as_bytes());
    mint::create_test_jwt(claims, "HS256", &key, &TestTokenOptions::default()).unwrap()
}

/// What a run writes with these arguments, variables and standard input.
fn with(arguments: &[&str], variables: &[(&'static str, String)], stdin: &str, terminal: bool) -> Report {
    let variables = variables.to_vec();
    let surroundings = Surroundings {
        stdin: Box::new(Cursor::new(stdin.to_owned())),
        stdin_is_terminal: false,
        stdout_is_terminal: terminal,
        variable: Box::new(move |name| {
            let secret = || (name == "JWT_SECRET").then(|| SECRET.to_owned());
            variables.iter().find(|(known, _)| *known == name).map(|(_, value)| value.clone()).or_else(secret)
        }),
    };
    let arguments = arguments.iter().map(|argument| (*argument).to_owned()).collect();
    let report = Report::of(run(arguments, surroundings).wait());
    let written = format!("{}{}", report.stdout, report.stderr);
    assert!(!written.contains(SECRET), "the secret is told: {written}");
    let steers = |character: char| character.is_control() && character != '\n' && !(terminal && character == '\u{1b}');
    assert!(!written.contains(steers), "a terminal is steered: {written:?}");
    report
}

fn explain(arguments: &[&str], stdin: &str) -> Report {
    let all: Vec<_> = ["explain", "--secret-env", "JWT_SECRET"].iter().chain(arguments).copied().collect();
    with(&all, &[], stdin, false)
}

fn json(report: &Report) -> Value {
    assert!(report.stdout.ends_with('\n') && report.stdout.lines().count() == 1);
    serde_json::from_str(&report.stdout).unwrap()
}

fn file(name: &str, text: &str) -> PathBuf {
    let path = std::env::temp_dir().join(format!("bearergate-command-{}-{name}", std::process::id()));
    std::fs::write(&path, text).unwrap();
    path
}

#[test]
fn an_accepted_token_shows_its_caller() {
    let token = token(
        r#"{"sub":"alice","iss":"https://i.example","aud":["api","b"],"exp":4102444800,"iat":0,"name":"Alice \u001b[2J\u202e",
            "scope":"read write","realm_access":{"roles":["admin"]},"jti":"not shown"}"#,
    );
    let arguments = [
        "--issuer",
        "https://i.example",
        "--audience=api",
        "--claims-mapping",
        "roles=realm_access.roles",
        "--typ",
        "jwt",
    ];
    let report = explain(&arguments, &format!("{token}\n"));
    assert_eq!((report.exit_code, report.stderr.as_str()), (0, ""), "{}", report.stdout);
    for line in [
        r#"11  issuer, audience passed       iss "https://i.example", aud ["api", "b"]"#,
        "13  nbf              passed       no nbf",
        "15  age              not asked    any age will do",
        r#"  subject "alice""#,
        r#"  name    "Alice \u{1b}[2J\u{202e}""#,
        r#"  roles   "admin""#,
        r#"  scopes  "read", "write""#,
        "  expires 2100-01-01T00:00:00Z",
    ] {
        assert!(report.stdout.lines().any(|said| said == line), "{line}\n{}", report.stdout);
    }
    assert!(!report.stdout.contains("not shown") && !report.stdout.contains(&token));

    let told = json(&explain(&[&arguments[..], &["--json"]].concat(), &token));
    assert_eq!(told["outcome"], "accepted");
    assert_eq!(told["caller"]["roles"], serde_json::json!(["admin"]));
    assert_eq!(told["checks"].as_array().map(Vec::len), Some(17));
    assert_eq!(told["notes"], serde_json::json!([]));
}

#[test]
fn a_refused_token_shows_the_one_check() {
    let report = explain(&["--audience", "api"], &token(r#"{"sub":"a","aud":"other","secret claim":"hidden"}"#));
    assert_eq!(report.exit_code, 1);
    assert!(
        report.stdout.contains(r#"11  issuer, audience FAILED       aud is "other", accepted: "api""#),
        "{}",
        report.stdout
    );
    assert!(report.stdout.contains("17  subject          not reached\n"));
    assert!(report.stdout.contains("refused: ERR_CLAIM_INVALID aud (check_failed)"));
    assert!(report.stdout.contains("the client sees 401: Authentication failed"));
    assert!(report.stdout.contains("note: no issuer is given"));
    assert!(!report.stdout.contains("hidden"));

    let expired = explain(&["--clock-tolerance", "5"], &token(r#"{"sub":"a","exp":1000000000}"#));
    assert!(expired.stdout.contains("exp 2001-09-09T01:46:40Z ("), "{}", expired.stdout);
    assert!(expired.stdout.contains("years ago), with a tolerance of 5 s"));

    // Before the signature has verified the payload says nothing.
    let good = token(r#"{"sub":"mallory","aud":"secret-audience"}"#);
    let forged = format!("{}.AAAA", good.rsplit_once('.').unwrap().0);
    for bad in [forged, "x.y.z".to_owned()] {
        let report = explain(&["--json", "--audience", "api"], &bad);
        assert_eq!(report.exit_code, 1);
        assert!(!report.stdout.contains("mallory") && !report.stdout.contains("secret-audience"), "{}", report.stdout);
    }
}

#[test]
fn the_token_comes_from_where_it_is_not_remembered() {
    let good = token(r#"{"sub":"a"}"#);
    let variables = &[("BEARERGATE_TOKEN", format!(" Bearer  {good}\n"))];
    let source = ["explain", "--secret-env", "JWT_SECRET"];
    let run_with = |more: &[&str], stdin: &str| with(&[&source[..], more].concat(), variables, stdin, false);
    assert_eq!(run_with(&[], "garbage").exit_code, 0, "the variable comes first");
    assert_eq!(run_with(&["-"], "garbage").exit_code, 1, "a dash is standard input");
    assert_eq!(run_with(&["-"], &good).exit_code, 0);
    let given = run_with(&[&good], "");
    assert_eq!(given.exit_code, 0);
    assert!(given.stderr.contains("given as an argument") && !given.stderr.contains(&good));
    assert_eq!(explain(&[], "").exit_code, 2);
    assert!(explain(&[], " \n").stderr.contains("no token: it is read from BEARERGATE_TOKEN or from standard input"));
    assert_eq!(explain(&["a", "b"], "").exit_code, 2);
}

#[test]
fn a_stream_that_does_not_block_is_read_to_its_end() {
    struct Slow(Vec<Option<&'static [u8]>>);
    impl Read for Slow {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            match self.0.pop() {
                None => Ok(0),
                Some(None) => Err(ErrorKind::WouldBlock.into()),
                Some(Some(bytes)) => {
                    buffer[..bytes.len()].copy_from_slice(bytes);
                    Ok(bytes.len())
                }
            }
        }
    }
    let surroundings = Surroundings {
        stdin: Box::new(Slow(vec![Some(b".z"), None, Some(b"x.y"), None])),
        stdin_is_terminal: false,
        stdout_is_terminal: false,
        variable: Box::new(|_| Some(SECRET.to_owned())),
    };
    let arguments = ["explain", "--secret-env", "S", "--json", "-"].map(str::to_owned).to_vec();
    let report = Report::of(run(arguments, surroundings).wait());
    assert_eq!(json(&report)["checks"][0]["detail"], "5 of at most 16384 bytes");
}

#[test]
fn colours_are_for_terminals_that_want_them() {
    let coloured =
        |variables: &[_]| with(&["explain", "--secret-env", "JWT_SECRET", "-"], variables, "x.y.z", true).stdout;
    assert!(coloured(&[]).contains("\u{1b}[1;31mFAILED"));
    assert!(!coloured(&[("NO_COLOR", "1".to_owned())]).contains('\u{1b}'));
    assert!(!coloured(&[("TERM", "dumb".to_owned())]).contains('\u{1b}'));
    assert!(!explain(&["-"], "x.y.z").stdout.contains('\u{1b}'));
    let json = with(&["explain", "--secret-env", "JWT_SECRET", "--json", "-"], &[], "x.y.z", true).stdout;
    assert!(!json.contains('\u{1b}'));
}

#[test]
fn keys_come_from_files_and_the_network() {
    let key = SigningKey::generate_rsa().unwrap();
    let good = mint::create_test_jwt(r#"{"sub":"a"}"#, "RS256", &key, &TestTokenOptions::default()).unwrap();
    let pair = mint::generate_rsa_test_keypair("k").unwrap();
    let own = SigningKey::from_pem(&pair.private_pem).unwrap();
    let other = mint::create_test_jwt(r#"{"sub":"a"}"#, "RS256", &own, &TestTokenOptions::default()).unwrap();
    let files = [
        file("pem", &pair.public_pem),
        file("jwk", &pair.public_jwk),
        file("set", &format!("{{\"keys\":[{}]}}", pair.public_jwk)),
    ];
    for path in files.each_ref() {
        let arguments = ["explain", "--public-key", path.to_str().unwrap()];
        assert_eq!(with(&arguments, &[], &other, false).exit_code, 0, "{path:?}");
        assert_eq!(with(&arguments, &[], &good, false).exit_code, 1, "{path:?}");
        std::fs::remove_file(path).unwrap();
    }
    let secret = file("secret", &format!("{SECRET}\n"));
    let arguments = ["explain", "--secret-file", secret.to_str().unwrap()];
    assert_eq!(with(&arguments, &[], &token(r#"{"sub":"a"}"#), false).exit_code, 0);
    std::fs::remove_file(&secret).unwrap();
    assert_eq!(with(&arguments, &[], "x", false).exit_code, 2);

    let signer = Signer::new("key-1");
    let server = Server::answering(jwks(&[&signer]));
    let arguments = ["explain", "--jwks-uri", &server.url];
    let accepted = with(&arguments, &[], &signer.token(), false);
    assert_eq!(accepted.exit_code, 0, "{}", accepted.stdout);
    assert!(accepted.stdout.contains(&format!("1 usable key at {}", server.url)), "{}", accepted.stdout);
    assert_eq!(with(&arguments, &[], &Signer::new("key-2").token(), false).exit_code, 1);

    let keys = jwks(&[&signer]);
    let issuer = Server::start(move |stream, request| {
        let origin =
            request.lines().find_map(|line| line.to_ascii_lowercase().strip_prefix("host: ").map(str::to_owned));
        let origin = format!("http://{}", origin.unwrap());
        let metadata = ok(&format!(r#"{{"issuer":"{origin}","jwks_uri":"{origin}/keys"}}"#));
        let answer = if request.contains("openid-configuration") { &metadata } else { &keys };
        stream.write_all(answer.as_bytes()).unwrap();
    });
    let origin = issuer.url.strip_suffix("/jwks").unwrap();
    let found = with(&["explain", "--discover", "--issuer", origin], &[], &signer.token(), false);
    assert!(found.stdout.contains("7  signature        passed"), "{}{}", found.stdout, found.stderr);
    assert!(found.stdout.contains("10  presence         FAILED       \"iss\" is not there"), "{}", found.stdout);
    assert_eq!(with(&["jwks", "--discover", "--issuer", origin], &[], "", false).exit_code, 0);

    let broken = Server::answering("HTTP/1.1 500 \r\nContent-Length: 0\r\n\r\n".to_owned());
    let down = with(&["explain", "--jwks-uri", &broken.url], &[], &signer.token(), false);
    assert_eq!(down.exit_code, 3);
    assert!(down.stdout.contains("status 500") && down.stdout.contains("unavailable: ERR_KEYS_UNAVAILABLE"));
    assert!(down.stdout.contains("the client sees 503: Authentication temporarily unavailable"));
}

#[test]
fn a_key_set_is_shown_as_it_is_used() {
    let signer = Signer::new("key-1");
    let pair = mint::generate_rsa_test_keypair("rsa").unwrap();
    let set = format!(
        r#"{{"keys":[{},{},{{"kty":"oct","kid":"s","k":"AA"}},{{"kty":"EC","crv":"P-192","kid":"\u001b[2J"}},7]}}"#,
        signer.jwk(),
        pair.public_jwk
    );
    let server = Server::answering(ok(&set));
    let report = with(&["jwks", &server.url], &[], "", false);
    assert_eq!(report.exit_code, 0);
    let lines: Vec<_> = report.stdout.lines().collect();
    assert_eq!(lines[0], server.url);
    assert_eq!(lines[1], "  usable   kid \"key-1\"  EC P-256 256 bits  ES256");
    assert_eq!(lines[2], "  usable   kid \"rsa\"  RSA 2048 bits  RS256");
    assert!(lines[3].starts_with("  skipped  kid \"s\"  oct  a symmetric key"), "{}", lines[3]);
    assert_eq!(lines[4], "  skipped  kid \"\\u{1b}[2J\"  EC P-192  unsupported crv \"P-192\"");
    assert_eq!(lines[6], "usable: 2 of 5 keys, 3 skipped");
    let told = json(&with(&["jwks", "--json", &server.url], &[], "", false));
    assert_eq!((told["usable"].as_bool(), told["keys"][1]["bits"].as_u64()), (Some(true), Some(2048)));

    let unusable = Server::answering(ok(r#"{"keys":[{"kty":"oct","kid":"s"}]}"#));
    let report = with(&["jwks", &unusable.url], &[], "", false);
    assert_eq!(report.exit_code, 3);
    assert!(
        report.stdout.contains("skipped  kid \"s\"") && report.stdout.contains("not usable: no usable key among 1")
    );
    for answer in ["HTTP/1.1 302 \r\nLocation: /x\r\nContent-Length: 0\r\n\r\n", &ok("nonsense")] {
        let report = with(&["jwks", &Server::answering(answer.to_owned()).url], &[], "", false);
        assert_eq!(report.exit_code, 3);
        assert!(report.stdout.contains("not usable: "), "{}", report.stdout);
    }
}

#[test]
fn what_cannot_be_meant_is_named_by_its_flag() {
    for (line, problem) in [
        ("", "Give explain or jwks"),
        ("explian", "the first argument must be explain or jwks"),
        ("explain", "give exactly one of --jwks-uri, --discover"),
        ("explain --jwks-uri https://a.example/ --secret-env JWT_SECRET", "give exactly one of"),
        ("explain --jwks-uri http://a.example/jwks", "--jwks-uri: "),
        ("explain --jwks-uri nonsense", "--jwks-uri: "),
        ("explain --discover", "--issuer"),
        ("explain --secret-env NO_SUCH", "--secret-env: no such environment variable"),
        ("explain --secret-env SHORT", "--secret-env: must be at least 32 bytes"),
        ("explain --public-key /nonexistent/key", "--public-key: cannot read the file"),
        ("explain --secret-env JWT_SECRET --algorithms HS256,none", "--algorithms: \"none\" is never accepted"),
        ("explain --secret-env JWT_SECRET --max-token-age 1x", "--max-token-age: \"1x\" is not a duration"),
        ("explain --secret-env JWT_SECRET --clock-tolerance 700", "--clock-tolerance: must be 0 to 600 seconds"),
        ("explain --secret-env JWT_SECRET --claims-mapping role=x", "--claims-mapping: unknown option"),
        ("explain --secret-env JWT_SECRET --claims-mapping roles", "--claims-mapping: must be FIELD=PATH"),
        ("explain --secret-env JWT_SECRET --confirmation maybe", "--confirmation: must be"),
        ("explain --jwks-uri https://a.example/ --timeout 5000", "--timeout: "),
        ("explain --jwks-uri https://a.example/ --ca-file /nonexistent", "--ca-file: "),
        ("jwks", "give one URL"),
        ("jwks a b", "give one URL"),
        ("jwks ftp://a.example/", "--jwks-uri: "),
    ] {
        let arguments: Vec<_> = line.split_whitespace().collect();
        let short = [("SHORT", "x".to_owned())];
        let variables = if line.contains("NO_SUCH") { &[] } else { &short[..] };
        let report = with(&arguments, variables, "", false);
        assert_eq!((report.exit_code, report.stdout.as_str()), (2, ""), "{line}");
        assert!(
            report.stderr.starts_with("bearergate: ") && report.stderr.contains(problem),
            "{line}: {}",
            report.stderr
        );
    }
    for line in ["--help", "explain --help", "jwks -h", "--version"] {
        let arguments: Vec<_> = line.split_whitespace().collect();
        let report = with(&arguments, &[], "", false);
        assert_eq!((report.exit_code, report.stderr.as_str()), (0, ""));
        assert!(report.stdout.lines().all(|line| line.chars().count() <= 120), "{}", report.stdout);
    }
    let mapped = explain(
        &["--claims-mapping", r#"roles=["https://x.example/roles"]"#, "--max-token-age", "1h"],
        &token(r#"{"sub":"a","https://x.example/roles":["r"]}"#),
    );
    assert!(mapped.stdout.contains("  roles   \"r\""), "{}{}", mapped.stdout, mapped.stderr);
}
