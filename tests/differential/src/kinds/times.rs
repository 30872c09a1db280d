//! `exp`, `nbf` and `iat`: types, values, and the seconds around each limit.

use super::{Kind, kind};
use crate::draft::{Draft, Stage};
use crate::random::Random;

use Stage::Members;

const NOT_NUMBERS: [&str; 12] = [
    "null",
    "true",
    "\"1800000000\"",
    "\"\"",
    "\"NaN\"",
    "\"9999999999\"",
    "[]",
    "{}",
    "[1800000000]",
    "{\"$date\":1}",
    "\"2033-05-18T03:33:20Z\"",
    "[9999999999]",
];

const EXTREMES: [&str; 14] = [
    "0",
    "-0",
    "-1",
    "1e10",
    "9999999999",
    "1e308",
    "-1e308",
    "9223372036854775807",
    "18446744073709551615",
    "1e-5",
    "253402300800",
    "1e22",
    "-9223372036854775808",
    "1.7976931348623157e308",
];

/// A day in seconds: far from every edge.
const DAY: i64 = 86_400;

pub const KINDS: &[Kind] = &[
    kind("time-exp-not-a-number", Members, |draft, random| draft.claims.set("exp", random.choose(&NOT_NUMBERS))),
    kind("time-nbf-not-a-number", Members, |draft, random| draft.claims.set("nbf", random.choose(&NOT_NUMBERS))),
    kind("time-iat-not-a-number", Members, |draft, random| draft.claims.set("iat", random.choose(&NOT_NUMBERS))),
    kind("time-exp-extreme", Members, |draft, random| draft.claims.set("exp", random.choose(&EXTREMES))),
    kind("time-nbf-extreme", Members, |draft, random| draft.claims.set("nbf", random.choose(&EXTREMES))),
    kind("time-iat-extreme", Members, |draft, random| draft.claims.set("iat", random.choose(&EXTREMES))),
    kind("time-exp-edge", Members, |draft, random| edge(draft, random, "exp", -1)),
    kind("time-nbf-edge", Members, |draft, random| edge(draft, random, "nbf", 1)),
    kind("time-iat-edge", Members, |draft, random| edge(draft, random, "iat", 1)),
    kind("time-age-edge", Members, |draft, random| {
        draft.now -= 3600;
        edge(draft, random, "iat", -1);
        draft.now += 3600;
    }),
    kind("time-exp-past", Members, |draft, random| {
        let past = draft.now - DAY - i64::try_from(random.below(1_000_000)).unwrap_or(0);
        draft.claims.set("exp", past.to_string());
    }),
    kind("time-nbf-future", Members, |draft, random| {
        let future = draft.now + DAY + i64::try_from(random.below(1_000_000)).unwrap_or(0);
        draft.claims.set("nbf", future.to_string());
    }),
    kind("time-iat-future", Members, |draft, _| draft.claims.set("iat", (draft.now + DAY).to_string())),
    kind("time-iat-past", Members, |draft, _| draft.claims.set("iat", (draft.now - DAY).to_string())),
    kind("time-in-milliseconds", Members, |draft, random| {
        let name = random.choose(&["exp", "nbf", "iat"]);
        draft.claims.set(name, (draft.now * 1000).to_string());
    }),
    kind("time-exp-absent", Members, |draft, _| draft.claims.remove("exp")),
    kind("time-iat-absent", Members, |draft, _| draft.claims.remove("iat")),
    kind("time-fractions", Members, |draft, random| {
        let (now, part) = (draft.now, random.below(1000));
        draft.claims.set("exp", format!("{}.{part:03}", now + DAY));
        draft.claims.set("iat", format!("{}.{part:03}", now - 60));
        draft.claims.set("nbf", format!("{}.{part:03}", now - 60));
    }),
];

/// The second of the limit, those beside it, and fractions of them; `side` is where the tolerance
/// moves the limit to.
fn edge(draft: &mut Draft<'_>, random: &mut Random, claim: &str, side: i64) {
    let limit = draft.now + side * if random.one_in(3) { 0 } else { draft.tolerance };
    let value = match random.below(6) {
        0 => format!("{}", limit - 1),
        1 => format!("{limit}"),
        2 => format!("{}", limit + 1),
        3 => format!("{limit}.5"),
        4 => format!("{}.999", limit - 1),
        _ => format!("{limit}.0e0"),
    };
    draft.claims.set(claim, value);
}
