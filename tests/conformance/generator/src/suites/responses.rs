//! Section 5: what an answer must be to count as a key set. A bad answer is met twice: cold, where
//! it means unavailable, and later, where the old set stays.

use serde_json::{Value, json};

use crate::case::{Suite, err, ok, used};
use crate::mint::{T0, Token};

pub fn suite() -> Suite {
    let mut s = Suite::new("responses", "5", "Answers of the key endpoint, good and bad");
    let token = || Token::new("rsa-a", "RS256");
    let key = || json!({ "keys": [used("rsa-a.jwk")] });
    let text = |body: &str| json!({ "body": body });
    let set = crate::canonical::text(&json!({ "keys": [crate::mint::keys().form("rsa-a.jwk")] }));
    let mut bad: Vec<(String, String, Value)> = Vec::new();
    let mut add = |id: &str, why: &str, answer: Value| bad.push((id.to_owned(), why.to_owned(), answer));

    for status in [201, 202, 203, 206, 400, 401, 403, 404, 410, 418, 429, 500, 502, 503, 504] {
        add(&format!("status-{status}"), "exactly status 200 is an answer", json!({ "status": status, "jwks": key() }));
    }
    add("status-204", "204 has no body and is no answer", json!({ "status": 204 }));
    add("status-304", "a 304 that was not asked for is no answer", json!({ "status": 304 }));
    for status in [301, 302, 303, 307, 308] {
        add(
            &format!("redirect-{status}"),
            "redirects are refused, to ourselves too",
            json!({ "status": status, "headers": { "location": "$origin/moved" }, "jwks": key() }),
        );
    }
    add(
        "redirect-elsewhere",
        "a redirect to another host is refused",
        json!({ "status": 302, "headers": { "location": "http://169.254.169.254/latest" } }),
    );
    add("down", "a connection closed without an answer is a failure", json!({ "down": true }));
    add("empty-body", "an empty body is no key set", text(""));
    add("garbage", "garbage is no key set", text("\u{1}\u{2}garbage"));
    add(
        "html",
        "HTML is no key set",
        json!({ "headers": { "content-type": "text/html" }, "body": "<html>login</html>" }),
    );
    add("truncated", "truncated JSON is no key set", text(&set[..set.len() - 3]));
    add("trailing", "text after the object is refused", text(&format!("{set} x")));
    add("bom", "a byte order mark is refused", text(&format!("\u{feff}{set}")));
    add("array", "an array is no key set", text("[]"));
    add("object", "an object without keys is no key set", text("{}"));
    add("keys-null", "keys of null are no key set", text(r#"{"keys":null}"#));
    add("keys-string", "keys that are a string are no key set", text(r#"{"keys":"x"}"#));
    add("keys-object", "keys that are an object are no key set", text(r#"{"keys":{}}"#));
    add("keys-empty", "an empty set has no usable key (FAULTS 20)", text(r#"{"keys":[]}"#));
    add("bare-jwk", "a bare JWK is no key set", json!({ "jwks": used("rsa-a.jwk") }));
    add(
        "nothing-usable",
        "a set without a usable key is not good (FAULTS 22)",
        json!({ "jwks": { "keys": [{ "kty": "oct", "kid": "rsa-a", "k": "AAAA" }, used("rsa-weak.jwk"), used("rsa-b.private"), { "kty": "XYZ" }] } }),
    );
    add("duplicate-keys", "duplicate members are refused (FAULTS 35)", text(&format!("{{\"keys\":[],{}", &set[1..])));
    add(
        "duplicate-in-key",
        "duplicate members inside a key are refused",
        text(&set.replace("\"kty\":\"RSA\"", "\"kty\":\"RSA\",\"kty\":\"RSA\"")),
    );
    add(
        "deep",
        "deep nesting is refused (FAULTS 35)",
        text(&format!("{{\"x\":{}{},{}", "[".repeat(5000), "]".repeat(5000), &set[1..])),
    );
    add("too-large", "a body over maxBytes is refused", json!({ "jwks": key(), "padTo": 524_289 }));

    for (id, why, answer) in bad {
        s.one(&format!("bad-{id}"), "5 responses", &why, |c| {
            c.options(json!({ "jwksUri": "$jwks" })).serve(answer.clone());
            c.verify(T0, &token(), err("ERR_KEYS_UNAVAILABLE")).fetches(1);
            c.serve(json!({ "jwks": key() }));
            c.verify(T0 + 2, &token(), ok(&token())).fetches(1);
            c.serve(answer.clone());
            c.verify(T0 + 702, &token(), ok(&token())).fetches(1);
            c.verify(T0 + 704, &token(), ok(&token()));
        });
    }

    let good: Vec<(&str, &str, Value, Value)> = vec![
        ("no-content-type", "the content type is not required", json!({}), json!({ "headers": {}, "jwks": key() })),
        (
            "wrong-content-type",
            "a wrong content type does not matter (FAULTS 56)",
            json!({}),
            json!({ "headers": { "content-type": "text/plain" }, "jwks": key() }),
        ),
        (
            "more-members",
            "other members of the set are ignored",
            json!({}),
            json!({ "jwks": { "keys": [used("rsa-a.jwk")], "x": 1 } }),
        ),
        (
            "max-bytes-exact",
            "a body of exactly maxBytes is accepted",
            json!({}),
            json!({ "jwks": key(), "padTo": 524_288 }),
        ),
        (
            "max-bytes-option",
            "maxBytes is an option",
            json!({ "jwks": { "maxBytes": 8192 } }),
            json!({ "jwks": key(), "padTo": 8192 }),
        ),
        (
            "max-keys-exact",
            "as many keys as maxKeys are accepted",
            json!({ "jwks": { "maxKeys": 2 } }),
            json!({ "jwks": { "keys": [used("rsa-a.jwk"), used("p256-a.jwk")] } }),
        ),
    ];
    for (id, why, options, answer) in good {
        s.one(&format!("good-{id}"), "5 responses", why, |c| {
            c.options(json!({ "jwksUri": "$jwks" })).options(options).serve(answer);
            c.verify(T0, &token(), ok(&token())).fetches(1);
        });
    }
    s.one("bad-max-bytes-option", "5 responses", "a body one byte over maxBytes is refused", |c| {
        c.options(json!({ "jwksUri": "$jwks", "jwks": { "maxBytes": 8192 } }))
            .serve(json!({ "jwks": key(), "padTo": 8193 }));
        c.verify(T0, &token(), err("ERR_KEYS_UNAVAILABLE")).fetches(1);
    });
    s.one("bad-max-keys", "5 responses", "one key more than maxKeys refuses the set (FAULTS 34)", |c| {
        c.options(json!({ "jwksUri": "$jwks", "jwks": { "maxKeys": 2 } }))
            .serve(json!({ "jwks": { "keys": [used("rsa-a.jwk"), used("p256-a.jwk"), used("ed-a.jwk")] } }));
        c.verify(T0, &token(), err("ERR_KEYS_UNAVAILABLE")).fetches(1);
    });
    s.one("bad-max-keys-default", "5 responses", "257 keys are over the default of maxKeys", |c| {
        let many: Vec<Value> = (0..257).map(|_| used("ed-a.jwk")).collect();
        c.options(json!({ "jwksUri": "$jwks" })).serve(json!({ "jwks": { "keys": many } }));
        c.verify(T0, &Token::new("ed-a", "EdDSA"), err("ERR_KEYS_UNAVAILABLE")).fetches(1);
    });
    s.one(
        "bad-one-malformed-among-good",
        "5 responses",
        "one malformed key among good ones is skipped (FAULTS 21)",
        |c| {
            c.options(json!({ "jwksUri": "$jwks" }))
                .serve(json!({ "jwks": { "keys": [{ "kty": "RSA" }, 5, used("rsa-a.jwk")] } }));
            c.verify(T0, &token(), ok(&token())).fetches(1);
        },
    );
    s.one("request-headers", "5 responses", "jwks.headers are sent", |c| {
        c.options(json!({ "jwksUri": "$jwks", "jwks": { "headers": { "x-api-key": "k1" } } }));
        c.serve(json!({ "jwks": key(), "ifHeader": ["x-api-key", "k1"] }));
        c.verify(T0, &token(), ok(&token())).fetches(1);
    });
    s.one(
        "request-headers-absent",
        "5 responses",
        "an endpoint that wants a header we do not send is a failure",
        |c| {
            c.options(json!({ "jwksUri": "$jwks" })).serve(json!({ "jwks": key(), "ifHeader": ["x-api-key", "k1"] }));
            c.verify(T0, &token(), err("ERR_KEYS_UNAVAILABLE")).fetches(1);
        },
    );
    s.one("request-accept", "5 responses", "requests ask for JSON", |c| {
        c.options(json!({ "jwksUri": "$jwks" }))
            .serve(json!({ "jwks": key(), "ifHeader": ["accept", "application/json, application/jwk-set+json"] }));
        c.verify(T0, &token(), ok(&token())).fetches(1);
    });
    s
}
