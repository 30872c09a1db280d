//! Strict JSON, looked at once: a checked text with an index of its values, and no tree of copies.
//!
//! Stricter than RFC 8259 where leniency has been an attack: no duplicate member names (compared
//! after unescaping), no lone surrogates, no byte order mark, no number whose double is infinite,
//! nesting to a fixed depth. Time and memory are linear in the text.

mod escape;
mod node;
mod parse;
mod view;

use std::borrow::Cow;
use std::ops::Range;

use escape::unescape;
use node::Node;
use view::Children;
pub use view::{ClaimItems, ClaimMembers, ClaimValue};
use zeroize::Zeroize;

/// Deepest nesting accepted; the outermost value is level 1.
pub(crate) const MAX_DEPTH: usize = 32;

/// The text is not strict JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NotStrictJson;

type Checked<T> = Result<T, NotStrictJson>;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Kind {
    Null,
    False,
    True,
    Number,
    String,
    Array,
    Object,
}

/// The place of the outermost value.
pub(crate) const ROOT: u32 = 0;

/// A strict JSON text and the index of its values.
#[derive(Debug, Clone)]
pub(crate) struct Document {
    text: String,
    nodes: Vec<Node>,
}

impl Document {
    /// Checks the whole text.
    #[inline]
    pub(crate) fn parse(bytes: Vec<u8>) -> Checked<Self> {
        let text = String::from_utf8(bytes).map_err(|_| NotStrictJson)?;
        let nodes = parse::index(&text)?;
        Ok(Self { text, nodes })
    }

    /// The same, and the outermost value must be an object.
    #[inline]
    pub(crate) fn parse_object(bytes: Vec<u8>) -> Checked<Self> {
        let document = Self::parse(bytes)?;
        if document.root().kind() == Kind::Object { Ok(document) } else { Err(NotStrictJson) }
    }

    /// Checks a text, looks at its outermost value, and leaves no copy of it behind: it may be a secret.
    pub(crate) fn glance<T>(text: &str, look: impl FnOnce(Value<'_>) -> T) -> Checked<T> {
        let nodes = parse::index(text)?;
        let mut document = Self { text: text.into(), nodes };
        let seen = look(document.root());
        document.text.zeroize();
        Ok(seen)
    }

    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    pub(crate) fn into_text(self) -> String {
        self.text
    }

    pub(crate) fn root(&self) -> Value<'_> {
        self.value(ROOT)
    }

    /// The value that was found at this place before.
    pub(crate) fn value(&self, place: u32) -> Value<'_> {
        Value { document: self, at: place as usize }
    }
}

/// What a string says.
#[derive(Debug)]
pub(crate) enum Said {
    /// What stands here in the text.
    At(Range<usize>),
    /// This, which stands in the text in escapes.
    InEscapes(String),
}

/// Whole numbers of up to fifteen digits, as times are, are doubles as they stand.
#[allow(clippy::cast_precision_loss)]
fn whole(digits: &[u8]) -> Option<f64> {
    if digits.len() > 15 {
        return None;
    }
    let mut whole = 0;
    for digit in digits {
        if !digit.is_ascii_digit() {
            return None;
        }
        whole = whole * 10 + u64::from(digit - b'0');
    }
    Some(whole as f64)
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
        self.node().kind()
    }

    /// Where in its document the value stands.
    #[allow(clippy::cast_possible_truncation)] // there are fewer values than bytes, which were counted
    pub(crate) fn place(self) -> u32 {
        self.at as u32
    }

    /// Where in the text the value stands, quotes of a string not included.
    pub(crate) fn range(self) -> Range<usize> {
        self.node().range()
    }

    /// The value's text, quotes of a string not included.
    pub(crate) fn raw(self) -> &'a str {
        &self.document.text[self.range()]
    }

    /// A string's characters.
    pub(crate) fn as_str(self) -> Option<Cow<'a, str>> {
        self.said().map(|said| match said {
            Said::At(_) => Cow::Borrowed(self.raw()),
            Said::InEscapes(text) => Cow::Owned(text),
        })
    }

    /// A string's characters, or where they are.
    #[inline]
    pub(crate) fn said(self) -> Option<Said> {
        let node = self.node();
        (node.kind() == Kind::String)
            .then(|| if node.is_escaped() { Said::InEscapes(unescape(self.raw())) } else { Said::At(node.range()) })
    }

    /// A number's double.
    pub(crate) fn as_f64(self) -> Option<f64> {
        if self.kind() != Kind::Number {
            return None;
        }
        let raw = self.raw();
        whole(raw.as_bytes()).or_else(|| raw.parse().ok())
    }

    fn children(self) -> Children<'a> {
        Children::of(self)
    }

    /// The items of an array; nothing for any other value.
    pub(crate) fn items(self) -> impl Iterator<Item = Value<'a>> {
        let array = self.kind() == Kind::Array;
        self.children().filter(move |_| array)
    }

    /// The members of an object in document order; nothing for any other value.
    pub(crate) fn members(self) -> impl Iterator<Item = (Cow<'a, str>, Value<'a>)> {
        self.pairs().filter_map(|(name, value)| Some((name.as_str()?, value)))
    }

    /// The same, names as bytes.
    pub(crate) fn each_member(self, mut look: impl FnMut(&[u8], Value<'a>)) {
        for (name, value) in self.pairs() {
            if name.node().is_escaped() {
                look(unescape(name.raw()).as_bytes(), value);
            } else {
                look(name.bytes(), value);
            }
        }
    }

    /// The member of an object with this name.
    pub(crate) fn get(self, name: &str) -> Option<Value<'a>> {
        self.pairs().find(|(key, _)| key.is_str(name)).map(|(_, value)| value)
    }

    /// Names and values of an object.
    fn pairs(self) -> impl Iterator<Item = (Value<'a>, Value<'a>)> {
        let mut at = self.at + 1;
        let end = if self.kind() == Kind::Object { self.node().next() } else { at };
        std::iter::from_fn(move || {
            (at < end).then(|| {
                let name = Value { document: self.document, at };
                // A name has no children.
                let value = Value { document: self.document, at: at + 1 };
                at = value.node().next();
                (name, value)
            })
        })
    }

    /// Whether this is a string of just these characters.
    pub(crate) fn is_str(self, text: &str) -> bool {
        let node = self.node();
        let is_same = if node.is_escaped() { unescape(self.raw()) == text } else { self.bytes() == text.as_bytes() };
        is_same && node.kind() == Kind::String
    }

    fn bytes(self) -> &'a [u8] {
        &self.document.text.as_bytes()[self.range()]
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

    /// Half way from the largest double to the next power of two, where rounding goes to infinity.
    const HALF_WAY: &str = "179769313486231580793728971405303415079934132710037826936173778980444968292764750946649017977587207096330286416692887910946555547851940402630657488671505820681908902000708383676273854845817711531764475730270069855571366959622842914819860834936475292719074168444365510704342711559699508093042880177904174497792";

    proptest! {
        #[test]
        fn a_number_is_strict_where_its_double_is_finite(
            whole in "0|[1-9][0-9]{0,330}",
            fraction in "(\\.[0-9]{1,30})?",
            exponent in prop_oneof![-700_i32..700, -20_i32..20, 290_i32..320],
            written in any::<bool>(),
        ) {
            let number = if written { format!("-{whole}{fraction}e{exponent}") } else { format!("{whole}{fraction}") };
            let double: f64 = number.parse().unwrap();
            prop_assert_eq!(parse(&number).is_ok(), double.is_finite(), "{}", number);
        }
    }

    #[test]
    fn the_largest_numbers_are_told_apart_digit_by_digit() {
        let below = format!("{}1", &HALF_WAY[..HALF_WAY.len() - 1]);
        let point = |at: usize, digits: &str| format!("{}.{}e{}", &digits[..at], &digits[at..], digits.len() - at);
        for (finite, digits) in [(true, below.as_str()), (false, HALF_WAY)] {
            for number in [
                digits.to_owned(),
                format!("{digits}.0"),
                point(1, digits),
                point(200, digits),
                format!("0.{digits}e309"),
                format!("0.000{digits}E+312"),
            ] {
                assert_eq!(number.parse::<f64>().unwrap().is_finite(), finite, "{number}");
                assert_eq!(parse(&number).is_ok(), finite, "{number}");
            }
        }
        for (finite, number) in [
            (true, "0e999999999999999999999"),
            (true, "-0.000e+99999999999999999999"),
            (true, "1e-99999999999999999999"),
            (false, "1e99999999999999999999"),
            (true, "1.7976931348623157e308"),
            (false, "1.7976931348623159e308"),
            (true, "0.00001e313"),
            (false, "0.001e312"),
            (true, "9e307"),
            (true, "5e-324"),
            (true, "1e-400"),
        ] {
            assert_eq!(parse(number).is_ok(), finite, "{number}");
        }
    }

    #[test]
    fn what_is_refused() {
        let many = (0..20).map(|i| format!("\"k{i}\":0")).collect::<Vec<_>>().join(",");
        for text in [
            "",
            " ",
            "{",
            "}",
            "{\"a\"}",
            "{\"a\":}",
            "{,}",
            "{\"a\":1,}",
            "{\"a\":1,,\"b\":2}",
            "[1,]",
            "[,1]",
            "[1,,2]",
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
            &format!("{{{many},\"k7\":1}}"),
            &"[".repeat(100_000),
            &"9".repeat(400),
        ] {
            assert_eq!(parse(text).err(), Some(NotStrictJson), "{}", &text[..text.len().min(60)]);
        }
        assert_eq!(Document::parse(vec![b'"', 0xff, b'"']).err(), Some(NotStrictJson));
        assert!(Document::parse_object(b"[]".to_vec()).is_err());
    }

    #[test]
    fn only_names_are_told_apart_and_all_of_them() {
        for (distinct, text) in [
            (true, r#"{"a":"b","b":"a"}"#),
            (true, r#"{"a":{"b":1},"b":1}"#),
            (true, r#"{"a":"a"}"#),
            // The digests of these two names are alike.
            (true, r#"{"aaaaaaaaXbbbbbbbb":0,"aaaaaaaaYbbbbbbbb":0}"#),
            (false, r#"{"aaaaaaaaXbbbbbbbb":0,"aaaaaaaaYbbbbbbbb":0,"aaaaaaaaXbbbbbbbb":0}"#),
        ] {
            assert_eq!(parse(text).is_ok(), distinct, "{text}");
        }
        for count in 30..36 {
            let names: Vec<_> = (0..count).map(|at| format!("name {at}")).collect();
            let object = |names: &[String]| {
                let members: Vec<_> = names.iter().map(|name| format!("\"{name}\":\"x\"")).collect();
                format!("{{{}}}", members.join(","))
            };
            assert!(parse(&object(&names)).is_ok());
            for first in 0..count {
                for second in first + 1..count {
                    let mut same = names.clone();
                    for name in [names[first].clone(), names[first].replace('n', "\\u006e")] {
                        same[second] = name;
                        assert!(parse(&object(&same)).is_err(), "{first} and {second} of {count}");
                    }
                }
            }
        }
    }

    #[test]
    fn the_deepest_document_fits_a_small_stack() {
        let nested = format!("{}0{}", r#"{"a":"#.repeat(MAX_DEPTH), "}".repeat(MAX_DEPTH));
        let small = std::thread::Builder::new().stack_size(256 << 10);
        assert!(small.spawn(move || parse(&nested).is_ok()).unwrap().join().unwrap());
    }

    #[test]
    fn numbers_are_the_doubles_that_they_say() {
        for number in ["0", "-0", "7", "999999999999999", "9999999999999999", "9007199254740993", "-1", "1e3", "0.5"] {
            let read = parse(number).unwrap().root().as_f64().unwrap();
            assert_eq!(read.to_bits(), number.parse::<f64>().unwrap().to_bits(), "{number}");
        }
        assert_eq!(parse("\"1\"").unwrap().root().as_f64(), None);
    }

    #[test]
    fn only_a_string_is_a_string() {
        for (is, text) in [(true, "\"1\""), (false, "1"), (true, "\"\\u0031\""), (false, "\"11\"")] {
            assert_eq!(parse(text).unwrap().root().is_str("1"), is, "{text}");
        }
        assert!(!parse("null").unwrap().root().is_str("null"));
    }

    #[test]
    fn every_byte_is_looked_at_wherever_in_a_string_it_stands() {
        for byte in 0..=255 {
            for beside in [b"x", b"!", b"]", b"\x7f", b"#"] {
                for length in [1, 7, 8, 9, 15, 16, 17, 24] {
                    for at in 0..length {
                        let mut text = vec![beside[0]; length];
                        text[at] = byte;
                        let text = [b"\"", &*text, b"\""].concat();
                        let expected: Option<String> = serde_json::from_slice(&text).ok();
                        let found = Document::parse(text).ok();
                        let read = found.as_ref().and_then(|found| found.root().as_str());
                        assert_eq!(read.as_deref(), expected.as_deref(), "{byte} at {at} of {length}");
                    }
                }
            }
        }
    }

    #[test]
    fn characters_beside_others_are_looked_at_too() {
        // U+0700 begins with 0xDC, which with one bit turned is a backslash.
        let others = ["\u{e9}", "\u{20ac}", "\u{1F600}", "\u{700}", "\u{80}", "!", "#", "]", "\\n", "\x7f"];
        for odd in ["\0", "\x1f", "\n", "\"", "\\", "\\\"", "\\u00e9", "\u{e9}"] {
            for other in others {
                for (before, between) in (0..9).flat_map(|before| (0..3).map(move |between| (before, between))) {
                    let text = format!("\"{}{other}{}{odd}{other}x\"", "x".repeat(before), "x".repeat(between));
                    let expected: Option<String> = serde_json::from_str(&text).ok();
                    let found = parse(&text).ok();
                    assert_eq!(
                        found.as_ref().and_then(|found| found.root().as_str()).as_deref(),
                        expected.as_deref(),
                        "{text:?}"
                    );
                }
            }
        }
    }

    #[test]
    fn nothing_but_space_may_stand_between() {
        let parts = ["[", "1", ",", "{", "\"a\"", ":", "\"x\"", ",", "\"b\"", ":", "[", "]", "}", ",", "{", "}", "]"];
        for byte in 0..=255 {
            for at in 0..=parts.len() {
                let text = [parts[..at].concat().as_bytes(), &[byte], parts[at..].concat().as_bytes()].concat();
                let is_space = matches!(byte, b' ' | b'\t' | b'\n' | b'\r');
                let expected = serde_json::from_slice::<serde_json::Value>(&text).is_ok();
                assert!(expected || !is_space, "{byte} at {at}");
                assert_eq!(Document::parse(text).is_ok(), expected, "{byte} at {at}");
            }
        }
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
        fn accepts_nothing_that_serde_json_refuses(text in "[\\[\\]{}\",:0-9eE+\\-.\\\\u a-dtrfnl\u{1}\u{e9}]{0,24}") {
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
