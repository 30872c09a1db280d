//! The one pass over a text: grammar, escapes, numbers, depth and distinct names.

use std::borrow::Cow;
use std::collections::HashSet;

use super::escape::{hex, unescape};
use super::{Checked, Kind, MAX_DEPTH, Node, NotStrictJson};

/// Objects with more members than this look for duplicate names with a hash set, smaller ones by
/// comparing each pair.
const PAIRWISE: usize = 16;

/// Checks a whole text and indexes its values.
pub(super) fn index(text: &str) -> Checked<Box<[Node]>> {
    if u32::try_from(text.len()).is_err() {
        return Err(NotStrictJson);
    }
    let mut parser = Parser { bytes: text.as_bytes(), text, at: 0, nodes: Vec::with_capacity(64) };
    parser.space();
    parser.value(1)?;
    parser.space();
    if parser.at == parser.bytes.len() { Ok(parser.nodes.into_boxed_slice()) } else { Err(NotStrictJson) }
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
        if depth > MAX_DEPTH && !mutant!("depth") {
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
        if members < 2 || mutant!("duplicates") {
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
            {
                let mut names = names;
                names.all(|name| seen.insert(name))
            }
        };
        if distinct { Ok(()) } else { Err(NotStrictJson) }
    }
}
