//! Registered claims: their types, their values, their absence.

use super::{Kind, kind};
use crate::draft::{Stage, quoted};

use Stage::Members;

/// Values of every JSON type.
const ANY: [&str; 12] = ["null", "true", "false", "0", "1", "-1", "\"\"", "\"x\"", "[]", "{}", "[\"x\"]", "{\"a\":1}"];

pub const KINDS: &[Kind] = &[
    kind("claim-iss-any-type", Members, |draft, random| draft.claims.set("iss", random.choose(&ANY))),
    kind("claim-iss-other", Members, |draft, random| {
        let iss = random.choose(&[
            "https://issuer.example/",
            "https://issuer.exampl",
            "https://issuer.example.evil",
            "HTTPS://ISSUER.EXAMPLE",
            "https://issuer.example ",
            "https://issuer.example\0",
            "https://other.example",
            "http://issuer.example",
            "",
        ]);
        draft.claims.set("iss", quoted(iss));
    }),
    kind("claim-iss-in-an-array", Members, |draft, _| draft.claims.set("iss", "[\"https://issuer.example\"]")),
    kind("claim-iss-absent", Members, |draft, _| draft.claims.remove("iss")),
    kind("claim-aud-any-type", Members, |draft, random| draft.claims.set("aud", random.choose(&ANY))),
    kind("claim-aud-array", Members, |draft, random| {
        let aud = random.choose(&[
            "[\"api\"]",
            "[\"other\",\"api\"]",
            "[\"other\"]",
            "[]",
            "[\"\"]",
            "[\"api\",\"api\"]",
            "[\"API\"]",
            "[\"api \"]",
        ]);
        draft.claims.set("aud", aud);
    }),
    kind("claim-aud-array-mixed", Members, |draft, random| {
        let aud = random.choose(&[
            "[\"api\",1]",
            "[null,\"api\"]",
            "[[\"api\"]]",
            "[\"api\",[\"api\"]]",
            "[{},\"api\"]",
            "[true]",
        ]);
        draft.claims.set("aud", aud);
    }),
    kind("claim-aud-other", Members, |draft, random| {
        let aud = random.choose(&["API", "api ", "ap", "apis", "", "api,other", "api other", "backend"]);
        draft.claims.set("aud", quoted(aud));
    }),
    kind("claim-aud-object", Members, |draft, random| {
        let aud = random.choose(&["{\"0\":\"api\"}", "{\"api\":true}", "{\"length\":1,\"0\":\"api\"}"]);
        draft.claims.set("aud", aud);
    }),
    kind("claim-aud-absent", Members, |draft, _| draft.claims.remove("aud")),
    kind("claim-sub-any-type", Members, |draft, random| draft.claims.set("sub", random.choose(&ANY))),
    kind("claim-sub-empty", Members, |draft, random| {
        let sub = random.choose(&["", " ", "\0", "\u{200b}"]);
        draft.claims.set("sub", quoted(sub));
    }),
    kind("claim-sub-absent", Members, |draft, _| draft.claims.remove("sub")),
    kind("claim-jti-any-type", Members, |draft, random| draft.claims.set("jti", random.choose(&ANY))),
    kind("claim-jti-absent", Members, |draft, _| draft.claims.remove("jti")),
    kind("claim-confirmation", Members, |draft, random| {
        let cnf = random.choose(&["{\"jkt\":\"x\"}", "{\"x5t#S256\":\"x\"}", "{}", "null", "\"x\""]);
        draft.claims.set("cnf", cnf);
    }),
    kind("claim-crit-in-claims", Members, |draft, _| draft.claims.set("crit", "[\"exp\"]")),
    kind("claim-name-any-type", Members, |draft, random| draft.claims.set("name", random.choose(&ANY))),
    kind("claim-roles-any-type", Members, |draft, random| {
        draft.claims.set(
            "realm_access",
            random.choose(&["{\"roles\":[\"a\",1,null,\"b\"]}", "{\"roles\":\"admin\"}", "null", "[]", "{}"]),
        );
    }),
    kind("claim-scope-any-type", Members, |draft, random| {
        draft.claims.set("scope", random.choose(&["\"a b\"", "\" a  b \"", "[\"a\",1]", "null", "1", "{}", "\"\""]));
        draft.claims.set("scp", "[\"c\"]");
    }),
    kind("claim-in-another-case", Members, |draft, random| {
        let name = random.choose(&["exp", "iss", "aud", "sub", "iat", "jti"]);
        let value = draft.claims.get(name).to_owned();
        draft.claims.remove(name);
        draft.claims.set(&name.to_uppercase(), value);
    }),
    kind("claim-order-changed", Members, |draft, random| {
        let at = random.below(draft.claims.0.len());
        draft.claims.0.rotate_left(at);
    }),
    kind("claim-more-of-them", Members, |draft, random| {
        for _ in 0..1 + random.below(8) {
            let name = format!("c{}", random.below(1000));
            draft.claims.set(&name, random.choose(&ANY));
        }
    }),
];
