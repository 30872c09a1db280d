//! Values on their way to a terminal: nothing that steers one, and nothing without end.

use crate::json::{Kind, Value};

/// Most characters of one value that are shown.
const LONGEST: usize = 200;
/// Most items of one list that are shown.
const MOST: usize = 20;

/// Text in quotes: control characters, invisible ones and those that turn the writing around are
/// escaped.
pub(super) fn quoted(text: &str) -> String {
    let cut: String = text.chars().take(LONGEST).collect();
    let more = if cut.len() < text.len() { "…" } else { "" };
    format!("{cut:?}{more}")
}

/// The same for each of a list.
pub(super) fn list<T: AsRef<str>>(texts: &[T]) -> String {
    if texts.is_empty() {
        return "none".to_owned();
    }
    let mut shown: Vec<_> = texts.iter().take(MOST).map(|text| quoted(text.as_ref())).collect();
    if texts.len() > MOST {
        shown.push(format!("and {} more", texts.len() - MOST));
    }
    shown.join(", ")
}

/// Our own words with another's in them: as they are, but for what steers a terminal.
pub(super) fn clean(text: &str) -> String {
    let escaped = |character: char| match character {
        '\'' | '"' | '\\' => character.to_string(),
        other => other.escape_debug().to_string(),
    };
    text.chars().map(escaped).collect()
}

/// A claim: a string, strings, a number, or what else it is.
pub(super) fn claim(value: Value<'_>) -> String {
    match value.kind() {
        Kind::String => quoted(&value.as_str().unwrap_or_default()),
        Kind::Number => value.raw().chars().take(LONGEST).collect(),
        Kind::Array if value.items().all(|item| item.kind() == Kind::String) => {
            let texts: Vec<String> = value.items().filter_map(Value::as_str).map(Into::into).collect();
            format!("[{}]", if texts.is_empty() { String::new() } else { list(&texts) })
        }
        Kind::Array => "an array".to_owned(),
        Kind::Object => "an object".to_owned(),
        Kind::Null => "null".to_owned(),
        Kind::True => "true".to_owned(),
        Kind::False => "false".to_owned(),
    }
}

/// JSON in which every character of a string is printable ASCII.
pub(super) fn ascii_json(json: &str) -> String {
    use std::fmt::Write as _;
    let mut out = String::with_capacity(json.len());
    let mut units = [0; 2];
    for character in json.chars() {
        if character.is_ascii() && character != '\u{7f}' {
            out.push(character);
        } else {
            for unit in character.encode_utf16(&mut units) {
                let _ = write!(out, "\\u{unit:04x}");
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Colours, a cleared screen, a window title, C1, a turned writing direction, an invisible joiner.
    const ATTACK: &str = "\u{1b}[31m\u{1b}[2J\u{1b}]0;x\u{7}\u{9b}31m\u{202e}evil\u{200d}\r\n\u{7f}\u{2028}";

    #[test]
    fn nothing_steers_a_terminal() {
        for shown in
            [quoted(ATTACK), list(&[ATTACK]), clean(ATTACK), ascii_json(&serde_json::json!(ATTACK).to_string())]
        {
            let steers = |c: char| c.is_control() || matches!(c, '\u{202e}' | '\u{200d}' | '\u{2028}');
            assert!(!shown.contains(steers), "{shown:?}");
            assert!(shown.contains("evil"));
        }
        let json = ascii_json(r#"{"a":"é😀"}"#);
        assert_eq!(json, r#"{"a":"\u00e9\ud83d\ude00"}"#);
        assert_eq!(serde_json::from_str::<serde_json::Value>(&json).unwrap()["a"], "é😀");
    }

    #[test]
    fn nothing_is_without_end() {
        assert_eq!(quoted(&"é".repeat(500)).chars().count(), LONGEST + 3);
        assert!(list(&vec!["a"; 30]).ends_with("and 10 more"));
        assert_eq!(list::<&str>(&[]), "none");
        assert_eq!(clean("the `aud` isn't \"x\""), "the `aud` isn't \"x\"");
    }
}
