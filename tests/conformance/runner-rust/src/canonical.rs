//! RFC 8785: one way to write JSON, so that three languages can write the same bytes.

use serde_json::Value;

/// The canonical form.
pub fn canonical(value: &Value) -> String {
    let mut out = String::new();
    write(value, &mut out);
    out
}

fn write(value: &Value, out: &mut String) {
    match value {
        Value::Number(number) => {
            let number = number.as_f64().unwrap_or(f64::NAN);
            out.push_str(ryu_js::Buffer::new().format(number));
        }
        Value::String(text) => string(text, out),
        Value::Array(items) => {
            out.push('[');
            for (at, item) in items.iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                write(item, out);
            }
            out.push(']');
        }
        Value::Object(members) => {
            let mut names: Vec<(Vec<u16>, &String)> =
                members.keys().map(|name| (name.encode_utf16().collect(), name)).collect();
            names.sort();
            out.push('{');
            for (at, (_, name)) in names.into_iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                string(name, out);
                out.push(':');
                write(&members[name], out);
            }
            out.push('}');
        }
        other => out.push_str(&other.to_string()),
    }
}

/// `serde_json` escapes exactly as RFC 8785 asks.
fn string(text: &str, out: &mut String) {
    out.push_str(&Value::from(text).to_string());
}

#[cfg(test)]
mod tests {
    use super::canonical;

    #[test]
    fn numbers_names_and_escapes() {
        let value = serde_json::from_str(r#"{"b":1e21,"a":[1.0,-0.0,1e-7,9007199254740993],"\u20ac":"\u0007\u001f\n\"","\ud83d\ude00":1,"\ufb33":2}"#).unwrap();
        assert_eq!(
            canonical(&value),
            "{\"a\":[1,0,1e-7,9007199254740992],\"b\":1e+21,\"€\":\"\\u0007\\u001f\\n\\\"\",\"😀\":1,\"\u{fb33}\":2}"
        );
    }
}
