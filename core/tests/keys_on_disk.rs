//! The snapshot of the last good set, and the events that tell of keys, on a real disk and a real
//! server.
#![cfg(unix)]

mod support;

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use bearergate_core::{
    Clock, JwksOptions, KeyEvent, KeyEventKind, KeySource, ManualClock, Options, TrustOptions, Verifier,
};
use support::{Server, Signer, code, jwks, says};

const NOW_MS: i64 = 1_800_000_000_000;
const HOUR_MS: u64 = 3_600_000;

/// A directory of the test's own, removed with it.
struct Directory(PathBuf);

impl Directory {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("bearergate-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir(&path).unwrap();
        Self(path)
    }

    fn file(&self) -> PathBuf {
        self.0.join("keys")
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A verifier as a process would build it that starts at this wall time, and what it is told.
fn started(url: &str, file: &Path, wall_ms: i64) -> (Verifier, ManualClock, Receiver<KeyEvent>) {
    let jwks = JwksOptions { snapshot_file: Some(file.display().to_string()), ..JwksOptions::default() };
    let trust = TrustOptions { jwks_uri: Some(url.to_owned()), jwks, ..TrustOptions::default() };
    let clock = ManualClock::new(wall_ms, HOUR_MS);
    let options = Options { trust, ..Options::default() };
    let verifier = Verifier::with_clock(options, Clock::Manual(clock.clone())).unwrap();
    let (sender, events) = channel();
    verifier.on_key_event(move |event| drop(sender.send(event.clone())));
    (verifier, clock, events)
}

fn next(events: &Receiver<KeyEvent>) -> KeyEventKind {
    events.recv_timeout(Duration::from_secs(5)).expect("an event").kind
}

fn until(what: &str, mut done: impl FnMut() -> bool) {
    let started = Instant::now();
    while !done() {
        assert!(started.elapsed() < Duration::from_secs(5), "{what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn failing() -> impl Fn(&mut std::net::TcpStream, &str) + Send + Sync {
    says("HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n".to_owned())
}

/// A server that has given its keys once and fails from now on, and the snapshot of them.
fn snapshot_of(directory: &Directory) -> (Server, Signer) {
    let signer = Signer::new("a");
    let server = Server::answering(jwks(&[&signer]));
    let (verifier, _, events) = started(&server.url, &directory.file(), NOW_MS);
    assert_eq!(code(&verifier, &signer.token()), "accepted");
    assert!(matches!(next(&events), KeyEventKind::Fetch { keys: 1, not_modified: false, .. }));
    let KeyEventKind::KeysChanged { source: KeySource::Remote, added, removed, .. } = next(&events) else {
        panic!("the keys are new")
    };
    assert_eq!((added, removed.len()), (vec![Some("a".to_owned())], 0));
    until("the snapshot is written", || directory.file().exists());
    server.now(failing());
    (server, signer)
}

#[test]
fn a_snapshot_serves_a_start_while_the_endpoint_is_down() {
    let directory = Directory::new("boot");
    let (server, signer) = snapshot_of(&directory);
    assert_eq!(fs::metadata(directory.file()).unwrap().mode() & 0o777, 0o600);
    assert_eq!(fs::read_dir(&directory.0).unwrap().count(), 1, "nothing is left beside it");

    let (verifier, clock, events) = started(&server.url, &directory.file(), NOW_MS + 60_000);
    assert!(matches!(next(&events), KeyEventKind::KeysChanged { source: KeySource::Snapshot, keys: 1, .. }));
    assert_eq!(verifier.stats().age_seconds, Some(60.0));
    assert_eq!(code(&verifier, &signer.token()), "accepted");
    assert_eq!(verifier.stats().state, "stale");
    let KeyEventKind::FetchError { status, state, source, .. } = next(&events) else { panic!("a refresh at once") };
    assert_eq!((status, state, source), (Some(500), "stale", KeySource::Remote));

    // The age is carried over: 600 s of age and 3600 s of staleness, of which a minute had passed.
    clock.set(NOW_MS, HOUR_MS + 4_139_999);
    assert_eq!(code(&verifier, &signer.token()), "accepted");
    clock.set(NOW_MS, HOUR_MS + 4_140_000);
    assert_eq!(code(&verifier, &signer.token()), "ERR_KEYS_UNAVAILABLE");
}

#[test]
fn a_snapshot_is_as_old_as_it_says_and_never_of_the_future() {
    let directory = Directory::new("age");
    let (server, signer) = snapshot_of(&directory);
    for (wall_ms, expected) in [
        (NOW_MS + 4_199_000, "accepted"),
        (NOW_MS + 4_200_000, "ERR_KEYS_UNAVAILABLE"),
        (NOW_MS - 1, "ERR_KEYS_UNAVAILABLE"),
    ] {
        let (verifier, ..) = started(&server.url, &directory.file(), wall_ms);
        assert_eq!(code(&verifier, &signer.token()), expected, "{wall_ms}");
    }
}

#[test]
fn a_snapshot_that_cannot_be_trusted_is_told_of_and_ignored() {
    let directory = Directory::new("bad");
    let (server, signer) = snapshot_of(&directory);
    let file = directory.file();
    let good = fs::read(&file).unwrap();
    let line = good.iter().position(|byte| *byte == b'\n').unwrap();
    let put = |bytes: &[u8]| {
        let _ = fs::remove_file(&file);
        fs::write(&file, bytes).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    };
    let elsewhere = directory.0.join("elsewhere");
    fs::write(&elsewhere, &good).unwrap();
    fs::set_permissions(&elsewhere, fs::Permissions::from_mode(0o600)).unwrap();
    let mode = |mode| fs::set_permissions(&file, fs::Permissions::from_mode(mode)).unwrap();
    let cases: [(&str, &dyn Fn()); 10] = [
        ("is not a snapshot", &|| put(b"")),
        ("is not a snapshot", &|| put(b"{}\n{}")),
        ("is of format 9", &|| put(&String::from_utf8_lossy(&good).replacen(":1,", ":9,", 1).into_bytes())),
        ("not strict JSON", &|| put(&good[..good.len() - 3])),
        ("no usable key", &|| put(&[&good[..=line], br#"{"keys":[]}"#].concat())),
        ("is longer than `maxBytes`", &|| put(&[&good[..=line], &vec![b' '; 600_000]].concat())),
        ("can be written by other users", &|| {
            put(&good);
            mode(0o602);
        }),
        ("can be written by other users", &|| {
            put(&good);
            mode(0o660);
        }),
        ("is a symbolic link", &|| {
            fs::remove_file(&file).unwrap();
            symlink(&elsewhere, &file).unwrap();
        }),
        ("is not a regular file", &|| {
            fs::remove_file(&file).unwrap();
            assert!(std::process::Command::new("mkfifo").arg(&file).status().unwrap().success());
        }),
    ];
    for (problem, spoil) in cases {
        spoil();
        let (verifier, _, events) = started(&server.url, &file, NOW_MS);
        let KeyEventKind::FetchError { source, error, .. } = next(&events) else { panic!("no error: {problem}") };
        assert!(source == KeySource::Snapshot && error.contains(problem), "{error} for {problem}");
        assert!(verifier.stats().last_error.is_some_and(|error| error.contains(problem)));
        assert_eq!(code(&verifier, &signer.token()), "ERR_KEYS_UNAVAILABLE", "{problem}");
    }
    fs::remove_file(&file).unwrap();
    let (_, _, events) = started(&server.url, &file, NOW_MS);
    assert!(events.recv_timeout(Duration::from_millis(100)).is_err(), "a first start is no error");
}

#[test]
fn a_snapshot_of_another_url_is_ignored_and_tells_no_query() {
    let directory = Directory::new("url");
    let (server, signer) = snapshot_of(&directory);
    let text = fs::read_to_string(directory.file()).unwrap();
    assert!(text.contains("/jwks") && !text.contains("secret"), "{text}");
    let (verifier, _, events) = started(&format!("{}?key=secret", server.url), &directory.file(), NOW_MS);
    let KeyEventKind::FetchError { error, .. } = next(&events) else { panic!("no error") };
    assert!(error.contains("another URL"), "{error}");
    assert_eq!(code(&verifier, &signer.token()), "ERR_KEYS_UNAVAILABLE");
    server.now(says(jwks(&[&signer])));
    let (verifier, ..) = started(&format!("{}?key=secret", server.url), &directory.file(), NOW_MS);
    assert_eq!(code(&verifier, &signer.token()), "accepted");
    until("the snapshot is replaced", || fs::read_to_string(directory.file()).unwrap() != text);
    assert!(!fs::read_to_string(directory.file()).unwrap().contains("secret"));
}

#[test]
fn a_snapshot_that_cannot_be_written_is_told_of_and_harms_nothing() {
    let directory = Directory::new("unwritable");
    let signer = Signer::new("a");
    let server = Server::answering(jwks(&[&signer]));
    let (verifier, _, events) = started(&server.url, &directory.file(), NOW_MS);
    fs::remove_dir_all(&directory.0).unwrap();
    assert_eq!(code(&verifier, &signer.token()), "accepted");
    next(&events);
    next(&events);
    let KeyEventKind::FetchError { source, error, state, .. } = next(&events) else { panic!("no error") };
    assert_eq!((source, state), (KeySource::Snapshot, "fresh"));
    assert!(error.contains("cannot be written"), "{error}");
    assert_eq!(code(&verifier, &signer.token()), "accepted");
}

#[test]
fn what_a_process_left_that_ended_while_it_wrote_is_removed() {
    let directory = Directory::new("leftovers");
    let put = |name: &str, age_s: u64| {
        let file = fs::File::create(directory.0.join(name)).unwrap();
        file.set_modified(std::time::SystemTime::now() - Duration::from_secs(age_s)).unwrap();
    };
    put(".keys.0123456789abcdef.tmp", 120);
    put(".keys.fedcba9876543210.tmp", 5);
    put(".keys.notes.tmp", 120);
    put("keys.0123456789abcdef.tmp", 120);
    snapshot_of(&directory);
    let there = |name: &str| directory.0.join(name).exists();
    until("the old one is removed", || !there(".keys.0123456789abcdef.tmp"));
    assert!(there(".keys.fedcba9876543210.tmp") && there(".keys.notes.tmp") && there("keys.0123456789abcdef.tmp"));
}
