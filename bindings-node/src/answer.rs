//! Decisions as strings.
//!
//! `""` is a skipped method. `"!"` begins a refusal of two JSON objects between which stands a tab: the
//! error, and what only the operator is told of the token. Anything else is lines: the head of the context as JSON; for a
//! request, the propagated headers (names and values between tabs, or the refusal that writing them
//! met); for a request, the end of its streams in milliseconds or
//! nothing; and then, to the end, the claims as they were received. The lines before the claims
//! hold no line feed: the head is compact JSON, and header values are printable ASCII.

use bearergate_core::{Gate, Refusal, Verified};

pub fn skipped() -> String {
    String::new()
}

pub fn refused(refusal: &Refusal) -> String {
    format!("!{}\t{}", refusal.told_json(), refusal.about_json())
}

/// An accepted bare token.
pub fn verified(verified: &Verified) -> String {
    lines(&[&verified.head_json(), verified.claims_json()])
}

/// An accepted request.
pub fn accepted(gate: &Gate, verified: &Verified) -> String {
    let headers = match gate.propagate(verified) {
        Ok(headers) => {
            let parts: Vec<&str> = headers.iter().flat_map(|(name, value)| [*name, value.as_str()]).collect();
            parts.join("\t")
        }
        Err(refusal) => refused(&refusal),
    };
    let deadline = gate.stream_deadline(verified).map(|ms| ms.to_string()).unwrap_or_default();
    lines(&[&verified.head_json(), &headers, &deadline, verified.claims_json()])
}

fn lines(parts: &[&str]) -> String {
    parts.join("\n")
}
