//! A few strings in one piece of memory.

use serde::{Serialize, Serializer};

/// Strings, one after the other.
#[derive(Debug, Default)]
pub(crate) struct TextList {
    text: String,
    /// Where each ends.
    ends: Vec<usize>,
}

impl TextList {
    pub(crate) fn with_room(bytes: usize, strings: usize) -> Self {
        Self { text: String::with_capacity(bytes), ends: Vec::with_capacity(strings) }
    }

    pub(crate) fn push(&mut self, text: &str) {
        self.text.push_str(text);
        self.ends.push(self.text.len());
    }

    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    pub(crate) fn get(&self, index: usize) -> &str {
        self.range(index, index + 1).next().unwrap_or_default()
    }

    /// Those from `first` up to but not including `end`.
    pub(crate) fn range(&self, first: usize, end: usize) -> Texts<'_> {
        let at = first.checked_sub(1).and_then(|before| self.ends.get(before)).copied().unwrap_or(0);
        Texts { text: &self.text, at, ends: self.ends.get(first..end).unwrap_or_default() }
    }
}

/// Strings in their order: an iterator over them, a clone of which begins where it stands.
#[derive(Debug, Clone)]
pub struct Texts<'a> {
    text: &'a str,
    /// Where the next one begins.
    at: usize,
    ends: &'a [usize],
}

impl<'a> Iterator for Texts<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        let (end, rest) = self.ends.split_first()?;
        let text = self.text.get(self.at..*end);
        (self.at, self.ends) = (*end, rest);
        text
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.ends.len(), Some(self.ends.len()))
    }
}

impl ExactSizeIterator for Texts<'_> {}

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
        let mut list = TextList::default();
        for text in ["a", "", "bc", "\u{e9}"] {
            list.push(text);
        }
        assert_eq!((list.len(), list.get(0), list.get(1), list.get(3), list.get(4)), (4, "a", "", "\u{e9}", ""));
        let texts = list.range(1, 4);
        assert_eq!((texts.len(), texts.collect::<Vec<_>>()), (3, vec!["", "bc", "\u{e9}"]));
        assert_eq!(serde_json::to_string(&list.range(0, 2)).unwrap(), r#"["a",""]"#);
        assert_eq!(list.range(4, 4).len(), 0);
        assert_eq!(list.range(3, 9).len(), 0);
    }
}
