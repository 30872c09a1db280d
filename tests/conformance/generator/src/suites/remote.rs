//! Section 5: the remote set through time. Background refresh begins at 80 % of the age with jitter
//! and backoff has ±20 %: no step lies inside either.

use serde_json::{Value, json};

use crate::case::{Case, Suite, err, ok, used};
use crate::mint::{T0, Token};

/// A token that outlives the case.
pub fn rs() -> Token {
    Token::new("rsa-a", "RS256").claim("exp", T0 + 10_000_000)
}

pub fn es() -> Token {
    Token::new("p256-a", "ES256").claim("exp", T0 + 10_000_000)
}

pub fn down() -> Value {
    json!({ "status": 500, "body": "down" })
}

pub fn keys(names: &[&str]) -> Value {
    json!({ "jwks": { "keys": names.iter().map(|name| used(&format!("{name}.jwk"))).collect::<Vec<_>>() } })
}

/// A step some seconds after T0, with the number of requests it must make.
pub fn at(case: &mut Case, seconds: i64, token: &Token, expect: Value, fetches: u32) {
    case.verify(T0 + seconds, token, expect).fetches(fetches);
}

pub fn suite() -> Suite {
    let mut s = Suite::new("remote", "5", "The remote key set through time");
    let unavailable = || err("ERR_KEYS_UNAVAILABLE");
    let not_found = || err("ERR_KEY_NOT_FOUND");
    let forged = || err("ERR_SIGNATURE_INVALID");
    let good = || ok(&rs());
    let mut case = |id: &str, spec: &str, why: &str, options: Value, script: &dyn Fn(&mut Case)| {
        s.one(id, spec, why, |c| {
            c.options(json!({ "jwksUri": "$jwks" })).options(options).serve(keys(&["rsa-a"]));
            script(c);
        });
    };

    // Cold and fresh.
    case("cold-fetches-once", "5 cold", "the first request fetches, later ones do not", json!({}), &|c| {
        at(c, 0, &rs(), good(), 1);
        at(c, 1, &rs(), good(), 0);
        at(c, 400, &rs(), good(), 0);
    });
    case(
        "construction-does-not-fetch",
        "5 cold",
        "a token that fails before its key causes no fetch",
        json!({ "maxTokenBytes": 4096 }),
        &|c| {
            at(c, 0, &rs().header(r#"{"alg":"none"}"#), err("ERR_ALG_NOT_ALLOWED"), 0);
            at(c, 0, &rs().header(r#"{"alg":"RS256","crit":["x"]}"#), err("ERR_TOKEN_CRITICAL"), 0);
            at(c, 0, &rs().header(r#"{"alg":"RS256","kid":1}"#), err("ERR_TOKEN_MALFORMED"), 0);
            at(c, 0, &Token::new("hmac-32", "HS256"), err("ERR_ALG_NOT_ALLOWED"), 0);
            at(c, 0, &rs().claim("pad", "x".repeat(5000)), err("ERR_TOKEN_TOO_LARGE"), 0);
        },
    );
    case("no-fetch-for-header-urls", "5 cold", "jku and x5u cause no fetch", json!({}), &|c| {
        at(c, 0, &rs(), good(), 1);
        let token = rs().header_members("\"jku\":\"http://127.0.0.1:9/\",\"x5u\":\"http://127.0.0.1:9/\"");
        at(c, 1, &token, ok(&token), 0);
    });
    case(
        "expired-token-after-fetch",
        "5 fresh",
        "a token that is refused for its claims causes no second fetch",
        json!({}),
        &|c| {
            at(c, 0, &rs(), good(), 1);
            at(c, 1, &rs().claim("exp", T0), err("ERR_TOKEN_EXPIRED"), 0);
            at(c, 2, &rs().without("sub"), err("ERR_SUBJECT_MISSING"), 0);
        },
    );

    // Ageing.
    case(
        "ageing-refreshes-behind",
        "5 ageing",
        "an ageing set serves at once and is refreshed once in the background",
        json!({}),
        &|c| {
            at(c, 0, &rs(), good(), 1);
            at(c, 440, &rs(), good(), 0);
            at(c, 550, &rs(), good(), 1);
            at(c, 551, &rs(), good(), 0);
            at(c, 980, &rs(), good(), 0);
            at(c, 1100, &rs(), good(), 1);
        },
    );
    case(
        "ageing-new-keys",
        "5 ageing",
        "the background refresh brings new keys and takes old ones away",
        json!({}),
        &|c| {
            at(c, 0, &rs(), good(), 1);
            c.serve(keys(&["p256-a"]));
            at(c, 550, &rs(), good(), 1);
            at(c, 551, &es(), ok(&es()), 0);
            at(c, 552, &rs(), not_found(), 1);
        },
    );
    case("ageing-short", "5 ageing", "cacheMaxAge sets the age", json!({ "jwks": { "cacheMaxAge": 60 } }), &|c| {
        at(c, 0, &rs(), good(), 1);
        at(c, 44, &rs(), good(), 0);
        at(c, 55, &rs(), good(), 1);
        at(c, 56, &rs(), good(), 0);
    });

    // Stale and dead.
    case("stale-serves", "5 stale", "a set that cannot be refreshed serves within staleIfError", json!({}), &|c| {
        at(c, 0, &rs(), good(), 1);
        c.serve(down());
        at(c, 700, &rs(), good(), 1);
        at(c, 2000, &rs(), good(), 1);
        at(c, 4190, &rs(), good(), 1);
    });
    case(
        "dead-after-stale",
        "5 dead",
        "past its age and staleIfError a set serves no more: unavailable, not refused",
        json!({}),
        &|c| {
            at(c, 0, &rs(), good(), 1);
            c.serve(down());
            at(c, 4190, &rs(), good(), 1);
            at(c, 4205, &rs(), unavailable(), 1);
            c.verify(T0 + 9000, &rs(), unavailable());
        },
    );
    case("dead-recovers", "5 dead", "a dead set recovers with the first good fetch", json!({}), &|c| {
        at(c, 0, &rs(), good(), 1);
        c.serve(down());
        at(c, 5000, &rs(), unavailable(), 1);
        c.serve(keys(&["rsa-a"]));
        at(c, 5100, &rs(), good(), 1);
        at(c, 5101, &rs(), good(), 0);
    });
    case(
        "stale-if-error-zero",
        "5 dead",
        "with staleIfError 0 an old set serves not a second longer",
        json!({ "jwks": { "staleIfError": 0 } }),
        &|c| {
            at(c, 0, &rs(), good(), 1);
            c.serve(down());
            at(c, 440, &rs(), good(), 0);
            at(c, 601, &rs(), unavailable(), 1);
        },
    );
    case(
        "stale-if-error-custom",
        "5 dead",
        "staleIfError counts from the end of the age",
        json!({ "jwks": { "staleIfError": "2m", "cacheMaxAge": "1m" } }),
        &|c| {
            at(c, 0, &rs(), good(), 1);
            c.serve(down());
            at(c, 178, &rs(), good(), 1);
            at(c, 182, &rs(), unavailable(), 1);
        },
    );
    case(
        "stale-no-wait",
        "5 stale",
        "a good token under a stale set is answered while the endpoint is down",
        json!({}),
        &|c| {
            at(c, 0, &rs(), good(), 1);
            c.serve(json!({ "down": true }));
            c.verify(T0 + 1000, &rs(), good());
            c.verify(T0 + 1010, &rs().claim("exp", T0), err("ERR_TOKEN_EXPIRED"));
        },
    );

    // Backoff.
    case(
        "cold-failure-backs-off",
        "5 backoff",
        "after a failure nothing is tried for about a second, then twice as long each time",
        json!({}),
        &|c| {
            c.serve(down());
            c.verify(T0, &rs(), unavailable()).mono(0).fetches(1);
            c.verify(T0, &rs(), unavailable()).mono(0.5).fetches(0);
            c.verify(T0 + 2, &rs(), unavailable()).mono(2).fetches(1);
            c.verify(T0 + 3, &rs(), unavailable()).mono(3).fetches(0);
            c.verify(T0 + 5, &rs(), unavailable()).mono(5).fetches(1);
            c.verify(T0 + 7, &rs(), unavailable()).mono(7).fetches(0);
            c.verify(T0 + 11, &rs(), unavailable()).mono(11).fetches(1);
        },
    );
    case("backoff-capped", "5 backoff", "the backoff ends at cooldown", json!({ "jwks": { "cooldown": 2 } }), &|c| {
        c.serve(down());
        for step in 0..8 {
            at(c, step * 3, &rs(), unavailable(), 1);
        }
    });
    case("cold-recovers", "5 backoff", "a cold set recovers by itself after one second of outage", json!({}), &|c| {
        c.serve(down());
        at(c, 0, &rs(), unavailable(), 1);
        c.serve(keys(&["rsa-a"]));
        at(c, 2, &rs(), good(), 1);
        at(c, 3, &rs(), good(), 0);
    });
    case(
        "backoff-resets",
        "5 backoff",
        "a good fetch forgets the failures before it",
        json!({ "jwks": { "cacheMaxAge": 60 } }),
        &|c| {
            c.serve(down());
            at(c, 0, &rs(), unavailable(), 1);
            at(c, 2, &rs(), unavailable(), 1);
            at(c, 5, &rs(), unavailable(), 1);
            c.serve(keys(&["rsa-a"]));
            at(c, 11, &rs(), good(), 1);
            c.serve(down());
            at(c, 75, &rs(), good(), 1);
            at(c, 77, &rs(), good(), 1);
        },
    );
    case("stale-backs-off", "5 backoff", "a stale set is not refreshed at every request", json!({}), &|c| {
        at(c, 0, &rs(), good(), 1);
        c.serve(down());
        c.verify(T0 + 700, &rs(), good()).mono(700).fetches(1);
        c.verify(T0 + 700, &rs(), good()).mono(700.5).fetches(0);
        c.verify(T0 + 702, &rs(), good()).mono(702).fetches(1);
        c.verify(T0 + 703, &rs(), good()).mono(703).fetches(0);
    });
    case("retry-after-honoured", "5 backoff", "Retry-After lengthens the wait", json!({}), &|c| {
        c.serve(json!({ "status": 503, "headers": { "retry-after": "20" } }));
        at(c, 0, &rs(), unavailable(), 1);
        at(c, 15, &rs(), unavailable(), 0);
        at(c, 25, &rs(), unavailable(), 1);
    });
    for (id, value) in [("large", "86400"), ("overflow", "99999999999999999999999999")] {
        case(&format!("retry-after-{id}"), "5 backoff", "Retry-After is honoured up to cooldown", json!({}), &|c| {
            c.serve(json!({ "status": 429, "headers": { "retry-after": value } }));
            at(c, 0, &rs(), unavailable(), 1);
            at(c, 20, &rs(), unavailable(), 0);
            at(c, 40, &rs(), unavailable(), 1);
        });
    }

    // Attempts caused by a token.
    case(
        "unknown-kid-refetches",
        "5 cooldown",
        "an unknown kid causes a fetch and is judged by its result",
        json!({}),
        &|c| {
            at(c, 0, &rs(), good(), 1);
            c.serve(keys(&["rsa-a", "p256-a"]));
            at(c, 100, &es(), ok(&es()), 1);
            at(c, 101, &es(), ok(&es()), 0);
            at(c, 102, &rs(), good(), 0);
        },
    );
    case("unknown-kid-cooldown", "5 cooldown", "tokens cause at most one fetch per cooldown", json!({}), &|c| {
        at(c, 0, &rs(), good(), 1);
        at(c, 100, &rs().kid(Some("x1")), not_found(), 1);
        at(c, 101, &rs().kid(Some("x2")), not_found(), 0);
        at(c, 129, &rs().kid(Some("x3")), not_found(), 0);
        at(c, 131, &rs().kid(Some("x4")), not_found(), 1);
        at(c, 132, &rs(), good(), 0);
    });
    case(
        "unknown-kid-cooldown-option",
        "5 cooldown",
        "cooldown is an option",
        json!({ "jwks": { "cooldown": "5 min" } }),
        &|c| {
            at(c, 0, &rs(), good(), 1);
            at(c, 400, &rs().kid(Some("x1")), not_found(), 1);
            at(c, 699, &rs().kid(Some("x2")), not_found(), 0);
            at(c, 701, &rs().kid(Some("x3")), not_found(), 1);
        },
    );
    case(
        "unknown-kid-endpoint-down",
        "5 cooldown",
        "a failed fetch counts too, and leaves the known keys serving",
        json!({}),
        &|c| {
            at(c, 0, &rs(), good(), 1);
            c.serve(down());
            at(c, 100, &rs().kid(Some("x")), unavailable(), 1);
            at(c, 101, &rs().kid(Some("x")), not_found(), 0);
            at(c, 102, &rs(), good(), 0);
            at(c, 131, &rs().kid(Some("x")), unavailable(), 1);
        },
    );
    case(
        "unknown-kid-rotation-in-flood",
        "5 cooldown",
        "a new kid works within one cooldown of a flood of unknown ones",
        json!({}),
        &|c| {
            at(c, 0, &rs(), good(), 1);
            at(c, 100, &rs().kid(Some("flood")), not_found(), 1);
            c.serve(keys(&["rsa-a", "p256-a"]));
            at(c, 110, &es(), not_found(), 0);
            at(c, 131, &es(), ok(&es()), 1);
        },
    );
    case(
        "rotated-in-place",
        "5 cooldown",
        "a signature failure under a known kid causes a fetch: the key may be new",
        json!({}),
        &|c| {
            let mut jwk = crate::mint::keys().form("rsa-b.jwk");
            jwk["kid"] = json!("rsa-a");
            let rotated = rs().header(r#"{"alg":"RS256","kid":"rsa-a"}"#).signed_by("rsa-b");
            at(c, 0, &rs(), good(), 1);
            c.serve(json!({ "jwks": { "keys": [jwk] } }));
            at(c, 100, &rotated, ok(&rotated), 1);
            at(c, 101, &rotated, ok(&rotated), 0);
            at(c, 102, &rs(), forged(), 0);
        },
    );
    case(
        "forged-signature-refetches-once",
        "5 cooldown",
        "forged signatures cause at most one fetch per cooldown",
        json!({}),
        &|c| {
            let token = rs().header(r#"{"alg":"RS256","kid":"rsa-a"}"#).signed_by("rsa-b");
            at(c, 0, &rs(), good(), 1);
            at(c, 100, &token, forged(), 1);
            at(c, 101, &token, forged(), 0);
            at(c, 102, &rs().kid(Some("x")), not_found(), 0);
            at(c, 131, &token, forged(), 1);
        },
    );
    case(
        "forged-signature-endpoint-down",
        "5 cooldown",
        "a signature failure stays one when the fetch it caused fails, for a usable key exists",
        json!({}),
        &|c| {
            let token = rs().header(r#"{"alg":"RS256","kid":"rsa-a"}"#).signed_by("rsa-b");
            at(c, 0, &rs(), good(), 1);
            c.serve(down());
            at(c, 100, &token, forged(), 1);
            at(c, 101, &token, forged(), 0);
        },
    );
    case(
        "key-removed",
        "5 removed",
        "a key that a good fetch no longer has stops verifying at once, cached tokens too (FAULTS 26)",
        json!({}),
        &|c| {
            c.serve(keys(&["rsa-a", "p256-a"]));
            at(c, 0, &rs(), good(), 1);
            at(c, 1, &rs(), good(), 0);
            c.serve(keys(&["p256-a"]));
            at(c, 100, &rs().kid(Some("x")), not_found(), 1);
            at(c, 101, &rs(), not_found(), 0);
            at(c, 102, &es(), ok(&es()), 0);
        },
    );
    case(
        "key-replaced-cached",
        "9",
        "a token verified under a key whose kid now names another is refused",
        json!({}),
        &|c| {
            let mut jwk = crate::mint::keys().form("rsa-b.jwk");
            jwk["kid"] = json!("rsa-a");
            at(c, 0, &rs(), good(), 1);
            at(c, 1, &rs(), good(), 0);
            c.serve(json!({ "jwks": { "keys": [jwk] } }));
            at(c, 100, &rs().kid(Some("x")), not_found(), 1);
            at(c, 101, &rs(), forged(), 0);
        },
    );
    case("key-back", "9", "a key that comes back verifies again", json!({}), &|c| {
        at(c, 0, &rs(), good(), 1);
        c.serve(keys(&["p256-a"]));
        at(c, 100, &es(), ok(&es()), 1);
        at(c, 101, &rs(), not_found(), 0);
        c.serve(keys(&["rsa-a"]));
        at(c, 131, &rs(), good(), 1);
    });

    // Clocks.
    case(
        "wall-clock-forward",
        "5 clocks",
        "a wall clock that jumps does not age the set, and expires tokens",
        json!({}),
        &|c| {
            let token = rs().claim("exp", T0 + 1000);
            c.verify(T0, &token, ok(&token)).mono(0).fetches(1);
            c.verify(T0 + 999, &token, ok(&token)).mono(10).fetches(0);
            c.verify(T0 + 3600, &token, err("ERR_TOKEN_EXPIRED")).mono(20).fetches(0);
            c.verify(T0 + 1, &token, ok(&token)).mono(30).fetches(0);
        },
    );
    case(
        "wall-clock-back",
        "5 clocks",
        "a wall clock that stands still or runs back does not keep the set young",
        json!({}),
        &|c| {
            c.verify(T0, &rs(), good()).mono(1000).fetches(1);
            c.serve(down());
            c.verify(T0 - 3600, &rs(), good()).mono(1700).fetches(1);
            c.verify(T0 - 3600, &rs(), unavailable()).mono(1000 + 4300).fetches(1);
        },
    );
    s
}
