//! The `x-auth-*` headers: what is written can stand in a header, keeps its limits and reads back the
//! same; what is read is never half of what was sent.

use bearergate_core::{AUTH_HEADERS, ContextParts, decode_auth_headers, encode_auth_headers};

use crate::limits::bounded;
use crate::oracle::strict_object;
use crate::{parts, text};

/// What parts the items of a list: another byte that no text holds.
const ITEM: u8 = 0xFE;

/// `e` and the fields of a context to be written, or another letter and header values to be read:
/// subject, type, name, roles, scopes, claims; and the names of the claims to be written.
pub fn check(data: &[u8]) {
    let [how, subject, kind, name, roles, scopes, claims, names] = parts(data);
    let given = |bytes: &[u8]| text(bytes).map(str::to_owned);
    let list = |bytes: &[u8]| -> Vec<String> {
        if bytes.is_empty() {
            return Vec::new();
        }
        bytes.split(|byte| *byte == ITEM).filter_map(given).collect()
    };
    if how == b"e" {
        let parts = ContextParts {
            subject: given(subject).unwrap_or_default(),
            name: given(name).filter(|name| !name.is_empty()),
            roles: list(roles),
            scopes: list(scopes),
            claims_json: given(claims),
            r#type: given(kind).unwrap_or_default(),
        };
        let names = list(names);
        check_written(&parts, None);
        check_written(&parts, Some(&names));
    } else {
        check_read(&[subject, kind, name, roles, scopes, claims].map(given));
    }
}

fn limit_of(name: &str) -> usize {
    match name {
        "x-auth-subject" => 512,
        "x-auth-name" => 256,
        "x-auth-type" => 128,
        _ => 8192,
    }
}

fn read_back(headers: &[(&'static str, String)]) -> Option<ContextParts> {
    decode_auth_headers(|wanted| headers.iter().find(|(name, _)| *name == wanted).map(|(_, value)| value.clone()))
}

fn check_written(parts: &ContextParts, propagated: Option<&[String]>) {
    let Ok(headers) = bounded(|| encode_auth_headers(parts, propagated)) else {
        assert!(parts.subject.is_empty() || parts.subject.len() * 3 + 7 > 512, "{:?}", parts.subject);
        return;
    };
    for (name, value) in &headers {
        assert!(AUTH_HEADERS.iter().any(|(_, known)| known == name), "{name}");
        assert!(value.bytes().all(|byte| (0x20..0x7f).contains(&byte)), "{name}: {value}");
        assert!(value.trim() == value && !value.is_empty() && value.len() <= limit_of(name), "{name}: {value}");
    }
    let back = bounded(|| read_back(&headers)).expect("a subject");
    let has = |wanted: &str| headers.iter().any(|(name, _)| *name == wanted);
    assert_eq!(back.subject, parts.subject);
    assert_eq!(back.name, parts.name.clone().filter(|_| has("x-auth-name")));
    assert_eq!(back.r#type, if has("x-auth-type") { parts.r#type.as_str() } else { "unknown" });
    assert_eq!(back.roles, if has("x-auth-roles") { parts.roles.clone() } else { Vec::new() });
    assert_eq!(back.scopes, if has("x-auth-scopes") { parts.scopes.clone() } else { Vec::new() });
    // What is small has no reason to be left out.
    assert!(has("x-auth-roles") || parts.roles.is_empty() || parts.roles.concat().len() > 500);
    assert!(has("x-auth-name") || parts.name.is_none() || parts.name.as_ref().is_some_and(|name| name.len() > 80));

    let mut due = parts.claims_json.as_deref().and_then(|json| strict_object(json.as_bytes())).unwrap_or_default();
    due.retain(|name, _| propagated.is_none_or(|names| names.contains(name)));
    match back.claims_json {
        Some(json) => assert_eq!(strict_object(json.as_bytes()), Some(due), "claims"),
        None => assert!(due.is_empty() || parts.claims_json.as_ref().is_some_and(|json| json.len() > 1000), "claims"),
    }
}

/// What is read and can be written is read back the same.
fn check_read(values: &[Option<String>; 6]) {
    const ORDER: [&str; 6] =
        ["x-auth-subject", "x-auth-type", "x-auth-name", "x-auth-roles", "x-auth-scopes", "x-auth-claims"];
    let value = |wanted: &str| ORDER.iter().position(|name| *name == wanted).and_then(|i| values[i].clone());
    let Some(parts) = bounded(|| decode_auth_headers(value)) else { return };
    assert!(!parts.subject.is_empty() && value("x-auth-subject").is_some_and(|value| value.len() <= 512));
    if let Some(json) = &parts.claims_json {
        assert!(strict_object(json.as_bytes()).is_some(), "{json}");
    }
    for name in ORDER.into_iter().filter(|name| value(name).is_some_and(|value| value.len() > limit_of(name))) {
        match name {
            "x-auth-name" => assert_eq!(parts.name, None),
            "x-auth-type" => assert_eq!(parts.r#type, "unknown"),
            "x-auth-roles" => assert!(parts.roles.is_empty()),
            "x-auth-scopes" => assert!(parts.scopes.is_empty()),
            _ => assert_eq!(parts.claims_json, None),
        }
    }
    check_written(&ContextParts { name: parts.name.clone().filter(|name| !name.is_empty()), ..parts }, None);
}
