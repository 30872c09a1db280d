//! The one pass over a text: grammar, escapes, numbers, depth and distinct names.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::HashSet;

use super::escape::{hex, unescape};
use super::node::{MAX_TEXT, Node};
use super::{Checked, Kind, MAX_DEPTH, NotStrictJson};

/// Objects with more members than this look for duplicate names with a hash set; in smaller ones that is
/// needed only where digests are alike.
const DIGESTED: usize = 32;

/// Checks a whole text and indexes its values.
pub(super) fn index(text: &str) -> Checked<Vec<Node>> {
    if text.len() > MAX_TEXT {
        return Err(NotStrictJson);
    }
    // Room for what a token usually holds: a value in each twelve bytes or more.
    let nodes = Vec::with_capacity((text.len() / 12 + 4).min(512));
    let mut parser = Parser { text: text.as_bytes(), rest: text.as_bytes(), nodes };
    parser.value(1)?;
    parser.peek();
    if parser.rest.is_empty() { Ok(parser.nodes) } else { Err(NotStrictJson) }
}

struct Parser<'a> {
    text: &'a [u8],
    /// What has not been taken in yet.
    rest: &'a [u8],
    nodes: Vec<Node>,
}

/// A string as it stands in the text.
struct Raw<'a> {
    bytes: &'a [u8],
    is_escaped: bool,
}

impl<'a> Raw<'a> {
    fn unescaped(&self) -> Cow<'a, [u8]> {
        if self.is_escaped { unescaped(self.bytes) } else { Cow::Borrowed(self.bytes) }
    }
}

#[cold]
fn unescaped(raw: &[u8]) -> Cow<'static, [u8]> {
    // Of a text, between two quotes, so it is text itself.
    Cow::Owned(unescape(str::from_utf8(raw).unwrap_or_default()).into_bytes())
}

impl<'a> Parser<'a> {
    /// The next byte after any space, which a compact text has none of.
    #[inline]
    fn peek(&mut self) -> Option<u8> {
        if let Some(..=b' ') = self.rest.first() {
            self.space();
        }
        self.rest.first().copied()
    }

    #[cold]
    fn space(&mut self) {
        while let [b' ' | b'\t' | b'\n' | b'\r', rest @ ..] = self.rest {
            self.rest = rest;
        }
    }

    /// Takes this byte if it is the next.
    #[inline]
    fn take(&mut self, byte: u8) -> bool {
        match self.rest {
            [first, rest @ ..] if *first == byte => {
                self.rest = rest;
                true
            }
            _ => false,
        }
    }

    /// Takes this byte, after any space.
    #[inline]
    fn expect(&mut self, byte: u8) -> Checked<()> {
        if self.take(byte) {
            return Ok(());
        }
        self.space();
        if self.take(byte) { Ok(()) } else { Err(NotStrictJson) }
    }

    /// Takes a comma (`false`) or the closing byte (`true`), after any space.
    #[inline]
    fn comma_or(&mut self, closing: u8) -> Checked<bool> {
        if self.take(b',') {
            return Ok(false);
        }
        self.peek();
        if self.take(closing) {
            return Ok(true);
        }
        if self.take(b',') { Ok(false) } else { Err(NotStrictJson) }
    }

    /// Where in the text a part of it begins that goes on to its end.
    fn place(&self, rest: &[u8]) -> usize {
        self.text.len() - rest.len()
    }

    /// Begins a value that has children.
    fn open(&mut self, kind: Kind) -> usize {
        let start = self.place(self.rest);
        self.nodes.push(Node::new(kind, start..start, 0, false));
        self.nodes.len() - 1
    }

    fn close(&mut self, index: usize) {
        let (end, next) = (self.place(self.rest), self.nodes.len());
        let node = &mut self.nodes[index];
        *node = Node::new(node.kind(), node.range().start..end, next, false);
    }

    /// Takes in a value without children, which goes on to `end`.
    #[inline]
    fn leaf(&mut self, kind: Kind, end: &[u8], is_escaped: bool) {
        let place = self.place(self.rest)..self.place(end);
        self.nodes.push(Node::new(kind, place, self.nodes.len() + 1, is_escaped));
    }

    /// Takes in a value, after any space. Most are strings.
    #[inline]
    fn value(&mut self, depth: usize) -> Checked<()> {
        if self.peek() == Some(b'"') { self.string().map(drop) } else { self.other(depth) }
    }

    #[inline(never)]
    fn other(&mut self, depth: usize) -> Checked<()> {
        match self.rest.first().ok_or(NotStrictJson)? {
            b'{' => self.object(depth),
            b'[' => self.array(depth),
            b't' => self.word(b"true", Kind::True),
            b'f' => self.word(b"false", Kind::False),
            b'n' => self.word(b"null", Kind::Null),
            _ => self.number(),
        }
    }

    fn word(&mut self, word: &[u8], kind: Kind) -> Checked<()> {
        let after = self.rest.strip_prefix(word).ok_or(NotStrictJson)?;
        self.leaf(kind, after, false);
        self.rest = after;
        Ok(())
    }

    fn object(&mut self, depth: usize) -> Checked<()> {
        if depth > MAX_DEPTH && !mutant!("depth") {
            return Err(NotStrictJson);
        }
        let index = self.open(Kind::Object);
        self.expect(b'{')?;
        let mut members = 0;
        let mut digests = Digests::default();
        self.peek();
        if !self.take(b'}') {
            loop {
                let name = self.string()?;
                if members < DIGESTED {
                    digests.add(&name.unescaped());
                }
                self.expect(b':')?;
                self.value(depth + 1)?;
                members += 1;
                if self.comma_or(b'}')? {
                    break;
                }
            }
        }
        self.close(index);
        if members <= DIGESTED && !digests.alike { Ok(()) } else { self.distinct_names(index, members) }
    }

    fn array(&mut self, depth: usize) -> Checked<()> {
        if depth > MAX_DEPTH && !mutant!("depth") {
            return Err(NotStrictJson);
        }
        let index = self.open(Kind::Array);
        self.expect(b'[')?;
        self.peek();
        if !self.take(b']') {
            loop {
                self.value(depth + 1)?;
                if self.comma_or(b']')? {
                    break;
                }
            }
        }
        self.close(index);
        Ok(())
    }

    /// Takes in a string, after any space.
    fn string(&mut self) -> Checked<Raw<'a>> {
        self.expect(b'"')?;
        let (end, after, is_escaped) = match plain(self.rest) {
            end @ [b'"', after @ ..] => (end, after, false),
            other => rest_of_string(other)?,
        };
        self.leaf(Kind::String, end, is_escaped);
        let bytes = &self.rest[..self.rest.len() - end.len()];
        self.rest = after;
        Ok(Raw { bytes, is_escaped })
    }

    fn number(&mut self) -> Checked<()> {
        let number = self.rest;
        let digits = number.strip_prefix(b"-").unwrap_or(number);
        let mut end = match digits {
            [b'0', rest @ ..] => rest,
            _ => after_digits(digits)?,
        };
        if let [b'.', fraction @ ..] = end {
            end = after_digits(fraction)?;
        }
        let length = |end: &[u8]| number.len() - end.len();
        let mut large = length(end) > 300;
        if let [b'e' | b'E', exponent @ ..] = end {
            large = true;
            let ([b'+' | b'-', digits @ ..] | digits) = exponent;
            end = after_digits(digits)?;
        }
        // Without an exponent, fewer digits than this cannot overflow a double.
        if large && !is_finite(&number[..length(end)]) {
            return Err(NotStrictJson);
        }
        self.leaf(Kind::Number, end, false);
        self.rest = end;
        Ok(())
    }

    /// Refuses an object (already closed, at `index`) two of whose names are the same.
    fn distinct_names(&self, index: usize, members: usize) -> Checked<()> {
        // Keyed, against names that are chosen to fall together.
        let mut seen = HashSet::with_capacity(members);
        let mut at = index + 1;
        let distinct = (0..members).all(|_| {
            let name = self.nodes[at];
            at = self.nodes[name.next()].next();
            let raw = Raw { bytes: &self.text[name.range()], is_escaped: name.is_escaped() };
            seen.insert(raw.unescaped())
        });
        if distinct || mutant!("duplicates") { Ok(()) } else { Err(NotStrictJson) }
    }
}

/// Passes over the bytes of a string that need no look, eight at a time, to the first that may.
#[inline]
fn plain(mut rest: &[u8]) -> &[u8] {
    const LOW: u64 = u64::from_ne_bytes([0x01; 8]);
    const HIGH: u64 = u64::from_ne_bytes([0x80; 8]);
    while let Some((eight, after)) = rest.split_first_chunk::<8>() {
        let word = u64::from_le_bytes(*eight);
        // With this bit turned a quote is a space, and of ASCII only control characters are below it. What is
        // made negative is looked for; above the lowest, a byte may only have been borrowed from.
        let quote_or_control = (word ^ (LOW * 0x02)).wrapping_sub(LOW * 0x21);
        let backslash = (word ^ (LOW * u64::from(b'\\'))).wrapping_sub(LOW);
        let found = (quote_or_control | backslash) & !word & HIGH;
        if found != 0 {
            return &rest[found.trailing_zeros() as usize / 8..];
        }
        rest = after;
    }
    rest
}

/// Goes on from a byte that needs a look to the closing quote of a string. Gives the text from there on, the text
/// behind it, and whether there are escapes.
#[cold]
fn rest_of_string(mut rest: &[u8]) -> Checked<(&[u8], &[u8], bool)> {
    let mut is_escaped = false;
    loop {
        rest = match rest {
            [b'"', after @ ..] => return Ok((rest, after, is_escaped)),
            [b'\\', escape @ ..] => {
                is_escaped = true;
                after_escape(escape)?
            }
            [byte, rest @ ..] if *byte >= 0x20 => plain(rest),
            _ => return Err(NotStrictJson),
        };
    }
}

/// What follows an escape, of which the backslash is gone.
fn after_escape(escape: &[u8]) -> Checked<&[u8]> {
    match escape {
        [b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't', rest @ ..] => Ok(rest),
        [b'u', digits @ ..] => match unit(digits)? {
            (0xD800..0xDC00, [b'\\', b'u', digits @ ..]) => match unit(digits)? {
                (0xDC00..0xE000, rest) => Ok(rest),
                _ => Err(NotStrictJson),
            },
            (0xD800..0xE000, _) => Err(NotStrictJson),
            (_, rest) => Ok(rest),
        },
        _ => Err(NotStrictJson),
    }
}

/// The UTF-16 code unit of four hexadecimal digits, and what follows them.
fn unit(digits: &[u8]) -> Checked<(u32, &[u8])> {
    let (digits, rest) = digits.split_at_checked(4).ok_or(NotStrictJson)?;
    Ok((hex(digits).ok_or(NotStrictJson)?, rest))
}

/// What follows one digit or more.
fn after_digits(digits: &[u8]) -> Checked<&[u8]> {
    let mut rest = digits;
    while let [b'0'..=b'9', after @ ..] = rest {
        rest = after;
    }
    if rest.len() < digits.len() { Ok(rest) } else { Err(NotStrictJson) }
}

/// The least whole number whose double is infinite: half way from the largest double to the next power of two,
/// which is 2^1024 - 2^970.
const INFINITE: &[u8; 309] = b"179769313486231580793728971405303415079934132710037826936173778980444968292764750946649017977587207096330286416692887910946555547851940402630657488671505820681908902000708383676273854845817711531764475730270069855571366959622842914819860834936475292719074168444365510704342711559699508093042880177904174497792";

/// Whether the double of a number (of the grammar) is finite. Told by its digits: which double it is can take a
/// hundred times as long to find out, and nobody may ask for that.
fn is_finite(number: &[u8]) -> bool {
    let (digits, exponent) = match number.iter().position(|byte| matches!(byte, b'e' | b'E')) {
        Some(at) => (&number[..at], &number[at + 1..]),
        None => (number, &[][..]),
    };
    let digits = digits.strip_prefix(b"-").unwrap_or(digits);
    let whole = digits.iter().position(|byte| *byte == b'.').unwrap_or(digits.len());
    let mut significant =
        digits.iter().filter(|byte| **byte != b'.').copied().skip_while(|digit| *digit == b'0').peekable();
    if significant.peek().is_none() {
        return true;
    }
    let length = |bytes: &[u8]| i64::try_from(bytes.len()).unwrap_or(i64::MAX);
    // How many digits a whole number of this size has.
    let first = digits.iter().position(|byte| matches!(byte, b'1'..=b'9')).unwrap_or_default();
    let places = if first < whole { length(&digits[first..whole]) } else { 1 - length(&digits[whole..first]) };
    let (negative, exponent) = match exponent {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] | rest => (false, rest),
    };
    let exponent = exponent
        .iter()
        .fold(0_i64, |exponent, digit| exponent.saturating_mul(10).saturating_add(i64::from(digit.wrapping_sub(b'0'))));
    let places = if negative { places.saturating_sub(exponent) } else { places.saturating_add(exponent) };
    match places.cmp(&length(INFINITE)) {
        Ordering::Less => true,
        Ordering::Greater => false,
        Ordering::Equal => {
            INFINITE.iter().map(|limit| significant.next().unwrap_or(b'0').cmp(limit)).find(|order| order.is_ne())
                == Some(Ordering::Less)
        }
    }
}

/// Digests of an object's first names, each in the first free place from its own on.
struct Digests {
    /// Twice as many places as there are digests; zero is a free one.
    places: [u32; 2 * DIGESTED],
    alike: bool,
}

impl Default for Digests {
    fn default() -> Self {
        Self { places: [0; 2 * DIGESTED], alike: false }
    }
}

impl Digests {
    fn add(&mut self, name: &[u8]) {
        let digest = digest(name) | 1;
        let mut place = (digest >> 8) as usize % self.places.len();
        while self.places[place] != 0 {
            if self.places[place] == digest {
                self.alike = true;
                return;
            }
            place = (place + 1) % self.places.len();
        }
        self.places[place] = digest;
    }
}

/// Its length and some of its bytes, mixed: different for different names, as names usually are.
fn digest(name: &[u8]) -> u32 {
    let word = match (name.first_chunk::<8>(), name.last_chunk::<8>(), name.first_chunk::<4>(), name.last_chunk::<4>())
    {
        (Some(first), Some(last), ..) => u64::from_le_bytes(*first) ^ u64::from_le_bytes(*last).rotate_left(29),
        (.., Some(first), Some(last)) => {
            u64::from(u32::from_le_bytes(*first)) << 32 | u64::from(u32::from_le_bytes(*last))
        }
        _ => name.iter().fold(0, |word, byte| word << 8 | u64::from(*byte)),
    };
    ((word ^ (name.len() as u64) << 56).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32) as u32
}
