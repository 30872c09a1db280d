//! Strict JSON, looked at once: a checked text with an index of its values, and no tree of copies.
//!
//! Stricter than RFC 8259 where leniency has been an attack: no duplicate member names (compared
//! after unescaping), no lone surrogates, no byte order mark, no number whose double is infinite,
//! nesting to a fixed depth. Time and memory are linear in the text.

use std::borrow::Cow;
use std::collections::HashSet;

/// Deepest nesting accepted; the outermost value is level 1.
pub(crate) const MAX_DEPTH: usize = 32;

/// Objects with more members than this look for duplicate names with a hash set, smaller ones by
/// comparing each pair.
const PAIRWISE: usize = 16;

/// The text is not strict JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NotStrictJson;

type Checked<T> = Result<T, NotStrictJson>;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Null,
    False,
    True,
    Number,
    String,
    Array,
    Object,
}

/// One value of the text, in document order. An object's children alternate name and value.
#[derive(Debug, Clone, Copy)]
struct Node {
    /// First byte of the value; of a string, the byte after its quote.
    start: u32,
    /// Byte after the value; of a string, its closing quote.
    end: u32,
    /// Index of the node after this one and all its children.
    next: u32,
    kind: Kind,
    escaped: bool,
}

/// A strict JSON text and the index of its values.
#[derive(Debug, Clone)]
pub(crate) struct Document {
    text: Box<str>,
    nodes: Box<[Node]>,
}

impl Document {
    /// Checks the whole text.
    pub(crate) fn parse(bytes: Vec<u8>) -> Checked<Self> {
        let text = String::from_utf8(bytes).map_err(|_| NotStrictJson)?;
        if u32::try_from(text.len()).is_err() {
            return Err(NotStrictJson);
        }
        let mut parser = Parser { bytes: text.as_bytes(), text: &text, at: 0, nodes: Vec::with_capacity(64) };
        parser.space();
        parser.value(1)?;
        parser.space();
        if parser.at != parser.bytes.len() {
            return Err(NotStrictJson);
        }
        let nodes = parser.nodes.into_boxed_slice();
        Ok(Self { text: text.into_boxed_str(), nodes })
    }

    /// The same, and the outermost value must be an object.
    pub(crate) fn parse_object(bytes: Vec<u8>) -> Checked<Self> {
        let document = Self::parse(bytes)?;
        if document.root().kind() == Kind::Object { Ok(document) } else { Err(NotStrictJson) }
    }

    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    pub(crate) fn root(&self) -> Value<'_> {
        Value { document: self, at: 0 }
    }
}

/// One value of a document.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Value<'a> {
    document: &'a Document,
    at: usize,
}

impl<'a> Value<'a> {
    fn node(self) -> &'a Node {
        &self.document.nodes[self.at]
    }

    pub(crate) fn kind(self) -> Kind {
        self.node().kind
    }

    /// The value's text, quotes of a string not included.
    pub(crate) fn raw(self) -> &'a str {
        let node = self.node();
        &self.document.text[node.start as usize..node.end as usize]
    }

    /// A string's characters.
    pub(crate) fn as_str(self) -> Option<Cow<'a, str>> {
        let node = self.node();
        (node.kind == Kind::String)
            .then(|| if node.escaped { Cow::Owned(unescape(self.raw())) } else { Cow::Borrowed(self.raw()) })
    }

    /// A number's double.
    pub(crate) fn as_f64(self) -> Option<f64> {
        if self.kind() == Kind::Number { self.raw().parse().ok() } else { None }
    }

    fn children(self) -> impl Iterator<Item = Value<'a>> {
        let end = self.node().next as usize;
        let container = matches!(self.kind(), Kind::Array | Kind::Object);
        let mut at = if container { self.at + 1 } else { end };
        std::iter::from_fn(move || {
            (at < end).then(|| {
                let child = Value { document: self.document, at };
                at = child.node().next as usize;
                child
            })
        })
    }

    /// The items of an array; nothing for any other value.
    pub(crate) fn items(self) -> impl Iterator<Item = Value<'a>> {
        let array = self.kind() == Kind::Array;
        self.children().filter(move |_| array)
    }

    /// The members of an object in document order; nothing for any other value.
    pub(crate) fn members(self) -> impl Iterator<Item = (Cow<'a, str>, Value<'a>)> {
        let object = self.kind() == Kind::Object;
        let mut children = self.children();
        std::iter::from_fn(move || {
            if !object {
                return None;
            }
            let name = children.next()?.as_str()?;
            Some((name, children.next()?))
        })
    }

    /// The member of an object with this name.
    pub(crate) fn get(self, name: &str) -> Option<Value<'a>> {
        if self.kind() != Kind::Object {
            return None;
        }
        let mut children = self.children();
        while let (Some(key), Some(value)) = (children.next(), children.next()) {
            let found =
                if key.node().escaped { key.as_str().is_some_and(|key| key == name) } else { key.raw() == name };
            if found {
                return Some(value);
            }
        }
        None
    }
}

struct Parser<'a> {
    bytes: &'a [u8],
    text: &'a str,
    at: usize,
    nodes: Vec<Node>,
}

#[allow(clippy::cast_possible_truncation)] // the text's length was checked to fit
impl Parser<'_> {
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn space(&mut self) {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.peek() {
            self.at += 1;
        }
    }

    fn open(&mut self, kind: Kind) -> usize {
        self.nodes.push(Node { start: self.at as u32, end: 0, next: 0, kind, escaped: false });
        self.nodes.len() - 1
    }

    fn close(&mut self, index: usize, end: usize) {
        let next = self.nodes.len() as u32;
        let node = &mut self.nodes[index];
        node.end = end as u32;
        node.next = next;
    }

    fn value(&mut self, depth: usize) -> Checked<()> {
        match self.peek().ok_or(NotStrictJson)? {
            b'"' => self.string(),
            b'{' => self.object(depth),
            b'[' => self.array(depth),
            b't' => self.word("true", Kind::True),
            b'f' => self.word("false", Kind::False),
            b'n' => self.word("null", Kind::Null),
            _ => self.number(),
        }
    }

    fn word(&mut self, word: &str, kind: Kind) -> Checked<()> {
        if !self.bytes[self.at..].starts_with(word.as_bytes()) {
            return Err(NotStrictJson);
        }
        let index = self.open(kind);
        self.at += word.len();
        self.close(index, self.at);
        Ok(())
    }

    fn object(&mut self, depth: usize) -> Checked<()> {
        if depth > MAX_DEPTH && !mutant!("claims-strict") {
            return Err(NotStrictJson);
        }
        let index = self.open(Kind::Object);
        self.at += 1;
        self.space();
        let mut members = 0;
        if self.peek() == Some(b'}') {
            self.at += 1;
        } else {
            loop {
                self.string()?;
                self.space();
                self.expect(b':')?;
                self.space();
                self.value(depth + 1)?;
                members += 1;
                self.space();
                if self.comma_or(b'}')? {
                    break;
                }
            }
        }
        self.close(index, self.at);
        self.distinct_names(index, members)
    }

    fn array(&mut self, depth: usize) -> Checked<()> {
        if depth > MAX_DEPTH && !mutant!("claims-strict") {
            return Err(NotStrictJson);
        }
        let index = self.open(Kind::Array);
        self.at += 1;
        self.space();
        if self.peek() == Some(b']') {
            self.at += 1;
        } else {
            loop {
                self.value(depth + 1)?;
                self.space();
                if self.comma_or(b']')? {
                    break;
                }
            }
        }
        self.close(index, self.at);
        Ok(())
    }

    fn expect(&mut self, byte: u8) -> Checked<()> {
        if self.peek() != Some(byte) {
            return Err(NotStrictJson);
        }
        self.at += 1;
        Ok(())
    }

    /// Takes a comma and the space after it (`false`), or the closing byte (`true`).
    fn comma_or(&mut self, closing: u8) -> Checked<bool> {
        match self.peek() {
            Some(b',') => {
                self.at += 1;
                self.space();
                Ok(false)
            }
            Some(byte) if byte == closing => {
                self.at += 1;
                Ok(true)
            }
            _ => Err(NotStrictJson),
        }
    }

    fn string(&mut self) -> Checked<()> {
        self.expect(b'"')?;
        let index = self.open(Kind::String);
        loop {
            match self.peek().ok_or(NotStrictJson)? {
                b'"' => break,
                b'\\' => {
                    self.nodes[index].escaped = true;
                    self.escape()?;
                }
                0..0x20 => return Err(NotStrictJson),
                _ => self.at += 1,
            }
        }
        self.close(index, self.at);
        self.at += 1;
        Ok(())
    }

    fn escape(&mut self) -> Checked<()> {
        self.at += 1;
        match self.peek().ok_or(NotStrictJson)? {
            b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => {
                self.at += 1;
                Ok(())
            }
            b'u' => {
                self.at += 1;
                match self.unit()? {
                    0xD800..0xDC00 => {
                        self.expect(b'\\')?;
                        self.expect(b'u')?;
                        if matches!(self.unit()?, 0xDC00..0xE000) { Ok(()) } else { Err(NotStrictJson) }
                    }
                    0xDC00..0xE000 => Err(NotStrictJson),
                    _ => Ok(()),
                }
            }
            _ => Err(NotStrictJson),
        }
    }

    fn unit(&mut self) -> Checked<u32> {
        let digits = self.bytes.get(self.at..self.at + 4).ok_or(NotStrictJson)?;
        self.at += 4;
        hex(digits).ok_or(NotStrictJson)
    }

    fn number(&mut self) -> Checked<()> {
        let index = self.open(Kind::Number);
        let start = self.at;
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        match self.peek() {
            Some(b'0') => self.at += 1,
            Some(b'1'..=b'9') => self.digits()?,
            _ => return Err(NotStrictJson),
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        let mut large = self.at - start > 300;
        if let Some(b'e' | b'E') = self.peek() {
            large = true;
            self.at += 1;
            if let Some(b'+' | b'-') = self.peek() {
                self.at += 1;
            }
            self.digits()?;
        }
        // Without an exponent, fewer digits than this cannot overflow a double.
        if large && !self.text[start..self.at].parse::<f64>().is_ok_and(f64::is_finite) {
            return Err(NotStrictJson);
        }
        self.close(index, self.at);
        Ok(())
    }

    fn digits(&mut self) -> Checked<()> {
        let start = self.at;
        while let Some(b'0'..=b'9') = self.peek() {
            self.at += 1;
        }
        if self.at > start { Ok(()) } else { Err(NotStrictJson) }
    }

    /// Refuses an object (already closed, at `index`) two of whose names are the same.
    fn distinct_names(&self, index: usize, members: usize) -> Checked<()> {
        if members < 2 || mutant!("header-strict") || mutant!("claims-strict") {
            return Ok(());
        }
        let mut at = index + 1;
        let names = (0..members).map(|_| {
            let name = &self.nodes[at];
            at = self.nodes[name.next as usize].next as usize;
            let raw = &self.text[name.start as usize..name.end as usize];
            if name.escaped { Cow::Owned(unescape(raw)) } else { Cow::Borrowed(raw) }
        });
        let distinct = if members <= PAIRWISE {
            let mut seen: [Cow<'_, str>; PAIRWISE] = [const { Cow::Borrowed("") }; PAIRWISE];
            let mut distinct = true;
            for (count, name) in names.enumerate() {
                distinct &= !seen[..count].contains(&name);
                seen[count] = name;
            }
            distinct
        } else {
            let mut seen = HashSet::with_capacity_and_hasher(members, foldhash::fast::RandomState::default());
            names.fold(true, |distinct, name| seen.insert(name) && distinct)
        };
        if distinct { Ok(()) } else { Err(NotStrictJson) }
    }
}

fn hex(digits: &[u8]) -> Option<u32> {
    digits.iter().try_fold(0, |unit, digit| Some(unit * 16 + char::from(*digit).to_digit(16)?))
}

/// Undoes the escapes of a string that the parser has accepted.
fn unescape(raw: &str) -> String {
    let mut text = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(backslash) = rest.find('\\') {
        text.push_str(&rest[..backslash]);
        let (character, used) = one_escape(&rest.as_bytes()[backslash + 1..]);
        text.push(character);
        rest = &rest[backslash + 1 + used..];
    }
    text.push_str(rest);
    text
}

/// The character of one checked escape, given what follows the backslash, and the bytes it took.
fn one_escape(escape: &[u8]) -> (char, usize) {
    let unit = |from: usize| escape.get(from..from + 4).and_then(hex).unwrap_or(0xFFFD);
    match escape.first() {
        Some(b'b') => ('\u{8}', 1),
        Some(b'f') => ('\u{c}', 1),
        Some(b'n') => ('\n', 1),
        Some(b'r') => ('\r', 1),
        Some(b't') => ('\t', 1),
        Some(b'u') => match unit(1) {
            high @ 0xD800..0xDC00 => {
                let code = 0x10000 + ((high - 0xD800) << 10) + (unit(7).wrapping_sub(0xDC00) & 0x3FF);
                (char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER), 11)
            }
            code => (char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER), 5),
        },
        Some(other) => (char::from(*other), 1),
        None => (char::REPLACEMENT_CHARACTER, 0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parse(text: &str) -> Checked<Document> {
        Document::parse(text.as_bytes().to_vec())
    }

    #[test]
    fn values_are_found_where_they_are() {
        let document = parse(r#" {"a":[1,{"b":"x\n\ud83d\ude00"}],"c":null,"d\u0065":-0.5e2} "#).unwrap();
        let root = document.root();
        let list = root.get("a").unwrap();
        assert_eq!(list.items().count(), 2);
        let object = list.items().nth(1).unwrap();
        assert_eq!(object.get("b").unwrap().as_str().unwrap(), "x\n\u{1F600}");
        assert_eq!(object.raw(), r#"{"b":"x\n\ud83d\ude00"}"#);
        assert_eq!(root.get("c").unwrap().kind(), Kind::Null);
        assert_eq!(root.get("de").unwrap().as_f64(), Some(-50.0));
        assert_eq!(root.members().count(), 3);
        assert!(root.get("x").is_none());
    }

    #[test]
    fn what_is_refused() {
        let many: String = (0..20).map(|i| format!("\"k{i}\":0,")).collect();
        for text in [
            "",
            " ",
            "{",
            "}",
            "{\"a\"}",
            "{\"a\":1,}",
            "[1,]",
            "[1 2]",
            "{} {}",
            "\u{feff}{}",
            "nul",
            "truex",
            "'a'",
            "{a:1}",
            "01",
            "-",
            "1.",
            ".5",
            "+1",
            "1e",
            "1e400",
            "-1e400",
            "NaN",
            "Infinity",
            "\"\n\"",
            "\"\\x\"",
            r#""\ud800""#,
            r#""\udc00""#,
            r#""\ud800\u0041""#,
            r#""\u12""#,
            r#""\u+123""#,
            "\"a",
            r#"{"a":1,"a":2}"#,
            r#"{"a":1,"\u0061":2}"#,
            r#"{"x":{"a":1,"a":2}}"#,
            &format!("{{{many}\"k7\":1}}"),
            &"[".repeat(100_000),
            &"9".repeat(400),
        ] {
            assert_eq!(parse(text).err(), Some(NotStrictJson), "{}", &text[..text.len().min(60)]);
        }
        assert_eq!(Document::parse(vec![b'"', 0xff, b'"']).err(), Some(NotStrictJson));
        assert!(Document::parse_object(b"[]".to_vec()).is_err());
    }

    #[test]
    fn depth_counts_the_outermost_value() {
        let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert!(parse(&nested(MAX_DEPTH)).is_ok());
        assert!(parse(&nested(MAX_DEPTH + 1)).is_err());
    }

    fn any_json() -> impl Strategy<Value = serde_json::Value> {
        let leaf = prop_oneof![
            Just(serde_json::Value::Null),
            any::<bool>().prop_map(Into::into),
            any::<i64>().prop_map(Into::into),
            any::<f64>().prop_map(Into::into),
            any::<String>().prop_map(Into::into),
        ];
        leaf.prop_recursive(4, 64, 8, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..8).prop_map(Into::into),
                prop::collection::hash_map(any::<String>(), inner, 0..24)
                    .prop_map(|map| serde_json::Value::Object(map.into_iter().collect())),
            ]
        })
    }

    fn to_serde(value: Value<'_>) -> serde_json::Value {
        match value.kind() {
            Kind::Null => serde_json::Value::Null,
            Kind::True => true.into(),
            Kind::False => false.into(),
            Kind::Number if value.raw().contains(['.', 'e', 'E']) => value.as_f64().unwrap().into(),
            Kind::Number => serde_json::from_str(value.raw()).unwrap(),
            Kind::String => value.as_str().unwrap().into_owned().into(),
            Kind::Array => value.items().map(to_serde).collect(),
            Kind::Object => value.members().map(|(name, value)| (name.into_owned(), to_serde(value))).collect(),
        }
    }

    proptest! {
        #[test]
        fn agrees_with_serde_json_on_what_it_writes(json in any_json()) {
            let document = parse(&json.to_string()).unwrap();
            prop_assert_eq!(to_serde(document.root()), json);
        }

        #[test]
        fn accepts_nothing_that_serde_json_refuses(text in r#"[\[\]{}",:0-9eE+\-.\\u a-dtrfnl]{0,24}"#) {
            if parse(&text).is_ok() {
                prop_assert!(serde_json::from_str::<serde_json::Value>(&text).is_ok());
            }
        }

        #[test]
        fn no_input_panics(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = Document::parse(bytes);
        }
    }
}
