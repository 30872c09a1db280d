//! Published test vectors (Wycheproof, the RFC 7520 cookbook, the examples of RFC 7797, RFC 8037 and
//! RFC 9964), read where they lie and never copied into the repository. `BEARERGATE_VECTORS` names
//! their directory; without it, it is `../shared/vectors` beside the workspace. Without a directory
//! every test says what it skipped.

mod cookbook;
mod exceptions;
mod jose;
mod jwk_files;
mod plain;
mod plain_files;
mod source;
mod summary;
mod tally;
mod token_path;

use std::sync::LazyLock;

use source::{Json, Source};
use tally::Tally;

/// A file that these tests know, with the tests in it, and what runs them.
struct File {
    path: &'static str,
    /// Of a Wycheproof file what it says itself; of any other, what can be asked of it here.
    tests: usize,
    run: fn(&Json, &mut Tally),
}

/// Files that belong together, and what became of their tests.
struct Family {
    name: &'static str,
    files: &'static [File],
    outcome: LazyLock<Vec<Tally>>,
}

static FAMILIES: [Family; 4] = [
    Family::new("wycheproof jose", jose::FILES, || run(jose::FILES)),
    Family::new("wycheproof plain", plain_files::FILES, || run(plain_files::FILES)),
    Family::new("cookbook", cookbook::FILES, || run(cookbook::FILES)),
    Family::new("jwk", jwk_files::FILES, || run(jwk_files::FILES)),
];

impl Family {
    const fn new(name: &'static str, files: &'static [File], run: fn() -> Vec<Tally>) -> Self {
        Self { name, files, outcome: LazyLock::new(run) }
    }
}

fn run(files: &'static [File]) -> Vec<Tally> {
    let Some(source) = Source::find() else { return Vec::new() };
    files
        .iter()
        .map(|file| {
            let mut tally = Tally::new(file.path);
            match source.json(file.path) {
                Ok(json) => (file.run)(&json, &mut tally),
                Err(problem) => tally.fail("", &problem),
            }
            tally.finish(file.tests);
            tally
        })
        .collect()
}

/// Every test of the family is as its file says, or as the list of exceptions says.
fn check(family: &Family) {
    if family.outcome.is_empty() {
        let tests: usize = family.files.iter().map(|file| file.tests).sum();
        println!("{}: {} files with {tests} tests skipped: no directory of vectors", family.name, family.files.len());
        family.files.iter().for_each(|file| println!("  skipped {} ({} tests)", file.path, file.tests));
        return;
    }
    family.outcome.iter().for_each(|tally| println!("{tally}"));
    let failures: Vec<_> = family.outcome.iter().flat_map(Tally::failures).map(String::as_str).collect();
    assert!(failures.is_empty(), "{} disagreements:\n{}", failures.len(), failures.join("\n"));
}

#[test]
fn wycheproof_jose_files_pass_the_token_path() {
    check(&FAMILIES[0]);
}

#[test]
fn wycheproof_primitive_files_pass_key_import_and_verification() {
    check(&FAMILIES[1]);
}

#[test]
fn cookbook_examples_are_accepted_or_refused_as_their_form_demands() {
    check(&FAMILIES[2]);
}

#[test]
fn published_jwks_are_imported_or_refused() {
    check(&FAMILIES[3]);
}
