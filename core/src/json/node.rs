//! One entry of the index of a text, in twelve bytes: a token's index is then no larger than its text.

use std::ops::Range;

use super::Kind;

/// Longest text that can be indexed, in bytes.
pub(super) const MAX_TEXT: usize = 1 << 28;

/// One value of the text, in document order. An object's children alternate name and value.
#[derive(Debug, Clone, Copy)]
pub(super) struct Node {
    /// First byte of the value; of a string, the byte after its quote.
    start: u32,
    /// Byte after the value; of a string, its closing quote.
    end: u32,
    /// Index of the node after this one and all its children, the kind, and whether a string has escapes.
    rest: u32,
}

#[allow(clippy::cast_possible_truncation)] // a text is no longer than `MAX_TEXT`, and has no more values than bytes
impl Node {
    pub(super) fn new(kind: Kind, place: Range<usize>, next: usize, is_escaped: bool) -> Self {
        let rest = (next as u32) << 4 | u32::from(kind as u8) << 1 | u32::from(is_escaped);
        Self { start: place.start as u32, end: place.end as u32, rest }
    }

    pub(super) fn range(&self) -> Range<usize> {
        self.start as usize..self.end as usize
    }

    pub(super) fn next(&self) -> usize {
        (self.rest >> 4) as usize
    }

    pub(super) fn kind(&self) -> Kind {
        match self.rest >> 1 & 7 {
            0 => Kind::Null,
            1 => Kind::False,
            2 => Kind::True,
            3 => Kind::Number,
            4 => Kind::String,
            5 => Kind::Array,
            _ => Kind::Object,
        }
    }

    pub(super) fn is_escaped(&self) -> bool {
        self.rest & 1 == 1
    }
}
