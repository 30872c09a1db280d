//! Attacks through what a verifier fetches, or could be made to fetch.

use super::Row;

pub const ROWS: &[Row] = &[
    Row {
        title: "Key in the header trusted",
        ids: &["CVE-2018-0114", "CVE-2026-27962", "CVE-2025-24976"],
        place: "node-jose, Authlib, Distribution",
        cause: "The token brings its own key, or a certificate that nothing vouches for, and is verified with it.",
        counter: "`jwk` and `x5c` are never read: the header's type has no place for them.",
        modules: &["header.rs"],
        demanded: "RFC 7515 sections 4.1.3, 4.1.6 and 6, RFC 8725 section 3.10",
        cases: &["attack-network:embedded-*", "signatures:embedded-keys-*"],
        elsewhere: &[],
    },
    Row {
        title: "Requests caused by token content",
        ids: &["CVE-2024-21643", "CVE-2026-48522", "CVE-2026-32301", "CVE-2026-49478", "CVE-2026-41413"],
        place: "IdentityModel, PyJWT, Centrifugo, Fulcio, Istio",
        cause: "A URL in the token, a claim put into the template of one, a scheme that nobody thought of, or a \
                redirect sends the verifier where the attacker wants.",
        counter: "URLs come from the options and from the discovery document that they name: https, and http to loopback or \
                  where it is allowed by name. With several issuers \
                  `iss` chooses among configured entries and is never part of a URL. Redirects are refused. In the cases the \
                  verifier's proxy is the listener that counts: the tokens' URLs lead to it, and the count is zero.",
        modules: &["header.rs", "verifier.rs", "keyset/fetch.rs", "keyset/http.rs", "options/remote.rs"],
        demanded: "RFC 8725 section 3.10, RFC 7515 sections 4.1.2 and 4.1.5",
        cases: &[
            "attack-network:no-fetch-*",
            "attack-network:no-redirect-*",
            "remote:no-fetch-for-header-urls",
            "remote:construction-does-not-fetch",
            "discovery:discover-entry",
            "discovery:discover-no-fallback-redirect",
            "discovery:discover-bad-jwks-uri-*",
            "responses:bad-redirect-*",
            "issuers:issuers-remote",
            "issuers:issuers-unknown-iss",
            "config:jwks-uri-file",
            "config:jwks-uri-ftp",
            "config:jwks-uri-data",
            "config:jwks-uri-http*",
            "config:jwks-uri-user-*",
        ],
        elsewhere: &[
            (
                "tests/conformance/runner-rust/tests/network",
                "forged tokens that name a real listener: under a proxy that records every name, and in a network whose counters and resolver are read",
            ),
            ("tests/faults/rows/07-13-statuses.mjs", "rows 7 to 9, redirects over the network"),
        ],
    },
    Row {
        title: "Refresh never removes",
        ids: &["CVE-2025-22149"],
        place: "jwkset",
        cause: "A refresh adds to the set what is new and keeps what is gone: a revoked key verifies for ever.",
        counter: "A good fetch replaces the set whole. A cached token is bound to the generation of the set that \
                  verified it.",
        modules: &["keyset/remote/mod.rs", "verifier.rs", "cache.rs"],
        demanded: "RFC 7517 section 5",
        cases: &[
            "attack-network:removed-key-cached",
            "remote:key-removed",
            "remote:key-replaced-cached",
            "remote:key-back",
            "remote:ageing-new-keys",
            "remote:rotated-in-place",
        ],
        elsewhere: &[(
            "tests/faults/rows/21-31-keys.mjs",
            "rows 25 and 26, keys rotated in place and removed, over the network",
        )],
    },
    Row {
        title: "Fetch failure gives default keys",
        ids: &["CVE-2026-31837"],
        place: "Istio",
        cause: "When the set cannot be fetched, keys from elsewhere take its place, and somebody knows their private part.",
        counter: "Keys come from an answer that was judged a set, or from what the options name. A failure leaves \
                  what was there, and where nothing was there it is unavailable.",
        modules: &["keyset/machine.rs", "keyset/fetch.rs", "verifier.rs"],
        demanded: "RFC 8725 section 3.3",
        cases: &[
            "attack-network:no-keys-from-*",
            "responses:bad-*",
            "remote:cold-failure-backs-off",
            "remote:dead-after-stale",
            "remote:stale-if-error-zero",
            "ages:initial-bad-*",
            "discovery:discover-bad-*",
        ],
        elsewhere: &[
            ("tests/faults/rows/01-06-outage.mjs", "rows 1 to 6, outages over the network"),
            ("tests/faults/rows/14-20-bodies.mjs", "rows 14 to 20, answers that are no set"),
        ],
    },
    Row {
        title: "Fetch per unknown kid",
        ids: &["GHSA-fhv5-28vv-h8m8"],
        place: "PyJWT",
        cause: "Each unknown kid causes a request to the identity provider, and an error there clears the keys that were known.",
        counter: "Tokens cause at most one fetch per cooldown for the whole set, failures counted, and a failed fetch \
                  takes nothing away.",
        modules: &["keyset/machine.rs"],
        demanded: "RFC 7517 section 4.5",
        cases: &[
            "attack-network:flood-of-kids",
            "remote:unknown-kid-*",
            "remote:forged-signature-*",
            "remote:stale-serves",
        ],
        elsewhere: &[
            (
                "tests/faults/rows/38-42-crowds.mjs",
                "rows 38 to 40, floods with a good endpoint, a dead one and a rotation",
            ),
            ("tests/faults/rows/01-06-outage.mjs", "row 2, down after warm"),
            ("tests/load", "a flood of kids, with figures"),
        ],
    },
];
