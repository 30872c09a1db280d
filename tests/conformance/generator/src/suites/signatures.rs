//! Row 7: the signature, and keys that a header offers.

use crate::case::{Suite, err, ok};
use crate::keys::{b64, der};
use crate::mint::{T0, Token, keys};

/// The group orders, for signatures that mathematics alone must refuse.
pub const P256_N: &str = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";
pub const P384_N: &str =
    "ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973";
pub const P521_N: &str = "01fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffa51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409";
pub const K256_N: &str = "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141";

pub fn hex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).expect("hex")).collect()
}

pub fn suite() -> Suite {
    let mut s = Suite::new("signatures", "3", "The signature over the exact bytes received");
    let bad = || err("ERR_SIGNATURE_INVALID");

    s.each("signature-other-key", "3.7", "a token signed by another key is refused", |c, k| {
        let token = k.token();
        c.verify(T0, &token, ok(&token)).verify(
            T0,
            &token.clone().header(r#"{"typ":"JWT","alg":"%ALG%","kid":"%KID%"}"#).signed_by(k.stranger()),
            bad(),
        );
    });
    s.each("signature-payload-changed", "3.7", "a changed payload under the old signature is refused", |c, k| {
        let token = k.token();
        let changed = token.clone().claim("sub", "admin").signature(token.signature_bytes());
        c.verify(T0, &token, ok(&token)).verify(T0, &changed, bad());
    });
    s.each("signature-header-changed", "3.7", "a changed header under the old signature is refused", |c, k| {
        let token = k.token();
        let changed = token.clone().typ(Some("jwt")).signature(token.signature_bytes());
        c.verify(T0, &token, ok(&token)).verify(T0, &changed, bad());
    });
    s.each("signature-reencoded", "3.7", "what was signed is the bytes received, not the JSON re-written", |c, k| {
        let token = k.token();
        let spaced =
            token.clone().header(r#"{ "typ":"JWT","alg":"%ALG%","kid":"%KID%"}"#).signature(token.signature_bytes());
        c.verify(T0, &spaced, bad());
    });
    s.each(
        "signature-every-bit-counts",
        "3.7",
        "one flipped bit anywhere in the signature is refused, cached token or not",
        |c, k| {
            let token = k.token();
            let good = token.signature_bytes();
            c.verify(T0, &token, ok(&token));
            for at in [0, 1, good.len() / 2, good.len() - 2, good.len() - 1] {
                for bit in [0x01, 0x80] {
                    let mut bent = good.clone();
                    bent[at] ^= bit;
                    c.verify(T0, &token.clone().signature(bent), bad());
                }
            }
            c.verify(T0, &token, ok(&token));
        },
    );
    s.each("signature-length", "3.7", "a signature cut short, lengthened or of one byte is refused", |c, k| {
        let token = k.token();
        let good = token.signature_bytes();
        for bent in [
            good[..good.len() - 1].to_vec(),
            good[1..].to_vec(),
            [&good[..], &[0]].concat(),
            [&[0], &good[..]].concat(),
            vec![0],
            good.repeat(2),
        ] {
            c.verify(T0, &token.clone().signature(bent), bad());
        }
    });
    s.each(
        "signature-zero-and-ones",
        "3.7",
        "signatures of all zeros and all ones are refused (CVE-2022-21449)",
        |c, k| {
            let token = k.token();
            let length = token.signature_bytes().len();
            c.verify(T0, &token.clone().signature(vec![0; length]), bad()).verify(
                T0,
                &token.clone().signature(vec![255; length]),
                bad(),
            );
        },
    );

    for (id, key, alg, order) in [
        ("es256", "p256-a", "ES256", P256_N),
        ("es384", "p384", "ES384", P384_N),
        ("es512", "p521", "ES512", P521_N),
        ("es256k", "k256", "ES256K", K256_N),
    ] {
        s.one(
            &format!("ecdsa-edge-{id}"),
            "3.7",
            "r and s of 0, n and n+1, and every length but the exact one, are refused (CVE-2022-21449)",
            |c| {
                c.options(serde_json::json!({ "publicKey": { "$use": format!("{key}.jwk") }, "algorithms": [alg] }));
                let token = Token::new(key, alg);
                c.verify(T0, &token, ok(&token));
                let n = hex(order);
                let mut n_plus_one = n.clone();
                *n_plus_one.last_mut().expect("a byte") += 1;
                let mut one = vec![0; n.len()];
                one[n.len() - 1] = 1;
                let zero = vec![0; n.len()];
                let good = token.signature_bytes();
                let (r, v) = good.split_at(n.len());
                for (r, v) in [
                    (&zero[..], &zero[..]),
                    (&zero, v),
                    (r, &zero),
                    (&n, v),
                    (r, &n),
                    (&n, &n),
                    (&n_plus_one, v),
                    (r, &n_plus_one),
                    (&n_plus_one, &n_plus_one),
                    (&one, &zero),
                    (&n, &zero),
                ] {
                    c.verify(T0, &token.clone().signature([r, v].concat()), bad());
                }
                let integer = |bytes: &[u8]| {
                    let from = bytes.iter().position(|byte| *byte != 0).unwrap_or(bytes.len() - 1);
                    let lead: &[u8] = if bytes[from] & 0x80 == 0 { &[] } else { &[0] };
                    der(2, &[lead, &bytes[from..]].concat())
                };
                let asn1 = der(0x30, &[integer(r), integer(v)].concat());
                let padded = [&[0][..], r, &[0], v].concat();
                for bent in [
                    asn1,
                    padded,
                    [&good[..], &[0, 0]].concat(),
                    good[..good.len() - 2].to_vec(),
                    [&good[..], &good[..2]].concat(),
                    [&good[..], &[0; 4]].concat(),
                ] {
                    c.verify(T0, &token.clone().signature(bent), bad());
                }
            },
        );
    }
    s.one(
        "eddsa-scalar-not-reduced",
        "3.7",
        "an Ed25519 signature whose scalar has the group order added is refused",
        |c| {
            c.options(serde_json::json!({ "publicKey": { "$use": "ed-a.jwk" } }));
            let token = Token::new("ed-a", "EdDSA");
            let mut bent = token.signature_bytes();
            let order = hex("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010");
            let mut carry = 0u16;
            for at in 0..32 {
                let sum = u16::from(bent[32 + at]) + u16::from(order[at]) + carry;
                bent[32 + at] = (sum & 0xff) as u8;
                carry = sum >> 8;
            }
            c.verify(T0, &token, ok(&token)).verify(T0, &token.signature(bent), bad());
        },
    );
    s.one("rsa-signature-plus-modulus", "3.7", "an RSA signature to which the modulus was added is refused", |c| {
        c.options(serde_json::json!({ "publicKey": { "$use": "rsa-a.jwk" } }));
        let token = Token::new("rsa-a", "RS256");
        c.verify(T0, &token, ok(&token)).verify(
            T0,
            &token.clone().signature([&[0, 0][..], &token.signature_bytes()].concat()),
            bad(),
        );
    });

    s.public("embedded-keys-ignored", "3.6", "a key that the header offers is never used (CVE-2018-0114)", |c, k| {
        let stranger = keys().key(k.stranger());
        let jwk = crate::canonical::text(&stranger.public_jwk());
        let spki = base64_std(&stranger.spki());
        for member in [
            format!("\"jwk\":{jwk}"),
            "\"jku\":\"http://127.0.0.1:9/jwks\"".to_owned(),
            "\"x5u\":\"http://127.0.0.1:9/x5u\"".to_owned(),
            format!("\"x5c\":[\"{spki}\"]"),
            format!("\"x5t\":\"AAAA\",\"x5t#S256\":\"{}\"", b64(stranger.spki())),
        ] {
            c.verify(T0, &k.token().header_members(&member).signed_by(k.stranger()), bad());
        }
    });
    s.public(
        "embedded-keys-harmless",
        "3.6",
        "a good token whose header also offers a key verifies under ours",
        |c, k| {
            let jwk = crate::canonical::text(&keys().key(k.stranger()).public_jwk());
            let token = k
                .token()
                .header_members(&format!("\"jwk\":{jwk},\"jku\":\"http://127.0.0.1:9/\",\"x5c\":[\"AAAA\"],\"x5u\":1"));
            c.verify(T0, &token, ok(&token));
        },
    );
    s.each(
        "signature-before-expiry",
        "3.7",
        "a forged token says that it is forged, not that it has expired (CVE-2024-51744)",
        |c, k| {
            c.verify(
                T0 + 7200,
                &k.token().header(r#"{"typ":"JWT","alg":"%ALG%","kid":"%KID%"}"#).signed_by(k.stranger()),
                bad(),
            );
        },
    );
    s
}

fn base64_std(bytes: &[u8]) -> String {
    crate::keys::bytes(bytes)["$bytes"].as_str().expect("text").to_owned()
}
