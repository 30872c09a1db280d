//! Paths into the claims, and the context's fields found by them.

use std::borrow::Cow;
use std::ops::Range;

use crate::claims::Claims;
use crate::json::{Kind, Said, Value};
use crate::options::{ClaimPath, ClaimsMapping};
use crate::texts::TextList;

/// A parsed path.
#[derive(Debug, Clone)]
pub(crate) struct Path {
    segments: Box<[Box<str>]>,
    /// A top-level claim of exactly this name serves where the segments find nothing.
    exact: Option<Box<str>>,
}

impl Path {
    pub(crate) fn parse(path: &ClaimPath) -> Result<Self, String> {
        let (segments, exact): (Vec<&str>, _) = match path {
            ClaimPath::Dotted(text) => (text.split('.').collect(), Some(text.as_str().into())),
            ClaimPath::Names(names) => (names.iter().map(String::as_str).collect(), None),
        };
        if segments.is_empty() || segments.iter().any(|segment| segment.is_empty()) {
            return Err(
                "a path must not be empty or have an empty segment; for a claim name with dots, give an array of names"
                    .to_owned(),
            );
        }
        Ok(Self { segments: segments.into_iter().map(Into::into).collect(), exact })
    }

    /// The value that the path names. Only own members count, since nothing else exists here.
    pub(crate) fn find<'a>(&self, claims: &'a Claims) -> Option<Value<'a>> {
        let (first, rest) = self.segments.split_first()?;
        claims
            .get(first)
            .and_then(|value| rest.iter().try_fold(value, |value, segment| step(value, segment)))
            .or_else(|| self.exact.as_deref().filter(|_| !rest.is_empty()).and_then(|name| claims.get(name)))
    }
}

fn step<'a>(value: Value<'a>, segment: &str) -> Option<Value<'a>> {
    match value.kind() {
        Kind::Object => value.get(segment),
        Kind::Array if segment == "0" || !segment.starts_with('0') => segment
            .bytes()
            .all(|byte| byte.is_ascii_digit())
            .then(|| segment.parse().ok())?
            .and_then(|i| value.items().nth(i)),
        _ => None,
    }
}

/// The paths of `claimsMapping`.
#[derive(Debug, Clone, Default)]
pub(crate) struct Mapping {
    subject: Option<Path>,
    name: Option<Path>,
    roles: Option<Path>,
    scopes: Option<Path>,
}

impl Mapping {
    /// Reads the paths; an error names the field.
    pub(crate) fn parse(mapping: &ClaimsMapping) -> Result<Self, (&'static str, String)> {
        let path = |field: &'static str, path: &Option<ClaimPath>| {
            path.as_ref().map(|path| Path::parse(path).map_err(|problem| (field, problem))).transpose()
        };
        Ok(Self {
            subject: path("subject", &mapping.subject)?,
            name: path("name", &mapping.name)?,
            roles: path("roles", &mapping.roles)?,
            scopes: path("scopes", &mapping.scopes)?,
        })
    }

    /// The mapped value if it is a non-empty string, else `sub` if it is one.
    pub(crate) fn subject(&self, claims: &Claims) -> Option<Said> {
        let non_empty = |value: Value<'_>| if value.range().is_empty() { None } else { value.said() };
        let mapped = self.subject.as_ref().and_then(|path| path.find(claims)).and_then(non_empty);
        mapped.or_else(|| claims.get("sub").and_then(non_empty))
    }

    /// The mapped string, else the `name` claim if it is a string.
    pub(crate) fn name(&self, claims: &Claims) -> Option<Said> {
        let mapped = self.name.as_ref().and_then(|path| path.find(claims)).and_then(Value::said);
        mapped.or_else(|| claims.get("name").and_then(Value::said))
    }

    /// Adds the mapped array's strings, or the mapped string as one role.
    pub(crate) fn roles(&self, claims: &Claims, roles: &mut TextList) {
        let Some(value) = self.roles.as_ref().and_then(|path| path.find(claims)) else { return };
        match value.said() {
            Some(role) => roles.push(role),
            None => add_strings(value, roles),
        }
    }

    /// Adds the mapped scopes, else those of `scope`, else those of `scp`.
    pub(crate) fn scopes(&self, claims: &Claims, scopes: &mut TextList) {
        let mapped = self.scopes.as_ref().and_then(|path| path.find(claims)).filter(holds_scopes);
        let value = mapped
            .or_else(|| claims.get("scope").filter(holds_scopes))
            .or_else(|| claims.get("scp").filter(holds_scopes));
        let Some(value) = value else { return };
        let (start, text) = match value.said() {
            Some(Said::At(place)) => (place.start, Cow::Borrowed(value.raw())),
            Some(Said::InEscapes(text)) => (scopes.keep(&text).start, Cow::Owned(text)),
            None => return add_strings(value, scopes),
        };
        words(&text).for_each(|word| scopes.push(Said::At(start + word.start..start + word.end)));
    }
}

/// Scopes are a string to be split at spaces, or an array's strings.
fn holds_scopes(value: &Value<'_>) -> bool {
    matches!(value.kind(), Kind::String | Kind::Array)
}

/// Where something stands between spaces. Scopes are short: a search made for long texts takes longer.
fn words(text: &str) -> impl Iterator<Item = Range<usize>> {
    let text = text.as_bytes();
    let mut at = 0;
    std::iter::from_fn(move || {
        let start = at + text[at..].iter().position(|byte| *byte != b' ')?;
        at = text[start..].iter().position(|byte| *byte == b' ').map_or(text.len(), |length| start + length);
        Some(start..at)
    })
}

fn add_strings(array: Value<'_>, texts: &mut TextList) {
    array.items().filter_map(Value::said).for_each(|text| texts.push(text));
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn words_are_what_stands_between_spaces(text in "[ a\u{e9}\u{a0}\t]{0,12}") {
            let expected: Vec<_> = text.split(' ').filter(|word| !word.is_empty()).collect();
            prop_assert_eq!(words(&text).map(|word| &text[word]).collect::<Vec<_>>(), expected);
        }
    }

    fn find(json: &str, path: &ClaimPath) -> Option<String> {
        let claims = Claims::parse(json.as_bytes().to_vec()).unwrap();
        Path::parse(path).unwrap().find(&claims).map(|value| value.raw().to_owned())
    }

    fn dotted(path: &str) -> ClaimPath {
        ClaimPath::Dotted(path.to_owned())
    }

    #[test]
    fn a_dot_path_comes_before_a_claim_of_that_name() {
        let json = r#"{"a.b":1,"a":{"b":2},"c.d":3,"l":[{"x":4}],"e":{"f":null},"e.f":5}"#;
        assert_eq!(find(json, &dotted("a.b")).as_deref(), Some("2"));
        assert_eq!(find(json, &dotted("c.d")).as_deref(), Some("3"));
        assert_eq!(find(json, &dotted("l.0.x")).as_deref(), Some("4"));
        assert_eq!(find(json, &dotted("e.f")).as_deref(), Some("null"));
        assert_eq!(find(json, &ClaimPath::Names(vec!["a.b".to_owned()])).as_deref(), Some("1"));
        for missing in ["l.1", "l.00", "l.length", "l.-1", "__proto__", "constructor", "a.b.c"] {
            assert_eq!(find(json, &dotted(missing)), None, "{missing}");
        }
    }

    #[test]
    fn empty_segments_are_errors() {
        for path in ["", ".", "a.", ".a", "a..b"] {
            assert!(Path::parse(&dotted(path)).is_err(), "{path}");
        }
        assert!(Path::parse(&ClaimPath::Names(vec![])).is_err());
    }
}
