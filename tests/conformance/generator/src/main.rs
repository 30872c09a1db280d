//! Writes `tests/conformance/cases/*.json` and `docs/attacks.md`. With `--check` it writes nothing and
//! fails when a file is not what it would write.

mod attacks;
mod canonical;
mod case;
mod mint;
mod source;
mod suites;

use std::collections::{BTreeSet, HashSet};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use conformance_generator::keys;
use serde_json::{Map, Value, json};

fn main() -> ExitCode {
    let check = std::env::args().any(|argument| argument == "--check");
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("tests/conformance").to_path_buf();
    let folder = root.join("cases");
    mint::set_up(keys::Keys::load(&root.join("keys")), &folder);
    std::fs::create_dir_all(&folder).expect("the cases folder");

    let (mut ids, mut names, mut stale) = (HashSet::new(), BTreeSet::new(), Vec::new());
    let (mut distinct, mut files) = (BTreeSet::new(), 0);
    let mut suites = suites::all();
    attacks::tag(&mut suites);
    let repository = root.ancestors().nth(2).expect("the repository");
    let problems = attacks::problems(&suites, repository);
    if !problems.is_empty() {
        eprintln!("{}", problems.join("\n"));
        return ExitCode::FAILURE;
    }
    for suite in &suites {
        for case in &suite.cases {
            let id = case["id"].as_str().expect("an id").to_owned();
            distinct.insert(id.split_once('/').map_or(&*id, |(case, _)| case).to_owned());
            assert!(ids.insert(id.clone()), "two cases are called {id}");
        }
        let file = json!({
            "$schema": "../schema.json",
            "suite": suite.name, "description": suite.description, "spec": suite.spec,
            "options": {}, "keys": keys_used(&suite.cases), "cases": suite.cases,
        });
        let path = folder.join(format!("{}.json", suite.name));
        settle(&path, &canonical::pretty(&file), check, &mut stale);
        names.insert(path);
        files += 1;
    }
    settle(&repository.join("docs/attacks.md"), &attacks::page(&suites), check, &mut stale);
    stale.extend(leftovers(&folder, &names, check));
    let attacks = attacks::rows().flat_map(|row| row.ids).count();
    println!("{files} files, {} cases from {} distinct ones, {attacks} attacks", ids.len(), distinct.len());
    if check && !stale.is_empty() {
        for path in stale {
            eprintln!("stale: {}", path.display());
        }
        eprintln!("run: cargo run -p conformance-generator");
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

/// A file that is not what it should be: written, or only noted.
fn settle(path: &Path, text: &str, check: bool, stale: &mut Vec<PathBuf>) {
    if std::fs::read_to_string(path).ok().as_deref() != Some(text) {
        stale.push(path.to_path_buf());
        if !check {
            std::fs::write(path, text).expect("a file to write");
        }
    }
}

/// Files of suites that are no more: removed, or reported.
fn leftovers(folder: &Path, names: &BTreeSet<PathBuf>, check: bool) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("the cases folder").flatten() {
        if !names.contains(&entry.path()) {
            if !check {
                std::fs::remove_file(entry.path()).expect("a file to remove");
            }
            found.push(entry.path());
        }
    }
    found
}

/// The keys that a file's cases refer to, each in the form they name.
fn keys_used(cases: &[Value]) -> Value {
    fn walk(value: &Value, found: &mut BTreeSet<String>) {
        match value {
            Value::Object(members) => {
                if let Some(Value::String(name)) = members.get("$use") {
                    found.insert(name.clone());
                }
                members.values().for_each(|value| walk(value, found));
            }
            Value::Array(items) => items.iter().for_each(|value| walk(value, found)),
            _ => {}
        }
    }
    let mut found = BTreeSet::new();
    cases.iter().for_each(|case| walk(case, &mut found));
    let keys: Map<String, Value> = found.into_iter().map(|name| (name.clone(), mint::keys().form(&name))).collect();
    Value::Object(keys)
}
