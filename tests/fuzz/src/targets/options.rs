//! The options as a binding hands them over: nothing unknown is accepted at any depth, nothing secret
//! is shown, and what one spelling means the other means too.

use bearergate_core::{Clock, ManualClock, OptionValue, Options, Spelling, Verifier};

use crate::limits::bounded;
use crate::text;

/// A byte (the spelling), and the options as JSON.
pub fn check(data: &[u8]) {
    let Some((how, json)) = data.split_first() else { return };
    let Some(json) = text(json) else { return };
    let Ok(mut value) = bounded(|| OptionValue::from_json(json)) else { return };
    keep_off_the_disk(&mut value);
    let spelling = if how & 1 == 0 { Spelling::Camel } else { Spelling::Snake };
    let accepted = bounded(|| build(value.clone(), spelling));
    let shown = match &accepted {
        Ok(shown) => shown.clone(),
        Err(error) => error.clone(),
    };
    check_silent(&value, &shown);
    let unknown = !is_known(&value, "", spelling);
    assert!(!unknown || accepted.is_err(), "an unknown option");
    if accepted.is_ok() {
        check_extended(&value, spelling);
        check_other_spelling(&value, spelling);
    }
}

/// What is shown of the options that were accepted; or why they were not.
fn build(value: OptionValue, spelling: Spelling) -> Result<String, String> {
    let options = Options::read(value, spelling).map_err(|error| error.to_string())?;
    let shown = format!("{options:?}");
    let clock = Clock::Manual(ManualClock::new(1_800_000_000_000, 0));
    let verifier = Verifier::with_clock(options, clock).map_err(|error| error.to_string())?;
    Ok(format!("{shown} {verifier:?}"))
}

/// Files are named by whoever runs the service; here nobody's are read.
fn keep_off_the_disk(value: &mut OptionValue) {
    match value {
        OptionValue::List(items) => items.iter_mut().for_each(keep_off_the_disk),
        OptionValue::Map(members) => {
            for (name, value) in members {
                if ["caFile", "ca_file", "snapshotFile", "snapshot_file"].contains(&name.as_str()) {
                    if matches!(value, OptionValue::Text(_) | OptionValue::Path(_)) {
                        *value = OptionValue::Text("/nowhere/at/all".to_owned().into());
                    }
                } else {
                    keep_off_the_disk(value);
                }
            }
        }
        _ => {}
    }
}

const TRUST: &[&str] = &[
    "jwksUri",
    "discover",
    "publicKey",
    "secret",
    "issuer",
    "jwks",
    "audience",
    "algorithms",
    "maxTokenAge",
    "clockTolerance",
    "typ",
    "requiredClaims",
    "claimsMapping",
    "confirmation",
];
const TOP: &[&str] = &[
    "issuers",
    "skipMethods",
    "propagateHeaders",
    "propagatedClaims",
    "credentials",
    "cache",
    "maxTokenBytes",
    "endStreamsAtExpiry",
    "resourceMetadata",
];
const JWKS: &[&str] = &[
    "timeout",
    "cacheMaxAge",
    "cooldown",
    "refreshAhead",
    "staleIfError",
    "maxBytes",
    "maxKeys",
    "headers",
    "caFile",
    "ca",
    "proxy",
    "allowHttp",
    "initial",
    "snapshotFile",
];

/// The options of the object at a path; `None` where its members are free.
fn known(path: &str) -> Option<Vec<&'static str>> {
    Some(match path {
        "" => [TRUST, TOP].concat(),
        "issuers" => TRUST.to_vec(),
        "jwks" | "issuers.jwks" => JWKS.to_vec(),
        "credentials" => vec!["header", "scheme", "cookie"],
        "cache" => vec!["maxEntries"],
        "claimsMapping" | "issuers.claimsMapping" => vec!["subject", "name", "roles", "scopes"],
        _ => return None,
    })
}

fn spelled(name: &str, spelling: Spelling) -> String {
    match spelling {
        Spelling::Camel => name.to_owned(),
        Spelling::Snake => name.chars().fold(String::new(), |mut snake, letter| {
            if letter.is_ascii_uppercase() {
                snake.push('_');
            }
            snake.push(letter.to_ascii_lowercase());
            snake
        }),
    }
}

/// Whether every member of every object of options is one that the README lists.
fn is_known(value: &OptionValue, path: &str, spelling: Spelling) -> bool {
    match value {
        OptionValue::List(items) if path == "issuers" => items.iter().all(|item| is_known(item, path, spelling)),
        OptionValue::Map(members) => {
            let Some(names) = known(path) else { return true };
            members.iter().all(|(member, value)| {
                let name = names.iter().find(|name| spelled(name, spelling) == *member);
                name.is_some_and(|name| {
                    let inside = if path.is_empty() { (*name).to_owned() } else { format!("{path}.{name}") };
                    is_known(value, &inside, spelling)
                })
            })
        }
        _ => true,
    }
}

/// One more member, in any object of options, is refused.
fn check_extended(value: &OptionValue, spelling: Spelling) {
    let OptionValue::Map(members) = value else { panic!("options that are no object") };
    let extra = || ("audiance".to_owned(), OptionValue::Null);
    let mut extended = members.clone();
    extended.push(extra());
    assert!(build(OptionValue::Map(extended), spelling).is_err(), "audiance");
    for (at, (name, inner)) in members.iter().enumerate() {
        let OptionValue::Map(inner) = inner else { continue };
        if known(name).is_none() && spelled("claimsMapping", spelling) != *name {
            continue;
        }
        let mut extended = members.clone();
        let mut inner = inner.clone();
        inner.push(extra());
        extended[at].1 = OptionValue::Map(inner);
        assert!(build(OptionValue::Map(extended), spelling).is_err(), "{name}.audiance");
    }
}

/// The same options with their names in the other spelling are accepted too.
fn check_other_spelling(value: &OptionValue, spelling: Spelling) {
    let other = if spelling == Spelling::Camel { Spelling::Snake } else { Spelling::Camel };
    let respelled = respell(value, "", spelling, other);
    if let Err(error) = build(respelled, other) {
        panic!("accepted in {spelling:?}, not in {other:?}: {error}");
    }
}

fn respell(value: &OptionValue, path: &str, from: Spelling, to: Spelling) -> OptionValue {
    match value {
        OptionValue::List(items) if path == "issuers" => {
            OptionValue::List(items.iter().map(|item| respell(item, path, from, to)).collect())
        }
        OptionValue::Map(members) => {
            let Some(names) = known(path) else { return value.clone() };
            let member = |(member, value): &(String, OptionValue)| {
                let name = names.iter().find(|name| spelled(name, from) == *member).expect("a known name");
                let inside = if path.is_empty() { (*name).to_owned() } else { format!("{path}.{name}") };
                (spelled(name, to), respell(value, &inside, from, to))
            };
            OptionValue::Map(members.iter().map(member).collect())
        }
        other => other.clone(),
    }
}

/// No secret, header value or password is shown.
fn check_silent(value: &OptionValue, shown: &str) {
    let OptionValue::Map(members) = value else { return };
    for (name, value) in members {
        if name == "secret" {
            for text in texts(value).filter(|text| text.len() >= 24) {
                assert!(!shown.contains(text), "a secret is shown");
            }
        }
        if let (true, OptionValue::Map(jwks)) = (name == "jwks", value) {
            for (_, headers) in jwks.iter().filter(|(name, _)| name == "headers") {
                let OptionValue::Map(headers) = headers else { continue };
                for text in headers.iter().flat_map(|(_, value)| texts(value)).filter(|text| text.len() >= 24) {
                    assert!(!shown.contains(text), "a header is shown");
                }
            }
        }
    }
}

fn texts(value: &OptionValue) -> Box<dyn Iterator<Item = &str> + '_> {
    match value {
        OptionValue::Text(text) => Box::new(std::iter::once(text.as_str())),
        OptionValue::List(items) => Box::new(items.iter().flat_map(texts)),
        _ => Box::new(std::iter::empty()),
    }
}
