//! Rows 8, 10, 11, 16 and 17: the claims as strict JSON, presence, issuer, audience, `cnf`, subject.

use serde_json::{Value, json};

use super::{broken_json, fill};
use crate::canonical::NUMBER;
use crate::case::{Suite, ctx, err, missing, mistyped, ok, rejected};
use crate::mint::{T0, base_claims};

pub fn suite() -> Suite {
    let mut s = Suite::new("claims", "3", "Claims: strict JSON, presence, iss, aud, cnf, subject");
    let members = {
        let text = crate::canonical::text(&base_claims().into());
        text[1..text.len() - 1].to_owned()
    };
    for (id, why, text) in broken_json() {
        s.each(&format!("claims-json-{id}"), "3.8", why, |c, k| {
            c.verify(T0, &k.token().payload(fill(&text, &members)), err("ERR_CLAIMS_MALFORMED"));
        });
    }
    for (id, why, member) in [
        ("nested-duplicate", "a duplicate is refused at every level", r#""x":{"a":{"b":1,"b":1}}"#),
        ("nested-duplicate-in-array", "a duplicate inside an array is refused", r#""x":[[{"a":1,"\u0061":2}]]"#),
        ("nested-surrogate", "a lone surrogate is refused at every level", r#""x":[{"a":"\ud800"}]"#),
        ("nested-infinite", "an infinite number is refused at every level", r#""x":{"a":[1e400]}"#),
        ("duplicate-sub", "a second sub is refused", r#""sub":"user-1","sub":"admin""#),
        ("duplicate-exp", "a second exp is refused", r#""exp":1800003600,"exp":1900000000"#),
        ("duplicate-aud", "a second aud is refused", r#""aud":"api","aud":"api""#),
    ] {
        s.each(&format!("claims-{id}"), "3.8", why, |c, k| {
            c.verify(T0, &k.token().raw_members(member), err("ERR_CLAIMS_MALFORMED"));
        });
    }
    s.each(
        "claims-lenient-where-json-is",
        "3.8",
        "what JSON allows is allowed: space, escapes, depth 32, equal names at different levels",
        |c, k| {
            let deep = format!("\"x\":{}{}", "[".repeat(31), "]".repeat(31));
            let nested = k.token().claim("x", json!({ "sub": 1, "exp": "y" }));
            c.verify(T0, &nested, ok(&nested));
            for member in [
                r#""x":[{"a":1},{"a":2}]"#,
                " \"x\" : [ 1 , 2 ] ",
                r#""\u0078":"\ud83d\ude00\u0000\/""#,
                r#""":1"#,
                r#""x":-0.0,"y":1e308,"z":5e-324"#,
                &deep,
            ] {
                let token = k.token().raw_members(member);
                c.verify(T0, &token, ok(&token));
            }
        },
    );
    s.single("claims-empty", "3.17", "an empty claims object has no subject", |c, k| {
        c.verify(T0, &k.token().payload("{}"), err("ERR_SUBJECT_MISSING"));
    });
    s.each("claims-big-integers", "6", "integers beyond 2^53 are exact in Python and doubles in Node", |c, k| {
        let token = k
            .token()
            .raw_members(r#""id":9007199254740993,"big":123456789012345678901234567890,"neg":-9007199254740995"#);
        let with = |id: Value, big: Value, neg: Value| {
            let mut expect = ok(&token);
            for (name, value) in [("id", id), ("big", big), ("neg", neg)] {
                expect["context"]["claims"][name] = value;
            }
            expect
        };
        let exact = with(
            json!(9_007_199_254_740_993_i64),
            json!(format!("{NUMBER}123456789012345678901234567890")),
            json!(-9_007_199_254_740_995_i64),
        );
        let doubles =
            with(json!(9_007_199_254_740_992_i64), json!(1.2345678901234568e29), json!(-9_007_199_254_740_996_i64));
        c.verify(T0, &token, exact.clone()).with("expectByLanguage", json!({ "python": exact, "node": doubles }));
    });

    s.single("iss-required", "3.10", "with issuer, a token without iss is refused", |c, k| {
        c.options(json!({ "issuer": "https://issuer.example" })).verify(T0, &k.token().without("iss"), missing("iss"));
    });
    s.single("iss-equal", "3.11", "iss equal to the option is accepted", |c, k| {
        c.options(json!({ "issuer": "https://issuer.example" })).verify(T0, &k.token(), ok(&k.token()));
    });
    s.single("iss-any-of", "3.11", "iss equal to any of several is accepted", |c, k| {
        c.options(json!({ "issuer": ["https://a.example", "https://issuer.example"] })).verify(
            T0,
            &k.token(),
            ok(&k.token()),
        );
        c.verify(T0, &k.token().claim("iss", "https://b.example"), rejected("iss"));
    });
    s.single("iss-partial", "3.11", "an iss equal in part only is refused (GHSA-75c5-xw7c-p5pm)", |c, k| {
        c.options(json!({ "issuer": "https://issuer.example" }));
        for iss in [
            "https://issuer.exampl",
            "https://issuer.example/",
            "https://issuer.example.evil",
            "https://Issuer.example",
            "HTTPS://ISSUER.EXAMPLE",
            "issuer.example",
            "",
            " https://issuer.example",
            "https://issuer.example\u{0}",
            "https://issuer.ex\u{430}mple",
        ] {
            c.verify(T0, &k.token().claim("iss", iss), rejected("iss"));
        }
    });
    s.single("iss-not-a-string", "3.11", "iss must be a string whenever present, checked or not", |c, k| {
        for value in [json!(1), json!(null), json!(["https://issuer.example"]), json!({}), json!(true)] {
            c.verify(T0, &k.token().claim("iss", value), mistyped("iss"));
        }
    });
    s.single(
        "iss-not-a-string-checked",
        "3.11",
        "an array that holds the right issuer is not the right issuer",
        |c, k| {
            c.options(json!({ "issuer": "https://issuer.example" }));
            for value in [json!(["https://issuer.example"]), json!(null), json!(0)] {
                c.verify(T0, &k.token().claim("iss", value), mistyped("iss"));
            }
        },
    );
    s.single("iss-unchecked", "3.11", "without issuer any iss, or none, is accepted", |c, k| {
        let token = k.token().without("iss");
        let other = k.token().claim("iss", "");
        c.verify(T0, &token, ok(&token)).verify(T0, &other, ok(&other));
    });

    s.single("iss-escapes", "3.11", "iss counts by what it says, and not by how it is written", |c, k| {
        c.options(json!({ "issuer": "https://issuer.example" }));
        let token = k.token().raw_members(r#""iss":"https:\/\/issuer.ex\u0061mple""#);
        c.verify(T0, &token, ok(&token));
        c.verify(T0, &k.token().raw_members(r#""iss":"https:\/\/issuer.example\/""#), rejected("iss"));
    });
    s.single("iss-like-its-text", "3.11", "null is not the issuer \"null\"", |c, k| {
        c.options(json!({ "issuer": ["null", "1"] }));
        c.verify(T0, &k.token().claim("iss", json!(null)), mistyped("iss"));
        c.verify(T0, &k.token().claim("iss", 1), mistyped("iss"));
    });

    s.each("aud-required", "3.10", "with audience, a token without aud is refused", |c, k| {
        c.options(json!({ "audience": "api" })).verify(T0, &k.token().without("aud"), missing("aud"));
    });
    s.each("aud-overlap", "3.11", "aud as a string or an array is accepted when it overlaps", |c, k| {
        c.options(json!({ "audience": ["api", "web"] }));
        for aud in [json!("api"), json!("web"), json!(["x", "web"]), json!(["api", "api"])] {
            let token = k.token().claim("aud", aud);
            c.verify(T0, &token, ok(&token));
        }
    });
    s.each("aud-no-overlap", "3.11", "aud without the wanted value is refused (CVE-2020-26160)", |c, k| {
        c.options(json!({ "audience": "api" }));
        for aud in [
            json!("API"),
            json!("ap"),
            json!("api "),
            json!(""),
            json!([]),
            json!([""]),
            json!(["x", "apis"]),
            json!("api,web"),
            json!("x api"),
        ] {
            c.verify(T0, &k.token().claim("aud", aud), rejected("aud"));
        }
    });
    s.each(
        "aud-mistyped",
        "3.11",
        "aud must be a string or an array of strings whenever present, checked or not",
        |c, k| {
            for aud in [
                json!(1),
                json!(null),
                json!({ "0": "api" }),
                json!(true),
                json!([1]),
                json!(["api", 1]),
                json!(["api", null]),
                json!([["api"]]),
            ] {
                c.verify(T0, &k.token().claim("aud", aud), mistyped("aud"));
            }
        },
    );
    s.each("aud-mistyped-checked", "3.11", "an array that holds the right audience and a number is invalid", |c, k| {
        c.options(json!({ "audience": "api" }));
        for aud in [json!(["api", 1]), json!([["api"]]), json!(null), json!({ "api": "api" })] {
            c.verify(T0, &k.token().claim("aud", aud), mistyped("aud"));
        }
    });
    s.each("aud-escapes", "3.11", "aud counts by what it says, and not by how it is written", |c, k| {
        c.options(json!({ "audience": "api" }));
        for aud in [r#""\u0061pi""#, r#"["x","\u0061\u0070\u0069"]"#] {
            let token = k.token().raw_members(&format!("\"aud\":{aud}"));
            c.verify(T0, &token, ok(&token));
        }
        c.verify(T0, &k.token().raw_members(r#""aud":["\u0061p","\u0061pis"]"#), rejected("aud"));
    });
    s.each("aud-like-its-text", "3.11", "the number 1 is not the audience \"1\"", |c, k| {
        c.options(json!({ "audience": ["1", "null"] }));
        c.verify(T0, &k.token().claim("aud", 1), mistyped("aud"));
        c.verify(T0, &k.token().claim("aud", json!(["x", 1])), mistyped("aud"));
        c.verify(T0, &k.token().claim("aud", json!(null)), mistyped("aud"));
    });
    s.each("aud-unchecked", "3.11", "without audience any well-typed aud, or none, is accepted", |c, k| {
        for token in [k.token().without("aud"), k.token().claim("aud", json!([])), k.token().claim("aud", "")] {
            c.verify(T0, &token, ok(&token));
        }
    });

    s.each("required-claims-order", "3.10", "required claims are looked for in the order given", |c, k| {
        c.options(json!({ "requiredClaims": ["tenant", "jti"] }));
        let token = k.token().claims(json!({ "tenant": null, "jti": "" }));
        c.verify(T0, &k.token(), missing("tenant"))
            .verify(T0, &k.token().claim("tenant", 1), missing("jti"))
            .verify(T0, &k.token().claim("jti", 1), missing("tenant"))
            .verify(T0, &token, ok(&token));
    });
    s.each("required-claims-empty", "1", "an empty array of required claims asks for none", |c, k| {
        c.options(json!({ "requiredClaims": [] })).verify(T0, &k.token(), ok(&k.token()));
    });
    s.each("required-claims-own", "3.10", "only own top-level members count", |c, k| {
        c.options(json!({ "requiredClaims": ["constructor"] }));
        c.verify(T0, &k.token(), missing("constructor")).verify(
            T0,
            &k.token().claim("x", json!({ "constructor": 1 })),
            missing("constructor"),
        );
        let token = k.token().claim("constructor", 1);
        c.verify(T0, &token, ok(&token));
    });
    s.each("required-claims-proto", "3.10", "__proto__ is a name like any other", |c, k| {
        c.options(json!({ "requiredClaims": ["__proto__"] }));
        c.verify(T0, &k.token(), missing("__proto__"));
    });
    s.each("required-claims-no-path", "3.10", "a required claim is a name, not a path", |c, k| {
        c.options(json!({ "requiredClaims": ["a.b"] }));
        let token = k.token().claim("a.b", false);
        c.verify(T0, &k.token().claim("a", json!({ "b": 1 })), missing("a.b")).verify(T0, &token, ok(&token));
    });
    s.single("presence-order", "3.10", "iss, aud, iat, then the required claims", |c, k| {
        c.options(json!({ "issuer": "https://issuer.example", "audience": "api", "maxTokenAge": 60, "requiredClaims": ["z"] }));
        let bare = || k.token().without("iss").without("aud").without("iat");
        c.verify(T0, &bare(), missing("iss"))
            .verify(T0, &bare().claim("iss", 1), missing("aud"))
            .verify(T0, &bare().claim("iss", 1).claim("aud", 1), missing("iat"))
            .verify(T0, &bare().claim("iss", 1).claim("aud", 1).claim("iat", "x"), missing("z"));
    });

    s.each("cnf-refused", "3.16", "a token bound to a key or certificate is refused as plain Bearer", |c, k| {
        for cnf in [json!({ "jkt": "x" }), json!({ "x5t#S256": "x" }), json!({}), json!(null), json!("x"), json!(false)]
        {
            c.verify(T0, &k.token().claim("cnf", cnf), err("ERR_TOKEN_BOUND"));
        }
    });
    s.each("cnf-reject-explicit", "3.16", "reject is the default said aloud", |c, k| {
        c.options(json!({ "confirmation": "reject" })).verify(
            T0,
            &k.token().claim("cnf", json!({ "jkt": "x" })),
            err("ERR_TOKEN_BOUND"),
        );
    });
    s.each("cnf-ignored", "3.16", "with confirmation ignore a bound token is accepted", |c, k| {
        let token = k.token().claim("cnf", json!({ "jkt": "x" }));
        c.options(json!({ "confirmation": "ignore" })).verify(T0, &token, ok(&token));
    });

    s.each("subject-missing", "3.17", "a token without a subject is refused", |c, k| {
        c.verify(T0, &k.token().without("sub"), err("ERR_SUBJECT_MISSING"));
    });
    for (id, value) in [
        ("empty", json!("")),
        ("null", json!(null)),
        ("number", json!(1)),
        ("array", json!(["user-1"])),
        ("object", json!({})),
        ("boolean", json!(true)),
    ] {
        s.each(&format!("subject-{id}"), "3.17", "the subject must be a non-empty string", |c, k| {
            c.verify(T0, &k.token().claim("sub", value.clone()), err("ERR_SUBJECT_MISSING"));
        });
    }
    s.each("subject-space", "3.17", "a subject of one space is not empty", |c, k| {
        let token = k.token().claim("sub", " ");
        c.verify(T0, &token, ctx(&token).subject(" ").ok());
    });
    s
}
