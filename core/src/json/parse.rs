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
#[inline]
pub(super) fn index(text: &str) -> Checked<Vec<Node>> {
    if text.len() > MAX_TEXT {
        return Err(NotStrictJson);
    }
    // Room for what a token usually holds: a value in each twelve bytes or more.
    let nodes = Vec::with_capacity((text.len() / 12 + 4).min(512));
    let mut parser = Parser { text: text.as_bytes(), nodes };
    let rest = parser.value(text.as_bytes(), 1)?;
    if after_space(rest).is_empty() { Ok(parser.nodes) } else { Err(NotStrictJson) }
}

/// Each step is given the text from where it begins and gives back what follows.
struct Parser<'a> {
    text: &'a [u8],
    nodes: Vec<Node>,
}

impl<'a> Parser<'a> {
    /// Where in the text a part of it begins that goes on to its end.
    #[inline]
    fn place(&self, rest: &[u8]) -> usize {
        self.text.len() - rest.len()
    }

    /// Begins a value that has children.
    fn open(&mut self, kind: Kind, rest: &[u8]) -> usize {
        let start = self.place(rest);
        self.nodes.push(Node::new(kind, start..start, 0, false));
        self.nodes.len() - 1
    }

    fn close(&mut self, index: usize, rest: &[u8]) {
        let (end, next) = (self.place(rest), self.nodes.len());
        let node = &mut self.nodes[index];
        *node = Node::new(node.kind(), node.range().start..end, next, false);
    }

    /// Takes in a value without children, from one place to another.
    #[inline]
    fn leaf(&mut self, kind: Kind, start: &[u8], end: &[u8], is_escaped: bool) {
        let place = self.place(start)..self.place(end);
        self.nodes.push(Node::new(kind, place, self.nodes.len() + 1, is_escaped));
    }

    /// Takes in a value, after any space. Most are strings.
    #[inline(always)]
    #[allow(clippy::inline_always)] // the call is a fifth of what a string costs
    fn value(&mut self, rest: &'a [u8], depth: usize) -> Checked<&'a [u8]> {
        match after_space(rest) {
            [b'"', rest @ ..] => self.string(rest),
            rest => self.other(rest, depth),
        }
    }

    #[inline(never)]
    fn other(&mut self, rest: &'a [u8], depth: usize) -> Checked<&'a [u8]> {
        match rest {
            [b'{', inside @ ..] => self.object(rest, inside, depth),
            [b'[', inside @ ..] => self.array(rest, inside, depth),
            [b't', ..] => self.word(rest, b"true", Kind::True),
            [b'f', ..] => self.word(rest, b"false", Kind::False),
            [b'n', ..] => self.word(rest, b"null", Kind::Null),
            _ => self.number(rest),
        }
    }

    fn word(&mut self, rest: &'a [u8], word: &[u8], kind: Kind) -> Checked<&'a [u8]> {
        let after = rest.strip_prefix(word).ok_or(NotStrictJson)?;
        self.leaf(kind, rest, after, false);
        Ok(after)
    }

    fn object(&mut self, start: &'a [u8], inside: &'a [u8], depth: usize) -> Checked<&'a [u8]> {
        if depth > MAX_DEPTH && !mutant!("depth") {
            return Err(NotStrictJson);
        }
        let index = self.open(Kind::Object, start);
        let mut members = 0;
        let mut digests = Digests::default();
        let mut rest = after_space(inside);
        if let [b'}', after @ ..] = rest {
            self.close(index, after);
            return Ok(after);
        }
        let after = loop {
            let [b'"', name @ ..] = rest else { return Err(NotStrictJson) };
            rest = self.string(name)?;
            if members < DIGESTED {
                digests.add(&self.last_string());
            }
            let [b':', value @ ..] = after_space(rest) else { return Err(NotStrictJson) };
            rest = self.value(value, depth + 1)?;
            members += 1;
            match after_space(rest) {
                [b',', after @ ..] => rest = after_space(after),
                [b'}', after @ ..] => break after,
                _ => return Err(NotStrictJson),
            }
        };
        self.close(index, after);
        if members > DIGESTED || digests.alike {
            self.distinct_names(index, members)?;
        }
        Ok(after)
    }

    fn array(&mut self, start: &'a [u8], inside: &'a [u8], depth: usize) -> Checked<&'a [u8]> {
        if depth > MAX_DEPTH && !mutant!("depth") {
            return Err(NotStrictJson);
        }
        let index = self.open(Kind::Array, start);
        let mut rest = inside;
        if let [b']', after @ ..] = after_space(rest) {
            self.close(index, after);
            return Ok(after);
        }
        let after = loop {
            rest = self.value(rest, depth + 1)?;
            match after_space(rest) {
                [b',', after @ ..] => rest = after,
                [b']', after @ ..] => break after,
                _ => return Err(NotStrictJson),
            }
        };
        self.close(index, after);
        Ok(after)
    }

    /// Takes in a string, whose opening quote is gone.
    #[inline]
    fn string(&mut self, rest: &'a [u8]) -> Checked<&'a [u8]> {
        let (end, after, is_escaped) = match plain(rest) {
            end @ [b'"', after @ ..] => (end, after, false),
            other => rest_of_string(other)?,
        };
        self.leaf(Kind::String, rest, end, is_escaped);
        Ok(after)
    }

    /// The characters of the string that was taken in last.
    #[inline]
    fn last_string(&self) -> Cow<'a, [u8]> {
        self.nodes.last().map_or(Cow::Borrowed(&[]), |node| self.unescaped(node))
    }

    #[inline]
    fn unescaped(&self, string: &Node) -> Cow<'a, [u8]> {
        let raw = &self.text[string.range()];
        if string.is_escaped() { unescaped(raw) } else { Cow::Borrowed(raw) }
    }

    fn number(&mut self, number: &'a [u8]) -> Checked<&'a [u8]> {
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
        self.leaf(Kind::Number, number, end, false);
        Ok(end)
    }

    /// Refuses an object (already closed, at `index`) two of whose names are the same.
    fn distinct_names(&self, index: usize, members: usize) -> Checked<()> {
        // Keyed, against names that are chosen to fall together.
        let mut seen = HashSet::with_capacity(members);
        let mut at = index + 1;
        let distinct = (0..members).all(|_| {
            let name = self.nodes[at];
            at = self.nodes[name.next()].next();
            seen.insert(self.unescaped(&name))
        });
        if distinct || mutant!("duplicates") { Ok(()) } else { Err(NotStrictJson) }
    }
}

#[cold]
fn unescaped(raw: &[u8]) -> Cow<'static, [u8]> {
    // Of a text, between two quotes, so it is text itself.
    Cow::Owned(unescape(str::from_utf8(raw).unwrap_or_default()).into_bytes())
}

/// What follows any space, which a compact text has none of.
#[inline]
fn after_space(rest: &[u8]) -> &[u8] {
    match rest {
        [..=b' ', ..] => after_more_space(rest),
        _ => rest,
    }
}

#[cold]
fn after_more_space(mut rest: &[u8]) -> &[u8] {
    while let [b' ' | b'\t' | b'\n' | b'\r', after @ ..] = rest {
        rest = after;
    }
    rest
}

/// Passes over the bytes of a string that need no look, eight at a time, to the first that may.
#[inline]
fn plain(mut rest: &[u8]) -> &[u8] {
    const LOW: u64 = u64::from_ne_bytes([0x01; 8]);
    const HIGH: u64 = u64::from_ne_bytes([0x80; 8]);
    while let Some((eight, after)) = rest.split_first_chunk::<8>() {
        let word = u64::from_le_bytes(*eight);
        // With this bit turned a quote is a space, and only control characters are below it. What is made negative
        // is looked for; above the lowest, a byte may only have been borrowed from, and some are none of ASCII.
        let quote_or_control = (word ^ (LOW * 0x02)).wrapping_sub(LOW * 0x21);
        let backslash = (word ^ (LOW * u64::from(b'\\'))).wrapping_sub(LOW);
        let found = (quote_or_control | backslash) & HIGH;
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
            [0x80..=0xff, rest @ ..] => rest,
            [0x20..=0x7f, rest @ ..] => plain(rest),
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
