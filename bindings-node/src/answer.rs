//! Decisions as they cross the border.
//!
//! A number is that of an accepted token that JavaScript was told of before (told.rs). All else is a string:
//! `""` is a skipped method. `"!"` begins a refusal of two JSON objects between which stands a tab: the
//! error, and what only the operator is told of the token. Anything else is lines: the number to keep this
//! answer under, or nothing; the head of the context; for a request, the propagated headers (names and values
//! between tabs, or the refusal that writing them met); for a request, the end of its streams in
//! milliseconds or nothing; and then, to the end, the claims as they were received. The head is the fields
//! between tabs (expiry in milliseconds or nothing, subject, the name after `=` or nothing, how many roles there
//! are, roles, scopes), or JSON where one of them has a tab or a line feed. The lines before the
//! claims hold no line feed otherwise: JSON is compact, and header values are printable ASCII.

use std::fmt::{Display, Write};

use bearergate_core::{Gate, Refusal, Verified};

use crate::text::Text;

pub fn skipped() -> Text {
    Text::default()
}

pub fn refused(refusal: &Refusal) -> Text {
    format!("!{}\t{}", refusal.told_json(), refusal.about_json()).into()
}

/// An accepted bare token.
pub fn verified(verified: &Verified, number: Option<f64>) -> Text {
    let mut answer = begun(verified, number);
    answer.push_str(verified.claims_json());
    answer
}

/// An accepted request.
pub fn accepted(gate: &Gate, verified: &Verified, number: Option<f64>) -> Text {
    let mut answer = begun(verified, number);
    match gate.propagate(verified) {
        Ok(headers) => {
            for (index, (name, value)) in headers.iter().enumerate() {
                let tab = if index > 0 { "\t" } else { "" };
                answer.extend([tab, name, "\t", value]);
            }
        }
        Err(refusal) => answer.push_str(&refused(&refusal)),
    }
    answer.push('\n');
    if let Some(ms) = gate.stream_deadline(verified) {
        push_number(&mut answer, ms);
    }
    answer.push('\n');
    answer.push_str(verified.claims_json());
    answer
}

/// The lines that every accepted answer begins with.
fn begun(verified: &Verified, number: Option<f64>) -> Text {
    let mut answer = Text::with_capacity(verified.claims_json().len() + 512);
    if let Some(number) = number {
        push_number(&mut answer, number);
    }
    answer.push('\n');
    let mut texts = verified.roles().chain(verified.scopes()).chain(verified.name()).chain([verified.subject()]);
    if texts.any(|text| text.bytes().any(|byte| matches!(byte, b'\t' | b'\n'))) {
        answer.push_str(&verified.head_json());
    } else {
        push_head(&mut answer, verified);
    }
    answer.push('\n');
    answer
}

fn push_head(answer: &mut Text, verified: &Verified) {
    if let Some(ms) = verified.expires_at_ms() {
        push_number(answer, ms);
    }
    answer.extend(["\t", verified.subject(), "\t"]);
    if let Some(name) = verified.name() {
        answer.extend(["=", name]);
    }
    answer.push('\t');
    push_number(answer, verified.roles().len());
    for text in verified.roles().chain(verified.scopes()) {
        answer.extend(["\t", text]);
    }
}

fn push_number(answer: &mut Text, number: impl Display) {
    // Writing into a string cannot fail.
    let _ = write!(answer, "{number}");
}
