//! The help pages.

use std::fmt::Write as _;

use super::flags::{FLAGS, Flag, Takes};

pub(super) const OVERVIEW: &str = "\
usage: bearergate explain [options] [TOKEN | -]   which check a token passes, and which it fails
       bearergate jwks [options] URL              a key set as the verifier sees it
       bearergate explain --help | jwks --help | --version
";

const EXPLAIN: &str = "\
usage: bearergate explain [options] [TOKEN | -]

Judges a token as a verifier with these options would, and says of each check whether it passes.
The token is read from BEARERGATE_TOKEN, or from standard input where that is not set or - is given.
As an argument it stays in the history of the shell and is seen by whoever lists processes.

exit code: 0 accepted, 1 refused, 2 wrong usage or options, 3 the keys cannot be had
";

const JWKS: &str = "\
usage: bearergate jwks [options] URL
       bearergate jwks [options] --discover --issuer TEXT

Fetches a key set once and shows which of its keys a verifier would use, and why not the others.

exit code: 0 usable, 2 wrong usage or options, 3 it cannot be fetched or has no usable key
";

const TIMES: &str = "\nTIME is seconds, or such as 30s, 5m or 1h. Colours only on a terminal, and not with NO_COLOR.\n";

pub(super) fn explain() -> String {
    page(EXPLAIN, FLAGS.iter())
}

pub(super) fn jwks() -> String {
    page(JWKS, FLAGS.iter().filter(|flag| flag.jwks))
}

fn page(head: &str, flags: impl Iterator<Item = &'static Flag>) -> String {
    let mut page = format!("{head}\noptions:\n");
    for flag in flags {
        let value = if flag.takes == Takes::Nothing { String::new() } else { format!(" {}", flag.value) };
        let _ = writeln!(page, "  {:<27} {}", format!("{}{value}", flag.name), flag.help);
    }
    page + TIMES
}
