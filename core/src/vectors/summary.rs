//! One line for all the vectors on standard error, past the test harness, and the whole account in
//! `build/vectors.txt`. It waits for every family, so that it tells of no test that did not run.

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;

use super::FAMILIES;
use super::source::{Source, workspace};
use super::tally::Tally;

/// Files of the directory that hold no tests.
const NO_TESTS: [&str; 5] = [
    "wycheproof/KNOWN_EXCEPTIONS.json",
    "wycheproof/json_web_crypto_common.json",
    "wycheproof/json_web_crypto_schema_v1.json",
    "wycheproof/json_web_key_schema_v1.json",
    "wycheproof/json_web_signature_schema_v1.json",
];

#[test]
fn what_became_of_the_vectors_is_written_down() {
    let directory = workspace().join("build");
    let file = directory.join("vectors.txt");
    let _ = fs::remove_file(&file);
    let account = account();
    let line = format!("\n{}\n", account.lines().next().unwrap_or_default());
    let _ = std::io::stderr().write_all(line.as_bytes());
    fs::create_dir_all(&directory).expect("the build directory");
    fs::write(&file, &account).expect("build/vectors.txt");
    assert_eq!(fs::read_to_string(&file).ok(), Some(account));
}

/// One line, then each file.
fn account() -> String {
    let files = FAMILIES.iter().flat_map(|family| family.files);
    let Some(source) = Source::find() else {
        let tests: usize = files.clone().map(|file| file.tests).sum();
        let mut account = format!(
            "vectors: SKIPPED {} files with {tests} tests: no directory ../shared/vectors, and BEARERGATE_VECTORS is not set\n",
            files.clone().count()
        );
        for file in files {
            let _ = writeln!(account, "skipped {}: {} tests", file.path, file.tests);
        }
        return account;
    };
    let tallies: Vec<&Tally> = FAMILIES.iter().flat_map(|family| family.outcome.iter()).collect();
    let sum = |of: fn(&Tally) -> usize| tallies.iter().map(|tally| of(tally)).sum::<usize>();
    let mut account = format!(
        "vectors: {} files, {} tests: {} accepted, {} refused, {} excepted, {} unsupported, {} failed\n",
        tallies.len(),
        sum(Tally::total),
        sum(Tally::passed),
        sum(Tally::refused),
        sum(|tally| tally.excepted().len()),
        sum(Tally::unsupported_total),
        sum(|tally| tally.failures().len()),
    );
    for tally in &tallies {
        let _ = writeln!(account, "{tally}");
    }
    for failure in tallies.iter().flat_map(|tally| tally.failures()) {
        let _ = writeln!(account, "FAILED {failure}");
    }
    let known = |path: &str| NO_TESTS.contains(&path) || files.clone().any(|file| file.path == path);
    for path in source.files().iter().filter(|path| !known(path)) {
        let _ = writeln!(account, "not read: {path}, a file that these tests do not know");
    }
    account
}
