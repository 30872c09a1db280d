//! Section 5: the age of a set where the response or the options say something about it.

use serde_json::{Value, json};

use super::remote::{at, down, es, keys, rs};
use crate::case::{Case, Suite, err, ok, used};
use crate::mint::T0;

pub fn suite() -> Suite {
    let mut s = Suite::new("ages", "5", "Ages that responses tell, and initial sets");
    let unavailable = || err("ERR_KEYS_UNAVAILABLE");
    let not_found = || err("ERR_KEY_NOT_FOUND");
    let good = || ok(&rs());
    let mut case = |id: &str, spec: &str, why: &str, options: Value, script: &dyn Fn(&mut Case)| {
        s.one(id, spec, why, |c| {
            c.options(json!({ "jwksUri": "$jwks" })).options(options).serve(keys(&["rsa-a"]));
            script(c);
        });
    };

    // What the response says about its age.
    for (id, headers, fresh, ageing, why) in [
        ("max-age", json!({ "cache-control": "max-age=120" }), 88, 110, "max-age shortens the age"),
        (
            "max-age-among-others",
            json!({ "cache-control": "public, MAX-AGE=120 , must-revalidate" }),
            88,
            110,
            "max-age is found among other directives, in any case",
        ),
        ("max-age-zero", json!({ "cache-control": "max-age=0" }), 44, 57, "an age under 60 s counts as 60 s"),
        ("max-age-large", json!({ "cache-control": "max-age=315360000" }), 440, 550, "cacheMaxAge caps max-age"),
        (
            "max-age-negative",
            json!({ "cache-control": "max-age=-1" }),
            40,
            550,
            "a negative max-age is not an age without end",
        ),
        (
            "max-age-overflow",
            json!({ "cache-control": "max-age=99999999999999999999999999" }),
            440,
            550,
            "a max-age that overflows saturates",
        ),
        ("max-age-garbage", json!({ "cache-control": "max-age=abc" }), 40, 550, "garbage is not an age without end"),
    ] {
        case(&format!("response-{id}"), "5 age", why, json!({}), &|c| {
            c.serve(json!({ "headers": headers, "jwks": { "keys": [used("rsa-a.jwk")] } }));
            at(c, 0, &rs(), good(), 1);
            at(c, fresh, &rs(), good(), 0);
            at(c, ageing, &rs(), good(), 1);
        });
    }
    case(
        "response-304",
        "5 age",
        "304 to our own validator keeps the set and renews its age (FAULTS 10)",
        json!({}),
        &|c| {
            c.serve(json!({ "headers": { "etag": "\"v1\"" }, "jwks": { "keys": [used("rsa-a.jwk")] } }));
            at(c, 0, &rs(), good(), 1);
            c.serve(json!({ "status": 304, "headers": { "etag": "\"v1\"" } }));
            at(c, 550, &rs(), good(), 1);
            at(c, 980, &rs(), good(), 0);
            at(c, 1100, &rs(), good(), 1);
            at(c, 1500, &rs(), good(), 0);
        },
    );

    // A set to start from.
    let initial = || json!({ "jwks": { "initial": { "keys": [used("rsa-a.jwk")] } } });
    case("initial-serves", "5 initial", "an initial set serves at once and is refreshed at once", initial(), &|c| {
        c.serve(keys(&["p256-a"]));
        at(c, 0, &rs(), good(), 1);
        at(c, 1, &es(), ok(&es()), 0);
        at(c, 2, &rs(), not_found(), 1);
    });
    case(
        "initial-while-down",
        "5 initial",
        "an initial set serves within staleIfError while the endpoint is down",
        initial(),
        &|c| {
            c.serve(down());
            at(c, 0, &rs(), good(), 1);
            at(c, 3500, &rs(), good(), 1);
            at(c, 3700, &rs(), unavailable(), 1);
        },
    );
    case("initial-forged", "5 initial", "an initial set refuses like any other", initial(), &|c| {
        at(c, 0, &rs().claim("exp", T0), err("ERR_TOKEN_EXPIRED"), 1);
    });
    for (id, value) in [
        ("type", json!(1)),
        ("array", json!([])),
        ("no-keys", json!({})),
        ("empty", json!({ "keys": [] })),
        ("nothing-usable", json!({ "keys": [{ "kty": "oct", "k": "AAAA" }] })),
        ("text", json!("keys")),
    ] {
        s.config(
            &format!("initial-bad-{id}"),
            "an initial set must be one, with a key that can be used",
            json!({ "jwksUri": "$jwks", "jwks": { "initial": value } }),
            "jwks.initial",
        );
    }
    s
}
