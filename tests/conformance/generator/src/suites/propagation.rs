//! Section 8: the verified context as request headers.

use serde_json::{Value, json};

use crate::case::{Context, Suite, ctx, err, used};
use crate::mint::Token;

fn bearer(token: &Token) -> Value {
    json!([["authorization", format!("Bearer {}", token.mint())]])
}

/// The headers of an ordinary token, with more, or fewer where the value is null.
fn headers(token: &Token, more: Value) -> Value {
    let mut headers = json!({ "x-auth-subject": "user-1", "x-auth-type": "jwt", "x-auth-claims": String::from_utf8(token.payload_text()).unwrap() });
    for (name, value) in more.as_object().unwrap() {
        headers[name] = value.clone();
    }
    headers.as_object_mut().unwrap().retain(|_, value| !value.is_null());
    headers
}

pub fn suite() -> Suite {
    let mut s = Suite::new("propagation", "8", "The verified context as x-auth-* headers");
    let on = || json!({ "publicKey": used("ed-a.jwk"), "propagateHeaders": true });
    let token = || Token::new("ed-a", "EdDSA");
    let mut good =
        |id: &str, why: &str, options: Value, token: Token, shape: &dyn Fn(Context) -> Context, more: Value| {
            s.one(id, "8", why, |c| {
                c.options(on())
                    .options(options)
                    .request(bearer(&token), shape(ctx(&token)).headers(headers(&token, more)).ok());
            });
        };
    let same = |context: Context| context;

    good(
        "propagate-plain",
        "subject, type and claims are always written, empty roles, scopes and name are not",
        json!({}),
        token(),
        &same,
        json!({}),
    );
    good(
        "propagate-full",
        "roles are a JSON array, scopes are joined by spaces, claims are JSON",
        json!({ "claimsMapping": { "roles": "r" } }),
        token().claims(json!({ "r": ["a", "b c"], "scope": "x y:z", "name": "Ada Lovelace" })),
        &|context| context.roles(&["a", "b c"]),
        json!({ "x-auth-roles": "[\"a\",\"b c\"]", "x-auth-scopes": "x y:z", "x-auth-name": "Ada Lovelace" }),
    );
    good(
        "propagate-roles-ascii",
        "JSON is written in ASCII",
        json!({ "claimsMapping": { "roles": "r" } }),
        token().claims(json!({ "r": ["é", "\u{1F600}", "a\"\\\n\u{7f}"] })),
        &|context| context.roles(&["é", "\u{1F600}", "a\"\\\n\u{7f}"]),
        json!({ "x-auth-roles": r#"["\u00e9","\ud83d\ude00","a\"\\\n\u007f"]"#, "x-auth-claims": ascii(&token().claims(json!({ "r": ["é", "\u{1F600}", "a\"\\\n\u{7f}"] }))) }),
    );
    for (id, subject, encoded) in [
        ("space-inside", "a b", "a b"),
        ("punctuation", "https://idp.example/users?id=1%20&x", "https://idp.example/users?id=1%20&x"),
        ("non-ascii", "jürgen", "UTF-8''j%C3%BCrgen"),
        ("leading-space", " a", "UTF-8''%20a"),
        ("trailing-space", "a ", "UTF-8''a%20"),
        ("control", "a\tb", "UTF-8''a%09b"),
        ("delete", "a\u{7f}", "UTF-8''a%7F"),
        ("newline", "a\r\nx-auth-roles: [\"admin\"]", "UTF-8''a%0D%0Ax-auth-roles%3A%20%5B%22admin%22%5D"),
        ("looks-encoded", "UTF-8''x", "UTF-8''UTF-8%27%27x"),
        ("looks-encoded-lower", "utf-8'en'x", "UTF-8''utf-8%27en%27x"),
        ("attr-chars", "é!#$&+-.^_`|~", "UTF-8''%C3%A9!#$&+-.^_`|~"),
        ("not-attr-chars", "é*'%()", "UTF-8''%C3%A9%2A%27%25%28%29"),
        ("emoji", "\u{1F600}", "UTF-8''%F0%9F%98%80"),
        ("utf-8-without-quote", "utf-8", "utf-8"),
        ("one-space", " ", "UTF-8''%20"),
    ] {
        let token = token().claims(json!({ "sub": subject, "name": subject }));
        let claims = ascii(&token);
        good(
            &format!("propagate-text-{id}"),
            "subject and name are raw when printable ASCII and an RFC 8187 value otherwise",
            json!({}),
            token,
            &same,
            json!({ "x-auth-subject": encoded, "x-auth-name": encoded, "x-auth-claims": claims }),
        );
    }
    for (id, scope) in [
        ("quote", json!(["a\"b"])),
        ("backslash", json!(["a\\b"])),
        ("non-ascii", json!(["a", "é"])),
        ("space", json!(["a b"])),
        ("empty", json!(["a", ""])),
        ("control", json!(["a\u{1}"])),
    ] {
        let strings: Vec<String> = scope.as_array().unwrap().iter().map(|s| s.as_str().unwrap().to_owned()).collect();
        let token = token().claim("scope", scope);
        let claims = ascii(&token);
        good(
            &format!("propagate-scope-{id}"),
            "scopes are left out when one is empty or no RFC 6749 scope-token",
            json!({}),
            token,
            &|context| context.with("scopes", json!(strings)),
            json!({ "x-auth-claims": claims }),
        );
    }
    good(
        "propagate-scope-every-char",
        "every character of a scope-token is written",
        json!({}),
        token().claim("scope", "!#$%&'()*+,-./09:;<=>?@AZ[]^_`az{|}~"),
        &same,
        json!({ "x-auth-scopes": "!#$%&'()*+,-./09:;<=>?@AZ[]^_`az{|}~" }),
    );

    // Limits, at the byte.
    let long = |length: usize| "s".repeat(length);
    good(
        "propagate-subject-512",
        "a subject of 512 bytes fits",
        json!({ "propagatedClaims": [] }),
        token().claim("sub", long(512)),
        &same,
        json!({ "x-auth-subject": long(512), "x-auth-claims": null }),
    );
    good(
        "propagate-subject-encoded-512",
        "the limit counts encoded bytes",
        json!({ "propagatedClaims": [] }),
        token().claim("sub", format!("é{}", long(512 - 7 - 6))),
        &same,
        json!({ "x-auth-subject": format!("UTF-8''%C3%A9{}", long(499)), "x-auth-claims": null }),
    );
    good(
        "propagate-name-256",
        "a name of 256 bytes fits",
        json!({ "propagatedClaims": [] }),
        token().claim("name", long(256)),
        &same,
        json!({ "x-auth-name": long(256), "x-auth-claims": null }),
    );
    good(
        "propagate-name-257",
        "a name of 257 bytes is left out, not cut",
        json!({ "propagatedClaims": [] }),
        token().claim("name", long(257)),
        &same,
        json!({ "x-auth-claims": null }),
    );
    good(
        "propagate-name-encoded-257",
        "a name that is too long when encoded is left out",
        json!({ "propagatedClaims": [] }),
        token().claim("name", format!("é{}", long(257 - 13))),
        &same,
        json!({ "x-auth-claims": null }),
    );
    good(
        "propagate-scopes-8192",
        "scopes of 8192 bytes fit",
        json!({ "propagatedClaims": [] }),
        token().claim("scope", long(8192)),
        &|context| context.scopes(&[&long(8192)]),
        json!({ "x-auth-scopes": long(8192), "x-auth-claims": null }),
    );
    good(
        "propagate-scopes-8193",
        "scopes of 8193 bytes are left out",
        json!({ "propagatedClaims": [] }),
        token().claim("scope", long(8193)),
        &|context| context.scopes(&[&long(8193)]),
        json!({ "x-auth-claims": null }),
    );
    good(
        "propagate-roles-8192",
        "roles of 8192 bytes fit",
        json!({ "propagatedClaims": [], "claimsMapping": { "roles": "r" } }),
        token().claim("r", long(8188)),
        &|context| context.roles(&[&long(8188)]),
        json!({ "x-auth-roles": format!("[\"{}\"]", long(8188)), "x-auth-claims": null }),
    );
    good(
        "propagate-roles-8193",
        "roles of 8193 bytes are left out",
        json!({ "propagatedClaims": [], "claimsMapping": { "roles": "r" } }),
        token().claim("r", long(8189)),
        &|context| context.roles(&[&long(8189)]),
        json!({ "x-auth-claims": null }),
    );
    let base = token().payload_text().len();
    good(
        "propagate-claims-8192",
        "claims of 8192 bytes fit",
        json!({}),
        token().claim("pad", long(8192 - base - 9)),
        &same,
        json!({}),
    );
    good(
        "propagate-claims-8193",
        "claims of 8193 bytes are left out",
        json!({}),
        token().claim("pad", long(8193 - base - 9)),
        &same,
        json!({ "x-auth-claims": null }),
    );
    good(
        "propagate-claims-escaped",
        "the limit of claims counts the escapes",
        json!({}),
        token().claim("pad", format!("é{}", long(8192 - base - 9 - 5))),
        &same,
        json!({ "x-auth-claims": null }),
    );

    // Which claims.
    good(
        "propagated-claims-some",
        "propagatedClaims chooses",
        json!({ "propagatedClaims": ["tenant", "aud", "missing"] }),
        token().claim("tenant", "t1"),
        &same,
        json!({ "x-auth-claims": "{\"aud\":\"api\",\"tenant\":\"t1\"}" }),
    );
    good(
        "propagated-claims-none",
        "an empty list chooses none",
        json!({ "propagatedClaims": [] }),
        token(),
        &same,
        json!({ "x-auth-claims": null }),
    );
    good(
        "propagated-claims-own",
        "only own members are chosen",
        json!({ "propagatedClaims": ["constructor", "__proto__", "toString"] }),
        token(),
        &same,
        json!({ "x-auth-claims": null }),
    );
    good(
        "propagate-mapped-subject",
        "the mapped subject is written",
        json!({ "claimsMapping": { "subject": "client_id" } }),
        token().claim("client_id", "app"),
        &|context| context.subject("app"),
        json!({ "x-auth-subject": "app" }),
    );

    s.one("propagate-off", "8", "without propagateHeaders nothing is written", |c| {
        c.options(json!({ "publicKey": used("ed-a.jwk") }))
            .request(bearer(&token()), ctx(&token()).headers(json!({})).ok());
    });
    s.one("propagate-false", "8", "with propagateHeaders false nothing is written", |c| {
        c.options(json!({ "publicKey": used("ed-a.jwk"), "propagateHeaders": false }))
            .request(bearer(&token()), ctx(&token()).headers(json!({})).ok());
    });
    s.one("propagate-over-forged", "8", "what is written replaces what the request claimed", |c| {
        let mut sent = bearer(&token());
        for (name, value) in [
            ("x-auth-subject", "admin"),
            ("X-Auth-Name", "Admin"),
            ("x-auth-roles", "[\"admin\"]"),
            ("x-auth-scopes", "all"),
        ] {
            sent.as_array_mut().unwrap().push(json!([name, value]));
        }
        c.options(on()).request(sent, ctx(&token()).headers(headers(&token(), json!({}))).ok());
    });
    s.one("propagate-subject-513", "8", "a subject of 513 bytes refuses the request", |c| {
        c.options(on()).request(bearer(&token().claim("sub", long(513))), err("ERR_SUBJECT_TOO_LONG"));
        c.request(bearer(&token().claim("sub", format!("é{}", long(513 - 13)))), err("ERR_SUBJECT_TOO_LONG"));
        c.request(bearer(&token().claim("sub", "\u{1F600}".repeat(43))), err("ERR_SUBJECT_TOO_LONG"));
    });
    s.one("long-subject-without-propagation", "8", "without propagation a long subject is a subject", |c| {
        let token = token().claim("sub", long(5000));
        c.options(json!({ "publicKey": used("ed-a.jwk") }))
            .request(bearer(&token), ctx(&token).headers(json!({})).ok());
    });
    s.one("propagate-skipped", "8", "a skipped method writes nothing", |c| {
        c.options(on())
            .options(json!({ "skipMethods": ["*"] }))
            .request(bearer(&token()), json!({ "skipped": true, "headers": {} }));
    });
    s.each("propagate-each-source", "8", "propagation does not depend on the key source", |c, k| {
        let token = k.token().claims(json!({ "scope": "a b", "name": "Zoë" }));
        let claims = ascii(&token);
        c.options(json!({ "propagateHeaders": true })).request(
            bearer(&token),
            ctx(&token)
                .headers(headers(
                    &token,
                    json!({ "x-auth-scopes": "a b", "x-auth-name": "UTF-8''Zo%C3%AB", "x-auth-claims": claims }),
                ))
                .ok(),
        );
    });
    s
}

/// The payload with everything beyond printable ASCII escaped.
fn ascii(token: &Token) -> String {
    let text = String::from_utf8(token.payload_text()).unwrap();
    let mut out = String::new();
    for character in text.chars() {
        if (' '..='~').contains(&character) {
            out.push(character);
        } else {
            for unit in character.encode_utf16(&mut [0; 2]) {
                out.push_str(&format!("\\u{unit:04x}"));
            }
        }
    }
    out
}
