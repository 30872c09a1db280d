//! Section 1: the grammar of durations, seen through `maxTokenAge`, `clockTolerance` and `jwks`.

use serde_json::{Value, json};

use crate::case::{Suite, err, ok, used};
use crate::mint::{T0, Token};

pub fn suite() -> Suite {
    let mut s = Suite::new("durations", "1", "Durations: jose's strings, seconds, rounding, ranges");
    let year = 31_557_600;
    let good: Vec<(&str, Value, i64)> = vec![
        ("number", json!(90), 90),
        ("s", json!("90s"), 90),
        ("sec", json!("90 sec"), 90),
        ("secs", json!("90secs"), 90),
        ("second", json!("1 second"), 1),
        ("seconds", json!("90 seconds"), 90),
        ("m", json!("2m"), 120),
        ("min", json!("2 min"), 120),
        ("mins", json!("2mins"), 120),
        ("minute", json!("1 minute"), 60),
        ("minutes", json!("2 minutes"), 120),
        ("h", json!("1h"), 3600),
        ("hr", json!("1hr"), 3600),
        ("hrs", json!("2 hrs"), 7200),
        ("hour", json!("1 hour"), 3600),
        ("hours", json!("2hours"), 7200),
        ("d", json!("1d"), 86_400),
        ("day", json!("1 day"), 86_400),
        ("days", json!("2 days"), 172_800),
        ("w", json!("1w"), 604_800),
        ("week", json!("1 week"), 604_800),
        ("weeks", json!("2weeks"), 1_209_600),
        ("y", json!("1y"), year),
        ("yr", json!("1yr"), year),
        ("yrs", json!("2 yrs"), 2 * year),
        ("year", json!("1 year"), year),
        ("years", json!("2 years"), 2 * year),
        ("upper", json!("2 MINUTES"), 120),
        ("mixed", json!("1 HoUr"), 3600),
        ("decimal", json!("1.5h"), 5400),
        ("decimal-rounds-up", json!("0.025m"), 2),
        ("rounds-down", json!("1.4s"), 1),
        ("rounds-up", json!("1.6s"), 2),
        ("number-rounds", json!(1.6), 2),
        ("plus", json!("+90s"), 90),
        ("plus-space", json!("+ 90 s"), 90),
        ("from-now", json!("2 minutes from now"), 120),
        ("from-now-upper", json!("2 minutes FROM NOW"), 120),
        ("leading-zeros", json!("007s"), 7),
    ];
    for (id, value, seconds) in good {
        s.one(&format!("duration-{id}"), "1 durations", "this spelling means exactly that many seconds", |c| {
            let token = Token::new("ed-a", "EdDSA").without("exp");
            c.options(json!({ "publicKey": used("ed-a.jwk"), "maxTokenAge": value }));
            c.verify(T0 + seconds, &token, ok(&token)).verify(T0 + seconds + 1, &token, err("ERR_TOKEN_TOO_OLD"));
        });
    }
    let bad: Vec<(&str, Value)> = vec![
        ("empty", json!("")),
        ("space", json!(" ")),
        ("bare-digits", json!("3600")),
        ("compound", json!("1h30m")),
        ("compound-spaced", json!("1h 30m")),
        ("milliseconds", json!("500ms")),
        ("month", json!("1 month")),
        ("months", json!("2 months")),
        ("mo", json!("1mo")),
        ("unit-only", json!("h")),
        ("words", json!("one hour")),
        ("sign-and-suffix", json!("-1h ago")),
        ("plus-and-suffix", json!("+1h from now")),
        ("two-spaces", json!("1  h")),
        ("two-spaces-suffix", json!("1h  ago")),
        ("trailing-space", json!("1h ")),
        ("no-space-suffix", json!("1hago")),
        ("dot-first", json!(".5h")),
        ("dot-last", json!("5.h")),
        ("two-dots", json!("1.2.3h")),
        ("comma", json!("1,5h")),
        ("exponent", json!("1e3s")),
        ("hex", json!("0x10s")),
        ("newline", json!("1h\n")),
        ("nan", json!("NaN")),
        ("infinity", json!("Infinity s")),
        ("two-signs", json!("--1h")),
        ("full-width-digit", json!("１h")),
        ("arabic-digit", json!("\u{661}h")),
        ("kelvin-sign", json!("1 wee\u{212a}")),
        ("long-s", json!("1 \u{17f}")),
        ("overflow", json!(format!("{}y", "9".repeat(400)))),
        ("overflow-number", json!(1e300)),
        ("boolean", json!(true)),
        ("array", json!(["1h"])),
        ("object", json!({ "hours": 1 })),
        ("suffix-only", json!("ago")),
        ("in", json!("in 1h")),
        ("tab", json!("1\th")),
    ];
    for (id, value) in bad {
        s.config(
            &format!("duration-bad-{id}"),
            "this is no duration",
            json!({ "publicKey": used("ed-a.jwk"), "maxTokenAge": value }),
            "maxTokenAge",
        );
        // One more way in, so that the grammar is not pinned to one option.
        s.config(
            &format!("duration-bad-tolerance-{id}"),
            "this is no duration",
            json!({ "publicKey": used("ed-a.jwk"), "clockTolerance": value }),
            "clockTolerance",
        );
    }
    for (id, value) in [
        ("zero", json!(0)),
        ("zero-text", json!("0s")),
        ("rounds-to-zero", json!("0.4s")),
        ("negative", json!(-1)),
        ("negative-text", json!("-1h")),
        ("ago", json!("1h ago")),
    ] {
        s.config(
            &format!("max-token-age-{id}"),
            "maxTokenAge must be more than zero",
            json!({ "publicKey": used("ed-a.jwk"), "maxTokenAge": value }),
            "maxTokenAge",
        );
    }
    for (id, value) in [
        ("negative", json!(-1)),
        ("negative-text", json!("-5s")),
        ("ago", json!("5s ago")),
        ("over", json!(601)),
        ("over-text", json!("11 min")),
    ] {
        s.config(
            &format!("clock-tolerance-{id}"),
            "clockTolerance lies in 0 to 600 s",
            json!({ "publicKey": used("ed-a.jwk"), "clockTolerance": value }),
            "clockTolerance",
        );
    }
    for (id, value, seconds) in [
        ("zero", json!(0), 0),
        ("max", json!("10m"), 600),
        ("max-number", json!(600), 600),
        ("string", json!("5s"), 5),
        ("rounds", json!(4.6), 5),
    ] {
        s.one(&format!("clock-tolerance-{id}"), "1 durations", "clockTolerance is whole seconds from 0 to 600", |c| {
            let token = Token::new("ed-a", "EdDSA").claim("exp", T0);
            c.options(json!({ "publicKey": used("ed-a.jwk"), "clockTolerance": value }));
            c.verify(T0 + seconds - 1, &token, ok(&token)).verify(T0 + seconds, &token, err("ERR_TOKEN_EXPIRED"));
        });
    }
    for (option, low, high) in [
        ("timeout", json!(0.09), json!(61)),
        ("cacheMaxAge", json!(59), json!("25h")),
        ("cooldown", json!("0.4s"), json!("61 min")),
        ("staleIfError", json!(-1), json!("8 days")),
    ] {
        for (id, value) in
            [("low", low), ("high", high), ("text", json!("5000")), ("negative", json!("-1m")), ("type", json!(false))]
        {
            s.config(
                &format!("jwks-{}-{id}", option.to_lowercase()),
                "the durations of jwks have ranges",
                json!({ "jwksUri": "$jwks", "jwks": { option: value } }),
                &format!("jwks.{option}"),
            );
        }
    }
    s.config(
        "jwks-timeout-milliseconds",
        "5000 is not milliseconds",
        json!({ "jwksUri": "$jwks", "jwks": { "timeout": 5000 } }),
        "jwks.timeout",
    );
    s.one(
        "jwks-timeout-shortest",
        "5",
        "a tenth of a second is the shortest timeout, and is not rounded to none",
        |c| {
            c.options(json!({ "jwksUri": "$jwks", "jwks": { "timeout": "0.1s" } }))
                .text(T0, "x", err("ERR_TOKEN_MALFORMED"))
                .fetches(0);
        },
    );
    for (option, values) in [
        ("timeout", [json!("5s"), json!(60), json!("1 min")]),
        ("cacheMaxAge", [json!(60), json!("24h"), json!("10 minutes")]),
        ("cooldown", [json!(1), json!("1h"), json!("30s")]),
        ("staleIfError", [json!(0), json!("7d"), json!("1 week")]),
    ] {
        for (at, value) in values.into_iter().enumerate() {
            s.one(
                &format!("jwks-{}-good-{at}", option.to_lowercase()),
                "5",
                "the ends of the range are inside it",
                |c| {
                    let token = Token::new("rsa-a", "RS256");
                    c.options(json!({ "jwksUri": "$jwks", "jwks": { option: value } }))
                        .serve_keys(&["rsa-a.jwk"])
                        .verify(T0, &token, ok(&token))
                        .fetches(1);
                },
            );
        }
    }
    s
}
