//! The page of known attacks and the cases agree: no id without a case, no case with an id that the page
//! does not explain, and no case named that there is not.

use std::collections::{BTreeMap, BTreeSet};

use conformance_runner::cases::root;
use serde_json::Value;

/// What the cases say: each one's name without its source, and its ids.
fn carried() -> BTreeMap<String, BTreeSet<String>> {
    let mut carried: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for entry in std::fs::read_dir(root().join("cases")).expect("the cases folder") {
        let text = std::fs::read_to_string(entry.expect("an entry").path()).expect("a case file");
        let file: Value = serde_json::from_str(&text).expect("JSON");
        for case in file["cases"].as_array().expect("cases") {
            let id = case["id"].as_str().expect("an id");
            let name =
                format!("{}:{}", file["suite"].as_str().expect("a suite"), id.split('/').next().expect("a name"));
            let ids = case["attacks"].as_array().into_iter().flatten().map(|id| id.as_str().expect("text").to_owned());
            carried.entry(name).or_default().extend(ids);
        }
    }
    carried
}

/// What the page says: each id with the cases of its attack.
fn explained() -> BTreeMap<String, BTreeSet<String>> {
    let page = root().join("../../docs/attacks.md");
    let page = std::fs::read_to_string(page).expect("the page of attacks");
    let mut explained = BTreeMap::new();
    for section in page.split("\n## ").skip(1) {
        let ids = section.lines().find_map(|line| line.strip_prefix("| ids | ")).expect("ids").trim_end_matches(" |");
        let mut names = BTreeSet::new();
        let (_, lists) = section.split_once("\n- **").expect("cases");
        for list in format!("- **{lists}").split("- **").skip(1) {
            let (suite, rest) = list.split_once("**").expect("a suite");
            names.extend(rest.split('`').skip(1).step_by(2).map(|name| format!("{suite}:{name}")));
        }
        for id in ids.split(", ") {
            explained.insert(id.to_owned(), names.clone());
        }
    }
    explained
}

#[test]
fn every_attack_has_cases_and_every_id_an_explanation() {
    let (carried, explained) = (carried(), explained());
    assert!(explained.len() >= 78, "{} ids on the page", explained.len());
    for (id, names) in &explained {
        let with: BTreeSet<&String> =
            carried.iter().filter(|(_, ids)| ids.contains(id)).map(|(name, _)| name).collect();
        assert!(!with.is_empty(), "{id} has no case");
        assert_eq!(with, names.iter().collect(), "{id}: the cases that carry it, and those that the page names");
    }
    for (name, ids) in carried {
        let unknown: Vec<_> = ids.iter().filter(|id| !explained.contains_key(*id)).collect();
        assert!(unknown.is_empty(), "{name} carries {unknown:?}, which the page does not explain");
    }
}
