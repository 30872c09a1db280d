//! Rows 12 to 15: numeric dates, to the second, with and without tolerance.

use serde_json::json;

use crate::case::{Suite, ctx, err, missing, mistyped, ok, rejected};
use crate::mint::T0;

pub fn suite() -> Suite {
    let mut s = Suite::new("times", "3", "exp, nbf, iat and maxTokenAge at their boundaries");
    let expired = || err("ERR_TOKEN_EXPIRED");
    let early = || err("ERR_TOKEN_NOT_YET_VALID");
    let old = || err("ERR_TOKEN_TOO_OLD");

    s.each("exp-boundary", "3.14", "a token has expired at exp, not a second before", |c, k| {
        let token = k.token().claim("exp", T0);
        c.verify(T0 - 1, &token, ok(&token)).verify(T0, &token, expired()).verify(T0 + 1, &token, expired()).verify(
            T0 - 1,
            &token,
            ok(&token),
        );
    });
    s.each("exp-tolerance", "3.14", "clockTolerance moves the end by exactly its seconds", |c, k| {
        c.options(json!({ "clockTolerance": 5 }));
        let token = k.token().claim("exp", T0);
        c.verify(T0 + 4, &token, ok(&token)).verify(T0 + 5, &token, expired());
    });
    s.each("exp-fractional", "3.14", "a fractional exp is compared as it is, with now floored", |c, k| {
        let token = k.token().raw_members(&format!("\"exp\":{T0}.5"));
        c.verify(T0, &token, ok(&token)).verify(json!(T0 as f64 + 0.9), &token, ok(&token)).verify(
            T0 + 1,
            &token,
            expired(),
        );
    });
    s.each("exp-fractional-tolerance", "3.14", "a fractional exp with tolerance", |c, k| {
        c.options(json!({ "clockTolerance": 2 }));
        let token = k.token().raw_members(&format!("\"exp\":{T0}.25"));
        c.verify(T0 + 2, &token, ok(&token)).verify(T0 + 3, &token, expired());
    });
    s.each("exp-past-forms", "3.14", "zero, negative and tiny exp have expired", |c, k| {
        for exp in ["0", "-1", "-0.0", "1e-300", "-1e308", "1e9"] {
            c.verify(T0, &k.token().raw_members(&format!("\"exp\":{exp}")), expired());
        }
    });
    s.each("exp-exponent", "3.14", "an exponent is a way to write a number", |c, k| {
        let token = k.token().raw_members("\"exp\":1.8000000010E9");
        c.verify(T0, &token, ok(&token)).verify(T0 + 1, &token, expired());
    });
    s.each("exp-absent", "3.14", "a token without exp does not expire and has no expiresAt", |c, k| {
        let token = k.token().without("exp");
        c.verify(T0 + 1_000_000, &token, ctx(&token).expires(None).ok());
    });
    s.each("exp-huge", "3.14", "the largest finite exp is accepted, and expiresAt is then absent", |c, k| {
        let token = k.token().raw_members("\"exp\":1.7976931348623157e308");
        c.verify(T0, &token, ctx(&token).expires(None).ok());
    });
    s.each("exp-year-9999", "6", "expiresAt is floored to the millisecond and absent beyond the year 9999", |c, k| {
        for (exp, at) in [
            ("253402300799", Some("9999-12-31T23:59:59.000Z")),
            ("253402300799.5", Some("9999-12-31T23:59:59.500Z")),
            ("253402300800", None),
            ("1800003600.1239", Some("2027-01-15T09:00:00.123Z")),
            ("1800003600.9999", Some("2027-01-15T09:00:00.999Z")),
            ("1.8000036e9", Some("2027-01-15T09:00:00.000Z")),
            ("1830297599", Some("2027-12-31T23:59:59.000Z")),
            ("1835424000", Some("2028-02-29T08:00:00.000Z")),
        ] {
            let token = k.token().raw_members(&format!("\"exp\":{exp}"));
            c.verify(T0, &token, ctx(&token).expires(at).ok());
        }
    });

    s.each("nbf-boundary", "3.13", "a token is valid from nbf on", |c, k| {
        let token = k.token().claim("nbf", T0);
        c.verify(T0 - 1, &token, early()).verify(T0, &token, ok(&token)).verify(T0 - 1, &token, early());
    });
    s.each("nbf-tolerance", "3.13", "clockTolerance moves the beginning by exactly its seconds", |c, k| {
        c.options(json!({ "clockTolerance": 5 }));
        let token = k.token().claim("nbf", T0);
        c.verify(T0 - 6, &token, early()).verify(T0 - 5, &token, ok(&token));
    });
    s.each("nbf-fractional", "3.13", "a fractional nbf is compared as it is, with now floored", |c, k| {
        let token = k.token().raw_members(&format!("\"nbf\":{T0}.5"));
        c.verify(json!(T0 as f64 + 0.75), &token, early()).verify(T0 + 1, &token, ok(&token));
    });
    s.each("nbf-far", "3.13", "an nbf beyond every clock is in the future, a negative one is past", |c, k| {
        let token = k.token().raw_members("\"nbf\":-1e300");
        c.verify(T0, &k.token().raw_members("\"nbf\":1e300"), early()).verify(T0, &token, ok(&token));
    });

    s.each("age-boundary", "3.15", "a token of exactly maxTokenAge is accepted, a second more is too old", |c, k| {
        c.options(json!({ "maxTokenAge": 60 }));
        let token = k.token();
        c.verify(T0 + 60, &token, ok(&token)).verify(T0 + 61, &token, old()).verify(T0 + 60, &token, ok(&token));
    });
    s.each("age-tolerance", "3.15", "clockTolerance lengthens the age by exactly its seconds", |c, k| {
        c.options(json!({ "maxTokenAge": "1m", "clockTolerance": 5 }));
        let token = k.token();
        c.verify(T0 + 65, &token, ok(&token)).verify(T0 + 66, &token, old());
    });
    s.each("age-fractional", "3.15", "a fractional iat is compared as it is", |c, k| {
        c.options(json!({ "maxTokenAge": 60 }));
        let token = k.token().raw_members(&format!("\"iat\":{T0}.5"));
        c.verify(T0, &token, rejected("iat")).verify(T0 + 60, &token, ok(&token)).verify(T0 + 61, &token, old());
    });
    s.each("iat-future", "3.15", "with maxTokenAge an iat in the future is invalid", |c, k| {
        c.options(json!({ "maxTokenAge": 60 }));
        let token = k.token();
        c.verify(T0 - 1, &token, rejected("iat")).verify(T0, &token, ok(&token));
    });
    s.each("iat-future-tolerance", "3.15", "clockTolerance admits an iat that far in the future", |c, k| {
        c.options(json!({ "maxTokenAge": 60, "clockTolerance": 5 }));
        let token = k.token();
        c.verify(T0 - 6, &token, rejected("iat")).verify(T0 - 5, &token, ok(&token));
    });
    s.each("iat-unchecked", "3.15", "without maxTokenAge neither an old nor a future iat matters", |c, k| {
        for iat in [0, T0 + 1_000_000] {
            let token = k.token().claim("iat", iat);
            c.verify(T0, &token, ok(&token));
        }
    });
    s.each("iat-required-by-age", "3.10", "maxTokenAge makes iat required", |c, k| {
        c.options(json!({ "maxTokenAge": "1h" })).verify(T0, &k.token().without("iat"), missing("iat"));
    });

    for name in ["iat", "nbf", "exp"] {
        for (id, value) in [
            ("string", "\"1800000000\""),
            ("nan-string", "\"NaN\""),
            ("null", "null"),
            ("array", "[1800000000]"),
            ("object", "{}"),
            ("boolean", "true"),
            ("empty-string", "\"\""),
        ] {
            s.each(
                &format!("{name}-{id}"),
                "3.12",
                "a numeric date that is not a number is invalid even when unchecked (CVE-2026-25537)",
                |c, k| {
                    c.verify(T0, &k.token().raw_members(&format!("\"{name}\":{value}")), mistyped(name));
                },
            );
        }
        s.each(&format!("{name}-infinite"), "3.8", "a numeric date whose double is infinite is malformed", |c, k| {
            for value in ["1e400", "-1e400", "1e999999999"] {
                c.verify(T0, &k.token().raw_members(&format!("\"{name}\":{value}")), err("ERR_CLAIMS_MALFORMED"));
            }
        });
    }
    s.each("cached-token-expires", "9", "a token seen before is judged by the clock again", |c, k| {
        c.options(json!({ "maxTokenAge": 7200 }));
        let token = k.token().claim("nbf", T0);
        c.verify(T0, &token, ok(&token))
            .verify(T0 + 3599, &token, ok(&token))
            .verify(T0 + 3600, &token, expired())
            .verify(T0 - 1, &token, early())
            .verify(T0 + 10, &token, ok(&token));
    });
    s
}
