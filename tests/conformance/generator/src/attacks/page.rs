//! `docs/attacks.md`, written from the rows.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use super::{bare, rows};
use crate::case::Suite;

const HEAD: &str = "\
# Known attacks, and what holds them off

Every published defect of a JWT library or of a service that verifies tokens that we know of, its root cause, our
countermeasure, and the conformance cases that show it: in Rust, in Node and in Python, with the verified-signature
cache and without. The tokens are our own. A case carries the ids in its member `attacks`; its file is
`tests/conformance/cases/<suite>.json`.

Written by `cargo run -p conformance-generator`; `--check` fails when this page is not what it would write, when a
row has no case, or when a file that is named here does not exist.

| attack | ids | cases |
|---|---|---:|
";

/// The page.
pub fn page(suites: &[Suite]) -> String {
    let mut out = HEAD.to_owned();
    for row in rows() {
        let (title, count) = (row.title, row.found(suites).len());
        let _ = writeln!(out, "| [{title}](#{}) | {} | {count} |", anchor(title), row.ids.join(", "));
    }
    for row in rows() {
        let found = row.found(suites);
        let sections: BTreeSet<(Vec<u32>, &str)> = found.iter().map(|(_, _, spec)| (order(spec), *spec)).collect();
        let sections: Vec<&str> = sections.into_iter().map(|(_, spec)| spec).collect();
        let modules: Vec<String> =
            row.modules.iter().map(|module| format!("[`{module}`](../core/src/{module})")).collect();
        let _ = writeln!(out, "\n## {}\n\n| | |\n|---|---|", row.title);
        let mut line = |name: &str, text: &str| {
            let _ = writeln!(out, "| {name} | {text} |");
        };
        line("ids", &row.ids.join(", "));
        line("where", row.place);
        line("root cause", row.cause);
        line("countermeasure", row.counter);
        line("in the core", &modules.join(", "));
        line("demanded by", row.demanded);
        line("sections of the cases", &sections.join(", "));
        for (path, what) in row.elsewhere {
            line("tested elsewhere", &format!("[{path}](../{path}): {what}"));
        }
        let _ = writeln!(out, "\n{}", cases(&found));
    }
    out
}

/// The cases by suite; one with several sources stands once, with their number.
fn cases(found: &[(&str, &str, &str)]) -> String {
    let mut suites: Vec<(&str, BTreeMap<&str, usize>)> = Vec::new();
    for (suite, id, _) in found {
        if suites.last().is_none_or(|(last, _)| last != suite) {
            suites.push((suite, BTreeMap::new()));
        }
        let (_, names) = suites.last_mut().expect("just pushed");
        *names.entry(bare(id)).or_default() += 1;
    }
    let paragraphs = suites.into_iter().map(|(suite, names)| {
        let words = names.into_iter().map(|(name, count)| match count {
            1 => format!("`{name}`"),
            _ => format!("`{name}` × {count}"),
        });
        let words: Vec<String> = words.collect();
        wrapped(&format!("- **{suite}**: {}", words.join(", ")))
    });
    paragraphs.collect::<Vec<_>>().join("\n")
}

/// Lines of at most 120 characters, the later ones indented as a list's are.
fn wrapped(text: &str) -> String {
    let mut out = String::new();
    let mut width = 0;
    for word in text.split(' ') {
        let length = word.chars().count();
        if width > 0 && width + 1 + length > 120 {
            out.push_str("\n  ");
            width = 2;
        } else if width > 0 {
            out.push(' ');
            width += 1;
        }
        out.push_str(word);
        width += length;
    }
    out
}

/// `3.10` comes after `3.9`.
fn order(section: &str) -> Vec<u32> {
    let digits = section.split(' ').next().unwrap_or_default();
    digits.split('.').filter_map(|part| part.parse().ok()).collect()
}

/// A heading as its link spells it.
fn anchor(title: &str) -> String {
    let kept = title.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.collect::<String>().to_lowercase().replace(' ', "-")
}
