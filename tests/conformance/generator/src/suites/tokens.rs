//! Row 1 and 2 of the order of verification: length and the compact serialization.

use serde_json::json;

use crate::case::{Suite, err, ok};
use crate::mint::T0;

pub fn suite() -> Suite {
    let mut s = Suite::new("tokens", "3", "Length, three segments, strict base64url");
    let malformed = || err("ERR_TOKEN_MALFORMED");
    let too_large = || err("ERR_TOKEN_TOO_LARGE");

    s.each("token-good", "3", "an ordinary token verifies", |c, k| {
        let token = k.token();
        c.verify(T0, &token, ok(&token)).verify(T0 + 1, &token, ok(&token));
    });
    s.each(
        "token-length-at-limit",
        "3.1",
        "a token of exactly maxTokenBytes is accepted, one byte less allowed refuses it",
        |c, k| {
            let token = k.token().claim("pad", "x".repeat(100));
            c.options(json!({ "maxTokenBytes": token.mint().len() })).verify(T0, &token, ok(&token));
        },
    );
    s.each("token-length-over-limit", "3.1", "a token one byte longer than maxTokenBytes is refused", |c, k| {
        let token = k.token().claim("pad", "x".repeat(100));
        c.options(json!({ "maxTokenBytes": token.mint().len() - 1 })).verify(T0, &token, too_large());
    });
    s.each(
        "token-length-default",
        "3.1",
        "the default limit is 16384 bytes, and length is judged before form",
        |c, _| {
            c.text(T0, &"A".repeat(16384), malformed()).text(T0, &"A".repeat(16385), too_large());
        },
    );
    s.each("token-length-padded", "3.1", "a good token over the limit is refused without other work", |c, k| {
        c.verify(T0, &k.token().claim("pad", "x".repeat(16384)), too_large());
    });

    type Bend = fn(&str) -> String;
    let bends: Vec<(&str, &str, Bend)> = vec![
        ("empty", "the empty string is no token", |_| String::new()),
        ("dots", "dots alone are no token", |_| "..".into()),
        ("one-segment", "one segment is no token", |t| t.split('.').next().unwrap().into()),
        ("two-segments", "a token without its signature segment is malformed", |t| {
            t.rsplit_once('.').unwrap().0.into()
        }),
        ("four-segments", "four segments are malformed", |t| format!("{t}.AA")),
        ("five-segments", "five segments are a JWE and malformed", |t| format!("{t}.AA.AA")),
        ("leading-dot", "a leading dot is a segment too many", |t| format!(".{t}")),
        ("trailing-dot", "a trailing dot is a segment too many", |t| format!("{t}.")),
        ("empty-header", "an empty header segment is malformed", |t| format!(".{}", t.split_once('.').unwrap().1)),
        ("empty-payload", "an empty payload segment is malformed", |t| {
            let parts: Vec<&str> = t.split('.').collect();
            format!("{}..{}", parts[0], parts[2])
        }),
        ("empty-signature", "an empty signature segment is malformed", |t| {
            format!("{}.", t.rsplit_once('.').unwrap().0)
        }),
        ("leading-space", "white space before the token is malformed", |t| format!(" {t}")),
        ("trailing-newline", "a newline after the token is malformed", |t| format!("{t}\n")),
        ("inner-newline", "a newline inside a segment is malformed", |t| format!("{}\n{}", &t[..10], &t[10..])),
        ("inner-space", "a space inside a segment is malformed", |t| format!("{} {}", &t[..10], &t[10..])),
        ("nul", "a NUL in the token is malformed", |t| format!("{}\0", t)),
        ("non-ascii", "a character beyond ASCII is malformed", |t| format!("{t}é")),
        ("full-width", "a full-width letter is not its ASCII likeness", |t| format!("{}Ａ", &t[..t.len() - 1])),
        ("bom", "a byte order mark before the token is malformed", |t| format!("\u{feff}{t}")),
        ("json-flattened", "the flattened JSON serialization is malformed", |t| {
            let parts: Vec<&str> = t.split('.').collect();
            format!(r#"{{"protected":"{}","payload":"{}","signature":"{}"}}"#, parts[0], parts[1], parts[2])
        }),
        ("json-general", "the general JSON serialization is malformed", |t| {
            let parts: Vec<&str> = t.split('.').collect();
            format!(
                r#"{{"payload":"{}","signatures":[{{"protected":"{}","signature":"{}"}}]}}"#,
                parts[1], parts[0], parts[2]
            )
        }),
        ("polyglot", "a JSON document that holds a compact token is malformed (CVE-2022-39227)", |t| {
            let parts: Vec<&str> = t.split('.').collect();
            format!(
                r#"{{"  {}.{}.{}":"","protected":"{}","payload":"e30","signature":"{}"}}"#,
                parts[0], parts[1], parts[2], parts[0], parts[2]
            )
        }),
        ("bearer-inside", "a scheme inside the token is malformed", |t| format!("Bearer {t}")),
        ("question-mark", "a question mark is outside the alphabet", |t| format!("{t}?")),
        ("many-dots", "a text of dots is malformed", |_| ".".repeat(5000)),
    ];
    for (id, why, bend) in bends {
        s.each(&format!("token-{id}"), "3.2", why, |c, k| {
            c.text(T0, &bend(&k.token().mint()), malformed());
        });
    }

    for (at, part) in ["header", "payload", "signature"].into_iter().enumerate() {
        s.each(&format!("token-padding-{part}"), "3.2", "base64 padding is refused", |c, k| {
            // A length that calls for padding, so that the padding is right and still refused.
            let token = k.token().header("{\"typ\":\"JWT\",\"alg\":\"%ALG%\",\"kid\":\"%KID%\"}  ");
            let text = token.mint();
            let mut parts: Vec<String> = text.split('.').map(str::to_owned).collect();
            let missing = (4 - parts[at].len() % 4) % 4;
            parts[at].push_str(&"=".repeat(missing.max(1)));
            c.text(T0, &parts.join("."), malformed());
        });
        s.each(
            &format!("token-length-one-{part}"),
            "3.2",
            "a segment whose length is 1 modulo 4 is refused",
            |c, k| {
                let mut parts: Vec<String> = k.token().mint().split('.').map(str::to_owned).collect();
                while parts[at].len() % 4 != 1 {
                    parts[at].push('A');
                }
                c.text(T0, &parts.join("."), malformed());
            },
        );
        s.each(&format!("token-alphabet-{part}"), "3.2", "the alphabet of plain base64 is refused", |c, k| {
            let mut parts: Vec<String> = k.token().mint().split('.').map(str::to_owned).collect();
            let cut = parts[at].len() / 2;
            parts[at].replace_range(cut..=cut, if at == 1 { "/" } else { "+" });
            c.text(T0, &parts.join("."), malformed());
        });
    }
    for (at, part) in ["header", "payload", "signature"].into_iter().enumerate() {
        // 96 and 132 bytes leave no bits over; those signatures cannot be bent this way.
        s.some(
            &format!("token-trailing-bits-{part}"),
            "3.2",
            "bits after the last whole byte must be zero: one token has one spelling",
            |source| at < 2 || source.alg != "ES384",
            |c, k| {
                let header = (0..3)
                    .map(|n| format!("{{\"typ\":\"JWT\",\"alg\":\"%ALG%\",\"kid\":\"%KID%\"}}{}", " ".repeat(n)))
                    .find(|text| k.token().header(text).mint().split('.').next().unwrap().len() % 4 != 0)
                    .expect("a length with spare bits");
                let payload = (0..3)
                    .map(|n| k.token().claim("pad", "x".repeat(n)))
                    .find(|token| token.mint().split('.').nth(1).unwrap().len() % 4 != 0)
                    .expect("a length with spare bits");
                let token = payload.header(header);
                let mut parts: Vec<String> = token.mint().split('.').map(str::to_owned).collect();
                let last = parts[at].pop().expect("a character");
                const ALPHABET: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
                let value = ALPHABET.find(last).expect("base64url");
                parts[at].push(ALPHABET.as_bytes()[value + 1] as char);
                c.verify(T0, &token, ok(&token)).text(T0, &parts.join("."), malformed());
            },
        );
    }
    s
}
