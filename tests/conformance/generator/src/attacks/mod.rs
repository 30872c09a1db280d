//! The published attacks on JWT libraries, each with the cases that hold it off. A case carries the
//! ids of its rows, and `docs/attacks.md` is written from here.

mod claims;
mod keys;
mod network;
mod page;
mod tokens;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::{Value, json};

use crate::case::Suite;

pub use page::page;

/// Defects with one root cause.
pub struct Row {
    pub title: &'static str,
    /// In advisory databases, or our own name where there is none.
    pub ids: &'static [&'static str],
    /// The libraries and servers that had them.
    pub place: &'static str,
    pub cause: &'static str,
    pub counter: &'static str,
    /// Where the countermeasure lives, below `core/src`.
    pub modules: &'static [&'static str],
    /// Who asks for it.
    pub demanded: &'static str,
    /// `suite:case`, or `suite:beginning*`; sources are not named.
    pub cases: &'static [&'static str],
    /// What a case cannot hold: a path in the repository, and what is tested there.
    pub elsewhere: &'static [(&'static str, &'static str)],
}

/// Every row, in the order of the page.
pub fn rows() -> impl Iterator<Item = &'static Row> {
    [keys::ROWS, tokens::ROWS, claims::ROWS, network::ROWS].into_iter().flatten()
}

/// The name of a case without its source.
pub fn bare(id: &str) -> &str {
    id.split_once('/').map_or(id, |(name, _)| name)
}

fn matches(pattern: &str, suite: &str, id: &str) -> bool {
    let Some(name) = pattern.strip_prefix(suite).and_then(|rest| rest.strip_prefix(':')) else { return false };
    match name.strip_suffix('*') {
        Some(beginning) => bare(id).starts_with(beginning),
        None => bare(id) == name,
    }
}

impl Row {
    /// The cases of this row: suite, id, section.
    pub fn found<'a>(&self, suites: &'a [Suite]) -> Vec<(&'a str, &'a str, &'a str)> {
        let mut found = Vec::new();
        for suite in suites {
            for case in &suite.cases {
                let text = |name: &str| case[name].as_str().expect("a string");
                if self.cases.iter().any(|pattern| matches(pattern, suite.name, text("id"))) {
                    found.push((suite.name, text("id"), text("spec")));
                }
            }
        }
        found
    }
}

/// Writes the ids of its rows into every case. A case of the suites that exist for attacks alone must
/// belong to a row.
pub fn tag(suites: &mut [Suite]) {
    for suite in suites {
        for case in &mut suite.cases {
            let id = case["id"].as_str().expect("an id");
            let ids: BTreeSet<&str> = rows()
                .filter(|row| row.cases.iter().any(|pattern| matches(pattern, suite.name, id)))
                .flat_map(|row| row.ids.iter().copied())
                .collect();
            if !ids.is_empty() {
                case["attacks"] = json!(ids);
            }
        }
    }
}

/// What is wrong with the rows, in words.
pub fn problems(suites: &[Suite], repository: &Path) -> Vec<String> {
    let mut problems = Vec::new();
    let mut seen = BTreeMap::new();
    for row in rows() {
        if row.cases.is_empty() {
            problems.push(format!("\"{}\" has no case", row.title));
        }
        for id in row.ids {
            if let Some(other) = seen.insert(*id, row.title) {
                problems.push(format!("{id} is of \"{other}\" and of \"{}\"", row.title));
            }
        }
        for pattern in row.cases {
            let cases = suites.iter().flat_map(|suite| suite.cases.iter().map(move |case| (suite.name, case)));
            if !cases.into_iter().any(|(suite, case)| matches(pattern, suite, case["id"].as_str().unwrap_or_default()))
            {
                problems.push(format!("\"{}\" names {pattern}, which is no case", row.title));
            }
        }
        let modules = row.modules.iter().map(|module| format!("core/src/{module}"));
        for path in modules.chain(row.elsewhere.iter().map(|(path, _)| (*path).to_owned())) {
            if !repository.join(&path).exists() {
                problems.push(format!("\"{}\" names {path}, which is no file", row.title));
            }
        }
    }
    for suite in suites.iter().filter(|suite| suite.name.starts_with("attack-")) {
        for case in suite.cases.iter().filter(|case| case["attacks"] == Value::Null) {
            problems.push(format!("{} of {} belongs to no attack", case["id"], suite.name));
        }
    }
    problems
}
