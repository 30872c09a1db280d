//! Members of the JOSE header: what steers a verifier, and what has steered others.

use conformance_generator::keys::{b64, pem};

use super::{Kind, kind};
use crate::draft::{Draft, Stage, quoted};
use crate::random::Random;

use Stage::{Members, Segments};

/// Every algorithm name there is a key for.
const NAMES: [&str; 18] = [
    "HS256",
    "HS384",
    "HS512",
    "RS256",
    "RS384",
    "RS512",
    "PS256",
    "PS384",
    "PS512",
    "ES256",
    "ES384",
    "ES512",
    "ES256K",
    "EdDSA",
    "Ed25519",
    "ML-DSA-44",
    "ML-DSA-65",
    "ML-DSA-87",
];

/// A value of some other JSON type than a string.
const NOT_TEXT: [&str; 7] = ["null", "1", "true", "[]", "{}", "[\"JWT\"]", "1.5e3"];

pub const KINDS: &[Kind] = &[
    kind("header-alg-none", Members, |draft, random| {
        let name = random.choose(&["none", "None", "NONE", "nOnE", "", "null", "none "]);
        draft.header.set("alg", quoted(name));
    }),
    kind("header-alg-none-unsigned", Stage::Token, |draft, random| {
        let name = random.choose(&["none", "None", "NONE", "nOnE"]);
        let header = b64(format!(r#"{{"alg":"{name}","typ":"JWT"}}"#));
        let signature = random.choose(&["", "AA", &draft.signature_segment]);
        draft.token = format!("{header}.{}.{signature}", draft.payload_segment);
    }),
    kind("header-alg-of-another-key", Members, |draft, random| {
        let name = random.choose(&NAMES);
        draft.header.set("alg", quoted(name));
    }),
    kind("header-alg-of-the-same-key", Members, |draft, random| {
        let name = match &draft.signer.alg[..2] {
            "RS" | "PS" => random.choose(&["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"]),
            "Ed" => random.choose(&["EdDSA", "Ed25519"]),
            "HS" => random.choose(&["HS256", "HS384", "HS512"]),
            _ => return,
        };
        name.clone_into(&mut draft.signer.alg);
        draft.header.set("alg", quoted(name));
    }),
    kind("header-alg-in-another-case", Members, |draft, random| {
        let name = draft.header.get("alg").to_owned();
        draft.header.set("alg", if random.one_in(2) { name.to_lowercase() } else { name.to_uppercase() });
    }),
    kind("header-alg-with-space", Members, |draft, random| {
        let name = draft.header.get("alg").trim_matches('"').to_owned();
        let spaced = [format!(" {name}"), format!("{name} "), format!("{name}\n"), format!("{name}\0")];
        let name = random.pick(&spaced);
        draft.header.set("alg", quoted(name));
    }),
    kind("header-alg-absent", Members, |draft, _| draft.header.remove("alg")),
    kind("header-alg-not-text", Members, |draft, random| draft.header.set("alg", random.choose(&NOT_TEXT))),
    kind("header-alg-unknown", Members, |draft, random| {
        let name = random.choose(&[
            "HS1",
            "RS1",
            "ES521",
            "RS257",
            "EdDSA25519",
            "Ed448",
            "ES384K",
            "A256GCM",
            "RSA-OAEP",
            "dir",
        ]);
        draft.header.set("alg", quoted(name));
    }),
    // CVE-2015-9235 and its kin: the public key as an HMAC secret.
    kind("header-hmac-with-public-key", Members, |draft, random| {
        let name = random.choose(&["HS256", "HS384", "HS512"]);
        draft.header.set("alg", quoted(name));
        let key = draft.keys.key(&draft.signer.key);
        if key.public_jwk()["kty"] != "oct" {
            let secret = match random.below(4) {
                0 => key.spki(),
                1 => key.public_jwk().to_string().into_bytes(),
                2 => Vec::new(),
                _ => pem("PUBLIC KEY", &key.spki()).into_bytes(),
            };
            name.clone_into(&mut draft.signer.alg);
            draft.signer.secret = Some(secret);
        }
    }),
    kind("header-kid-not-text", Members, |draft, random| draft.header.set("kid", random.choose(&NOT_TEXT))),
    kind("header-kid-other", Members, |draft, random| {
        let kid =
            random.choose(&["other", "", "rsa-a", "ed-a", "../../dev/null", "' OR 1=1", "http://kid.test/", "RSA-A"]);
        draft.header.set("kid", quoted(kid));
    }),
    kind("header-kid-absent", Members, |draft, _| draft.header.remove("kid")),
    kind("header-typ-not-text", Members, |draft, random| draft.header.set("typ", random.choose(&NOT_TEXT))),
    kind("header-typ-other", Members, |draft, random| {
        let typ = random.choose(&[
            "JWT",
            "jwt",
            "at+jwt",
            "AT+JWT",
            "application/at+jwt",
            "APPLICATION/AT+JWT",
            "JOSE",
            "",
            "dpop+jwt",
            "at+jwt ",
            "text/at+jwt",
        ]);
        draft.header.set("typ", quoted(typ));
    }),
    kind("header-typ-absent", Members, |draft, _| draft.header.remove("typ")),
    kind("header-cty", Members, |draft, random| {
        let cty = random.choose(&["\"JWT\"", "null", "1", "[]", "\"\""]);
        draft.header.set("cty", cty);
    }),
    kind("header-crit-unknown", Members, |draft, random| {
        let crit = random.choose(&["[\"exp\"]", "[\"urn:x\"]", "[\"x\",\"x\"]"]);
        draft.header.set("crit", crit);
        draft.header.set("exp", "1");
        draft.header.set("urn:x", "true");
    }),
    kind("header-crit-registered", Members, |draft, random| {
        let crit = random.choose(&["[\"alg\"]", "[\"kid\"]", "[\"typ\"]", "[\"crit\"]"]);
        draft.header.set("crit", crit);
    }),
    kind("header-crit-malformed", Members, |draft, random| {
        let crit = random.choose(&["[]", "null", "\"exp\"", "{}", "[1]", "[\"\"]", "true", "[\"absent\"]"]);
        draft.header.set("crit", crit);
    }),
    kind("header-b64-critical", Members, |draft, random| {
        draft.header.set("crit", "[\"b64\"]");
        draft.header.set("b64", random.choose(&["true", "false", "1", "null"]));
    }),
    kind("header-b64-alone", Members, |draft, random| {
        draft.header.set("b64", random.choose(&["true", "false", "\"true\"", "null", "0", "1"]));
    }),
    // RFC 7797: the payload as it is.
    kind("header-b64-unencoded", Segments, |draft, _| {
        draft.header.set("b64", "false");
        draft.header.set("crit", "[\"b64\"]");
        draft.header_segment = b64(draft.header.text());
        draft.payload_segment = String::from_utf8_lossy(&draft.payload_bytes).into_owned();
    }),
    kind("header-jwk-embedded", Members, |draft, random| embed(draft, random, "jwk")),
    kind("header-jwk-set-embedded", Members, |draft, random| embed(draft, random, "jwks")),
    kind("header-x5c-embedded", Members, |draft, random| {
        let key = draft.keys.key("rsa-b");
        draft.header.set("x5c", format!("[\"{}\"]", b64(key.spki())));
        if random.one_in(2) {
            "rsa-b".clone_into(&mut draft.signer.key);
            "RS256".clone_into(&mut draft.signer.alg);
            draft.header.set("alg", "\"RS256\"");
        }
    }),
    kind("header-url", Members, |draft, random| {
        let name = random.choose(&["jku", "x5u", "jwks_uri", "iss"]);
        draft.header.set(name, "\"http://127.0.0.1:1/keys\"");
    }),
    kind("header-encryption-members", Members, |draft, random| {
        let name = random.choose(&["enc", "zip", "epk", "apu", "p2c", "iv"]);
        draft.header.set(name, random.choose(&["\"A256GCM\"", "\"DEF\"", "1000000", "{}"]));
    }),
    kind("header-more-members", Members, |draft, random| {
        draft.header.set("x", random.choose(&["{\"a\":[1,2]}", "null", "\"y\"", "1"]));
        draft.header.set("jti", "1");
        if random.one_in(3) {
            draft.header.0.reverse();
        }
    }),
    kind("header-claims-in-it", Members, |draft, _| {
        for name in ["iss", "aud", "exp"] {
            let value = draft.claims.get(name).to_owned();
            draft.header.set(name, value);
            draft.claims.remove(name);
        }
    }),
];

/// CVE-2018-0114: a key in the header, and a signature by it.
fn embed(draft: &mut Draft<'_>, random: &mut Random, member: &str) {
    let key = draft.keys.key("ed-b");
    let value = if member == "jwk" { key.public_jwk() } else { serde_json::json!({ "keys": [key.public_jwk()] }) };
    draft.header.set(member, value.to_string());
    if random.one_in(2) {
        "ed-b".clone_into(&mut draft.signer.key);
        "EdDSA".clone_into(&mut draft.signer.alg);
        draft.header.set("alg", "\"EdDSA\"");
    }
}
