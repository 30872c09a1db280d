//! Our verdicts in Rust: a line of JSON in for each mutant, a verdict out. `A`, the claims and the
//! context where it is accepted, `R` and code, claim and reason where it is refused.

use std::collections::HashMap;
use std::io::{BufRead, BufWriter, Write, stdin, stdout};

use bearergate_core::{Clock, ManualClock, OptionValue, Options, Outcome, Spelling, Verifier};
use conformance_runner::canonical::canonical;
use serde_json::{Value, json};

fn main() -> std::io::Result<()> {
    let now: i64 = std::env::args().nth(1).and_then(|now| now.parse().ok()).expect("usage: differential-ours SECONDS");
    let clock = Clock::Manual(ManualClock::new(now * 1000, 0));
    let mut verifiers: HashMap<String, Result<Verifier, String>> = HashMap::new();
    let out = &mut BufWriter::new(stdout().lock());
    for line in stdin().lock().lines() {
        let line: Value = serde_json::from_str(&line?)?;
        if line.is_null() {
            out.flush()?;
        } else if let Some(name) = line["drop"].as_str() {
            verifiers.remove(name);
        } else if let Some(token) = line["token"].as_str() {
            let verifier = &verifiers[line["config"].as_str().expect("a config")];
            writeln!(out, "{}", verdict(verifier, token))?;
        } else {
            let name = line["config"].as_str().expect("a config").to_owned();
            verifiers.insert(name, verifier(&line["options"], &clock));
        }
    }
    out.flush()
}

fn verifier(options: &Value, clock: &Clock) -> Result<Verifier, String> {
    let options = OptionValue::from_json(&options.to_string()).and_then(|value| Options::read(value, Spelling::Camel));
    options.and_then(|options| Verifier::with_clock(options, clock.clone())).map_err(|error| error.option().to_owned())
}

fn verdict(verifier: &Result<Verifier, String>, token: &str) -> String {
    let verifier = match verifier {
        Ok(verifier) => verifier,
        Err(option) => return format!("R\tERR_CONFIG\t{option}\t"),
    };
    match verifier.verify(token) {
        Outcome::Ready(Ok(verified)) => {
            let claims: Value = serde_json::from_str(verified.claims_json()).expect("claims that were checked");
            let context = json!({
                "subject": verified.subject(), "name": verified.name(), "roles": verified.roles(),
                "scopes": verified.scopes(), "expiresAt": verified.expires_at_ms(),
            });
            format!("A\t{}\t{}", canonical(&claims), canonical(&context))
        }
        Outcome::Ready(Err(refusal)) => {
            let (code, reason) = (refusal.code().as_str(), refusal.reason().as_str());
            format!("R\t{code}\t{}\t{reason}", refusal.claim().unwrap_or_default())
        }
        Outcome::Wait(_) => "R\twaits\t\t".to_owned(),
    }
}
