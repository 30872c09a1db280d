//! Published attacks on claims: wrong types, parts of an issuer, checks that one mode forgets, nothing
//! at all, and work that grows faster than its input.

use serde_json::{Value, json};

use super::remote::keys as served;
use crate::case::{Case, Suite, ctx, err, missing, mistyped, ok, rejected, used};
use crate::mint::{T0, Token};

const ISSUER: &str = "https://issuer.example";

/// Everything that a verifier can be told to check.
fn rules() -> Value {
    json!({
        "audience": "api", "typ": "at+jwt", "maxTokenAge": 600, "requiredClaims": ["tenant"],
    })
}

/// A token that keeps all of `rules`.
fn proper(key: &str, alg: &str) -> Token {
    Token::new(key, alg).typ(Some("at+jwt")).claims(json!({ "tenant": "t", "nbf": T0 - 1 }))
}

/// One breach of each rule, and what it must cost.
fn breaches(token: &Token) -> Vec<(Token, Value)> {
    let t = || token.clone();
    vec![
        (t().typ(Some("JWT")), err("ERR_TYP_INVALID")),
        (t().without("aud"), missing("aud")),
        (t().without("iat"), missing("iat")),
        (t().without("tenant"), missing("tenant")),
        (t().claim("aud", "other"), rejected("aud")),
        (t().claim("aud", json!(["api", 1])), mistyped("aud")),
        (t().claim("exp", "never"), mistyped("exp")),
        (t().claim("nbf", T0 + 1), err("ERR_TOKEN_NOT_YET_VALID")),
        (t().claim("exp", T0), err("ERR_TOKEN_EXPIRED")),
        (t().claim("iat", T0 - 601), err("ERR_TOKEN_TOO_OLD")),
        (t().claim("iat", T0 + 1), rejected("iat")),
        (t().claim("cnf", json!({ "jkt": "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I" })), err("ERR_TOKEN_BOUND")),
        (t().claim("sub", ""), err("ERR_SUBJECT_MISSING")),
    ]
}

fn play(c: &mut Case, token: &Token) {
    for (token, expect) in breaches(token) {
        c.verify(T0, &token, expect);
    }
    c.verify(T0, token, ok(token));
}

pub fn suite() -> Suite {
    let mut s = Suite::new("attack-claims", "3", "Published attacks on claims and on the checks of them");
    types(&mut s);
    issuers(&mut s);
    modes(&mut s);
    nothing(&mut s);
    bound(&mut s);
    linear(&mut s);
    s
}

fn types(s: &mut Suite) {
    const WRONG: [(&str, &str); 8] = [
        ("string", "\"1800003600\""),
        ("null", "null"),
        ("array", "[]"),
        ("object", "{}"),
        ("true", "true"),
        ("infinite", "1e400"),
        ("minus-one", "-1"),
        ("nan", "\"NaN\""),
    ];
    for name in ["iat", "nbf", "exp", "iss", "aud", "sub"] {
        s.each(
            &format!("mistyped-{name}"),
            "3.12",
            "a claim of the wrong type is never treated as absent, whether it is checked or not",
            |c, k| {
                if k.name != "issuers" {
                    c.options(json!({ "issuer": ISSUER }));
                }
                c.options(json!({ "audience": "api" }));
                for (id, value) in WRONG {
                    let token = k.token().raw_members(&format!("\"{name}\":{value}"));
                    let expect = match (name, id) {
                        (_, "infinite") => err("ERR_CLAIMS_MALFORMED"),
                        ("exp", "minus-one") => err("ERR_TOKEN_EXPIRED"),
                        ("iat" | "nbf", "minus-one") => ok(&token),
                        ("iss" | "aud", "string" | "nan") => rejected(name),
                        ("aud", "array") => rejected("aud"),
                        ("sub", "string" | "nan") => ok(&token),
                        ("sub", _) => err("ERR_SUBJECT_MISSING"),
                        _ => mistyped(name),
                    };
                    c.verify(T0, &token, expect);
                }
            },
        );
    }
    s.each("aud-shapes", "3.11", "no shape of aud is skipped, and only strings equal to the option count", |c, k| {
        c.options(json!({ "audience": "api" }));
        for aud in [json!([]), json!([""]), json!("ap"), json!("api\u{0}"), json!(["API"]), json!(["api "])] {
            c.verify(T0, &k.token().claim("aud", aud), rejected("aud"));
        }
        for aud in [
            json!([1]),
            json!([null]),
            json!([["api"]]),
            json!(["api", ["api"]]),
            json!(["api", {}]),
            json!(["api", true]),
            json!({ "api": true }),
            json!({ "0": "api", "length": 1 }),
            json!(null),
            json!(0),
            json!(false),
        ] {
            c.verify(T0, &k.token().claim("aud", aud), mistyped("aud"));
        }
        c.verify(T0, &k.token().without("aud"), missing("aud"));
        c.verify(T0, &k.token(), ok(&k.token()));
    });
}

fn issuers(s: &mut Suite) {
    let parts = [
        "https://issuer.example/",
        "https://issuer.example//",
        "https://issuer.example.",
        "https://issuer.example?",
        "https://issuer.example#",
        "https://issuer.example:443",
        "https://issuer.example/tenant",
        "https://issuer.exampl",
        "https://issuer",
        "https://",
        "issuer.example",
        "issuer",
        "e",
        "",
        "https://ISSUER.example",
        "HTTPS://issuer.example",
        "http://issuer.example",
        "https://issuer.example,https://other.example",
        "https://issuer.example https://other.example",
        " https://issuer.example",
        "https://issuer.example ",
        "https://issuer.example\n",
        "https://evil.example/https://issuer.example",
        "https://evil.example#https://issuer.example",
        "https://issuer.example@evil.example",
        "https://%69ssuer.example",
        "*",
        ".*",
        "https://issuer_example",
    ];
    s.each("iss-in-part", "3.11", "an issuer is equal or another one", |c, k| {
        if k.name != "issuers" {
            c.options(json!({ "issuer": ISSUER }));
        }
        for iss in parts {
            c.verify(T0, &k.token().claim("iss", iss), rejected("iss"));
        }
        c.verify(T0, &k.token(), ok(&k.token()));
    });
    s.single("iss-in-part-of-several", "3.11", "nor is it a part of one of several", |c, k| {
        c.options(json!({ "issuer": ["https://other.example", ISSUER] }));
        for iss in parts {
            c.verify(T0, &k.token().claim("iss", iss), rejected("iss"));
        }
        c.verify(T0, &k.token(), ok(&k.token()));
    });
    s.single("iss-is-no-pattern", "3.11", "the option is no pattern", |c, k| {
        c.options(json!({ "issuer": ["https://.*", "https://*.example", "https://issuer.exampl."] }));
        c.verify(T0, &k.token(), rejected("iss"));
    });
}

/// The same rules, however the keys came and whatever carried the token.
fn modes(s: &mut Suite) {
    s.each("every-rule", "3", "every rule holds for every key source", |c, k| {
        c.options(rules());
        play(c, &proper(k.key, k.alg));
    });
    s.each("every-rule-uncached", "9", "and without the cache", |c, k| {
        c.options(rules()).options(json!({ "cache": false }));
        play(c, &proper(k.key, k.alg));
    });
    s.each("every-rule-of-a-request", "2.4", "and for a request's token", |c, k| {
        c.options(rules());
        for (token, expect) in breaches(&proper(k.key, k.alg)) {
            c.request(json!([["authorization", format!("Bearer {}", token.mint())]]), expect);
        }
    });
    s.each("every-rule-of-a-cookie", "2.4", "and for a cookie's", |c, k| {
        c.options(rules()).options(json!({ "credentials": { "cookie": "session", "scheme": null } }));
        for (token, expect) in breaches(&proper(k.key, k.alg)) {
            c.request(json!([["cookie", format!("session={}", token.mint())]]), expect);
        }
    });
    s.one("every-rule-of-an-initial-set", "5 initial", "and under an initial set while the endpoint is down", |c| {
        c.options(rules())
            .options(json!({ "jwksUri": "$jwks", "jwks": { "initial": { "keys": [used("rsa-a.jwk")] } } }));
        c.serve(json!({ "down": true }));
        play(c, &proper("rsa-a", "RS256"));
    });
    s.one("every-rule-of-a-stale-set", "5 stale", "and under a set that could not be refreshed", |c| {
        c.options(rules()).options(json!({ "jwksUri": "$jwks" })).serve(served(&["rsa-a"]));
        let early = proper("rsa-a", "RS256").claims(json!({ "iat": T0 - 2000, "nbf": T0 - 2000 }));
        c.verify(T0 - 2000, &early, ok(&early)).fetches(1);
        c.serve(json!({ "down": true }));
        play(c, &proper("rsa-a", "RS256"));
    });
    s.one("every-rule-while-waiting", "5 cold", "and for a token that waited for its keys", |c| {
        c.options(rules());
        c.options(json!({ "jwksUri": "$jwks", "jwks": { "cacheMaxAge": 60, "staleIfError": 0 } }));
        c.serve(served(&["rsa-a"]));
        // By the next token the set is dead: each is judged after a fetch of its own.
        for (at, (token, expect)) in breaches(&proper("rsa-a", "RS256")).into_iter().enumerate() {
            c.verify(T0, &token, expect).mono(100 * at as i64).fetches(1);
        }
    });
    s.one("every-rule-of-discovery", "5 discovery", "and under discovered keys", |c| {
        let issuer = "http://every-rule-of-discovery.test";
        c.options(rules())
            .options(json!({ "discover": true, "issuer": issuer, "jwks": { "proxy": "$proxy", "allowHttp": true } }));
        c.serve(json!({ "routes": {
            "/.well-known/openid-configuration": { "jwks": { "issuer": issuer, "jwks_uri": format!("{issuer}/keys") } },
            "/keys": served(&["p256-a"]),
        } }));
        play(c, &proper("p256-a", "ES256").claim("iss", issuer));
    });
    s.each(
        "expired-and-forged",
        "3.7",
        "an expired token that is forged is forged, one that is not is expired",
        |c, k| {
            let old = k.token().claim("exp", T0 - 1);
            c.verify(T0, &old, err("ERR_TOKEN_EXPIRED"));
            let header = r#"{"typ":"JWT","alg":"%ALG%","kid":"%KID%"}"#;
            for token in [
                old.clone().header(header).signed_by(k.stranger()),
                k.token().claim("nbf", T0 + 9).header(header).signed_by(k.stranger()),
                k.token().without("sub").header(header).signed_by(k.stranger()),
                k.token().claim("cnf", json!({})).header(header).signed_by(k.stranger()),
                k.token().claim("aud", 1).header(header).signed_by(k.stranger()),
            ] {
                c.verify(T0, &token, err("ERR_SIGNATURE_INVALID"));
            }
        },
    );
}

/// What is empty opens nothing.
fn nothing(s: &mut Suite) {
    s.each("nothing-in-the-claims", "3.10", "an empty claims object lacks all that is asked for", |c, k| {
        let empty = || k.token().payload("{}");
        let with = |members: &str| k.token().payload(members);
        if k.name == "issuers" {
            c.verify(T0, &empty(), missing("iss"));
            c.verify(T0, &with(r#"{"iss":""}"#), rejected("iss"));
            c.verify(T0, &with(&format!(r#"{{"iss":"{ISSUER}"}}"#)), err("ERR_SUBJECT_MISSING"));
            return;
        }
        c.options(json!({ "issuer": ISSUER, "audience": "api", "maxTokenAge": 60, "requiredClaims": ["exp", "jti"] }));
        c.verify(T0, &empty(), missing("iss"));
        let mut members = format!(r#"{{"iss":"{ISSUER}""#);
        for (next, lacking) in
            [("", "aud"), (r#","aud":"api""#, "iat"), (r#","iat":1800000000"#, "exp"), (r#","exp":1800000060"#, "jti")]
        {
            members.push_str(next);
            c.verify(T0, &with(&format!("{members}}}")), missing(lacking));
        }
        members.push_str(r#","jti":null"#);
        c.verify(T0, &with(&format!("{members}}}")), err("ERR_SUBJECT_MISSING"));
    });
    s.each("nothing-asked-for", "3.17", "without any rule a subject is still asked for", |c, k| {
        let iss = if k.name == "issuers" { format!("\"iss\":\"{ISSUER}\"") } else { String::new() };
        let comma = if iss.is_empty() { "" } else { "," };
        for sub in ["", r#""sub":"""#, r#""sub":null"#, r#""sub":[]"#, r#""sub":{}"#, r#""sub":0"#, r#""Sub":"x""#] {
            let comma = if sub.is_empty() { "" } else { comma };
            c.verify(T0, &k.token().payload(format!("{{{iss}{comma}{sub}}}")), err("ERR_SUBJECT_MISSING"));
        }
    });
    s.each("nothing-as-payload", "3.8", "a payload that is nothing is no claims", |c, k| {
        for payload in ["null", "[]", "\"\"", "0", "false", " ", "\n"] {
            c.verify(T0, &k.token().payload(payload), err("ERR_CLAIMS_MALFORMED"));
        }
    });
}

/// A token that is bound to a key or certificate, presented by whoever has it.
fn bound(s: &mut Suite) {
    s.each("bound-token-as-bearer", "3.16", "a token bound to a key is not accepted as plain Bearer", |c, k| {
        let thumbprint = "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I";
        for cnf in [
            json!({ "jkt": thumbprint }),
            json!({ "x5t#S256": thumbprint }),
            json!({ "jwk": { "kty": "OKP", "crv": "Ed25519", "x": thumbprint } }),
            json!({ "kid": "any" }),
            json!({ "jku": "https://evil.example/", "kid": "any" }),
            json!({ "JKT": thumbprint }),
            json!([]),
            json!(null),
        ] {
            let token = k.token().claim("cnf", cnf);
            c.verify(T0, &token, err("ERR_TOKEN_BOUND"));
            c.request(json!([["authorization", format!("Bearer {}", token.mint())]]), err("ERR_TOKEN_BOUND"));
            c.request(
                json!([["authorization", format!("DPoP {}", token.mint())], ["dpop", "e30.e30.AA"]]),
                err("ERR_CREDENTIALS_MISSING"),
            );
        }
    });
}

/// Texts on which a backtracking or a stateful matcher fails.
fn linear(s: &mut Suite) {
    s.each("linear-claims", "3.11", "long near misses are judged like short ones, and the same each time", |c, k| {
        let long = format!("{ISSUER}{}", "/a".repeat(400));
        if k.name != "issuers" {
            c.options(json!({ "issuer": [ISSUER, long.clone() + "!"] }));
        }
        c.options(json!({ "audience": ["api", "a".repeat(900) + "!"] }));
        for _ in 0..3 {
            c.verify(T0, &k.token().claim("iss", long.clone()), rejected("iss"));
            c.verify(T0, &k.token().claim("aud", "a".repeat(1000)), rejected("aud"));
            c.verify(T0, &k.token(), ok(&k.token()));
        }
    });
    s.each("linear-scopes", "6", "so are scopes of spaces and roles without number", |c, k| {
        let token = k.token().claim("scope", format!("{}a{}b", " ".repeat(4000), " ".repeat(4000)));
        c.verify(T0, &token, ctx(&token).scopes(&["a", "b"]).ok());
    });
    s.each("linear-header", "2.3", "so is a header of spaces", |c, k| {
        let token = k.token();
        let value = format!("Bearer{}{}", " ".repeat(5000), token.mint());
        c.request(json!([["authorization", value]]), ctx(&token).headers(json!({})).ok());
        c.request(json!([["authorization", format!("Bearer{}!", " ".repeat(5000))]]), err("ERR_TOKEN_MALFORMED"));
        c.request(
            json!([["authorization", format!("{}Bearer", "Bearer".repeat(1000))]]),
            err("ERR_CREDENTIALS_MISSING"),
        );
    });
    for (id, option, value) in [
        ("duration-spaces", "maxTokenAge", format!("1{}x", " ".repeat(20_000))),
        ("duration-digits", "maxTokenAge", format!("{}x", "1".repeat(20_000))),
        ("duration-units", "maxTokenAge", format!("1 {}", "second".repeat(5000))),
        ("method", "skipMethods[0]", "a.".repeat(10_000)),
    ] {
        let key = option.split('[').next().expect("a name");
        let value = if option.ends_with(']') { json!([value]) } else { json!(value) };
        s.config(
            &format!("linear-{id}"),
            "an option's long near miss is an error like a short one",
            json!({ "publicKey": used("ed-a.jwk"), key: value }),
            option,
        );
    }
}
