//! Keys published by themselves (RFC 7520 section 3, and joserfc's copies of it): what is public and
//! for signatures is imported and verifies the cookbook's token; what is private, symmetric or for
//! encryption is refused.

use super::File;
use super::source::{Json, Source, public_part, text};
use super::tally::{Answer, Tally};
use super::token_path::{Doors, import};
use crate::key::KeyProblem;

const RSA: &str = "rfc7520-cookbook/jws/4_1.rsa_v15_signature.json";
const EC: &str = "rfc7520-cookbook/jws/4_3.ecdsa_signature.json";
const MAC: &str = "rfc7520-cookbook/jws/4_4.hmac-sha2_integrity_protection.json";

pub(super) const FILES: &[File] = &[
    File { path: "rfc7520-cookbook/jwk/3_1.ec_public_key.json", tests: 2, run: |key, tally| public(key, EC, tally) },
    File { path: "rfc7520-cookbook/jwk/3_2.ec_private_key.json", tests: 3, run: |key, tally| private(key, EC, tally) },
    File { path: "rfc7520-cookbook/jwk/3_3.rsa_public_key.json", tests: 2, run: |key, tally| public(key, RSA, tally) },
    File {
        path: "rfc7520-cookbook/jwk/3_4.rsa_private_key.json",
        tests: 3,
        run: |key, tally| private(key, RSA, tally),
    },
    File { path: "rfc7520-cookbook/jwk/3_5.symmetric_key_mac_computation.json", tests: 2, run: mac },
    File { path: "rfc7520-cookbook/jwk/3_6.symmetric_key_encryption.json", tests: 2, run: cipher },
    File { path: "joserfc/RFC7520-EC-108.json", tests: 2, run: encryption },
    File { path: "joserfc/RFC7520-EC-120.json", tests: 2, run: encryption },
    File { path: "joserfc/RFC7520-EC-private.json", tests: 3, run: |key, tally| private(key, EC, tally) },
    File { path: "joserfc/RFC7520-EC-public.json", tests: 2, run: |key, tally| public(key, EC, tally) },
    File { path: "joserfc/RFC7520-RSA-73.json", tests: 2, run: encryption },
    File { path: "joserfc/RFC7520-RSA-84.json", tests: 2, run: encryption },
    File { path: "joserfc/RFC7520-RSA-private.json", tests: 3, run: |key, tally| private(key, RSA, tally) },
    File { path: "joserfc/RFC7520-RSA-public.json", tests: 2, run: |key, tally| public(key, RSA, tally) },
    File { path: "joserfc/RFC7520-oct-130.json", tests: 2, run: cipher },
    File { path: "joserfc/RFC7520-oct-sig.json", tests: 2, run: mac },
    File { path: "joserfc/ec-p256-alice.json", tests: 2, run: pair },
    File { path: "joserfc/ec-p256-bob.json", tests: 2, run: pair },
    File { path: "joserfc/okp-ed25519-private.json", tests: 2, run: pair },
    File { path: "joserfc/okp-ed25519-public.json", tests: 1, run: usable },
];

fn usable(key: &Json, tally: &mut Tally) {
    tally.expect("as publicKey", Answer::Accepted, Doors::public(key).open());
}

fn refused(key: &Json, about: &str, tally: &mut Tally) {
    tally.expect(about, Answer::KeyRefused, Doors::public(key).open());
}

fn verifies(doors: &Doors, example: &str, tally: &mut Tally) {
    let example = Source::find().and_then(|source| source.json(example).ok()).expect("the cookbook is beside the keys");
    match doors.answer(text(&example["output"], "compact")) {
        Ok(answer) => tally.expect("token", Answer::Accepted, answer),
        Err(problem) => tally.fail("token", &problem),
    }
}

fn public(key: &Json, example: &str, tally: &mut Tally) {
    usable(key, tally);
    verifies(&Doors::public(key), example, tally);
}

fn private(key: &Json, example: &str, tally: &mut Tally) {
    pair(key, tally);
    verifies(&Doors::public(&public_part(key)), example, tally);
}

/// Refused whole; its public part serves.
fn pair(key: &Json, tally: &mut Tally) {
    refused(key, "as publicKey", tally);
    usable(&public_part(key), tally);
}

/// Refused whole, and its public part too, as of another purpose.
fn encryption(key: &Json, tally: &mut Tally) {
    refused(key, "as publicKey", tally);
    let part = public_part(key);
    refused(&part, "public part", tally);
    if !matches!(import(&part), Err(KeyProblem::Unsupported(_))) {
        tally.fail("public part", "is not refused as of another purpose");
    }
}

fn mac(key: &Json, tally: &mut Tally) {
    refused(key, "as publicKey", tally);
    verifies(&Doors::of(key), MAC, tally);
}

fn cipher(key: &Json, tally: &mut Tally) {
    refused(key, "as publicKey", tally);
    tally.expect("as secret", Answer::KeyRefused, Doors::of(key).open());
}
