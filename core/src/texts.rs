//! A few strings of a token's claims, not copied where they stand there as they are.

use std::fmt;
use std::ops::Range;

use serde::{Serialize, Serializer};

use crate::json::Said;

/// Strings out of one text.
#[derive(Debug)]
pub(crate) struct TextList {
    /// Length of the text.
    length: usize,
    /// Where each stands: in the text, or beyond its end in what follows.
    places: Vec<Place>,
    /// Those that the text has in escapes.
    unescaped: String,
}

#[derive(Debug, Clone, Copy)]
struct Place {
    start: u32,
    end: u32,
}

impl TextList {
    /// None yet, of `text`, with room for so many.
    pub(crate) fn of(text: &str, room: usize) -> Self {
        Self { length: text.len(), places: Vec::with_capacity(room), unescaped: String::new() }
    }

    #[inline]
    #[allow(clippy::cast_possible_truncation)] // a document and what it says in escapes are shorter
    pub(crate) fn push(&mut self, said: Said) {
        let place = match said {
            Said::At(place) => place,
            Said::InEscapes(text) => self.keep(&text),
        };
        self.places.push(Place { start: place.start as u32, end: place.end as u32 });
    }

    /// Keeps characters that the text has in escapes, and gives the place beyond its end that stands for them.
    #[cold]
    pub(crate) fn keep(&mut self, text: &str) -> Range<usize> {
        let start = self.length + self.unescaped.len();
        self.unescaped.push_str(text);
        start..self.length + self.unescaped.len()
    }

    pub(crate) fn len(&self) -> usize {
        self.places.len()
    }

    pub(crate) fn get<'a>(&'a self, text: &'a str, index: usize) -> &'a str {
        self.range(text, index, index + 1).next().unwrap_or_default()
    }

    /// Those from `first` up to but not including `end`; `text` is the one that they are of.
    pub(crate) fn range<'a>(&'a self, text: &'a str, first: usize, end: usize) -> Texts<'a> {
        debug_assert_eq!(text.len(), self.length, "another text");
        Texts { text, unescaped: &self.unescaped, places: self.places.get(first..end).unwrap_or_default() }
    }
}

/// Strings in their order: an iterator over them, a clone of which begins where it stands.
#[derive(Clone)]
pub struct Texts<'a> {
    text: &'a str,
    unescaped: &'a str,
    places: &'a [Place],
}

impl<'a> Iterator for Texts<'a> {
    type Item = &'a str;

    #[inline]
    fn next(&mut self) -> Option<&'a str> {
        let (place, rest) = self.places.split_first()?;
        self.places = rest;
        let (start, end) = (place.start as usize, place.end as usize);
        match start.checked_sub(self.text.len()) {
            None => self.text.get(start..end),
            Some(beyond) => self.unescaped.get(beyond..end - self.text.len()),
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.places.len(), Some(self.places.len()))
    }
}

impl ExactSizeIterator for Texts<'_> {}

/// Shows the strings, and not the text that they are of.
impl fmt::Debug for Texts<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.clone()).finish()
    }
}

impl Serialize for Texts<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_are_found_where_they_were_put() {
        let text = "a-bc";
        let mut list = TextList::of(text, 0);
        let escaped = |text: &str| Said::InEscapes(text.to_owned());
        for said in [Said::At(0..1), escaped("\n"), Said::At(2..4), Said::At(2..2), escaped("\u{e9}\u{1F600}")] {
            list.push(said);
        }
        assert_eq!(list.len(), 5);
        let each: Vec<_> = (0..6).map(|index| list.get(text, index)).collect();
        assert_eq!(each, ["a", "\n", "bc", "", "\u{e9}\u{1F600}", ""]);
        let texts = list.range(text, 1, 5);
        assert_eq!((texts.len(), texts.collect::<Vec<_>>()), (4, vec!["\n", "bc", "", "\u{e9}\u{1F600}"]));
        assert_eq!(serde_json::to_string(&list.range(text, 0, 2)).unwrap(), r#"["a","\n"]"#);
        assert_eq!(format!("{:?}", list.range(text, 1, 3)), r#"["\n", "bc"]"#);
        assert_eq!(list.range(text, 5, 5).len(), 0);
        assert_eq!(list.range(text, 3, 9).len(), 0);
    }
}
