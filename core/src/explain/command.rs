//! One run of the command: arguments in, what is to be written out.

use std::io::{ErrorKind, IsTerminal, Read};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use serde::Serialize;
use zeroize::Zeroizing;

use super::arguments::{Asked, Given, parse};
use super::help;
use super::inspect::inspect;
use super::page::{self, Paint};
use super::shown::{ascii_json, clean};
use super::sources::{in_flags, options};
use super::trace::Explanation;
use crate::error::{Code, Refusal};
use crate::keyset::Ticket;
use crate::verifier::{Outcome, Verifier};

/// What a run is to write, and how it is to end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// For standard output.
    pub stdout: String,
    /// For standard error.
    pub stderr: String,
    /// 0 accepted or usable, 1 refused, 2 wrong usage or options, 3 the keys cannot be had.
    pub exit_code: u8,
}

impl Report {
    /// What a ticket of [`run`] answers with. One that nobody answered is a defect, and says so.
    #[must_use]
    pub fn of(answer: Result<Self, Refusal>) -> Self {
        answer.unwrap_or_else(|_| failure(1, "internal error (ERR_INTERNAL)"))
    }

    /// The report as a JSON object: `stdout`, `stderr`, `exitCode`.
    #[must_use]
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}

/// Where a run takes place.
pub struct Surroundings {
    /// Where a token comes from that is not given otherwise.
    pub stdin: Box<dyn Read + Send>,
    /// Whether a person would have to type it.
    pub stdin_is_terminal: bool,
    /// Whether colours are seen.
    pub stdout_is_terminal: bool,
    /// An environment variable that is text.
    pub variable: Variables,
}

/// Environment variables by their names.
pub type Variables = Box<dyn Fn(&str) -> Option<String> + Send>;

impl Surroundings {
    /// Those of this process.
    #[must_use]
    pub fn of_process() -> Self {
        Self {
            stdin: Box::new(std::io::stdin()),
            stdin_is_terminal: std::io::stdin().is_terminal(),
            stdout_is_terminal: std::io::stdout().is_terminal(),
            variable: Box::new(|name| std::env::var(name).ok()),
        }
    }
}

/// The environment variable that a token is read from.
const TOKEN: &str = "BEARERGATE_TOKEN";

/// More than any token may have.
const LONGEST: u64 = (1 << 20) + 1024;

/// Runs the command with the arguments behind the program's name, on a thread of its own, since it may
/// wait for standard input and for the network.
pub fn run(arguments: Vec<String>, surroundings: Surroundings) -> Ticket<Report> {
    let (ticket, resolver) = Ticket::pair();
    let work = move || {
        let report = catch_unwind(AssertUnwindSafe(|| work(&arguments, surroundings)));
        resolver.resolve(report.map_err(|_| Refusal::of(Code::Internal)));
    };
    // Without a thread the ticket is answered all the same: nobody answers it, and that is an answer.
    drop(std::thread::Builder::new().name("bearergate-command".to_owned()).spawn(work));
    ticket
}

fn work(arguments: &[String], surroundings: Surroundings) -> Report {
    match parse(arguments) {
        Err(problem) => failure(2, &format!("{problem}\n{}", help::OVERVIEW.trim_end())),
        Ok(Asked::Overview) => success(help::OVERVIEW.to_owned()),
        Ok(Asked::Version) => success(concat!("bearergate ", env!("CARGO_PKG_VERSION"), "\n").to_owned()),
        Ok(Asked::ExplainHelp) => success(help::explain()),
        Ok(Asked::JwksHelp) => success(help::jwks()),
        Ok(Asked::Explain(given)) => explain(&given, surroundings)
            .unwrap_or_else(|problem| failure(2, &format!("{problem}\ntry: bearergate explain --help"))),
        Ok(Asked::Jwks(given)) => jwks(&given, &surroundings)
            .unwrap_or_else(|problem| failure(2, &format!("{problem}\ntry: bearergate jwks --help"))),
    }
}

fn success(stdout: String) -> Report {
    Report { stdout, stderr: String::new(), exit_code: 0 }
}

fn failure(exit_code: u8, problem: &str) -> Report {
    Report { stdout: String::new(), stderr: format!("bearergate: {problem}\n"), exit_code }
}

/// The flags that say where keys come from: exactly one of them is given.
const KEY_SOURCES: [&str; 5] = ["--jwks-uri", "--discover", "--public-key", "--secret-file", "--secret-env"];

fn explain(given: &Given, mut surroundings: Surroundings) -> Result<Report, String> {
    let sources: Vec<_> = KEY_SOURCES.iter().filter(|name| given.has(name)).collect();
    if sources.len() != 1 {
        return Err(format!("give exactly one of {}", KEY_SOURCES.join(", ")));
    }
    let options = options(given, None, &surroundings)?;
    let verifier = Verifier::new(options).map_err(|error| in_flags(&error, given))?;
    let mut stderr = String::new();
    let token = read_token(&given.words, &mut surroundings, &mut stderr)?;
    let token = strip_scheme(token.trim());
    let outcome = match verifier.verify(token) {
        Outcome::Ready(outcome) => outcome,
        Outcome::Wait(ticket) => ticket.wait(),
    };
    let explanation = Explanation::of(&verifier, token, &outcome);
    verifier.close();
    let stdout = if given.has("--json") { json(&explanation) } else { page::token(&explanation, paint(&surroundings)) };
    let exit_code = match explanation.outcome {
        "accepted" => 0,
        "unavailable" => 3,
        _ => 1,
    };
    Ok(Report { stdout, stderr, exit_code })
}

fn jwks(given: &Given, surroundings: &Surroundings) -> Result<Report, String> {
    let url = match (given.words.as_slice(), given.has("--discover")) {
        ([url], false) => Some(url.as_str()),
        ([], true) => None,
        _ => return Err("give one URL, or --discover with --issuer".to_owned()),
    };
    let options = options(given, url, surroundings)?;
    let verifier = Verifier::new(options).map_err(|error| in_flags(&error, given))?;
    let inspection = inspect(&verifier).ok_or("the keys are not remote")?;
    verifier.close();
    let stdout = if given.has("--json") { json(&inspection) } else { page::keys(&inspection, paint(surroundings)) };
    Ok(Report { stdout, stderr: String::new(), exit_code: if inspection.usable { 0 } else { 3 } })
}

fn json(value: &impl Serialize) -> String {
    ascii_json(&serde_json::to_string(value).unwrap_or_default()) + "\n"
}

fn paint(surroundings: &Surroundings) -> Paint {
    let variable = |name: &str| (surroundings.variable)(name).unwrap_or_default();
    Paint(surroundings.stdout_is_terminal && variable("NO_COLOR").is_empty() && variable("TERM") != "dumb")
}

/// The token of a header's value: `Bearer` and spaces before it are not part of it.
fn strip_scheme(text: &str) -> &str {
    match text.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => token.trim_start(),
        _ => text,
    }
}

/// The token, from wherever it is.
fn read_token(
    words: &[String],
    surroundings: &mut Surroundings,
    stderr: &mut String,
) -> Result<Zeroizing<String>, String> {
    let from_stdin = match words {
        [] => false,
        [word] if word == "-" => true,
        [token] => {
            stderr.push_str(
                "bearergate: the token was given as an argument: it is in the history of the shell, and was seen by \
                 whoever listed processes. Use standard input or BEARERGATE_TOKEN\n",
            );
            return Ok(Zeroizing::new(token.clone()));
        }
        _ => return Err("more than one token is given".to_owned()),
    };
    if !from_stdin && let Some(token) = (surroundings.variable)(TOKEN).filter(|token| !token.trim().is_empty()) {
        return Ok(Zeroizing::new(token));
    }
    if surroundings.stdin_is_terminal {
        eprintln!("bearergate: reading the token from standard input; end it with Ctrl-D");
    }
    let bytes = read_all(&mut *surroundings.stdin)?;
    let token = String::from_utf8_lossy(&bytes).into_owned();
    if token.trim().is_empty() {
        return Err(format!("no token: it is read from {TOKEN} or from standard input"));
    }
    Ok(Zeroizing::new(token))
}

/// Reads to the end, also from a descriptor that another program has set not to block.
fn read_all(from: &mut dyn Read) -> Result<Zeroizing<Vec<u8>>, String> {
    let mut bytes = Zeroizing::new(Vec::new());
    let mut from = from.take(LONGEST);
    loop {
        match from.read_to_end(&mut bytes) {
            Ok(_) => return Ok(bytes),
            Err(error) if error.kind() == ErrorKind::WouldBlock => std::thread::sleep(Duration::from_millis(10)),
            Err(error) => return Err(format!("standard input cannot be read: {}", clean(&error.to_string()))),
        }
    }
}
