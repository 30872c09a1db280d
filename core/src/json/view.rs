//! A checked value as whoever embeds the core reads it: out of the index, without parsing again.

use std::borrow::Cow;
use std::fmt;

use super::{Document, Kind, Value};

/// A JSON value of a verified token.
#[derive(Debug, Clone)]
pub enum ClaimValue<'a> {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number as it is written: RFC 8259 section 6. Its double is finite.
    Number(&'a str),
    /// A string's characters.
    String(Cow<'a, str>),
    /// An array's items.
    Array(ClaimItems<'a>),
    /// An object's members; no two have the same name.
    Object(ClaimMembers<'a>),
}

impl<'a> ClaimValue<'a> {
    pub(crate) fn of(value: Value<'a>) -> Self {
        match value.kind() {
            Kind::Null => Self::Null,
            Kind::False => Self::Bool(false),
            Kind::True => Self::Bool(true),
            Kind::Number => Self::Number(value.raw()),
            Kind::String => Self::String(value.as_str().unwrap_or_default()),
            Kind::Array => Self::Array(ClaimItems(Children::of(value))),
            Kind::Object => Self::Object(ClaimMembers(Children::of(value))),
        }
    }
}

/// The items of an array, in their order.
#[derive(Clone)]
pub struct ClaimItems<'a>(Children<'a>);

impl<'a> Iterator for ClaimItems<'a> {
    type Item = ClaimValue<'a>;

    fn next(&mut self) -> Option<Self::Item> {
        self.0.next().map(ClaimValue::of)
    }
}

/// The members of an object, in the token's order.
#[derive(Clone)]
pub struct ClaimMembers<'a>(Children<'a>);

impl<'a> Iterator for ClaimMembers<'a> {
    type Item = (Cow<'a, str>, ClaimValue<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        let name = self.0.next()?.as_str()?;
        Some((name, ClaimValue::of(self.0.next()?)))
    }
}

/// Shows the items, and not the text that they are of.
impl fmt::Debug for ClaimItems<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.clone()).finish()
    }
}

/// Shows the members, and not the text that they are of.
impl fmt::Debug for ClaimMembers<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.clone()).finish()
    }
}

/// What stands directly in a value.
#[derive(Debug, Clone)]
pub(super) struct Children<'a> {
    document: &'a Document,
    at: usize,
    end: usize,
}

impl<'a> Children<'a> {
    pub(super) fn of(parent: Value<'a>) -> Self {
        // Of what is no container, the node after it and all its children is the next.
        Self { document: parent.document, at: parent.at + 1, end: parent.node().next() }
    }
}

impl<'a> Iterator for Children<'a> {
    type Item = Value<'a>;

    fn next(&mut self) -> Option<Value<'a>> {
        (self.at < self.end).then(|| {
            let child = Value { document: self.document, at: self.at };
            self.at = child.node().next();
            child
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(value: ClaimValue<'_>) -> String {
        match value {
            ClaimValue::Null => "null".to_owned(),
            ClaimValue::Bool(is) => is.to_string(),
            ClaimValue::Number(number) => number.to_owned(),
            ClaimValue::String(text) => format!("{text:?}"),
            ClaimValue::Array(items) => format!("[{}]", items.map(shown).collect::<Vec<_>>().join(",")),
            ClaimValue::Object(members) => {
                let each = members.map(|(name, value)| format!("{name:?}:{}", shown(value)));
                format!("{{{}}}", each.collect::<Vec<_>>().join(","))
            }
        }
    }

    #[test]
    fn every_value_is_seen_once_and_in_order() {
        for text in [
            r#"{"a":[1,-0.5e2,[],{}],"b":{"c":null,"d":[true,[false]]},"e":"x"}"#,
            "[]",
            "{}",
            r#"{"n":18446744073709551617}"#,
        ] {
            let document = Document::parse(text.as_bytes().to_vec()).unwrap();
            assert_eq!(shown(ClaimValue::of(document.root())), text);
        }
        let inner = Document::parse(br#"{"a":{"b":[1,"x"]},"secret":"y"}"#.to_vec()).unwrap();
        let of = ClaimValue::of(inner.root().get("a").unwrap());
        assert_eq!(format!("{of:?}"), r#"Object({"b": Array([Number("1"), String("x")])})"#);
        let escaped = Document::parse(br#"{"\u0061\n":"\ud83d\ude00"}"#.to_vec()).unwrap();
        assert_eq!(shown(ClaimValue::of(escaped.root())), "{\"a\\n\":\"\u{1F600}\"}");
    }
}
