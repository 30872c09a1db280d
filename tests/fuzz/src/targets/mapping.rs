//! Paths into the claims, and the context's fields that they lead to, by a second walk.

use bearergate_core::fuzzing::{self, Mapped};
use bearergate_core::{ClaimPath, ClaimsMapping};
use serde_json::{Map, Value};

use crate::limits::bounded;
use crate::oracle::{same, strict_object};
use crate::{parts, text};

/// A path (a dot path, or a JSON array of names), and the claims.
pub fn check(data: &[u8]) {
    let [path, claims] = parts(data);
    let Some(path) = text(path) else { return };
    let path = match serde_json::from_str::<Vec<String>>(path) {
        Ok(names) => ClaimPath::Names(names),
        Err(_) => ClaimPath::Dotted(path.to_owned()),
    };
    let found = bounded(|| fuzzing::find(claims, &path));
    let (Some(segments), Some(members)) = (segments(&path), strict_object(claims)) else {
        assert!(found.is_none(), "an accepted path or claims");
        return;
    };
    let due = walk(&members, &segments, &path);
    match (found.expect("accepted"), due) {
        (None, None) => {}
        (Some(ours), Some(theirs)) => assert!(same(&ours, theirs)),
        (ours, theirs) => panic!("found by us {ours:?}, by the second walk {theirs:?}"),
    }
    let mapping = ClaimsMapping {
        subject: Some(path.clone()),
        name: Some(path.clone()),
        roles: Some(path.clone()),
        scopes: Some(path.clone()),
    };
    assert_eq!(bounded(|| fuzzing::map(claims, &mapping)), Some(fields(&members, due)));
}

/// The names of a path that may be used.
fn segments(path: &ClaimPath) -> Option<Vec<&str>> {
    let segments: Vec<&str> = match path {
        ClaimPath::Dotted(text) => text.split('.').collect(),
        ClaimPath::Names(names) => names.iter().map(String::as_str).collect(),
    };
    (!segments.is_empty() && !segments.contains(&"")).then_some(segments)
}

fn walk<'a>(claims: &'a Map<String, Value>, segments: &[&str], path: &ClaimPath) -> Option<&'a Value> {
    let mut value = claims.get(segments[0]);
    for segment in &segments[1..] {
        value = match value {
            Some(Value::Object(members)) => members.get(*segment),
            Some(Value::Array(items)) => {
                segment.parse::<usize>().ok().filter(|i| i.to_string() == *segment).and_then(|i| items.get(i))
            }
            _ => None,
        };
    }
    match path {
        ClaimPath::Dotted(text) => value.or_else(|| claims.get(text)),
        ClaimPath::Names(_) => value,
    }
}

fn strings(value: &Value) -> Vec<String> {
    let items = value.as_array().map(Vec::as_slice).unwrap_or_default();
    items.iter().filter_map(Value::as_str).map(str::to_owned).collect()
}

fn scopes(value: &Value) -> Option<Vec<String>> {
    match value {
        Value::String(text) => Some(text.split(' ').filter(|scope| !scope.is_empty()).map(str::to_owned).collect()),
        Value::Array(_) => Some(strings(value)),
        _ => None,
    }
}

fn fields(claims: &Map<String, Value>, mapped: Option<&Value>) -> Mapped {
    let string = |value: Option<&Value>| value.and_then(Value::as_str).map(str::to_owned);
    let non_empty = |value: Option<&Value>| string(value).filter(|text| !text.is_empty());
    Mapped {
        subject: non_empty(mapped).or_else(|| non_empty(claims.get("sub"))),
        name: string(mapped).or_else(|| string(claims.get("name"))),
        roles: match mapped {
            Some(Value::String(role)) => vec![role.clone()],
            Some(value) => strings(value),
            None => Vec::new(),
        },
        scopes: mapped
            .and_then(scopes)
            .or_else(|| claims.get("scope").and_then(scopes))
            .or_else(|| claims.get("scp").and_then(scopes))
            .unwrap_or_default(),
    }
}
