//! The `x-auth-*` headers: which they are, how a context is written into them, and how it is read
//! back. What does not fit is left out, never cut.

use std::fmt;
use std::fmt::Write as _;

use crate::json::{Document, Kind, Value};

/// The propagated headers, each with the name of its constant. All six are removed from every
/// incoming request.
pub const AUTH_HEADERS: [(&str, &str); 6] =
    [("SUBJECT", SUBJECT), ("ROLES", ROLES), ("SCOPES", SCOPES), ("CLAIMS", CLAIMS), ("NAME", NAME), ("TYPE", TYPE)];

const SUBJECT: &str = "x-auth-subject";
const ROLES: &str = "x-auth-roles";
const SCOPES: &str = "x-auth-scopes";
const CLAIMS: &str = "x-auth-claims";
const NAME: &str = "x-auth-name";
const TYPE: &str = "x-auth-type";

/// Longest encoded subject, in bytes.
const SUBJECT_BYTES: usize = 512;
const NAME_BYTES: usize = 256;
const TYPE_BYTES: usize = 128;
/// Longest encoded roles, scopes or claims, in bytes.
const LIST_BYTES: usize = 8192;

/// The fields of a context as they travel in headers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ContextParts {
    /// Who.
    pub subject: String,
    /// Display name.
    pub name: Option<String>,
    /// Roles.
    pub roles: Vec<String>,
    /// Scopes.
    pub scopes: Vec<String>,
    /// Claims as the text of a JSON object.
    pub claims_json: Option<String>,
    /// How the caller was authenticated: `jwt`.
    pub r#type: String,
}

/// A context that headers cannot carry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HeaderError;

impl fmt::Display for HeaderError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the subject is empty or longer than {SUBJECT_BYTES} bytes once encoded for {SUBJECT}")
    }
}

impl std::error::Error for HeaderError {}

/// Writes a context into headers. Of the claims, only the `propagated` ones (all when `None`).
///
/// # Errors
/// The subject is empty or does not fit: a request must not go on under a cut name.
pub fn encode_auth_headers(
    parts: &ContextParts,
    propagated: Option<&[String]>,
) -> Result<Vec<(&'static str, String)>, HeaderError> {
    let claims = parts.claims_json.as_ref().and_then(|json| Document::parse_object(json.as_bytes().to_vec()).ok());
    let fields = Fields {
        subject: &parts.subject,
        kind: &parts.r#type,
        name: parts.name.as_deref(),
        roles: parts.roles.iter().map(String::as_str).collect(),
        scopes: parts.scopes.iter().map(String::as_str).collect(),
        claims: claims.as_ref().map(Document::root),
    };
    encode(&fields, propagated)
}

/// A context's fields, borrowed for encoding.
pub(crate) struct Fields<'a> {
    pub(crate) subject: &'a str,
    pub(crate) kind: &'a str,
    pub(crate) name: Option<&'a str>,
    pub(crate) roles: Vec<&'a str>,
    pub(crate) scopes: Vec<&'a str>,
    pub(crate) claims: Option<Value<'a>>,
}

pub(crate) fn encode(
    fields: &Fields<'_>,
    propagated: Option<&[String]>,
) -> Result<Vec<(&'static str, String)>, HeaderError> {
    let subject = text_value(fields.subject);
    if fields.subject.is_empty() || subject.len() > SUBJECT_BYTES && !mutant!("header-limits") {
        return Err(HeaderError);
    }
    let mut headers = vec![(SUBJECT, subject)];
    let mut add = |name, value: String, limit: usize| {
        if !value.is_empty() && (value.len() <= limit || mutant!("header-limits")) {
            headers.push((name, value));
        }
    };
    add(TYPE, text_value(fields.kind), TYPE_BYTES);
    add(NAME, text_value(fields.name.unwrap_or_default()), NAME_BYTES);
    add(ROLES, roles_value(&fields.roles), LIST_BYTES);
    add(SCOPES, scopes_value(&fields.scopes), LIST_BYTES);
    add(CLAIMS, fields.claims.map(|claims| claims_value(claims, propagated)).unwrap_or_default(), LIST_BYTES);
    Ok(headers)
}

/// Reads a context back, given the value of a header by name.
///
/// `None` where the subject is absent, too long or not decodable. Other fields that do not decode
/// are left empty.
pub fn decode_auth_headers(get: impl Fn(&str) -> Option<String>) -> Option<ContextParts> {
    let within = |name, limit| get(name).filter(|value: &String| value.len() <= limit);
    let subject = within(SUBJECT, SUBJECT_BYTES).and_then(|value| read_text(&value)).filter(|text| !text.is_empty())?;
    let document = |name| within(name, LIST_BYTES).and_then(|value| Document::parse(value.into_bytes()).ok());
    let roles = document(ROLES)
        .map(|roles| roles.root().items().filter_map(Value::as_str).map(std::borrow::Cow::into_owned).collect());
    let scopes = within(SCOPES, LIST_BYTES)
        .map(|value| value.split(' ').filter(|scope| !scope.is_empty()).map(str::to_owned).collect());
    Some(ContextParts {
        subject,
        name: within(NAME, NAME_BYTES).and_then(|value| read_text(&value)),
        roles: roles.unwrap_or_default(),
        scopes: scopes.unwrap_or_default(),
        claims_json: document(CLAIMS)
            .filter(|claims| claims.root().kind() == Kind::Object)
            .map(|claims| claims.text().to_owned()),
        r#type: within(TYPE, TYPE_BYTES).and_then(|value| read_text(&value)).unwrap_or_else(|| "unknown".to_owned()),
    })
}

/// Raw where that is safe and reads back the same; otherwise RFC 8187's extended value.
fn text_value(text: &str) -> String {
    let printable = text.bytes().all(|byte| (0x20..0x7f).contains(&byte));
    if printable && text.trim_matches(' ') == text && !is_extended(text) {
        return text.to_owned();
    }
    let mut value = String::from("UTF-8''");
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"!#$&+-.^_`|~".contains(&byte) {
            value.push(char::from(byte));
        } else {
            let _ = write!(value, "%{byte:02X}");
        }
    }
    value
}

fn is_extended(text: &str) -> bool {
    text.get(..6).is_some_and(|start| start.eq_ignore_ascii_case("utf-8'"))
}

/// Undoes [`text_value`]; `None` for an extended value that does not decode.
fn read_text(value: &str) -> Option<String> {
    if !is_extended(value) {
        return Some(value.to_owned());
    }
    let (_language, encoded) = value[6..].split_once('\'')?;
    let mut bytes = Vec::with_capacity(encoded.len());
    let mut rest = encoded.as_bytes();
    while let [first, tail @ ..] = rest {
        let (byte, tail) = match (first, tail) {
            (b'%', [high, low, tail @ ..]) => {
                let digit = |digit: &u8| char::from(*digit).to_digit(16);
                (u8::try_from(digit(high)? * 16 + digit(low)?).ok()?, tail)
            }
            (b'%', _) => return None,
            (byte, tail) => (*byte, tail),
        };
        bytes.push(byte);
        rest = tail;
    }
    String::from_utf8(bytes).ok()
}

fn roles_value(roles: &[&str]) -> String {
    if roles.is_empty() {
        return String::new();
    }
    let mut json = String::from("[");
    for (i, role) in roles.iter().enumerate() {
        if i > 0 {
            json.push(',');
        }
        push_string(&mut json, role);
    }
    json.push(']');
    json
}

/// Empty where a scope could not be read back out of a space-separated list (RFC 6749 section 3.3).
fn scopes_value(scopes: &[&str]) -> String {
    let is_token =
        |scope: &&str| !scope.is_empty() && scope.bytes().all(|byte| matches!(byte, 0x21 | 0x23..=0x5B | 0x5D..=0x7E));
    if scopes.iter().all(is_token) || mutant!("scope-token") { scopes.join(" ") } else { String::new() }
}

fn claims_value(claims: Value<'_>, propagated: Option<&[String]>) -> String {
    let mut json = String::from("{");
    for (name, value) in claims.members() {
        if propagated.is_none_or(|names| names.iter().any(|wanted| *wanted == name)) {
            if json.len() > 1 {
                json.push(',');
            }
            push_string(&mut json, &name);
            json.push(':');
            push_value(&mut json, value);
        }
    }
    if json.len() == 1 {
        return String::new();
    }
    json.push('}');
    json
}

/// Compact ASCII JSON; numbers keep the digits they came with.
fn push_value(json: &mut String, value: Value<'_>) {
    match value.kind() {
        Kind::String => push_string(json, &value.as_str().unwrap_or_default()),
        Kind::Array => {
            json.push('[');
            for (i, item) in value.items().enumerate() {
                if i > 0 {
                    json.push(',');
                }
                push_value(json, item);
            }
            json.push(']');
        }
        Kind::Object => {
            json.push('{');
            for (i, (name, member)) in value.members().enumerate() {
                if i > 0 {
                    json.push(',');
                }
                push_string(json, &name);
                json.push(':');
                push_value(json, member);
            }
            json.push('}');
        }
        Kind::Null | Kind::False | Kind::True | Kind::Number => json.push_str(value.raw()),
    }
}

fn push_string(json: &mut String, text: &str) {
    json.push('"');
    let mut units = [0u16; 2];
    for character in text.chars() {
        match character {
            '"' => json.push_str("\\\""),
            '\\' => json.push_str("\\\\"),
            '\n' => json.push_str("\\n"),
            '\r' => json.push_str("\\r"),
            '\t' => json.push_str("\\t"),
            ' '..='~' => json.push(character),
            _ => {
                for unit in character.encode_utf16(&mut units) {
                    let _ = write!(json, "\\u{unit:04x}");
                }
            }
        }
    }
    json.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parts(subject: &str) -> ContextParts {
        ContextParts { subject: subject.to_owned(), r#type: "jwt".to_owned(), ..ContextParts::default() }
    }

    fn encode_one(parts: &ContextParts, name: &str) -> Option<String> {
        let headers = encode_auth_headers(parts, None).unwrap();
        headers.into_iter().find(|(header, _)| *header == name).map(|(_, value)| value)
    }

    #[test]
    fn a_subject_is_raw_or_extended() {
        for (subject, value) in [
            ("user-1", "user-1"),
            ("a b", "a b"),
            (" a", "UTF-8''%20a"),
            ("é", "UTF-8''%C3%A9"),
            ("UTF-8''x", "UTF-8''UTF-8%27%27x"),
            ("utf-8'", "UTF-8''utf-8%27"),
            ("a\nb", "UTF-8''a%0Ab"),
        ] {
            assert_eq!(encode_one(&parts(subject), SUBJECT).as_deref(), Some(value));
        }
    }

    #[test]
    fn limits_hold_at_the_byte() {
        assert!(encode_auth_headers(&parts(&"s".repeat(512)), None).is_ok());
        assert_eq!(encode_auth_headers(&parts(&"s".repeat(513)), None), Err(HeaderError));
        assert_eq!(encode_auth_headers(&parts(&"é".repeat(85)), None), Err(HeaderError));
        assert_eq!(encode_auth_headers(&parts(""), None), Err(HeaderError));
        let named = |length| ContextParts { name: Some("n".repeat(length)), ..parts("s") };
        assert!(encode_one(&named(256), NAME).is_some() && encode_one(&named(257), NAME).is_none());
        let roles = |length: usize| ContextParts { roles: vec!["r".repeat(length)], ..parts("s") };
        assert!(encode_one(&roles(8188), ROLES).is_some() && encode_one(&roles(8189), ROLES).is_none());
    }

    #[test]
    fn claims_are_filtered_and_ascii() {
        let with = ContextParts {
            claims_json: Some("{ \"a\": [1, 1.50e3, \"\u{1F600}\\n\"],\n \"b\": {\"c\": null} }".to_owned()),
            ..parts("s")
        };
        assert_eq!(encode_one(&with, CLAIMS).as_deref(), Some(r#"{"a":[1,1.50e3,"\ud83d\ude00\n"],"b":{"c":null}}"#));
        let headers = encode_auth_headers(&with, Some(&["b".to_owned(), "x".to_owned()])).unwrap();
        assert!(headers.contains(&(CLAIMS, r#"{"b":{"c":null}}"#.to_owned())));
        assert!(!encode_auth_headers(&with, Some(&[])).unwrap().iter().any(|(name, _)| *name == CLAIMS));
    }

    #[test]
    fn scopes_that_would_not_read_back_are_left_out() {
        let with =
            |scopes: &[&str]| ContextParts { scopes: scopes.iter().map(ToString::to_string).collect(), ..parts("s") };
        assert_eq!(encode_one(&with(&["a", "b:c"]), SCOPES).as_deref(), Some("a b:c"));
        for scopes in [&["a", ""][..], &["a b"], &["a\"b"], &["a\\b"], &["é"], &[]] {
            assert_eq!(encode_one(&with(scopes), SCOPES), None, "{scopes:?}");
        }
    }

    #[test]
    fn what_does_not_decode_gives_nothing() {
        let subject = |value: &str| decode_auth_headers(|name| (name == SUBJECT).then(|| value.to_owned()));
        for value in ["", "UTF-8''%", "UTF-8''%4", "UTF-8''%zz", "UTF-8''%ff", "UTF-8'", &"s".repeat(513)] {
            assert_eq!(subject(value), None, "{value}");
        }
        assert_eq!(subject("utf-8'en'%C3%A9").map(|parts| parts.subject).as_deref(), Some("é"));
    }

    proptest! {
        #[test]
        fn headers_read_back_as_they_were_written(
            subject in "\\PC{1,40}|UTF-8''.{0,8}",
            name in prop::option::of("\\PC{1,20}"),
            roles in prop::collection::vec(any::<String>(), 0..5),
            scopes in prop::collection::vec("[!#-\\[\\]-~]{1,8}", 0..5),
        ) {
            let parts = ContextParts { name, roles, scopes, ..parts(&subject) };
            let headers = encode_auth_headers(&parts, None).unwrap();
            for (_, value) in &headers {
                prop_assert!(value.bytes().all(|byte| (0x20..0x7f).contains(&byte)));
            }
            let read = decode_auth_headers(|name| headers.iter().find(|(header, _)| *header == name).map(|(_, value)| value.clone()));
            prop_assert_eq!(read, Some(parts));
        }
    }
}
