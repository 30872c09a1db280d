//! Requests in front of a framework: a path that goes through without a token is below a pattern for
//! every reader of it, and an answer can stand in a response.

use std::sync::LazyLock;

use bearergate_core::{
    Decision, Gate, HttpRequest, Options, Secret, SkipPaths, TrustOptions, http_answer, procedure_of,
};
use reqwest::Url;

use crate::limits::bounded;
use crate::{parts, text};

/// What parts the patterns: another byte that no text holds.
const ITEM: u8 = 0xFE;

static GATE: LazyLock<Gate> = LazyLock::new(|| {
    let trust = TrustOptions { secret: Some(vec![Secret::new([7; 32])]), ..TrustOptions::default() };
    let skip_methods = Some(vec!["open.Service/*".to_owned(), "a.B/Get".to_owned()]);
    Gate::new(Options { trust, skip_methods, ..Options::default() }).expect("good options")
});

/// The patterns, the method, the target and the content type.
pub fn check(data: &[u8]) {
    let [patterns, method, target, content_type] = parts(data);
    let (Some(method), content_type) = (text(method), text(content_type)) else { return };
    let patterns: Vec<&str> = patterns.split(|byte| *byte == ITEM).filter_map(text).filter(|p| !p.is_empty()).collect();
    let compiled = bounded(|| SkipPaths::new(patterns.iter().map(ToString::to_string).collect()));
    assert_eq!(compiled.is_ok(), patterns.iter().all(|pattern| is_pattern(pattern)), "{patterns:?}");
    let Ok(paths) = compiled else { return };
    let preflight = data.len().is_multiple_of(2);
    let request = HttpRequest { method, target, preflight, credentials: &[] };
    match bounded(|| GATE.check_http(&request, &paths)) {
        Decision::Skip if method == "OPTIONS" && preflight => {}
        Decision::Skip => check_skipped(&patterns, target),
        Decision::Refuse(refusal) => {
            assert!(method != "OPTIONS" || !preflight, "a preflight");
            assert!(!due(&patterns, target), "{patterns:?} {:?}", target.escape_ascii().to_string());
            let answer = bounded(|| http_answer(&refusal, content_type));
            assert!(answer.status == 401 || answer.status == 200 && content_type.is_some());
            for (name, value) in &answer.headers {
                assert!(value.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic()), "{name}: {value}");
            }
        }
        Decision::Accept(_) | Decision::Wait(_) => panic!("no token was given"),
    }
    if let Some(procedure) = bounded(|| procedure_of(target)) {
        let name = |byte: u8| byte.is_ascii_alphanumeric() || b"._/-".contains(&byte);
        assert!(procedure.bytes().all(name) && target.starts_with(format!("/{procedure}").as_bytes()), "{procedure}");
    }
}

/// The path of a target as it stands there.
fn path_of(target: &[u8]) -> &[u8] {
    target.split(|byte| *byte == b'?').next().unwrap_or_default()
}

/// Whether a path is written as every reader takes it.
fn is_plain(path: &str) -> bool {
    let lower = path.to_ascii_lowercase();
    let dots = |segment: &str| matches!(segment.split(';').next(), Some("." | ".."));
    path.starts_with('/')
        && !["//", "%2f", "%5c", "%2e", "\\", "#", " "].iter().any(|part| lower.contains(part))
        && !path.contains(|character: char| character.is_ascii_control())
        && !path.split('/').any(dots)
}

fn is_pattern(pattern: &str) -> bool {
    let path = pattern.strip_suffix("/*").map_or(pattern.to_owned(), |path| format!("{path}/"));
    is_plain(&path) && path.is_ascii() && !path.contains(['*', '?'])
}

fn covers(pattern: &str, path: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(prefix) => path.starts_with(prefix),
        None => path == pattern,
    }
}

/// Whether a target is one that goes through.
fn due(patterns: &[&str], target: &[u8]) -> bool {
    let Some(path) = text(path_of(target)) else { return false };
    let method = path.strip_prefix("/open.Service/").is_some_and(is_name) || path == "/a.B/Get";
    is_plain(path) && (method || patterns.iter().any(|pattern| covers(pattern, path)))
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

fn check_skipped(patterns: &[&str], target: &[u8]) {
    let path = path_of(target);
    let all = [patterns, &["/open.Service/*", "/a.B/Get"]].concat();
    let covered =
        |seen: &str| all.iter().any(|pattern| covers(&decoded(pattern.as_bytes()), &decoded(seen.as_bytes())));
    let raw = String::from_utf8_lossy(path).into_owned();
    // Decoded, without path parameters, cut at a fragment, and as browsers and their like parse it.
    let mut readings = vec![raw.clone(), decoded(path)];
    readings.push(without_dots(&decoded(path)));
    readings.push(without_dots(&raw.replace('\\', "/")));
    readings.push(without_dots(raw.split('#').next().unwrap_or_default()));
    if let Ok(url) = Url::parse(&format!("http://host{raw}")) {
        assert_eq!(url.host_str(), Some("host"), "{raw:?}");
        readings.push(url.path().to_owned());
    }
    for seen in readings {
        assert!(covered(&seen), "{patterns:?}: {raw:?} is {seen:?} to some");
    }
}

fn decoded(text: &[u8]) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut at = 0;
    while at < text.len() {
        let digits = text.get(at + 1..at + 3).and_then(|digits| std::str::from_utf8(digits).ok());
        match digits.filter(|_| text[at] == b'%').and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                at += 3;
            }
            None => {
                bytes.push(text[at]);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// A path with its dot segments resolved, runs of slashes as one and path parameters dropped from dots.
fn without_dots(path: &str) -> String {
    let mut kept: Vec<&str> = Vec::new();
    for segment in path.split('/').skip(1) {
        match segment.split(';').next().unwrap_or_default() {
            "." => {}
            ".." => {
                kept.pop();
            }
            _ => kept.push(segment),
        }
    }
    format!("/{}", kept.join("/"))
}
