//! Rows 3, 4 and 9: the header as strict JSON, its members, critical extensions, `typ`.

use serde_json::json;

use super::{broken_json, fill};
use crate::case::{Suite, err, ok};
use crate::mint::T0;

pub fn suite() -> Suite {
    let mut s = Suite::new("headers", "3", "The protected header: strict JSON, types, crit, b64, typ");
    for (id, why, text) in broken_json() {
        s.each(&format!("header-json-{id}"), "3.3", why, |c, k| {
            let members = format!("\"alg\":\"{}\",\"kid\":\"{}\"", k.alg, k.key);
            c.verify(T0, &k.token().header(fill(&text, &members)), err("ERR_TOKEN_MALFORMED"));
        });
    }
    s.each("header-json-duplicate-alg", "3.3", "a second alg is refused, whichever of the two is good", |c, k| {
        for text in [
            r#"{"alg":"none","alg":"%ALG%","kid":"%KID%"}"#,
            r#"{"alg":"%ALG%","alg":"none","kid":"%KID%"}"#,
            r#"{"alg":"%ALG%","\u0061lg":"none","kid":"%KID%"}"#,
        ] {
            c.verify(T0, &k.token().header(text), err("ERR_TOKEN_MALFORMED"));
        }
    });
    s.each(
        "header-json-lenient-where-json-is",
        "3.3",
        "white space, escapes, order and unknown members are JSON and accepted",
        |c, k| {
            let deep = format!("{{\"alg\":\"%ALG%\",\"kid\":\"%KID%\",\"x\":{}{}}}", "[".repeat(31), "]".repeat(31));
            for text in [
                "\t{ \"kid\" : \"%KID%\" ,\r\n \"alg\":\"%ALG%\" } ",
                r#"{"\u0061lg":"%ALG%","kid":"%KID%"}"#,
                r#"{"alg":"%ALG%","kid":"%KID%","x":"\ud83d\ude00","y":{"alg":"none"}}"#,
                r#"{"alg":"%ALG%","kid":"%KID%","n":1e308,"m":-0.0,"cty":"JWT"}"#,
                &deep,
            ] {
                let token = k.token().header(text);
                c.verify(T0, &token, ok(&token));
            }
        },
    );
    for (id, member) in [
        ("alg-absent", ""),
        ("alg-null", r#""alg":null,"#),
        ("alg-number", r#""alg":256,"#),
        ("alg-array", r#""alg":["%ALG%"],"#),
        ("alg-object", r#""alg":{"x":"%ALG%"},"#),
        ("alg-boolean", r#""alg":true,"#),
    ] {
        s.each(&format!("header-{id}"), "3.3", "alg must be a string", |c, k| {
            c.verify(T0, &k.token().header(format!(r#"{{{member}"kid":"%KID%"}}"#)), err("ERR_TOKEN_MALFORMED"));
        });
    }
    for name in ["kid", "typ", "cty"] {
        s.each(
            &format!("header-{name}-not-a-string"),
            "3.3",
            "kid, typ and cty must be strings when present",
            |c, k| {
                for value in ["1", "null", "[\"x\"]", "{}", "true"] {
                    let rest = if name == "kid" { "" } else { r#","kid":"%KID%""# };
                    let header = format!(r#"{{"alg":"%ALG%","{name}":{value}{rest}}}"#);
                    c.verify(T0, &k.token().header(header), err("ERR_TOKEN_MALFORMED"));
                }
            },
        );
    }

    for (id, why, member) in [
        ("unknown", "an extension that is not understood is refused", r#""crit":["x"],"x":1"#),
        ("registered", "a registered name in crit is refused too", r#""crit":["exp"],"exp":1"#),
        ("b64", "crit with b64 is refused although b64 is true", r#""crit":["b64"],"b64":true"#),
        ("empty", "an empty crit is refused", r#""crit":[]"#),
        ("duplicates", "names repeated in crit are refused", r#""crit":["x","x"],"x":1"#),
        ("absent-member", "a name in crit without its member is refused", r#""crit":["x"]"#),
        ("string", "a crit that is not an array is refused", r#""crit":"x""#),
        ("null", "a crit of null is refused", r#""crit":null"#),
        ("object", "a crit that is an object is refused", r#""crit":{}"#),
        ("false", "a crit of false is refused", r#""crit":false"#),
        ("escaped", "a crit whose name is escaped is refused", r#""\u0063rit":["x"]"#),
    ] {
        s.each(&format!("crit-{id}"), "3.4", why, |c, k| {
            c.verify(T0, &k.token().header_members(member), err("ERR_TOKEN_CRITICAL"));
        });
    }
    for (id, value) in [
        ("false", "false"),
        ("string", "\"true\""),
        ("number", "1"),
        ("null", "null"),
        ("array", "[true]"),
        ("text-false", "\"false\""),
    ] {
        s.each(&format!("b64-{id}"), "3.4", "any b64 other than true is refused", |c, k| {
            c.verify(T0, &k.token().header_members(&format!("\"b64\":{value}")), err("ERR_TOKEN_CRITICAL"));
        });
    }
    s.each("b64-true", "3.4", "b64 of true changes nothing and is accepted", |c, k| {
        let token = k.token().header_members("\"b64\":true");
        c.verify(T0, &token, ok(&token));
    });
    s.each("crit-in-claims", "3.4", "crit and b64 among the claims mean nothing", |c, k| {
        let token = k.token().claims(json!({ "crit": ["x"], "b64": false }));
        c.verify(T0, &token, ok(&token));
    });

    s.each("typ-match", "3.9", "typ is compared in any case with application/ implied", |c, k| {
        c.options(json!({ "typ": "at+jwt" }));
        for typ in ["at+jwt", "AT+JWT", "application/at+jwt", "Application/At+Jwt"] {
            let token = k.token().typ(Some(typ));
            c.verify(T0, &token, ok(&token));
        }
    });
    s.each("typ-match-long-option", "3.9", "an option with application/ accepts the short form too", |c, k| {
        c.options(json!({ "typ": "application/AT+jwt" }));
        for typ in ["at+jwt", "application/at+jwt"] {
            let token = k.token().typ(Some(typ));
            c.verify(T0, &token, ok(&token));
        }
    });
    s.each("typ-mismatch", "3.9", "another typ is refused", |c, k| {
        c.options(json!({ "typ": "at+jwt" }));
        for typ in ["JWT", "at+jw", "at+jwt2", "example/at+jwt", "", "application/", " at+jwt"] {
            c.verify(T0, &k.token().typ(Some(typ)), err("ERR_TYP_INVALID"));
        }
    });
    s.each("typ-absent", "3.9", "a token without the typ that is asked for is refused", |c, k| {
        c.options(json!({ "typ": "JWT" })).verify(T0, &k.token().typ(None), err("ERR_TYP_INVALID"));
    });
    s.each("typ-unchecked", "3.9", "without the option any typ, or none, is accepted", |c, k| {
        for typ in [None, Some("x"), Some("")] {
            let token = k.token().typ(typ);
            c.verify(T0, &token, ok(&token));
        }
    });
    s
}
