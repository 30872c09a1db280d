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
    let mut parser = Parser { bytes: text.as_bytes(), text, at: 0, nodes };
    parser.space();
    parser.value(1)?;
    parser.space();
    if parser.at == parser.bytes.len() { Ok(parser.nodes) } else { Err(NotStrictJson) }
}

struct Parser<'a> {
    bytes: &'a [u8],
    text: &'a str,
    at: usize,
    nodes: Vec<Node>,
}

impl Parser<'_> {
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn space(&mut self) {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.peek() {
            self.at += 1;
        }
    }

    /// Begins a value that has children.
    fn open(&mut self, kind: Kind) -> usize {
        self.nodes.push(Node::new(kind, self.at..self.at, 0, false));
        self.nodes.len() - 1
    }

    fn close(&mut self, index: usize) {
        let next = self.nodes.len();
        let node = &mut self.nodes[index];
        *node = Node::new(node.kind(), node.range().start..self.at, next, false);
    }

    /// Takes in a value without children, which ends here.
    fn leaf(&mut self, kind: Kind, start: usize, is_escaped: bool) {
        self.nodes.push(Node::new(kind, start..self.at, self.nodes.len() + 1, is_escaped));
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
        let start = self.at;
        self.at += word.len();
        self.leaf(kind, start, false);
        Ok(())
    }

    fn object(&mut self, depth: usize) -> Checked<()> {
        if depth > MAX_DEPTH && !mutant!("depth") {
            return Err(NotStrictJson);
        }
        let index = self.open(Kind::Object);
        self.at += 1;
        self.space();
        let mut members = 0;
        let mut digests = Digests::default();
        if self.peek() == Some(b'}') {
            self.at += 1;
        } else {
            loop {
                self.string()?;
                if members < DIGESTED {
                    digests.add(&self.name(self.nodes.len() - 1));
                }
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
        self.close(index);
        if members <= DIGESTED && !digests.alike { Ok(()) } else { self.distinct_names(index, members) }
    }

    fn array(&mut self, depth: usize) -> Checked<()> {
        if depth > MAX_DEPTH && !mutant!("depth") {
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
        self.close(index);
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

    #[inline]
    fn string(&mut self) -> Checked<()> {
        self.expect(b'"')?;
        let start = self.at;
        let mut escaped = false;
        loop {
            self.plain();
            match self.peek().ok_or(NotStrictJson)? {
                b'"' => break,
                b'\\' => {
                    escaped = true;
                    self.escape()?;
                }
                0..0x20 => return Err(NotStrictJson),
                _ => self.at += 1,
            }
        }
        self.leaf(Kind::String, start, escaped);
        self.at += 1;
        Ok(())
    }

    /// Passes over the bytes of a string that need no look, eight at a time, to the first that may.
    fn plain(&mut self) {
        const LOW: u64 = u64::from_ne_bytes([0x01; 8]);
        const HIGH: u64 = u64::from_ne_bytes([0x80; 8]);
        // The lowest of the high bits that are set is that of a byte below `limit`, for limits to 0x80.
        let below = |word: u64, limit: u64| word.wrapping_sub(LOW * limit) & !word & HIGH;
        while let Some(eight) = self.bytes[self.at..].first_chunk::<8>() {
            let word = u64::from_le_bytes(*eight);
            let quote = below(word ^ (LOW * u64::from(b'"')), 1);
            let backslash = below(word ^ (LOW * u64::from(b'\\')), 1);
            let found = quote | backslash | below(word, 0x20);
            if found != 0 {
                self.at += found.trailing_zeros() as usize / 8;
                return;
            }
            self.at += 8;
        }
    }

    #[cold]
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
        if large && !is_finite(&self.bytes[start..self.at]) {
            return Err(NotStrictJson);
        }
        self.leaf(Kind::Number, start, false);
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
        // Keyed, against names that are chosen to fall together.
        let mut seen = HashSet::with_capacity(members);
        let mut at = index + 1;
        let distinct = (0..members).all(|_| {
            let name = self.name(at);
            at = self.nodes[self.nodes[at].next()].next();
            seen.insert(name)
        });
        if distinct || mutant!("duplicates") { Ok(()) } else { Err(NotStrictJson) }
    }

    fn name(&self, node: usize) -> Cow<'_, [u8]> {
        let name = &self.nodes[node];
        let place = name.range();
        if name.is_escaped() {
            Cow::Owned(unescape(&self.text[place]).into_bytes())
        } else {
            Cow::Borrowed(&self.bytes[place])
        }
    }
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
