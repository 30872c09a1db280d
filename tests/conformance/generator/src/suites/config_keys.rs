//! Section 1: keys that cannot be meant: secrets that are too short or are a key's text, public keys
//! that cannot be used, algorithms that do not fit.

use serde_json::{Value, json};

use crate::canonical;
use crate::case::{Suite, used};
use crate::keys::{b64, bytes, forgeable, pem, rsa_pkcs1, rsa_spki, strip, unb64};
use crate::mint::keys;

pub fn suite() -> Suite {
    let mut s = Suite::new("config-keys", "1", "Construction errors about keys and algorithms");
    let with = |more: Value| {
        let mut options = json!({ "publicKey": used("ed-a.jwk") });
        options.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        options
    };

    // Secrets.
    for (id, algorithms, length, option) in [
        ("31", None, 31, "secret"),
        ("1", None, 1, "secret"),
        ("hs384-47", Some(json!(["HS384"])), 47, "secret"),
        ("hs512-63", Some(json!(["HS512"])), 63, "secret"),
        ("largest-wins", Some(json!(["HS256", "HS512"])), 48, "secret"),
        ("largest-wins-384", Some(json!(["HS384", "HS256"])), 32, "secret"),
    ] {
        let mut options = json!({ "secret": "s".repeat(length) });
        if let Some(algorithms) = algorithms {
            options["algorithms"] = algorithms;
        }
        s.config(
            &format!("secret-short-{id}"),
            "a secret must meet RFC 7518's minimum, the largest listed wins",
            options,
            option,
        );
    }
    s.config("secret-short-bytes", "bytes are counted like text", json!({ "secret": bytes([7; 31]) }), "secret");
    s.config("secret-empty-bytes", "no bytes are no secret", json!({ "secret": bytes([]) }), "secret");
    s.config(
        "secret-short-in-array",
        "each secret of an array is checked",
        json!({ "secret": [used("hmac-32.secret"), "short"] }),
        "secret[1]",
    );
    s.config(
        "secret-null-in-array",
        "null inside the array is no secret",
        json!({ "secret": [null, used("hmac-32.secret")] }),
        "secret[0]",
    );
    s.config("secret-public-key-object", "a public key object is no secret", json!({ "secret": { "$key": { "kind": "public", "spki": keys().form("rsa-a.der")["$bytes"], "algorithm": null } } }), "secret");
    let jwk_text = canonical::text(&keys().form("rsa-a.jwk"));
    let set_text = canonical::text(&json!({ "keys": [keys().form("rsa-a.jwk")] }));
    let oct_text = format!(r#"{{"kty":"oct","k":"{}"}}"#, b64([7u8; 32]));
    let form = |name: &str| keys().form(name).as_str().unwrap().to_owned();
    let texts = [
        ("spki", form("rsa-a.pem")),
        ("pkcs1", form("rsa-a.pkcs1")),
        ("certificate", form("rsa-a.cert")),
        ("ec", form("p256-a.pem")),
        ("private", form("p256-a.private-pem")),
        ("ssh-rsa", form("rsa-a.ssh")),
        (
            "ssh-ed25519",
            "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ8mVh1kq0cWc7nCq6sDkYqTJYyCqkq4m2v3n0b8rQ9t x".to_owned(),
        ),
        ("ecdsa-ssh", format!("ecdsa-sha2-nistp256 {} x", "A".repeat(80))),
        ("jwk", jwk_text),
        ("jwks", set_text),
        ("oct-jwk", oct_text),
        ("jwk-spaced", format!("\n  {{ \"kty\" : \"EC\" , \"x\" : \"{}\" }}", "A".repeat(32))),
    ];
    for (id, text) in &texts {
        s.config(
            &format!("secret-is-{id}"),
            "a secret that is a key's text was meant for another option",
            json!({ "secret": text }),
            "secret",
        );
        s.config(&format!("secret-is-{id}-bytes"), "and so are its bytes", json!({ "secret": bytes(text) }), "secret");
    }
    for (id, prefix) in [
        ("newline", "\n"),
        ("spaces", "    "),
        ("nul", "\0"),
        ("escape", "\u{1b}"),
        ("zwsp", "\u{200b}"),
        ("bom", "\u{feff}"),
        ("hash", "# my key\n"),
        ("header", "Bag Attributes\n    friendlyName: x\n"),
        ("crlf", "\r\n\r\n"),
        ("letter", "x"),
        ("quote", "\""),
    ] {
        for (kind, text) in [("pem", &texts[0].1), ("ssh", &texts[5].1), ("jwk", &texts[8].1), ("jwks", &texts[9].1)] {
            if matches!((id, kind), ("letter", "ssh" | "jwk" | "jwks")) {
                continue;
            }
            s.config(
                &format!("secret-{kind}-after-{id}"),
                "leading bytes do not hide what a text is (CVE-2023-48223)",
                json!({ "secret": format!("{prefix}{text}") }),
                "secret",
            );
        }
    }
    s.config(
        "secret-is-der",
        "a public key in DER given as bytes is no secret",
        json!({ "secret": used("rsa-a.der") }),
        "secret",
    );

    // Public keys.
    let n = unb64(keys().form("rsa-a.jwk")["n"].as_str().unwrap());
    let e = [1, 0, 1];
    let spki_pem = |n: &[u8], e: &[u8]| json!(pem("PUBLIC KEY", &rsa_spki(&rsa_pkcs1(n, e))));
    let long = [vec![0x80], vec![0xff; 1024]].concat();
    let jwk = |name: &str, more: Value| {
        let mut jwk = keys().form(&format!("{name}.jwk"));
        jwk.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        jwk
    };
    let mut off_curve = unb64(keys().form("p256-a.jwk")["y"].as_str().unwrap());
    *off_curve.last_mut().unwrap() ^= 1;
    let broken_pem = form("rsa-a.pem").replace("MIIB", "MI*B");
    let cut_pem: String = form("rsa-a.pem")
        .lines()
        .filter(|line| !line.starts_with("-----END"))
        .map(|line| format!("{line}\n"))
        .collect();
    for (id, why, key) in [
        ("garbage", "garbage is no key", json!("garbage")),
        ("path", "a path is not read (CVE-2021-41106)", json!("/etc/ssl/key.pem")),
        ("pem-broken", "a PEM that does not decode", json!(broken_pem)),
        ("pem-cut", "a PEM without its end", json!(cut_pem)),
        ("pem-other-label", "a PEM of something else", json!(pem("CERTIFICATE REQUEST", &keys().key("rsa-a").spki()))),
        ("private-pem", "a private key in PEM", used("rsa-a.private-pem")),
        ("private-pem-ec", "a private EC key in PEM", used("p256-a.private-pem")),
        ("private-jwk", "a private JWK", used("rsa-a.private")),
        ("private-jwk-ec", "a private EC JWK", used("p256-a.private")),
        ("private-jwk-okp", "a private OKP JWK", used("ed-a.private")),
        ("private-jwk-akp", "a private AKP JWK", used("mldsa-44.private")),
        (
            "private-key-object",
            "a private key object",
            json!({ "$key": { "kind": "private", "spki": "", "algorithm": null } }),
        ),
        ("oct", "an oct JWK", json!({ "kty": "oct", "k": b64([7u8; 32]) })),
        ("weak-jwk", "RSA under 2048 bits as JWK", used("rsa-weak.jwk")),
        ("weak-pem", "RSA under 2048 bits as PEM", used("rsa-weak.pem")),
        ("weak-pkcs1", "RSA under 2048 bits as PKCS#1", used("rsa-weak.pkcs1")),
        ("weak-der", "RSA under 2048 bits as DER", used("rsa-weak.der")),
        ("long-jwk", "RSA over 8192 bits as JWK", jwk("rsa-a", json!({ "n": b64(&long) }))),
        ("long-pem", "RSA over 8192 bits as PEM", spki_pem(&long, &e)),
        ("even-exponent-pem", "an even exponent in PEM", spki_pem(&n, &[1, 0, 0])),
        ("exponent-one-pem", "an exponent of 1 in PEM", spki_pem(&n, &[1])),
        ("exponent-two", "an exponent of 2", jwk("rsa-a", json!({ "e": "Ag" }))),
        ("exponent-one", "an exponent of 1", jwk("rsa-a", json!({ "e": "AQ" }))),
        ("off-curve", "a point that is not on its curve", jwk("p256-a", json!({ "y": b64(&off_curve) }))),
        ("ed448", "Ed448 is not supported", jwk("ed-a", json!({ "crv": "Ed448" }))),
        ("x25519", "X25519 does not sign", jwk("ed-a", json!({ "crv": "X25519" }))),
        ("akp-no-alg", "an AKP JWK needs its alg", strip(keys().form("mldsa-44.jwk"), &["alg"])),
        ("unknown-kty", "a kty that nobody knows", jwk("rsa-a", json!({ "kty": "XYZ" }))),
        ("unknown-alg", "an alg that nobody knows", jwk("rsa-a", json!({ "alg": "RS257" }))),
        ("wrong-alg", "an alg that does not fit the type", jwk("rsa-a", json!({ "alg": "ES256" }))),
        ("hs-alg", "a public key that says HS256", jwk("rsa-a", json!({ "alg": "HS256" }))),
        ("empty-object", "an empty object is no JWK", json!({})),
        ("set-empty", "an empty set verifies nothing", json!({ "keys": [] })),
        ("set-type", "keys must be an array", json!({ "keys": {} })),
        ("der-garbage", "bytes that are no DER", bytes([1, 2, 3])),
        ("der-trailing", "bytes after the DER", bytes([keys().key("rsa-a").spki(), vec![0]].concat())),
        ("der-empty", "no bytes are no key", bytes([])),
        ("der-private", "a private key in DER", bytes(keys().key("p256-a").pkcs8())),
        ("secret-text", "a secret is no public key", used("hmac-32.secret")),
        ("ssh", "an SSH key is no PEM", used("rsa-a.ssh")),
    ] {
        s.config(&format!("public-key-{id}"), why, json!({ "publicKey": key }), "publicKey");
    }
    // id-Ed25519 (RFC 8410 section 10.1), then the key.
    let ed25519_spki = |x: [u8; 32]| [&unb64("MCowBQYDK2VwAyEA")[..], &x].concat();
    for (id, why, x) in forgeable() {
        for (form, key) in [
            ("jwk", jwk("ed-a", json!({ "x": b64(x) }))),
            ("pem", json!(pem("PUBLIC KEY", &ed25519_spki(x)))),
            ("der", bytes(ed25519_spki(x))),
        ] {
            s.config(&format!("public-key-{id}-{form}"), why, json!({ "publicKey": key }), "publicKey");
        }
    }
    s.one("public-key-secret-key-object", "1", "a secret key object is no public key", |c| {
        c.requires("secret-key-object")
            .options(json!({ "publicKey": { "$key": { "kind": "secret", "spki": "", "algorithm": null } } }));
        c.step(json!({ "now": crate::mint::T0, "expect": { "config": { "option": "publicKey" } } }));
    });

    // Algorithms.
    for (id, list, option) in [
        ("unknown", json!(["EdDSA", "RS257"]), "algorithms[1]"),
        ("none", json!(["none"]), "algorithms[0]"),
        ("none-case", json!(["EdDSA", "NONE"]), "algorithms[1]"),
        ("case", json!(["eddsa"]), "algorithms[0]"),
        ("space", json!(["EdDSA "]), "algorithms[0]"),
        ("ed448", json!(["Ed448"]), "algorithms[0]"),
        ("dir", json!(["dir"]), "algorithms[0]"),
        ("hs-public", json!(["EdDSA", "HS256"]), "algorithms"),
        ("hs-only-public", json!(["HS256"]), "algorithms"),
        ("no-fit", json!(["RS256", "ES256"]), "algorithms"),
    ] {
        s.config(
            &format!("algorithms-{id}"),
            "names must be known, and one must fit the key",
            with(json!({ "algorithms": list })),
            option,
        );
    }
    s.config(
        "algorithms-secret-no-fit",
        "no asymmetric name fits a secret",
        json!({ "secret": used("hmac-32.secret"), "algorithms": ["RS256"] }),
        "algorithms",
    );
    s.config(
        "algorithms-jwk-alg-no-fit",
        "no name fits a JWK that admits another",
        json!({ "publicKey": jwk("rsa-a", json!({ "alg": "RS256" })), "algorithms": ["RS512", "PS256"] }),
        "algorithms",
    );
    s.config(
        "algorithms-set-no-fit",
        "no name fits any key of the set",
        json!({ "publicKey": { "keys": [used("rsa-a.jwk"), used("ed-a.jwk")] }, "algorithms": ["ES256"] }),
        "algorithms",
    );
    s.config(
        "algorithms-remote-hs",
        "HS* with a remote source is refused",
        json!({ "jwksUri": "$jwks", "algorithms": ["HS256"] }),
        "algorithms",
    );
    s.config(
        "algorithms-remote-hs-mixed",
        "HS* beside others with a remote source is refused",
        json!({ "jwksUri": "$jwks", "algorithms": ["RS256", "HS512"] }),
        "algorithms",
    );
    s
}
