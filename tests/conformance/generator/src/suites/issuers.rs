//! Section 4: several issuers, each with its own keys and rules.

use serde_json::{Value, json};

use crate::case::{Suite, ctx, err, missing, mistyped, ok, rejected, used};
use crate::mint::{T0, Token};

const A: &str = "https://a.example";
const B: &str = "https://b.example";

fn token(issuer: &str, key: &str, alg: &str) -> Token {
    Token::new(key, alg).claim("iss", issuer)
}

fn two() -> Value {
    json!({ "issuers": [{ "issuer": A, "publicKey": used("p256-a.jwk") }, { "issuer": B, "publicKey": used("ed-a.jwk") }] })
}

pub fn suite() -> Suite {
    let mut s = Suite::new("issuers", "4", "Several issuers: routing, isolation, overrides, construction errors");
    let a = || token(A, "p256-a", "ES256");
    let b = || token(B, "ed-a", "EdDSA");

    s.one("issuers-route", "4 issuers", "each issuer's tokens verify under its own key", |c| {
        c.options(two()).verify(T0, &a(), ok(&a())).verify(T0, &b(), ok(&b()));
    });
    s.one("issuers-missing-iss", "4 issuers", "a token without iss is refused before anything about its key", |c| {
        c.options(two()).verify(T0, &a().without("iss"), missing("iss")).verify(
            T0,
            &a().without("iss").signature([1; 64]),
            missing("iss"),
        );
    });
    s.one("issuers-unknown-iss", "4 issuers", "an iss without an entry is refused, near misses too", |c| {
        c.options(two());
        for iss in ["https://c.example", "https://a.example/", "https://A.example", "", "https://a.exampl"] {
            c.verify(T0, &a().claim("iss", iss), rejected("iss"));
        }
    });
    s.one("issuers-mistyped-iss", "4 issuers", "an iss that is not a string has no entry", |c| {
        c.options(two());
        for iss in [json!([A]), json!(null), json!(1)] {
            c.verify(T0, &a().claim("iss", iss), mistyped("iss"));
        }
    });
    s.one("issuers-no-crossing", "4 issuers", "one issuer's key does not verify the other's tokens", |c| {
        c.options(json!({ "issuers": [{ "issuer": A, "publicKey": used("p256-a.jwk") }, { "issuer": B, "publicKey": used("p256-b.jwk") }] }));
        c.verify(T0, &token(A, "p256-a", "ES256"), ok(&token(A, "p256-a", "ES256")));
        c.verify(T0, &token(B, "p256-a", "ES256"), err("ERR_SIGNATURE_INVALID"));
        c.verify(T0, &token(A, "p256-b", "ES256"), err("ERR_SIGNATURE_INVALID"));
    });
    s.one("issuers-same-kid", "4 issuers", "the same kid under two issuers is two keys (FAULTS 53)", |c| {
        let keyed = |name: &str| {
            let mut jwk = crate::mint::keys().form(name);
            jwk["kid"] = json!("shared");
            json!({ "keys": [jwk] })
        };
        c.options(json!({ "issuers": [{ "issuer": A, "publicKey": keyed("p256-a.jwk") }, { "issuer": B, "publicKey": keyed("p256-b.jwk") }] }));
        let shared = |issuer: &str, key: &str| token(issuer, key, "ES256").kid(Some("shared"));
        c.verify(T0, &shared(A, "p256-a"), ok(&shared(A, "p256-a")))
            .verify(T0, &shared(B, "p256-b"), ok(&shared(B, "p256-b")))
            .verify(T0, &shared(B, "p256-a"), err("ERR_SIGNATURE_INVALID"))
            .verify(T0, &shared(A, "p256-b"), err("ERR_SIGNATURE_INVALID"));
    });
    s.one("issuers-algorithms-apart", "4 issuers", "an algorithm of one issuer's key is not the other's", |c| {
        c.options(two());
        c.verify(T0, &token(A, "ed-a", "EdDSA"), err("ERR_ALG_NOT_ALLOWED")).verify(
            T0,
            &token(B, "p256-a", "ES256"),
            err("ERR_ALG_NOT_ALLOWED"),
        );
    });
    s.one(
        "issuers-claims-first",
        "4 issuers",
        "with issuers the claims are parsed before the algorithm is judged",
        |c| {
            c.options(two());
            c.verify(T0, &a().payload("[]").header(r#"{"alg":"none"}"#), err("ERR_CLAIMS_MALFORMED"));
            c.verify(T0, &a().without("iss").header(r#"{"alg":"none"}"#), missing("iss"));
            c.verify(T0, &a().header(r#"{"alg":"none"}"#), err("ERR_ALG_NOT_ALLOWED"));
            c.verify(T0, &a().payload("[]").header(r#"{"alg":"ES256","crit":[]}"#), err("ERR_TOKEN_CRITICAL"));
        },
    );
    s.one("issuers-secret-and-public", "4 issuers", "an entry may have a secret, and admits nothing else", |c| {
        c.options(json!({ "issuers": [{ "issuer": A, "secret": used("hmac-32.secret") }, { "issuer": B, "publicKey": used("ed-a.pem") }] }));
        let hs = token(A, "hmac-32", "HS256");
        c.verify(T0, &hs, ok(&hs)).verify(T0, &b(), ok(&b()));
        c.verify(T0, &token(B, "hmac-32", "HS256"), err("ERR_ALG_NOT_ALLOWED")).verify(T0, &token(A, "ed-a", "EdDSA"), err("ERR_ALG_NOT_ALLOWED"));
    });
    s.one("issuers-remote", "4 issuers", "an entry's key set is fetched for its own tokens only", |c| {
        c.options(
            json!({ "issuers": [{ "issuer": A, "jwksUri": "$jwks" }, { "issuer": B, "publicKey": used("ed-a.jwk") }] }),
        )
        .serve_keys(&["p256-a.jwk"]);
        c.verify(T0, &b(), ok(&b())).fetches(0);
        c.verify(T0, &a().claim("iss", "https://c.example"), rejected("iss")).fetches(0);
        c.verify(T0, &a().without("iss"), missing("iss")).fetches(0);
        c.verify(T0, &a(), ok(&a())).fetches(1);
    });
    s.one("issuers-two-remote", "4 issuers", "two key sets never mix", |c| {
        c.options(json!({ "issuers": [{ "issuer": A, "jwksUri": "$jwks/a" }, { "issuer": B, "jwksUri": "$jwks/b" }] }));
        c.serve(json!({ "routes": { "/a": { "jwks": { "keys": [used("p256-a.jwk")] } }, "/b": { "jwks": { "keys": [used("p256-b.jwk")] } } } }));
        let (ta, tb) = (token(A, "p256-a", "ES256"), token(B, "p256-b", "ES256"));
        c.verify(T0, &ta, ok(&ta)).fetches(1).verify(T0, &tb, ok(&tb)).fetches(1);
        c.verify(T0 + 100, &token(A, "p256-b", "ES256"), err("ERR_KEY_NOT_FOUND"));
    });
    s.one("issuers-defaults", "4 issuers", "top-level members are defaults that an entry overrides", |c| {
        c.options(json!({
            "audience": "api", "clockTolerance": 10, "typ": "JWT", "requiredClaims": ["jti"], "claimsMapping": { "roles": "groups" }, "maxTokenAge": 100, "confirmation": "ignore",
            "issuers": [
                { "issuer": A, "publicKey": used("p256-a.jwk") },
                { "issuer": B, "publicKey": used("ed-a.jwk"), "audience": ["web"], "clockTolerance": 0, "typ": "at+jwt", "requiredClaims": ["sub"], "claimsMapping": { "roles": "r" }, "maxTokenAge": 50, "confirmation": "reject" },
            ],
        }));
        let a = || a().claims(json!({ "jti": "1", "groups": ["g"], "r": ["x"] }));
        let b = || b().typ(Some("at+jwt")).claims(json!({ "aud": "web", "groups": ["g"], "r": ["x"] }));
        c.verify(T0, &a(), ctx(&a()).roles(&["g"]).ok()).verify(T0, &b(), ctx(&b()).roles(&["x"]).ok());
        c.verify(T0, &a().claim("aud", "web"), rejected("aud")).verify(T0, &b().claim("aud", "api"), rejected("aud"));
        c.verify(T0, &a().without("jti"), missing("jti"));
        c.verify(T0 + 110, &a(), ctx(&a()).roles(&["g"]).ok()).verify(T0 + 111, &a(), err("ERR_TOKEN_TOO_OLD"));
        c.verify(T0 + 50, &b(), ctx(&b()).roles(&["x"]).ok()).verify(T0 + 51, &b(), err("ERR_TOKEN_TOO_OLD"));
        c.verify(T0, &a().typ(Some("at+jwt")), err("ERR_TYP_INVALID")).verify(T0, &b().typ(Some("JWT")), err("ERR_TYP_INVALID"));
        let bound = a().claim("cnf", json!({}));
        c.verify(T0, &bound, ctx(&bound).roles(&["g"]).ok()).verify(T0, &b().claim("cnf", json!({})), err("ERR_TOKEN_BOUND"));
        c.verify(T0, &b().claim("exp", T0), err("ERR_TOKEN_EXPIRED"));
        let late = a().claim("exp", T0);
        c.verify(T0, &late, ctx(&late).roles(&["g"]).ok());
    });
    s.one("issuers-required-claims-none", "4 issuers", "an entry may ask for no claims although the default asks for some", |c| {
        c.options(json!({ "requiredClaims": ["jti"], "issuers": [{ "issuer": A, "publicKey": used("p256-a.jwk"), "requiredClaims": [] }, { "issuer": B, "publicKey": used("ed-a.jwk") }] }));
        c.verify(T0, &a(), ok(&a())).verify(T0, &b(), missing("jti"));
    });
    s.one("issuers-algorithms-override", "4 issuers", "an entry's algorithms go before the default", |c| {
        c.options(json!({ "algorithms": ["RS256", "RS512"], "issuers": [{ "issuer": A, "publicKey": used("rsa-a.jwk") }, { "issuer": B, "publicKey": used("rsa-b.jwk"), "algorithms": ["PS256"] }] }));
        let (ta, tb) = (token(A, "rsa-a", "RS512"), token(B, "rsa-b", "PS256"));
        c.verify(T0, &ta, ok(&ta)).verify(T0, &tb, ok(&tb));
        c.verify(T0, &token(A, "rsa-a", "PS256"), err("ERR_ALG_NOT_ALLOWED")).verify(T0, &token(B, "rsa-b", "RS256"), err("ERR_ALG_NOT_ALLOWED"));
    });

    let entry = |more: Value| {
        let mut entry = json!({ "issuer": A, "publicKey": used("p256-a.jwk") });
        entry.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        entry
    };
    let mut bad = |id: &str, why: &str, options: Value, option: &str| {
        s.one(&format!("issuers-bad-{id}"), "4 issuers", why, |c| {
            c.options(options).step(json!({ "now": T0, "expect": { "config": { "option": option } } }));
        });
    };
    bad("empty", "an empty array of issuers trusts nobody", json!({ "issuers": [] }), "issuers");
    bad("object", "issuers is an array", json!({ "issuers": entry(json!({})) }), "issuers");
    bad("entry-type", "an entry is an object", json!({ "issuers": ["https://a.example"] }), "issuers[0]");
    bad(
        "duplicate",
        "issuers are unique among entries",
        json!({ "issuers": [entry(json!({})), entry(json!({ "publicKey": used("ed-a.jwk") }))] }),
        "issuers[1].issuer",
    );
    bad(
        "no-issuer",
        "an entry needs its issuer",
        json!({ "issuers": [{ "publicKey": used("p256-a.jwk") }] }),
        "issuers[0].issuer",
    );
    bad(
        "issuer-array",
        "an entry has one issuer string",
        json!({ "issuers": [entry(json!({ "issuer": [A, B] }))] }),
        "issuers[0].issuer",
    );
    bad(
        "issuer-array-one",
        "an entry's issuer is a string, not an array of one",
        json!({ "issuers": [entry(json!({ "issuer": [A] }))] }),
        "issuers[0].issuer",
    );
    bad(
        "issuer-empty",
        "an empty issuer is refused",
        json!({ "issuers": [entry(json!({ "issuer": "" }))] }),
        "issuers[0].issuer",
    );
    bad("no-source", "an entry needs a key source", json!({ "issuers": [{ "issuer": A }] }), "issuers[0].jwksUri");
    bad(
        "two-sources",
        "an entry has exactly one key source",
        json!({ "issuers": [entry(json!({ "secret": used("hmac-32.secret") }))] }),
        "issuers[0].jwksUri",
    );
    bad(
        "two-sources-remote",
        "an entry has exactly one key source, remote ones included",
        json!({ "issuers": [entry(json!({ "jwksUri": "$jwks" }))] }),
        "issuers[0].jwksUri",
    );
    bad(
        "unknown-option",
        "an unknown option of an entry is refused",
        json!({ "issuers": [entry(json!({ "audiance": "x" }))] }),
        "issuers[0].audiance",
    );
    bad(
        "top-option-in-entry",
        "an option that only the top level has is unknown in an entry",
        json!({ "issuers": [entry(json!({ "skipMethods": [] }))] }),
        "issuers[0].skipMethods",
    );
    bad(
        "entry-value",
        "an entry's values are checked like the top level's",
        json!({ "issuers": [entry(json!({ "maxTokenAge": "1h30m" }))] }),
        "issuers[0].maxTokenAge",
    );
    bad(
        "entry-key",
        "an entry's key is checked like the top level's",
        json!({ "issuers": [entry(json!({ "publicKey": "nonsense" }))] }),
        "issuers[0].publicKey",
    );
    bad(
        "entry-algorithms",
        "an entry's algorithms must fit its key",
        json!({ "issuers": [entry(json!({ "algorithms": ["RS256"] }))] }),
        "issuers[0].algorithms",
    );
    bad(
        "entry-hs",
        "HS* with an asymmetric entry is refused",
        json!({ "issuers": [entry(json!({ "algorithms": ["ES256", "HS256"] }))] }),
        "issuers[0].algorithms",
    );
    for (option, value) in [
        ("issuer", json!(A)),
        ("jwksUri", json!("$jwks")),
        ("publicKey", used("ed-a.jwk")),
        ("secret", used("hmac-32.secret")),
        ("discover", json!(true)),
        ("jwks", json!({ "timeout": 1 })),
    ] {
        let mut options = json!({ "issuers": [entry(json!({}))] });
        options[option] = value;
        bad(
            &format!("beside-{}", option.to_lowercase()),
            "a top-level issuer, key source, discover or jwks beside issuers is an error",
            options,
            option,
        );
    }
    s
}
