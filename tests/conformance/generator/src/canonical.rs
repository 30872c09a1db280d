//! One way to write JSON: members sorted by name, so that no build option of a library changes a
//! committed byte.

use serde_json::Value;

/// On one line, without spaces.
pub fn text(value: &Value) -> String {
    let mut out = String::new();
    write(value, &mut out, None);
    out
}

/// Indented, with short values on one line.
pub fn pretty(value: &Value) -> String {
    let mut out = String::new();
    write(value, &mut out, Some(0));
    out.push('\n');
    out
}

/// A string that begins so stands for the number after it, digit by digit: an integer that no
/// number of this program can hold.
pub const NUMBER: &str = "\0number:";

const WIDE: usize = 100;

fn write(value: &Value, out: &mut String, indent: Option<usize>) {
    let indent = indent.filter(|indent| *indent < 2 || text(value).len() > WIDE);
    let line = |out: &mut String, extra: usize| {
        if let Some(depth) = indent {
            out.push('\n');
            out.push_str(&"  ".repeat(depth + extra));
        }
    };
    let deeper = indent.map(|depth| depth + 1);
    match value {
        Value::Array(items) if !items.is_empty() => {
            out.push('[');
            for (at, item) in items.iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                line(out, 1);
                write(item, out, deeper);
            }
            line(out, 0);
            out.push(']');
        }
        Value::Object(members) if !members.is_empty() => {
            let mut names: Vec<&String> = members.keys().collect();
            names.sort();
            out.push('{');
            for (at, name) in names.into_iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                line(out, 1);
                out.push_str(&Value::from(name.as_str()).to_string());
                out.push(':');
                if indent.is_some() {
                    out.push(' ');
                }
                write(&members[name], out, deeper);
            }
            line(out, 0);
            out.push('}');
        }
        Value::String(text) if text.starts_with(NUMBER) => out.push_str(&text[NUMBER.len()..]),
        other => out.push_str(&other.to_string()),
    }
}
