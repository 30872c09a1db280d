//! First failure wins: tokens with two faults, one per pair of neighbouring rows.

use serde_json::json;

use crate::case::{Suite, err, missing, mistyped, rejected};
use crate::mint::T0;

pub fn suite() -> Suite {
    let mut s = Suite::new("order", "3", "The order of the checks: of two faults, the first is told");
    s.each("order-size-before-form", "3.1", "an oversized text is too large before it is malformed", |c, _| {
        c.options(json!({ "maxTokenBytes": 256 })).text(T0, &"!".repeat(257), err("ERR_TOKEN_TOO_LARGE")).text(
            T0,
            &"!".repeat(256),
            err("ERR_TOKEN_MALFORMED"),
        );
    });
    s.each(
        "order-form-before-header",
        "3.2",
        "bad base64 in the signature comes before an unknown extension",
        |c, k| {
            let token = k.token().header_members("\"crit\":[\"x\"]").mint();
            c.text(T0, &format!("{token}="), err("ERR_TOKEN_MALFORMED"));
        },
    );
    s.each("order-header-before-crit", "3.3", "a mistyped kid comes before crit", |c, k| {
        c.verify(T0, &k.token().header(r#"{"alg":"%ALG%","kid":1,"crit":["x"]}"#), err("ERR_TOKEN_MALFORMED"));
    });
    s.each("order-crit-before-alg", "3.4", "crit comes before an algorithm that is not allowed", |c, k| {
        c.verify(T0, &k.token().header(r#"{"alg":"none","kid":"%KID%","crit":["x"]}"#), err("ERR_TOKEN_CRITICAL"));
        c.verify(T0, &k.token().header(r#"{"alg":"none","kid":"%KID%","b64":false}"#), err("ERR_TOKEN_CRITICAL"));
    });
    s.some(
        "order-alg-before-key",
        "3.5",
        "an algorithm that is not allowed comes before an unknown key",
        |k| k.name != "issuers",
        |c, k| {
            c.verify(T0, &k.token().header(r#"{"alg":"none","kid":"unknown"}"#), err("ERR_ALG_NOT_ALLOWED"));
        },
    );
    s.some(
        "order-key-before-signature",
        "3.6",
        "an unknown kid comes before the signature",
        |k| matches!(k.name, "jwks-uri" | "jwk-set"),
        |c, k| {
            c.verify(T0, &k.token().kid(Some("unknown")).signature([0; 64]), err("ERR_KEY_NOT_FOUND"));
        },
    );
    s.single(
        "order-signature-before-claims",
        "3.7",
        "a bad signature comes before claims that do not parse",
        |c, k| {
            c.verify(T0, &k.token().payload("not json").signature([1; 64]), err("ERR_SIGNATURE_INVALID"));
        },
    );
    s.each("order-claims-before-typ", "3.8", "malformed claims come before typ", |c, k| {
        c.options(json!({ "typ": "at+jwt" })).verify(T0, &k.token().payload("[]"), err("ERR_CLAIMS_MALFORMED"));
    });
    s.each("order-typ-before-presence", "3.9", "typ comes before presence", |c, k| {
        c.options(json!({ "typ": "at+jwt", "audience": "api" })).verify(
            T0,
            &k.token().without("aud"),
            err("ERR_TYP_INVALID"),
        );
    });
    s.each("order-presence-before-types", "3.10", "an absent required claim comes before a mistyped aud", |c, k| {
        c.options(json!({ "requiredClaims": ["z"] })).verify(T0, &k.token().claim("aud", 1), missing("z"));
    });
    s.single("order-iss-before-aud", "3.11", "iss comes before aud", |c, k| {
        c.options(json!({ "issuer": "https://issuer.example", "audience": "api" }));
        c.verify(T0, &k.token().claims(json!({ "iss": "x", "aud": "x" })), rejected("iss"));
        c.verify(T0, &k.token().claims(json!({ "iss": 1, "aud": 1 })), mistyped("iss"));
        c.verify(T0, &k.token().claims(json!({ "iss": "x", "aud": 1 })), rejected("iss"));
    });
    s.each("order-aud-before-times", "3.11", "aud comes before the types of the dates", |c, k| {
        c.options(json!({ "audience": "api" })).verify(
            T0,
            &k.token().claims(json!({ "aud": "x", "exp": "x" })),
            rejected("aud"),
        );
    });
    s.each("order-date-types", "3.12", "iat, nbf and exp are looked at in this order", |c, k| {
        c.verify(T0, &k.token().claims(json!({ "iat": "x", "nbf": "x", "exp": "x" })), mistyped("iat")).verify(
            T0,
            &k.token().claims(json!({ "nbf": "x", "exp": "x" })),
            mistyped("nbf"),
        );
    });
    s.each("order-date-types-before-values", "3.12", "a mistyped exp comes before an nbf in the future", |c, k| {
        c.verify(T0, &k.token().claims(json!({ "nbf": T0 + 10, "exp": null })), mistyped("exp"));
    });
    s.each("order-nbf-before-exp", "3.13", "nbf comes before exp", |c, k| {
        c.verify(T0, &k.token().claims(json!({ "nbf": T0 + 10, "exp": T0 - 10 })), err("ERR_TOKEN_NOT_YET_VALID"));
    });
    s.each("order-exp-before-age", "3.14", "exp comes before maxTokenAge", |c, k| {
        c.options(json!({ "maxTokenAge": 60 }));
        c.verify(T0, &k.token().claims(json!({ "iat": T0 - 100, "exp": T0 })), err("ERR_TOKEN_EXPIRED"));
        c.verify(T0, &k.token().claims(json!({ "iat": T0 + 100, "exp": T0 })), err("ERR_TOKEN_EXPIRED"));
    });
    s.each("order-age-before-cnf", "3.15", "maxTokenAge comes before cnf", |c, k| {
        c.options(json!({ "maxTokenAge": 60 })).verify(
            T0,
            &k.token().claims(json!({ "iat": T0 - 100, "cnf": {} })),
            err("ERR_TOKEN_TOO_OLD"),
        );
    });
    s.each("order-cnf-before-subject", "3.16", "cnf comes before the subject", |c, k| {
        c.verify(T0, &k.token().claims(json!({ "sub": "", "cnf": {} })), err("ERR_TOKEN_BOUND"));
    });
    s
}
