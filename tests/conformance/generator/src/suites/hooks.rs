//! The `validate` hook: last of all, on verified tokens only, before propagation.

use serde_json::json;

use crate::case::{Suite, ctx, err, ok, used};
use crate::mint::{T0, Token};

pub fn suite() -> Suite {
    let mut s = Suite::new("hooks", "1", "The validate hook");
    let token = || Token::new("ed-a", "EdDSA");
    let hook = |does: &str| json!({ "publicKey": used("ed-a.jwk"), "validate": { "$hook": does } });
    let bearer = |token: &Token| json!([["authorization", format!("Bearer {}", token.mint())]]);

    s.each("validate-passes", "2.4", "a hook that answers true lets the token pass", |c, k| {
        c.options(json!({ "validate": { "$hook": "true" } })).verify(T0, &k.token(), ok(&k.token()));
        c.request(bearer(&k.token()), ctx(&k.token()).headers(json!({})).ok());
    });
    s.each("validate-refuses", "2.4", "a hook that answers false refuses, each time", |c, k| {
        c.options(json!({ "validate": { "$hook": "false" } }));
        c.verify(T0, &k.token(), err("ERR_REVOKED"))
            .verify(T0, &k.token(), err("ERR_REVOKED"))
            .request(bearer(&k.token()), err("ERR_REVOKED"));
    });
    s.each("validate-throws", "2.4", "a hook that throws refuses", |c, k| {
        c.options(json!({ "validate": { "$hook": "throw" } }));
        c.verify(T0, &k.token(), err("ERR_VALIDATE_FAILED")).request(bearer(&k.token()), err("ERR_VALIDATE_FAILED"));
    });
    s.one("validate-nothing", "2.4", "a hook that answers nothing has no objection", |c| {
        c.options(hook("nothing")).verify(T0, &token(), ok(&token()));
    });
    for does in ["zero", "empty"] {
        s.one(&format!("validate-{does}"), "2.4", "a hook that answers anything else that is false refuses", |c| {
            c.options(hook(does)).verify(T0, &token(), err("ERR_REVOKED"));
        });
    }
    s.each("validate-last", "2.4", "what fails without the hook fails as without it", |c, k| {
        c.options(json!({ "validate": { "$hook": "throw" }, "skipMethods": ["open.Service/*"] }));
        c.verify(T0 + 3600, &k.token(), err("ERR_TOKEN_EXPIRED"));
        c.verify(T0, &k.token().without("sub"), err("ERR_SUBJECT_MISSING"));
        c.verify(T0, &k.token().signature([1; 64]), err("ERR_SIGNATURE_INVALID"));
        c.request(json!([]), err("ERR_CREDENTIALS_MISSING"));
        c.call("open.Service", "Method", json!([]), json!({ "skipped": true, "headers": {} }));
    });
    s.one("validate-before-propagation", "2.4", "the hook runs before propagation", |c| {
        let token = token().claim("sub", "s".repeat(513));
        c.options(hook("false"))
            .options(json!({ "propagateHeaders": true }))
            .request(bearer(&token), err("ERR_REVOKED"));
    });
    s.one("validate-passes-propagation-fails", "2.4", "a hook that passes does not make a subject fit", |c| {
        let token = token().claim("sub", "s".repeat(513));
        c.options(hook("true"))
            .options(json!({ "propagateHeaders": true }))
            .request(bearer(&token), err("ERR_SUBJECT_TOO_LONG"));
    });
    for option in ["validate", "onReject", "onFetch", "onFetchError", "onKeysChanged"] {
        for (id, value) in
            [("string", json!("yes")), ("number", json!(1)), ("object", json!({ "x": 1 })), ("boolean", json!(true))]
        {
            s.config(
                &format!("hook-{}-{id}", option.to_lowercase()),
                "a hook is a function",
                json!({ "publicKey": used("ed-a.jwk"), option: value }),
                option,
            );
        }
    }
    s
}
