//! Section 5: which key of a set is the token's.

use serde_json::{Value, json};

use crate::case::{Case, Suite, err, ok, used};
use crate::keys::{forgeable, strip};
use crate::mint::{T0, Token, keys};

fn jwk(name: &str, more: Value) -> Value {
    let mut jwk = keys().form(&format!("{name}.jwk"));
    for (member, value) in more.as_object().unwrap() {
        if value.is_null() {
            jwk = strip(jwk, &[member]);
        } else {
            jwk[member] = value.clone();
        }
    }
    jwk
}

fn b64_of(bytes: &[u8]) -> String {
    crate::keys::b64(bytes)
}

/// The same script for a fixed set and for one that is fetched.
fn both(s: &mut Suite, id: &str, why: &str, set: Value, script: &dyn Fn(&mut Case)) {
    s.one(&format!("{id}/jwk-set"), "5 selection", why, |c| {
        c.options(json!({ "publicKey": { "keys": set } }));
        script(c);
    });
    remote(s, id, why, set, script);
}

fn remote(s: &mut Suite, id: &str, why: &str, set: Value, script: &dyn Fn(&mut Case)) {
    s.one(&format!("{id}/jwks-uri"), "5 selection", why, |c| {
        c.options(json!({ "jwksUri": "$jwks" })).serve(json!({ "jwks": { "keys": set } }));
        script(c);
    });
}

pub fn suite() -> Suite {
    let mut s = Suite::new("selection", "5", "Key selection in fixed and fetched sets");
    let not_found = || err("ERR_KEY_NOT_FOUND");
    let ambiguous = || err("ERR_KEY_AMBIGUOUS");
    let rs = || Token::new("rsa-a", "RS256");
    let es = || Token::new("p256-a", "ES256");
    let (rsa_a, rsa_b, p256_a, ed_a) = (used("rsa-a.jwk"), used("rsa-b.jwk"), used("p256-a.jwk"), used("ed-a.jwk"));

    both(&mut s, "kid-chooses", "kid chooses among keys of one type", json!([rsa_b, rsa_a]), &|c| {
        let other = Token::new("rsa-b", "RS256");
        c.verify(T0, &rs(), ok(&rs())).verify(T0, &other, ok(&other));
        c.verify(T0, &rs().kid(Some("rsa-b")), err("ERR_SIGNATURE_INVALID"));
    });
    both(&mut s, "kid-unknown", "an unknown kid finds no key, in a set of one too", json!([rsa_a]), &|c| {
        for kid in ["rsa-A", "rsa-a ", "", "rsa", "__proto__"] {
            c.verify(T0, &rs().kid(Some(kid)), not_found());
        }
    });
    both(&mut s, "no-kid-one-fits", "without kid the one key that fits is taken", json!([p256_a, rsa_a, ed_a]), &|c| {
        let (rs, es, ed) = (rs().kid(None), es().kid(None), Token::new("ed-a", "EdDSA").kid(None));
        c.verify(T0, &rs, ok(&rs)).verify(T0, &es, ok(&es)).verify(T0, &ed, ok(&ed));
    });
    both(&mut s, "no-kid-several-fit", "without kid two keys that fit are ambiguous", json!([rsa_a, rsa_b]), &|c| {
        c.verify(T0, &rs().kid(None), ambiguous()).verify(T0, &rs(), ok(&rs()));
    });
    both(
        &mut s,
        "no-kid-none-fits",
        "without kid and without a key that fits, none is found",
        json!([jwk("rsa-a", json!({ "alg": "RS512" })), jwk("rsa-b", json!({ "alg": "PS256" }))]),
        &|c| {
            let fits = Token::new("rsa-a", "RS512").kid(None);
            c.verify(T0, &fits, ok(&fits)).verify(T0, &Token::new("rsa-a", "PS256"), not_found());
        },
    );
    both(
        &mut s,
        "kid-needs-kid",
        "keys without kid never match a token with one",
        json!([used("rsa-a.bare"), p256_a]),
        &|c| {
            let token = rs().kid(None);
            c.verify(T0, &rs(), not_found()).verify(T0, &token, ok(&token));
        },
    );
    both(
        &mut s,
        "same-kid-two-keys",
        "two different keys with one kid and type are ambiguous, others work",
        json!([rsa_a, jwk("rsa-b", json!({ "kid": "rsa-a" })), p256_a]),
        &|c| {
            c.verify(T0, &rs(), ambiguous()).verify(T0, &es(), ok(&es()));
        },
    );
    both(
        &mut s,
        "same-kid-two-types",
        "of one kid and two types, the one that fits the alg is taken",
        json!([
            jwk("p256-a", json!({ "kid": "k" })),
            jwk("rsa-a", json!({ "kid": "k" })),
            jwk("ed-a", json!({ "kid": "k" })),
            used("p384.jwk")
        ]),
        &|c| {
            let (rs, es) = (rs().kid(Some("k")), es().kid(Some("k")));
            c.verify(T0, &rs, ok(&rs)).verify(T0, &es, ok(&es)).verify(
                T0,
                &Token::new("p384", "ES384").kid(Some("k")),
                not_found(),
            );
        },
    );
    both(
        &mut s,
        "same-kid-two-algs",
        "of one kid and two algs, the one that fits is taken",
        json!([
            jwk("rsa-a", json!({ "kid": "k", "alg": "RS256" })),
            jwk("rsa-b", json!({ "kid": "k", "alg": "PS256" }))
        ]),
        &|c| {
            let (rs, ps) = (rs().kid(Some("k")), Token::new("rsa-b", "PS256").kid(Some("k")));
            c.verify(T0, &rs, ok(&rs)).verify(T0, &ps, ok(&ps));
        },
    );
    both(&mut s, "same-key-twice", "the same key listed twice counts as one", json!([rsa_a, rsa_a]), &|c| {
        let bare = rs().kid(None);
        c.verify(T0, &rs(), ok(&rs())).verify(T0, &bare, ok(&bare));
    });
    both(
        &mut s,
        "same-key-twice-two-kids",
        "the same key under two kids counts as one where no kid is given",
        json!([rsa_a, jwk("rsa-a", json!({ "kid": "other" }))]),
        &|c| {
            let (bare, other) = (rs().kid(None), rs().kid(Some("other")));
            c.verify(T0, &rs(), ok(&rs())).verify(T0, &other, ok(&other)).verify(T0, &bare, ok(&bare));
        },
    );
    both(
        &mut s,
        "use-sig",
        "use of sig is as good as none",
        json!([jwk("rsa-a", json!({ "use": "sig" })), rsa_b]),
        &|c| {
            c.verify(T0, &rs(), ok(&rs()));
        },
    );
    for (id, value) in [("enc", json!("enc")), ("other", json!("tls")), ("upper", json!("SIG")), ("empty", json!(""))] {
        both(
            &mut s,
            &format!("use-{id}"),
            "a key with another use is not taken",
            json!([jwk("rsa-a", json!({ "use": value })), rsa_b, p256_a]),
            &|c| {
                c.verify(T0, &rs(), not_found()).verify(T0, &es(), ok(&es()));
            },
        );
    }
    both(
        &mut s,
        "key-ops-verify",
        "key_ops with verify is as good as none",
        json!([jwk("rsa-a", json!({ "key_ops": ["sign", "verify"] })), rsa_b]),
        &|c| {
            c.verify(T0, &rs(), ok(&rs()));
        },
    );
    for (id, value) in [
        ("sign", json!(["sign"])),
        ("empty", json!([])),
        ("encrypt", json!(["encrypt", "wrapKey"])),
        ("upper", json!(["Verify"])),
    ] {
        both(
            &mut s,
            &format!("key-ops-{id}"),
            "a key whose key_ops lack verify is not taken",
            json!([jwk("rsa-a", json!({ "key_ops": value })), rsa_b, p256_a]),
            &|c| {
                c.verify(T0, &rs(), not_found()).verify(T0, &es(), ok(&es()));
            },
        );
    }
    both(
        &mut s,
        "use-makes-unambiguous",
        "a key for encryption does not make a choice ambiguous",
        json!([rsa_a, jwk("rsa-b", json!({ "use": "enc" }))]),
        &|c| {
            let token = rs().kid(None);
            c.verify(T0, &token, ok(&token));
        },
    );

    let n = crate::keys::unb64(keys().form("rsa-a.jwk")["n"].as_str().unwrap());
    let x = crate::keys::unb64(keys().form("p256-a.jwk")["x"].as_str().unwrap());
    let mut off_curve = crate::keys::unb64(keys().form("p256-a.jwk")["y"].as_str().unwrap());
    *off_curve.last_mut().unwrap() ^= 1;
    let rsa = |more: Value| jwk("rsa-a", more);
    // Under the identity, this signature is good for every message.
    let made_up = Token::new("ed-a", "EdDSA").signature([&[1][..], &[0; 63]].concat());
    let forgeable =
        forgeable().map(|(id, what, x)| (id, what, jwk("ed-a", json!({ "x": b64_of(&x) })), made_up.clone()));
    let skipped: Vec<(&str, &str, Value, Token)> = vec![
        ("weak-rsa", "RSA under 2048 bits", jwk("rsa-weak", json!({ "kid": "rsa-a" })), rs()),
        ("rsa-even-exponent", "an even exponent", rsa(json!({ "e": b64_of(&[1, 0, 0]) })), rs()),
        ("rsa-exponent-one", "an exponent of 1", rsa(json!({ "e": "AQ" })), rs()),
        ("rsa-exponent-zero", "an exponent of 0", rsa(json!({ "e": "AA" })), rs()),
        (
            "rsa-too-long",
            "RSA over 8192 bits",
            rsa(json!({ "n": b64_of(&[vec![0x80], vec![0xff; 1024]].concat()) })),
            rs(),
        ),
        ("rsa-no-n", "an RSA key without n", rsa(json!({ "n": null })), rs()),
        ("rsa-no-e", "an RSA key without e", rsa(json!({ "e": null })), rs()),
        ("rsa-n-number", "an RSA key whose n is a number", rsa(json!({ "n": 7 })), rs()),
        ("rsa-n-not-base64url", "an RSA key whose n is not base64url", rsa(json!({ "n": "*" })), rs()),
        ("ec-off-curve", "a point that is not on its curve", jwk("p256-a", json!({ "y": b64_of(&off_curve) })), es()),
        ("ec-short-coordinate", "a coordinate that is too short", jwk("p256-a", json!({ "x": b64_of(&x[1..]) })), es()),
        (
            "ec-long-coordinate",
            "a coordinate that is too long",
            jwk("p256-a", json!({ "x": b64_of(&[&[0][..], &x].concat()) })),
            es(),
        ),
        (
            "ec-wrong-curve",
            "coordinates of another curve",
            jwk("p256-a", json!({ "crv": "P-384" })),
            Token::new("p384", "ES384").kid(Some("p256-a")),
        ),
        ("ec-unknown-curve", "a curve that nobody knows", jwk("p256-a", json!({ "crv": "P-257" })), es()),
        ("ec-no-y", "an EC key without y", jwk("p256-a", json!({ "y": null })), es()),
        ("okp-x25519", "an X25519 key", jwk("ed-a", json!({ "crv": "X25519" })), Token::new("ed-a", "EdDSA")),
        ("okp-ed448", "an Ed448 key", jwk("ed-a", json!({ "crv": "Ed448" })), Token::new("ed-a", "EdDSA")),
        (
            "okp-short",
            "an Ed25519 key that is too short",
            jwk("ed-a", json!({ "x": "AAAA" })),
            Token::new("ed-a", "EdDSA"),
        ),
        (
            "akp-no-alg",
            "an AKP key without alg",
            jwk("mldsa-44", json!({ "alg": null })),
            Token::new("mldsa-44", "ML-DSA-44"),
        ),
        (
            "akp-wrong-alg",
            "an AKP key of another size",
            jwk("mldsa-44", json!({ "alg": "ML-DSA-65" })),
            Token::new("mldsa-65", "ML-DSA-65").kid(Some("mldsa-44")),
        ),
        ("unknown-kty", "a kty that nobody knows", rsa(json!({ "kty": "XYZ" })), rs()),
        ("no-kty", "a key without kty", rsa(json!({ "kty": null })), rs()),
        ("kty-case", "a kty in another case", rsa(json!({ "kty": "rsa" })), rs()),
        ("numeric-kid", "a kid that is a number", rsa(json!({ "kid": 1 })), rs()),
        ("unknown-alg", "an alg that nobody knows", rsa(json!({ "alg": "RS257" })), rs()),
        ("alg-of-another-type", "an alg that does not fit the type", rsa(json!({ "alg": "ES256" })), rs()),
        ("hs-alg", "an RSA key that says HS256", rsa(json!({ "alg": "HS256" })), rs()),
        ("alg-not-a-string", "an alg that is not a string", rsa(json!({ "alg": ["RS256"] })), rs()),
        ("use-not-a-string", "a use that is not a string", rsa(json!({ "use": 1 })), rs()),
        ("key-ops-not-an-array", "key_ops that are not an array", rsa(json!({ "key_ops": "verify" })), rs()),
        ("key-ops-twice", "key_ops with one twice", rsa(json!({ "key_ops": ["verify", "verify"] })), rs()),
        ("key-ops-not-strings", "key_ops with a number", rsa(json!({ "key_ops": ["verify", 1] })), rs()),
        ("ext-not-a-boolean", "an ext that is not a boolean", rsa(json!({ "ext": "true" })), rs()),
    ];
    for (id, what, bad, token) in skipped.into_iter().chain(forgeable) {
        remote(
            &mut s,
            &format!("skipped-{id}"),
            &format!("{what} is skipped, and the rest of the set serves"),
            json!([bad, used("p521.jwk")]),
            &|c| {
                let good = Token::new("p521", "ES512");
                c.verify(T0, &good, ok(&good)).verify(T0, &token, not_found());
            },
        );
    }
    for name in ["rsa-a", "p256-a", "ed-a"] {
        let alg = match name {
            "rsa-a" => "RS256",
            "p256-a" => "ES256",
            _ => "EdDSA",
        };
        remote(
            &mut s,
            &format!("skipped-private-{name}"),
            "a private key in a fetched set is skipped",
            json!([used(&format!("{name}.private")), used("p521.jwk")]),
            &|c| {
                let good = Token::new("p521", "ES512");
                c.verify(T0, &good, ok(&good)).verify(T0, &Token::new(name, alg), not_found());
            },
        );
    }
    remote(
        &mut s,
        "skipped-oct",
        "an oct key in a fetched set is never used",
        json!([{ "kty": "oct", "kid": "hmac-32", "k": keys().form("hmac-32.private")["k"] }, used("p521.jwk")]),
        &|c| {
            let good = Token::new("p521", "ES512");
            c.verify(T0, &good, ok(&good)).verify(T0, &Token::new("hmac-32", "HS256"), err("ERR_ALG_NOT_ALLOWED"));
        },
    );
    remote(
        &mut s,
        "skipped-not-an-object",
        "what is not an object among the keys is skipped",
        json!([1, null, "x", [], rsa_a]),
        &|c| {
            c.verify(T0, &rs(), ok(&rs()));
        },
    );
    remote(
        &mut s,
        "rsa-leading-zeros",
        "leading zeros in n are accepted",
        json!([rsa(json!({ "n": b64_of(&[&[0, 0][..], &n].concat()) }))]),
        &|c| {
            c.verify(T0, &rs(), ok(&rs()));
        },
    );
    remote(&mut s, "rsa-3072", "a longer RSA key is as good", json!([used("rsa-3072.jwk")]), &|c| {
        for alg in ["RS256", "PS512"] {
            let token = Token::new("rsa-3072", alg);
            c.verify(T0, &token, ok(&token));
        }
    });
    remote(
        &mut s,
        "members-ignored",
        "members that nobody asked about are ignored",
        json!([rsa(json!({ "x5c": ["AAAA"], "x5t": "x", "ext": true, "foo": { "bar": 1 } }))]),
        &|c| {
            c.verify(T0, &rs(), ok(&rs()));
        },
    );
    s.one("fixed-key-ignores-kid", "1", "kid is ignored for one fixed key", |c| {
        c.options(json!({ "publicKey": rsa_a }));
        for kid in [Some("other"), None, Some("")] {
            let token = rs().kid(kid);
            c.verify(T0, &token, ok(&token));
        }
    });
    s
}
