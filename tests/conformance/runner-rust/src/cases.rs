//! The case files, with every reference to a key replaced by the key.

use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

/// One case.
pub struct Case {
    /// Stable name.
    pub id: String,
    /// The part of the specification it is about.
    pub spec: String,
    /// Options of the verifier, in camelCase.
    pub options: Map<String, Value>,
    /// Options of an authorization, where there is one.
    pub authz: Value,
    /// Raw paths that go through without a context.
    pub skip_paths: Value,
    /// What happens, in order.
    pub steps: Vec<Value>,
    /// What a runner may lack.
    pub requires: Vec<String>,
}

/// `tests/conformance`.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("a parent").to_path_buf()
}

/// Every case of every file, in the order of the files' names.
pub fn load() -> Vec<Case> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(root().join("cases"))
        .expect("the cases folder")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "json"))
        .collect();
    files.sort();
    let mut cases = Vec::new();
    for path in files {
        let text = std::fs::read_to_string(&path).expect("a case file");
        let file: Value = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        for case in file["cases"].as_array().expect("cases") {
            let case = resolve(case, &file["keys"]);
            let mut options = file["options"].as_object().cloned().unwrap_or_default();
            options.extend(case["options"].as_object().cloned().unwrap_or_default());
            let text = |name: &str| case[name].as_str().expect("a string").to_owned();
            cases.push(Case {
                id: text("id"),
                spec: text("spec"),
                options,
                authz: case["authz"].clone(),
                skip_paths: case["skipPaths"].clone(),
                steps: case["steps"].as_array().expect("steps").clone(),
                requires: case["requires"]
                    .as_array()
                    .into_iter()
                    .flatten()
                    .filter_map(|feature| feature.as_str().map(str::to_owned))
                    .collect(),
            });
        }
    }
    cases
}

/// Puts the file's key where `{"$use": name}` stands.
fn resolve(value: &Value, keys: &Value) -> Value {
    match value {
        Value::Object(members) => match members.get("$use").and_then(Value::as_str) {
            Some(name) => keys.get(name).unwrap_or_else(|| panic!("no key {name}")).clone(),
            None => members.iter().map(|(name, value)| (name.clone(), resolve(value, keys))).collect(),
        },
        Value::Array(items) => items.iter().map(|item| resolve(item, keys)).collect(),
        other => other.clone(),
    }
}

/// Puts real URLs where `$jwks` and `$origin` stand.
pub fn place(value: &Value, origin: &str) -> Value {
    match value {
        Value::String(text) => text
            .replace("$jwks", &format!("{origin}/jwks"))
            .replace("$origin", origin)
            .replace("$proxy", host(origin))
            .into(),
        Value::Array(items) => items.iter().map(|item| place(item, origin)).collect(),
        Value::Object(members) => members.iter().map(|(name, value)| (name.clone(), place(value, origin))).collect(),
        other => other.clone(),
    }
}

/// The scripted server without a folder.
fn host(origin: &str) -> &str {
    origin.rsplit_once('/').map_or(origin, |(host, _)| host)
}

/// Whether anything in the value names the scripted server.
pub fn is_remote(value: &Value) -> bool {
    match value {
        Value::String(text) => ["$jwks", "$origin", "$proxy"].iter().any(|name| text.contains(name)),
        Value::Array(items) => items.iter().any(is_remote),
        Value::Object(members) => members.values().any(is_remote),
        _ => false,
    }
}
