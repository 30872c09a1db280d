//! Keys in a place that is not theirs: public texts as HMAC secrets, types, curves and algorithms that
//! do not belong together, secrets without content, paths.

use serde_json::{Value, json};

use super::algorithms::{EVERY, fits};
use crate::canonical;
use crate::case::{Case, Suite, err, ok, used};
use crate::keys::{bytes, from_pem, pem, standard, strip, unb64};
use crate::mint::{T0, Token, keys};

const HMAC: [&str; 3] = ["HS256", "HS384", "HS512"];

/// Every text and every string of bytes under which a public key is known.
fn public_forms(name: &str) -> Vec<Vec<u8>> {
    let key = keys().key(name);
    let jwk = key.public_jwk();
    let armoured = pem("PUBLIC KEY", &key.spki());
    let mut texts = vec![
        armoured.trim_end().to_owned(),
        armoured.replace('\n', "\r\n"),
        format!("\n{armoured}"),
        format!("{armoured}\n"),
        standard(key.spki()),
        key.ssh(),
        format!("{}\n", key.ssh()),
        key.ssh().rsplit_once(' ').expect("a comment").0.to_owned(),
        canonical::text(&jwk),
        canonical::text(&strip(jwk.clone(), &["kid"])),
        canonical::text(&json!({ "keys": [jwk] })),
        armoured,
    ];
    let mut binary = vec![key.spki()];
    for member in ["n", "e", "x", "y"] {
        if let Some(Value::String(text)) = jwk.get(member) {
            binary.push(unb64(text));
            texts.push(text.clone());
        }
    }
    if jwk["kty"] == "EC" {
        binary.push([&[4][..], &unb64(jwk["x"].as_str().unwrap()), &unb64(jwk["y"].as_str().unwrap())].concat());
    }
    if jwk["kty"] == "RSA" {
        let pkcs1 = pem("RSA PUBLIC KEY", &key.pkcs1());
        texts.extend([pkcs1.trim_end().to_owned(), pkcs1]);
        binary.push(key.pkcs1());
    }
    if let Some(certificate) = keys().certificate(name) {
        texts.extend([certificate.to_owned(), certificate.trim_end().to_owned()]);
        binary.push(from_pem(certificate));
    }
    texts.into_iter().map(String::into_bytes).chain(binary).collect()
}

fn keyed_with_forms(case: &mut Case, key: &str, alg: &str) {
    for form in public_forms(key) {
        let header = format!(r#"{{"typ":"JWT","alg":"{alg}","kid":"{key}"}}"#);
        case.verify(T0, &Token::new("hmac-64", alg).header(header).hmac(form), err("ERR_ALG_NOT_ALLOWED"));
    }
}

/// A token that says `alg`, signed by the key under it where it can, else under what it can.
fn posing(key: &str, alg: &str, kid: Option<&str>) -> Token {
    let kid_member = kid.map_or_else(String::new, |kid| format!(r#","kid":"{kid}""#));
    let header = format!(r#"{{"typ":"JWT","alg":"{alg}"{kid_member}}}"#);
    if fits(key).contains(&alg) {
        Token::new(key, alg).kid(kid)
    } else if alg.starts_with("HS") {
        Token::new(key, alg).header(header).hmac(pem("PUBLIC KEY", &keys().key(key).spki()))
    } else {
        Token::new(key, fits(key)[0]).header(header)
    }
}

pub fn suite() -> Suite {
    let mut s = Suite::new("attack-keys", "4", "Published attacks on keys: confusion of type, algorithm and form");
    confusion(&mut s);
    secrets(&mut s);
    pairs(&mut s);
    empty(&mut s);
    s
}

/// The verifier's own public key, in every form, as the secret of an HMAC.
fn confusion(s: &mut Suite) {
    for alg in HMAC {
        s.public(
            &format!("hmac-own-key-{}", alg.to_lowercase()),
            "4",
            "an HMAC keyed with any form of the verifier's own public key is refused before any key is tried",
            |c, k| keyed_with_forms(c, k.key, alg),
        );
    }
    s.some(
        "hmac-own-key-listed",
        "4",
        "with an allow-list of asymmetric names an HMAC is refused all the same",
        |k| !matches!(k.name, "secret" | "issuers"),
        |c, k| {
            c.options(json!({ "algorithms": [k.alg] }));
            keyed_with_forms(c, k.key, "HS256");
        },
    );
    for form in ["pkcs1", "cert", "der", "bare"] {
        s.one(
            &format!("hmac-own-key-given-as-{form}"),
            "4",
            "the form in which the public key was given is no secret",
            |c| {
                c.options(json!({ "publicKey": used(&format!("rsa-a.{form}")) }));
                keyed_with_forms(c, "rsa-a", "HS256");
            },
        );
    }
    s.one("hmac-own-key-object", "4", "nor is a key object's content", |c| {
        let key = json!({ "kind": "public", "spki": keys().form("rsa-a.der")["$bytes"], "algorithm": null });
        c.options(json!({ "publicKey": { "$key": key } }));
        keyed_with_forms(c, "rsa-a", "HS256");
    });
}

/// The same texts as `secret`.
fn secrets(s: &mut Suite) {
    let key = |name: &str| keys().key(name);
    let jwk = |name: &str| canonical::text(&key(name).public_jwk());
    let lines = pem("X", &key("rsa-a").spki());
    let lines: Vec<&str> = lines.lines().filter(|line| !line.starts_with('-')).collect();
    for (id, secret) in [
        ("pkcs1-der", bytes(key("rsa-a").pkcs1())),
        ("weak-pkcs1-der", bytes(key("rsa-weak").pkcs1())),
        ("weak-pkcs1-base64", json!(standard(key("rsa-weak").pkcs1()))),
        ("certificate-der", bytes(from_pem(keys().certificate("rsa-a").expect("a certificate")))),
        ("ec-der", bytes(key("p256-a").spki())),
        ("ed-der", bytes(key("ed-a").spki())),
        ("spki-base64", json!(standard(key("rsa-a").spki()))),
        ("spki-base64-lines", json!(lines.join("\n"))),
        ("ed-spki-base64", json!(standard(key("ed-a").spki()))),
        ("own-ssh-ed25519", json!(key("ed-a").ssh())),
        ("own-ssh-ecdsa", json!(key("p384").ssh())),
        ("jwk-ec", json!(jwk("p256-a"))),
        ("jwk-okp", json!(jwk("ed-a"))),
        ("jwk-akp", json!(jwk("mldsa-44"))),
        ("jwk-private", json!(canonical::text(&key("rsa-a").private_jwk()))),
        ("jwk-escaped", json!(jwk("rsa-a").replace("\"kty\"", "\"\\u006bty\""))),
        ("jwk-then-newline", json!(format!("{}\n", jwk("rsa-a")))),
        ("jwk-then-text", json!(format!("{} # our key", jwk("rsa-a")))),
        ("jwks-empty", json!(format!("{{\"keys\":[{}]}}", " ".repeat(64)))),
        ("jwks-escaped", json!(format!("{{\"\\u006beys\":[{}]}}", jwk("p256-a")))),
    ] {
        s.config(
            &format!("secret-is-{id}"),
            "what is published is no secret, in whatever form",
            json!({ "secret": secret }),
            "secret",
        );
    }
    for (id, form) in [("pem", "rsa-a.pem"), ("ssh", "rsa-a.ssh"), ("cert", "p256-a.cert")] {
        s.config(
            &format!("secret-is-{id}-among-secrets"),
            "each secret of an array is looked at",
            json!({ "secret": [used("hmac-64.secret"), used(form)] }),
            "secret[1]",
        );
    }
    for byte in [0x00, 0x01, 0x08, 0x09, 0x0b, 0x0c, 0x1b, 0x20, 0x23, 0x2d, 0x7f, 0x80, 0xa0, 0xc2, 0xe2, 0xfe, 0xff] {
        for (kind, text) in
            [("pem", pem("PUBLIC KEY", &key("rsa-a").spki())), ("ssh", key("ed-a").ssh()), ("jwk", jwk("ed-a"))]
        {
            s.config(
                &format!("secret-{kind}-after-byte-{byte:02x}"),
                "no leading byte hides what a text is",
                json!({ "secret": bytes([&[byte], text.as_bytes()].concat()) }),
                "secret",
            );
        }
    }
    for (id, prefix) in [
        ("several", "\u{feff}\u{200b}\0\r\n \t#\n"),
        ("headers", "Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\n"),
        ("long", &"# comment\n".repeat(500)),
        ("begin", "-----BEGIN"),
        ("base64", "TUlJ"),
    ] {
        for (kind, text) in [("pem", pem("PUBLIC KEY", &key("p256-a").spki())), ("jwk", jwk("p256-a"))] {
            s.config(
                &format!("secret-{kind}-after-{id}"),
                "nor does any other beginning",
                json!({ "secret": format!("{prefix}{text}") }),
                "secret",
            );
        }
    }
}

/// Type, curve and algorithm in every combination but the right ones.
fn pairs(s: &mut Suite) {
    const NAMES: [&str; 7] = ["rsa-a", "p256-a", "p384", "p521", "k256", "ed-a", "mldsa-44"];
    let with = |name: &str, member: &str, value: &str| {
        let mut jwk = keys().form(&format!("{name}.jwk"));
        jwk[member] = json!(value);
        jwk
    };
    let mut wrong: Vec<(String, &str, Value)> = Vec::new();
    for name in NAMES {
        for alg in EVERY.iter().copied().chain(["none", "RSA", "ECDH-ES", "RSA-OAEP", ""]) {
            if !fits(name).contains(&alg) {
                let id = if alg.is_empty() { "empty".to_owned() } else { alg.to_lowercase() };
                wrong.push((format!("{name}-alg-{id}"), name, with(name, "alg", alg)));
            }
        }
        for kty in ["RSA", "EC", "OKP", "AKP", "oct", "rsa", ""] {
            if keys().form(&format!("{name}.jwk"))["kty"] != kty {
                let id = if kty.is_empty() { "empty" } else { kty };
                let case = if kty == "rsa" { "lower-rsa".to_owned() } else { id.to_lowercase() };
                wrong.push((format!("{name}-kty-{case}"), name, with(name, "kty", kty)));
            }
        }
    }
    for name in ["p256-a", "p384", "p521", "k256", "ed-a"] {
        for (id, crv) in [
            ("p256", "P-256"),
            ("p384", "P-384"),
            ("p521", "P-521"),
            ("k256", "secp256k1"),
            ("ed25519", "Ed25519"),
            ("ed448", "Ed448"),
            ("x25519", "X25519"),
            ("brainpool", "BP-256"),
            ("lower", "p-256"),
            ("empty", ""),
        ] {
            if keys().form(&format!("{name}.jwk"))["crv"] != crv {
                wrong.push((format!("{name}-crv-{id}"), name, with(name, "crv", crv)));
            }
        }
    }
    for (id, _, jwk) in &wrong {
        s.config(
            &format!("jwk-pair-{id}"),
            "a JWK whose type, curve and algorithm do not belong together is no key",
            json!({ "publicKey": jwk }),
            "publicKey",
        );
    }
    s.one(
        "jwk-pairs-remote",
        "5 selection",
        "fetched keys whose type, curve and algorithm do not belong together verify nothing",
        |c| {
            let chosen: Vec<_> = wrong
                .iter()
                .filter(|(id, name, _)| matches!(*name, "p256-a" | "ed-a" | "k256") || id.contains("-kty-") || id.contains("-crv-"))
                .filter(|(_, name, _)| *name != "mldsa-44")
                .collect();
            let mut set: Vec<Value> = vec![used("rsa-b.jwk")];
            for (id, _, jwk) in &chosen {
                let mut jwk = jwk.clone();
                jwk["kid"] = json!(id);
                set.push(jwk);
            }
            c.options(json!({ "jwksUri": "$jwks", "algorithms": EVERY.iter().filter(|alg| !alg.starts_with("HS")).collect::<Vec<_>>() }));
            c.serve(json!({ "jwks": { "keys": set } }));
            let good = Token::new("rsa-b", "RS256");
            c.verify(T0, &good, ok(&good)).fetches(1);
            for (id, name, jwk) in &chosen {
                let alg = jwk["alg"].as_str().filter(|alg| EVERY.contains(alg)).unwrap_or(fits(name)[0]);
                let code = if alg.starts_with("HS") { "ERR_ALG_NOT_ALLOWED" } else { "ERR_KEY_NOT_FOUND" };
                c.verify(T0, &posing(name, alg, Some(id)), err(code));
            }
            c.verify(T0, &good, ok(&good)).fetches(0);
        },
    );

    let mixed = ["rsa-a", "p256-a", "p384", "p521", "ed-a"];
    for (id, kid) in [("without-kid", None), ("one-kid", Some("shared"))] {
        for source in ["jwk-set", "jwks-uri"] {
            s.one(
                &format!("mixed-set-{id}/{source}"),
                "5 selection",
                "in a set of many types without alg, a key verifies its own algorithms and never the header's",
                |c| {
                    let set: Vec<Value> = mixed
                        .iter()
                        .map(|name| {
                            let mut jwk = keys().form(&format!("{name}.bare"));
                            if let Some(kid) = kid {
                                jwk["kid"] = json!(kid);
                            }
                            jwk
                        })
                        .collect();
                    if source == "jwk-set" {
                        c.options(json!({ "publicKey": { "keys": set } }));
                    } else {
                        c.options(json!({ "jwksUri": "$jwks" })).serve(json!({ "jwks": { "keys": set } }));
                    }
                    for alg in EVERY {
                        for name in mixed {
                            let token = posing(name, alg, kid);
                            let expect = match alg {
                                alg if fits(name).contains(&alg) => ok(&token),
                                alg if alg.starts_with("ML") && source == "jwks-uri" => err("ERR_KEY_NOT_FOUND"),
                                alg if alg.starts_with("HS") || alg.starts_with("ML") || alg == "ES256K" => {
                                    err("ERR_ALG_NOT_ALLOWED")
                                }
                                _ => err("ERR_SIGNATURE_INVALID"),
                            };
                            c.verify(T0, &token, expect);
                        }
                    }
                },
            );
        }
    }
    s.one(
        "alg-listed-but-not-the-keys-remote",
        "5 selection",
        "an algorithm in the list that is not the fetched key's finds no key",
        |c| {
            c.options(json!({ "jwksUri": "$jwks", "algorithms": ["RS256", "RS512", "PS256", "ES256"] }));
            c.serve(json!({ "jwks": { "keys": [with("rsa-a", "alg", "RS256"), used("p521.jwk")] } }));
            let good = Token::new("rsa-a", "RS256");
            c.verify(T0, &good, ok(&good)).fetches(1);
            for alg in ["RS512", "PS256"] {
                c.verify(T0, &Token::new("rsa-a", alg), err("ERR_KEY_NOT_FOUND"));
                c.verify(T0, &Token::new("rsa-a", alg).kid(None), err("ERR_KEY_NOT_FOUND"));
            }
            c.verify(T0, &posing("rsa-a", "ES256", Some("rsa-a")), err("ERR_KEY_NOT_FOUND"));
        },
    );
}

/// Secrets without content, and strings that are taken for paths.
fn empty(s: &mut Suite) {
    for (id, secret, option) in [
        ("spaces", json!(" ".repeat(64)), "secret"),
        ("tabs", json!("\t".repeat(64)), "secret"),
        ("newlines", json!("\n".repeat(64)), "secret"),
        ("mixed", json!(" \t\r\n".repeat(16)), "secret"),
        ("bytes", bytes([b' '; 64]), "secret"),
        ("one-space", json!(" "), "secret"),
        ("in-array", json!([used("hmac-64.secret"), " ".repeat(64)]), "secret[1]"),
        ("empty-in-array", json!([used("hmac-64.secret"), ""]), "secret[1]"),
        ("no-bytes-in-array", json!([bytes([]), used("hmac-64.secret")]), "secret[0]"),
        ("null-text", json!("null"), "secret"),
        ("nul-bytes", bytes([0; 32]), "secret"),
        ("nul-text", json!("\0".repeat(64)), "secret"),
        ("vertical-tabs", json!("\u{b}".repeat(64)), "secret"),
        ("no-break-spaces", json!("\u{a0}".repeat(32)), "secret"),
        ("ideographic-spaces", json!("\u{3000}".repeat(32)), "secret"),
        ("zero-width-spaces", json!("\u{200b}".repeat(32)), "secret"),
        ("byte-order-marks", json!("\u{feff}".repeat(32)), "secret"),
        ("undefined-text", json!("undefined"), "secret"),
    ] {
        s.config(
            &format!("secret-blank-{id}"),
            "a secret without content is no secret",
            json!({ "secret": secret }),
            option,
        );
    }
    s.each("hmac-empty-key", "4", "an HMAC under an empty key, or the text of nothing, is refused", |c, k| {
        for alg in HMAC {
            let code = if k.alg == alg { "ERR_SIGNATURE_INVALID" } else { "ERR_ALG_NOT_ALLOWED" };
            for secret in ["", "\0", " ", "\n", "null", "undefined", "None", "false", "0", "{}", "[]"] {
                let header = format!(r#"{{"typ":"JWT","alg":"{alg}","kid":"{}"}}"#, k.key);
                c.verify(T0, &Token::new("hmac-64", alg).header(header).hmac(secret), err(code));
            }
        }
    });
    for (id, option, path) in [
        ("public-key-file-url", "publicKey", "file:///etc/ssl/certs/ca-certificates.crt"),
        ("public-key-relative", "publicKey", "./keys/public.pem"),
        ("public-key-device", "publicKey", "/dev/stdin"),
        ("public-key-windows", "publicKey", "C:\\keys\\public.pem"),
        ("jwks-uri-path", "jwksUri", "/etc/jwks.json"),
        ("jwks-uri-file-url", "jwksUri", "file:///etc/jwks.json"),
        ("secret-path", "secret", "/etc/hostname"),
    ] {
        s.config(&format!("path-{id}"), "a string is never opened as a file", json!({ option: path }), option);
    }
    s.one("path-long-secret", "1", "a secret that looks like a path is its own text, and no file's content", |c| {
        let path = "/dev/../dev/../dev/../dev/../dev/null";
        let token = Token::new("hmac-32", "HS256").hmac(path);
        c.options(json!({ "secret": path })).verify(T0, &token, ok(&token));
        c.verify(T0, &Token::new("hmac-32", "HS256").hmac(""), err("ERR_SIGNATURE_INVALID"));
    });
}
