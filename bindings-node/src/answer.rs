//! Decisions as they cross the border.
//!
//! A number is that of an accepted token that JavaScript was told of before (told.rs). All else is a string:
//! `""` is a skipped method. `"!"` begins a refusal of two JSON objects between which stands a tab: the
//! error, and what only the operator is told of the token. Anything else is an accepted token. `"+"` begins
//! the fields of `Field` one after another, the claims as they were received, and then where each field ends, in
//! characters as JavaScript counts them, so that it need not look for that: three digits of six bits, `"0"` and
//! what follows it. Where a role or scope has a tab in it, or the fields are longer than three digits tell, `"["`
//! begins a line of JSON: the number to keep the answer under, the end of its streams, how long the headers are, and
//! the head of the context; then headers and claims.

use std::fmt::{Display, Write};

use bearergate_core::{Gate, Refusal, Verified};

use crate::text::Text;

pub fn skipped() -> Text {
    Text::default()
}

pub fn refused(refusal: &Refusal) -> Text {
    format!("!{}\t{}", refusal.told_json(), refusal.about_json()).into()
}

/// What is told of an accepted token, in this order.
#[derive(Clone, Copy)]
enum Field {
    /// To keep the answer under, or nothing.
    Number,
    /// In milliseconds, or nothing.
    Expiry,
    Subject,
    /// After `=`, or nothing.
    Name,
    /// How many roles there are, roles, scopes, between tabs.
    Lists,
    /// Names and values of what is propagated between tabs, or the refusal that writing them met.
    Headers,
    /// When streams end, in milliseconds, or nothing.
    Deadline,
}

const FIELDS: usize = Field::Deadline as usize + 1;
const DIGITS: usize = 3;
const BITS: usize = 6;

/// An accepted bare token.
pub fn verified(verified: &Verified, number: Option<f64>) -> Text {
    told(verified, number, |_| {}, None)
}

/// An accepted request.
pub fn accepted(gate: &Gate, verified: &Verified, number: Option<f64>) -> Text {
    let headers = |answer: &mut Text| match gate.propagate(verified) {
        Ok(headers) => {
            for (index, (name, value)) in headers.iter().enumerate() {
                let tab = if index > 0 { "\t" } else { "" };
                answer.extend([tab, name, "\t", value]);
            }
        }
        Err(refusal) => answer.push_str(&refused(&refusal)),
    };
    told(verified, number, headers, gate.stream_deadline(verified))
}

fn told(verified: &Verified, number: Option<f64>, headers: impl Fn(&mut Text), deadline: Option<i64>) -> Text {
    if verified.roles().chain(verified.scopes()).any(|text| text.contains('\t')) {
        return told_in_json(verified, number, headers, deadline);
    }
    let mut answer = Text::with_capacity(verified.claims_json().len() + 512);
    answer.push('+');
    let mut fields = Fields { answer, begin: 1, end: 1, ends: [0; FIELDS] };
    fields.end(Field::Number, |answer| push_number(answer, number));
    fields.end(Field::Expiry, |answer| push_number(answer, verified.expires_at_ms()));
    fields.end(Field::Subject, |answer| answer.push_str(verified.subject()));
    fields.end(Field::Name, |answer| {
        if let Some(name) = verified.name() {
            answer.extend(["=", name]);
        }
    });
    fields.end(Field::Lists, |answer| {
        push_number(answer, Some(verified.roles().len()));
        for text in verified.roles().chain(verified.scopes()) {
            answer.extend(["\t", text]);
        }
    });
    fields.end(Field::Headers, &headers);
    fields.end(Field::Deadline, |answer| push_number(answer, deadline));
    fields.ended(verified.claims_json()).unwrap_or_else(|| told_in_json(verified, number, headers, deadline))
}

/// The same in the form that holds everything.
fn told_in_json(verified: &Verified, number: Option<f64>, headers: impl Fn(&mut Text), deadline: Option<i64>) -> Text {
    let mut carried = Text::default();
    headers(&mut carried);
    let mut answer = Text::with_capacity(verified.claims_json().len() + 512);
    answer.push('[');
    let optional = [number.map(|number| number.to_string()), deadline.map(|ms| ms.to_string())];
    for told in &optional {
        answer.extend([told.as_deref().unwrap_or("null"), ","]);
    }
    push_number(&mut answer, Some(length(&carried)));
    answer.extend([",", &verified.head_json(), "]\n", &carried, verified.claims_json()]);
    answer
}

/// An answer that is being written.
struct Fields {
    answer: Text,
    /// Where what comes next begins: in bytes, and in characters as JavaScript counts them.
    begin: usize,
    end: usize,
    ends: [usize; FIELDS],
}

impl Fields {
    /// Writes a field.
    fn end(&mut self, field: Field, write: impl FnOnce(&mut Text)) {
        write(&mut self.answer);
        self.end += length(&self.answer[self.begin..]);
        self.begin = self.answer.len();
        self.ends[field as usize] = self.end;
    }

    /// With the claims, and where the fields before them end, if three digits tell that.
    fn ended(mut self, claims: &str) -> Option<Text> {
        if self.end >> (DIGITS * BITS) > 0 {
            return None;
        }
        self.answer.push_str(claims);
        for end in self.ends {
            for digit in (0..DIGITS).rev() {
                let six = (end >> (digit * BITS)) & ((1 << BITS) - 1);
                self.answer.push(char::from(b'0' + u8::try_from(six).ok()?));
            }
        }
        Some(self.answer)
    }
}

/// Characters of a text as JavaScript counts them.
fn length(text: &str) -> usize {
    if text.is_ascii() { text.len() } else { text.encode_utf16().count() }
}

fn push_number(answer: &mut Text, number: Option<impl Display>) {
    if let Some(number) = number {
        // Writing into a string cannot fail.
        let _ = write!(answer, "{number}");
    }
}
