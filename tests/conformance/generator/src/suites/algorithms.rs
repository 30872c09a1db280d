//! Row 5 and section 4: names, allow-lists, and which key admits which algorithm.

use serde_json::{Value, json};

use crate::canonical;
use crate::case::{Case, Suite, err, ok, used};
use crate::keys::{strip, unb64};
use crate::mint::{T0, Token, keys};

/// Every algorithm that there is a key for.
pub const EVERY: [&str; 18] = [
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

/// What a key without `alg` can do, ES256K aside, which must be listed.
pub fn fits(key: &str) -> &'static [&'static str] {
    match key {
        "rsa-a" => &["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"],
        "p256-a" => &["ES256"],
        "p384" => &["ES384"],
        "p521" => &["ES512"],
        "k256" => &["ES256K"],
        "ed-a" => &["EdDSA", "Ed25519"],
        "mldsa-44" => &["ML-DSA-44"],
        "mldsa-65" => &["ML-DSA-65"],
        _ => &["ML-DSA-87"],
    }
}

fn native(key: &str) -> &'static str {
    fits(key)[0]
}

/// A token that says `alg`, signed by the key under it where it can, else under what it can.
fn token(key: &str, alg: &str) -> Token {
    let header = format!(r#"{{"typ":"JWT","alg":"{alg}","kid":"{key}"}}"#);
    if fits(key).contains(&alg) {
        Token::new(key, alg)
    } else if alg.starts_with("HS") {
        let text = match keys().form(&format!("{key}.{}", if key.starts_with("ml") { "jwk" } else { "pem" })) {
            Value::String(pem) => pem,
            jwk => canonical::text(&jwk),
        };
        Token::new(key, alg).header(header).hmac(text)
    } else {
        Token::new(key, native(key)).header(header)
    }
}

fn matrix(case: &mut Case, key: &str, allowed: &[&str]) {
    for alg in EVERY {
        let token = token(key, alg);
        let expect = if allowed.contains(&alg) { ok(&token) } else { err("ERR_ALG_NOT_ALLOWED") };
        case.verify(T0, &token, expect);
    }
}

pub fn suite() -> Suite {
    let mut s = Suite::new("algorithms", "4", "Algorithm names, allow-lists, key and algorithm");
    let refused = || err("ERR_ALG_NOT_ALLOWED");

    for key in ["rsa-a", "p256-a", "p384", "p521", "ed-a", "mldsa-44", "mldsa-65", "mldsa-87"] {
        s.one(
            &format!("alg-matrix-{key}"),
            "4",
            "a JWK admits the algorithms of its type and curve and no other (CVE-2026-22817)",
            |c| {
                let form = if key.starts_with("ml") { "jwk" } else { "bare" };
                c.options(json!({ "publicKey": used(&format!("{key}.{form}")) }));
                matrix(c, key, fits(key));
            },
        );
        if !key.starts_with("ml") {
            s.one(
                &format!("alg-matrix-pem-{key}"),
                "4",
                "a PEM key admits the algorithms of its type and curve and no other",
                |c| {
                    c.options(json!({ "publicKey": used(&format!("{key}.pem")) }));
                    matrix(c, key, fits(key));
                },
            );
        }
        for alg in fits(key) {
            s.one(
                &format!("alg-in-jwk-{key}-{}", alg.to_lowercase()),
                "4",
                "a JWK with an alg admits only that alg",
                |c| {
                    let mut jwk = keys().form(&format!("{key}.jwk"));
                    jwk["alg"] = json!(alg);
                    c.options(json!({ "publicKey": jwk }));
                    matrix(c, key, &[alg]);
                },
            );
        }
        s.one(&format!("alg-remote-{key}"), "4", "a key fetched verifies under every algorithm that it admits", |c| {
            c.options(json!({ "jwksUri": "$jwks" })).serve_keys(&["rsa-b.jwk", &format!("{key}.jwk")]);
            for alg in fits(key) {
                let token = Token::new(key, alg);
                c.verify(T0, &token, ok(&token));
            }
        });
    }
    s.one("alg-matrix-k256", "4", "secp256k1 admits ES256K when listed, and nothing else", |c| {
        c.options(json!({ "publicKey": used("k256.jwk"), "algorithms": ["ES256K"] }));
        matrix(c, "k256", &["ES256K"]);
    });
    s.one("alg-es256k-pem", "4", "a secp256k1 PEM key verifies ES256K when listed", |c| {
        c.options(json!({ "publicKey": used("k256.pem"), "algorithms": ["ES256K"] }));
        matrix(c, "k256", &["ES256K"]);
    });
    s.one("alg-es256k-remote-unlisted", "4", "ES256K is refused unless listed, before any fetch", |c| {
        c.options(json!({ "jwksUri": "$jwks" })).serve_keys(&["k256.jwk", "rsa-a.jwk"]);
        c.verify(T0, &Token::new("k256", "ES256K"), refused()).fetches(0);
    });
    s.one("alg-es256k-remote-listed", "4", "ES256K from a fetched key is accepted when listed", |c| {
        c.options(json!({ "jwksUri": "$jwks", "algorithms": ["ES256K", "RS256"] }))
            .serve_keys(&["k256.jwk", "rsa-a.jwk"]);
        let token = Token::new("k256", "ES256K");
        c.verify(T0, &token, ok(&token)).fetches(1);
    });
    s.one("alg-remote-hs", "4", "a remote source never admits HS*, and does not fetch for it", |c| {
        c.options(json!({ "jwksUri": "$jwks" })).serve_keys(&["rsa-a.jwk"]);
        for alg in ["HS256", "HS384", "HS512"] {
            c.verify(T0, &token("rsa-a", alg), refused()).fetches(0);
        }
    });

    for (id, alg) in [
        ("none", "none"),
        ("none-mixed", "nOnE"),
        ("none-upper", "NONE"),
        ("empty", ""),
        ("space", " "),
        ("lower-case", "%lower%"),
        ("trailing-space", "%ALG% "),
        ("nul", "%ALG%\\u0000"),
        ("dir", "dir"),
        ("a128kw", "A128KW"),
        ("rsa-oaep", "RSA-OAEP"),
        ("hs1", "HS1"),
        ("rs1", "RS1"),
        ("es521", "ES521"),
        ("ed448", "Ed448"),
        ("eddsa-lower", "eddsa"),
        ("hmac", "HMACSHA256"),
        ("sha256", "SHA256"),
        ("slh-dsa", "SLH-DSA-SHA2-128s"),
        ("comma", "%ALG%,none"),
    ] {
        s.each(
            &format!("alg-name-{id}"),
            "3.5",
            "a name that is none, unknown or in another spelling is refused",
            |c, k| {
                let name = alg.replace("%lower%", &k.alg.to_lowercase()).replace("%ALG%", k.alg);
                c.verify(T0, &k.token().header(format!(r#"{{"typ":"JWT","alg":"{name}","kid":"%KID%"}}"#)), refused());
            },
        );
    }
    s.each(
        "alg-none-unsigned",
        "3.5",
        "none without a signature is malformed, with any signature not allowed",
        |c, k| {
            let token = k.token().header(r#"{"typ":"JWT","alg":"none"}"#);
            c.text(T0, &format!("{}.", token.mint().rsplit_once('.').unwrap().0), err("ERR_TOKEN_MALFORMED")).verify(
                T0,
                &token.signature([0]),
                refused(),
            );
        },
    );
    s.single("alg-list-narrows", "3.5", "algorithms is the allow-list, and narrower than the key", |c, k| {
        let listed = match k.alg {
            "RS256" => "RS384",
            "PS256" => "PS512",
            "EdDSA" => "Ed25519",
            _ => k.alg,
        };
        c.options(json!({ "algorithms": [listed] }));
        let token = k.token();
        c.verify(T0, &token, if listed == k.alg { ok(&token) } else { refused() });
    });
    s.single("alg-list-admits", "3.5", "a listed algorithm is accepted, beside names that do not fit", |c, k| {
        c.options(json!({ "algorithms": if k.alg == "HS256" { json!(["HS256"]) } else { json!(["ES512", k.alg]) } }));
        let token = k.token();
        c.verify(T0, &token, ok(&token)).verify(
            T0,
            &token.clone().header(r#"{"alg":"none","kid":"%KID%"}"#),
            refused(),
        );
    });
    s.one(
        "alg-listed-but-not-the-keys",
        "3.6",
        "an algorithm in the list that is not the key's finds no key (CVE-2026-48523)",
        |c| {
            let mut jwk = keys().form("rsa-a.jwk");
            jwk["alg"] = json!("RS256");
            c.options(json!({ "publicKey": { "keys": [jwk] }, "algorithms": ["RS256", "PS256", "RS512"] }));
            c.verify(T0, &Token::new("rsa-a", "PS256"), err("ERR_KEY_NOT_FOUND")).verify(
                T0,
                &Token::new("rsa-a", "RS512"),
                err("ERR_KEY_NOT_FOUND"),
            );
            let token = Token::new("rsa-a", "RS256");
            c.verify(T0, &token, ok(&token));
        },
    );
    s.one(
        "alg-listed-but-not-the-single-keys",
        "3.6",
        "with one fixed key, an algorithm in the list that the key does not admit finds no key",
        |c| {
            c.options(json!({ "publicKey": used("rsa-a.jwk"), "algorithms": ["RS256", "ES256"] }));
            c.verify(T0, &Token::new("p256-a", "ES256"), err("ERR_KEY_NOT_FOUND"));
        },
    );
    s.one("alg-eddsa-spelling", "4", "EdDSA in the list does not admit Ed25519", |c| {
        c.options(json!({ "publicKey": used("ed-a.jwk"), "algorithms": ["EdDSA"] }));
        let token = Token::new("ed-a", "EdDSA");
        c.verify(T0, &token, ok(&token)).verify(T0, &Token::new("ed-a", "Ed25519"), refused());
    });
    s.one("alg-ed25519-spelling", "4", "Ed25519 in the list does not admit EdDSA", |c| {
        c.options(json!({ "publicKey": used("ed-a.jwk"), "algorithms": ["Ed25519"] }));
        let token = Token::new("ed-a", "Ed25519");
        c.verify(T0, &token, ok(&token)).verify(T0, &Token::new("ed-a", "EdDSA"), refused());
    });

    for (length, allowed) in [(32, &["HS256"][..]), (48, &["HS256", "HS384"]), (64, &["HS256", "HS384", "HS512"])] {
        let key = format!("hmac-{length}");
        for form in ["secret", "bytes"] {
            s.one(
                &format!("alg-secret-{length}-{form}"),
                "4",
                "a secret admits the HS algorithms whose minimum it meets",
                |c| {
                    c.options(json!({ "secret": used(&format!("{key}.{form}")) }));
                    for alg in EVERY {
                        let hs = Token::new(&key, "HS256").header(format!(r#"{{"alg":"{alg}"}}"#));
                        let token = if alg.starts_with("HS") { Token::new(&key, alg) } else { hs };
                        c.verify(T0, &token, if allowed.contains(&alg) { ok(&token) } else { refused() });
                    }
                },
            );
        }
    }
    s.one("alg-secret-asymmetric", "4", "a secret admits no asymmetric token", |c| {
        c.options(json!({ "secret": used("hmac-64.secret") }));
        for (key, alg) in [("rsa-a", "RS256"), ("p256-a", "ES256"), ("ed-a", "EdDSA"), ("rsa-a", "PS256")] {
            c.verify(T0, &Token::new(key, alg), refused());
        }
    });
    s.one("secret-rotation", "1", "any secret of an array verifies", |c| {
        c.options(json!({ "secret": [used("hmac-32-b.secret"), used("hmac-32.bytes")] }));
        for key in ["hmac-32", "hmac-32-b"] {
            let token = Token::new(key, "HS256");
            c.verify(T0, &token, ok(&token));
        }
        c.verify(T0, &Token::new("hmac-48", "HS256"), err("ERR_SIGNATURE_INVALID"));
    });
    s.one("secret-is-not-base64", "1", "a secret's text is its UTF-8 bytes, never decoded", |c| {
        c.options(json!({ "secret": used("hmac-32.secret") }));
        let decoded = unb64(std::str::from_utf8(&keys().key("hmac-32").secret()).unwrap());
        c.verify(T0, &Token::new("hmac-32", "HS256").hmac(decoded), err("ERR_SIGNATURE_INVALID"));
    });
    s.one("secret-utf8", "1", "a secret beyond ASCII counts and signs as its UTF-8 bytes", |c| {
        let secret = "gehé¿m".repeat(4);
        assert_eq!(secret.len(), 32);
        let token = Token::new("hmac-32", "HS256").hmac(&secret);
        c.options(json!({ "secret": secret })).verify(T0, &token, ok(&token));
    });

    for (id, secret) in [
        ("spki-pem", keys().form("rsa-a.pem")),
        ("pkcs1-pem", keys().form("rsa-a.pkcs1")),
        ("certificate", keys().form("rsa-a.cert")),
        ("ssh", keys().form("rsa-a.ssh")),
    ] {
        s.some(
            &format!("hmac-confusion-{id}"),
            "4",
            "an HMAC keyed with the public key's text is refused (CVE-2015-9235)",
            |k| k.name != "secret",
            |c, k| {
                let text = secret.as_str().unwrap();
                for alg in ["HS256", "HS384", "HS512"] {
                    for text in [text, text.trim_end(), text.strip_suffix('\n').unwrap_or(text)] {
                        c.verify(
                            T0,
                            &Token::new("hmac-64", alg)
                                .header(format!(r#"{{"alg":"{alg}","kid":"{}"}}"#, k.key))
                                .hmac(text),
                            refused(),
                        );
                    }
                }
            },
        );
    }
    s.some(
        "hmac-confusion-bytes",
        "4",
        "an HMAC keyed with the key's DER, JWK text or modulus is refused (CVE-2022-29217)",
        |k| k.name != "secret",
        |c, k| {
            let key = keys().key(k.key);
            let mut secrets = vec![
                key.spki(),
                canonical::text(&key.public_jwk()).into_bytes(),
                canonical::text(&strip(key.public_jwk(), &["kid"])).into_bytes(),
                Vec::new(),
            ];
            for member in ["n", "x"] {
                if let Some(Value::String(text)) = key.public_jwk().get(member) {
                    secrets.extend([text.clone().into_bytes(), unb64(text)]);
                }
            }
            for secret in secrets {
                c.verify(
                    T0,
                    &Token::new("hmac-64", "HS256")
                        .header(format!(r#"{{"alg":"HS256","kid":"{}"}}"#, k.key))
                        .hmac(secret),
                    refused(),
                );
            }
        },
    );
    s.one("empty-key-hmac", "4", "an HMAC under the empty key is refused (CVE-2026-44351)", |c| {
        c.options(json!({ "secret": used("hmac-32.secret") }));
        c.verify(T0, &Token::new("hmac-32", "HS256").hmac(""), err("ERR_SIGNATURE_INVALID"));
    });

    for (id, name, hash, alg) in [
        ("rs256", "RSASSA-PKCS1-v1_5", "SHA-256", "RS256"),
        ("rs512", "RSASSA-PKCS1-v1_5", "SHA-512", "RS512"),
        ("ps384", "RSA-PSS", "SHA-384", "PS384"),
    ] {
        s.one(&format!("crypto-key-{id}"), "4", "a CryptoKey admits the one algorithm it was imported for", |c| {
            c.requires("web-crypto-key")
                .options(json!({ "publicKey": web_key("rsa-a", json!({ "name": name, "hash": hash })) }));
            matrix(c, "rsa-a", &[alg]);
        });
    }
    s.one("crypto-key-es384", "4", "an ECDSA CryptoKey admits the algorithm of its curve", |c| {
        c.requires("web-crypto-key")
            .options(json!({ "publicKey": web_key("p384", json!({ "name": "ECDSA", "namedCurve": "P-384" })) }));
        matrix(c, "p384", &["ES384"]);
    });
    s.one("crypto-key-ed25519", "4", "an Ed25519 CryptoKey admits both names", |c| {
        c.requires("web-crypto-key").options(json!({ "publicKey": web_key("ed-a", json!({ "name": "Ed25519" })) }));
        matrix(c, "ed-a", &["EdDSA", "Ed25519"]);
    });
    s.one("key-object-rsa", "4", "a key object without a bound algorithm admits what its type can do", |c| {
        c.options(json!({ "publicKey": web_key("rsa-a", Value::Null) }));
        matrix(c, "rsa-a", fits("rsa-a"));
    });
    s.one("public-key-der", "1", "a public key may be DER SubjectPublicKeyInfo", |c| {
        c.options(json!({ "publicKey": used("p256-a.der") }));
        matrix(c, "p256-a", fits("p256-a"));
    });
    s.one("public-key-pkcs1", "1", "a public key may be a PKCS#1 PEM", |c| {
        c.options(json!({ "publicKey": used("rsa-a.pkcs1") }));
        matrix(c, "rsa-a", fits("rsa-a"));
    });
    for (key, alg) in [("rsa-a", "RS256"), ("p256-a", "ES256")] {
        s.one(
            &format!("public-key-certificate-{key}"),
            "1",
            "a certificate gives its key and nothing else, expired or not",
            |c| {
                let token = Token::new(key, alg);
                c.options(json!({ "publicKey": used(&format!("{key}.cert")) })).verify(T0, &token, ok(&token));
            },
        );
    }
    s.one(
        "key-source-priority-jwks",
        "1",
        "jwksUri goes before publicKey and secret, which are not even parsed",
        |c| {
            c.options(json!({ "jwksUri": "$jwks", "publicKey": "nonsense", "secret": "short" }))
                .serve_keys(&["rsa-a.jwk"]);
            let token = Token::new("rsa-a", "RS256");
            c.verify(T0, &token, ok(&token)).fetches(1);
        },
    );
    s.one("key-source-priority-public", "1", "publicKey goes before secret, which is not even parsed", |c| {
        c.options(json!({ "publicKey": used("p256-a.pem"), "secret": "short" }));
        let token = Token::new("p256-a", "ES256");
        c.verify(T0, &token, ok(&token)).verify(T0, &Token::new("hmac-32", "HS256"), refused());
    });
    s
}

fn web_key(key: &str, algorithm: Value) -> Value {
    let spki = keys().form(&format!("{key}.der"))["$bytes"].clone();
    json!({ "$key": { "kind": "public", "spki": spki, "algorithm": algorithm } })
}
