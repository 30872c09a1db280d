//! Inputs to begin with, taken from the conformance cases and the published test keys, so that no
//! second collection of tokens, keys and options has to be kept.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use crate::SEPARATOR;
use crate::keys::{KEYS, NAMES};

/// Most seeds of a target, spread evenly over what there is: a run begins with reading them all.
const MOST: usize = 400;
/// Longest seed.
const LONGEST: usize = 16 << 10;

/// The seeds of a target: those that are derived, and those that are committed.
#[must_use]
pub fn of(target: &str) -> Vec<Vec<u8>> {
    let mut seeds = BTreeSet::new();
    for suite in read_suites() {
        for case in list(&suite["cases"]) {
            from_case(target, &suite, case, &mut seeds);
        }
    }
    from_keys(target, &mut seeds);
    seeds.retain(|seed| seed.len() <= LONGEST);
    let step = seeds.len().div_ceil(MOST).max(1);
    seeds.into_iter().step_by(step).chain(committed(target)).collect()
}

/// Where the committed inputs of a target are: what a campaign has found worth keeping.
#[must_use]
pub fn corpus(target: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(target)
}

fn committed(target: &str) -> Vec<Vec<u8>> {
    let entries = fs::read_dir(corpus(target)).into_iter().flatten().flatten();
    entries.map(|entry| fs::read(entry.path()).expect("a seed")).collect()
}

fn read_suites() -> Vec<Value> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../conformance/cases");
    let files = fs::read_dir(folder).expect("the cases").map(|entry| entry.expect("a case file").path());
    files.map(|file| serde_json::from_slice(&fs::read(file).expect("a case file")).expect("JSON")).collect()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

/// The cases' `$use` names a key of the file's `keys`.
fn resolved(value: &Value, keys: &Value) -> Value {
    match value {
        Value::Object(members) => match members.get("$use").and_then(Value::as_str) {
            Some(name) => keys[name].clone(),
            None => members.iter().map(|(name, value)| (name.clone(), resolved(value, keys))).collect(),
        },
        Value::Array(items) => items.iter().map(|item| resolved(item, keys)).collect(),
        Value::String(text) if text == "$jwks" => "https://issuer.example/jwks".into(),
        other => other.clone(),
    }
}

fn joined(parts: &[&[u8]]) -> Vec<u8> {
    parts.join(&SEPARATOR)
}

fn from_case(target: &str, suite: &Value, case: &Value, seeds: &mut BTreeSet<Vec<u8>>) {
    let mut add = |seed: Vec<u8>| {
        seeds.insert(seed);
    };
    let options = resolved(&case["options"], &suite["keys"]);
    if target == "options" {
        add(format!("\0{options}").into_bytes());
    }
    if target == "duration" {
        for name in ["maxTokenAge", "clockTolerance"] {
            options[name].as_str().into_iter().for_each(|text| add(text.into()));
        }
    }
    for step in list(&case["steps"]) {
        match target {
            "http" => add(http(case, &step["http"])),
            "authz" if case["authz"].is_object() => add(authorized(&case["authz"], step)),
            _ => {}
        }
        let served = resolved(&step["serve"], &suite["keys"]);
        let documents = [&served["jwks"]].into_iter().chain(
            served["routes"].as_object().into_iter().flat_map(|routes| routes.values().map(|route| &route["jwks"])),
        );
        for document in documents.filter(|document| document.is_object()) {
            match target {
                "jwk_set" if document.get("keys").is_some() => add(document.to_string().into()),
                "jwk" => list(&document["keys"]).iter().for_each(|jwk| add(jwk.to_string().into())),
                "discovery" if document.get("issuer").is_some() => {
                    let issuer = format!("\u{1}{}", document["issuer"].as_str().unwrap_or_default());
                    add(joined(&[issuer.as_bytes(), document.to_string().as_bytes()]));
                }
                _ => {}
            }
        }
        let headers: Vec<&str> = list(&step["headers"]).iter().filter_map(|pair| pair[1].as_str()).collect();
        if target == "authorization" {
            let values: Vec<&[u8]> = headers.iter().map(|value| value.as_bytes()).collect();
            add([vec![0], joined(&values)].concat());
        }
        if target == "propagation" {
            written(&step["expect"]).into_iter().for_each(&mut add);
        }
        let bearer = headers.iter().filter_map(|value| value.split_once(' ')).map(|(_, token)| token);
        for token in step["token"].as_str().into_iter().chain(bearer) {
            from_token(target, token, &options, &mut add);
        }
    }
}

/// Patterns, and a request in front of a framework.
fn http(case: &Value, request: &Value) -> Vec<u8> {
    let patterns: Vec<&[u8]> = list(&case["skipPaths"]).iter().filter_map(Value::as_str).map(str::as_bytes).collect();
    let headers = list(&request["headers"]).iter();
    let kind = headers.filter(|pair| pair[0] == "content-type").find_map(|pair| pair[1].as_str());
    let text = |name: &str| request[name].as_str().unwrap_or_default().as_bytes();
    joined(&[&patterns.join(&0xFE), text("method"), text("target"), kind.unwrap_or_default().as_bytes()])
}

/// A policy, and a call that it judges.
fn authorized(policy: &Value, step: &Value) -> Vec<u8> {
    let context = &step["expect"]["context"];
    let items = |list: &Value| {
        let items: Vec<&[u8]> = self::list(list).iter().filter_map(Value::as_str).map(str::as_bytes).collect();
        items.join(&0xFE)
    };
    let text = |name: &str| step[name].as_str().unwrap_or_default();
    let call = format!("{}/{}", text("service"), text("method"));
    let parts =
        [policy.to_string().into_bytes(), items(&context["roles"]), items(&context["scopes"]), call.into_bytes()];
    [vec![0], parts.join(&SEPARATOR)].concat()
}

/// What a context is written to, and the headers that it was written to.
fn written(expect: &Value) -> Vec<Vec<u8>> {
    let (context, headers) = (&expect["context"], &expect["headers"]);
    let items = |list: &Value| {
        let items: Vec<&[u8]> = self::list(list).iter().filter_map(Value::as_str).map(str::as_bytes).collect();
        items.join(&0xFE)
    };
    let text = |value: &Value| value.as_str().unwrap_or_default().as_bytes().to_vec();
    let names = ["subject", "type", "name", "roles", "scopes", "claims"];
    let values = names.map(|name| text(&headers[format!("x-auth-{name}")]));
    let fields = [
        text(&context["subject"]),
        text(&context["type"]),
        text(&context["name"]),
        items(&context["roles"]),
        items(&context["scopes"]),
        context["claims"].to_string().into_bytes(),
    ];
    let all = |how: &[u8], fields: &[Vec<u8>]| [vec![how.to_vec()], fields.to_vec()].concat().join(&SEPARATOR);
    vec![all(b"e", &fields), all(b"d", &values)]
}

fn from_token(target: &str, token: &str, options: &Value, add: &mut impl FnMut(Vec<u8>)) {
    let segments: Vec<&str> = token.split('.').collect();
    let decoded = |at: usize| segments.get(at).and_then(|segment: &&str| URL_SAFE_NO_PAD.decode(segment).ok());
    let (header, payload) = (decoded(0).unwrap_or_default(), decoded(1).unwrap_or_default());
    match target {
        "header" => add(joined(&[b"at+jwt", &header])),
        "claims" => add(payload),
        "mapping" => {
            let paths = options["claimsMapping"].as_object().into_iter().flat_map(|mapping| mapping.values());
            for path in paths {
                let path = path.as_str().map_or_else(|| path.to_string(), str::to_owned);
                add(joined(&[path.as_bytes(), &payload]));
            }
        }
        "token" => {
            let signed = with_alg(&header, "HS256");
            for how in [0, 1] {
                add([vec![how], joined(&[&signed, &payload])].concat());
            }
            add([&[2], token.as_bytes()].concat());
        }
        _ => {}
    }
}

/// The header as a token of ours would have it.
fn with_alg(header: &[u8], alg: &str) -> Vec<u8> {
    match serde_json::from_slice(header) {
        Ok(Value::Object(mut members)) if members.get("alg").is_some_and(Value::is_string) => {
            members.insert("alg".to_owned(), alg.into());
            members.insert("typ".to_owned(), "at+jwt".into());
            Value::Object(members).to_string().into_bytes()
        }
        _ => header.to_vec(),
    }
}

/// Every public key in every form.
fn from_keys(target: &str, seeds: &mut BTreeSet<Vec<u8>>) {
    for name in NAMES {
        let key = KEYS.key(name);
        let (jwk, der) = (key.public_jwk(), key.spki());
        match target {
            "jwk" => {
                seeds.insert(jwk.to_string().into());
            }
            "jwk_set" => {
                seeds.insert(json!({ "keys": [jwk] }).to_string().into());
            }
            "options" => {
                seeds.insert(format!("\0{}", json!({ "publicKey": jwk, "issuer": "a" })).into());
                let key = json!({ "$key": { "kind": "public", "spki": STANDARD.encode(&der) } });
                seeds.insert(format!("\u{1}{}", json!({ "public_key": key, "clock_tolerance": "5s" })).into());
            }
            "key_import" => {
                seeds.insert(joined(&[b"d", &der]));
                seeds.insert(joined(&[b"s", &der]));
                seeds
                    .insert(joined(&[b"p", KEYS.form(&format!("{name}.pem")).as_str().unwrap_or_default().as_bytes()]));
                if name.starts_with("rsa") {
                    seeds.insert(joined(&[b"r", &key.pkcs1()]));
                }
                if let Some(certificate) = KEYS.certificate(name) {
                    seeds.insert(joined(&[b"c", &crate::keys::from_pem(certificate)]));
                }
            }
            _ => {}
        }
    }
}
