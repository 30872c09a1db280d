//! Wycheproof's JOSE files: each group's key at the front door, and each of its tests as a token.

use super::File;
use super::source::{Json, list, text};
use super::tally::{Answer, Label, Tally};
use super::token_path::{Doors, import};
use crate::error::Code;
use crate::key::KeyProblem;

pub(super) const FILES: &[File] = &[
    File { path: "wycheproof/json_web_signature_test.json", tests: 401, run: signatures },
    File { path: "wycheproof/json_web_key_test.json", tests: 26, run: keys },
    File { path: "wycheproof/json_web_crypto_test.json", tests: 83, run: mixed },
];

/// Keys for encryption, the names `none` and those of other algorithms, and the rest by what is wrong.
fn signatures(json: &Json, tally: &mut Tally) {
    run(json, tally);
    tally.refused_for(&[
        ("ERR_ALG_NOT_ALLOWED", 6),
        ("ERR_SIGNATURE_INVALID", 296),
        ("ERR_TOKEN_MALFORMED", 35),
        ("key refused", 18),
    ]);
}

/// All but the one with a changed signature are for their key alone, which some have an empty payload
/// beside.
fn keys(json: &Json, tally: &mut Tally) {
    run(json, tally);
    tally.refused_for(&[("ERR_SIGNATURE_INVALID", 1), ("key refused", 18)]);
}

/// The mixed set is refused as a key; every encrypted token for its segments.
fn mixed(json: &Json, tally: &mut Tally) {
    run(json, tally);
    tally.refused_for(&[
        ("ERR_ALG_NOT_ALLOWED", 1),
        ("ERR_SIGNATURE_INVALID", 11),
        ("ERR_TOKEN_MALFORMED", 63),
        ("key refused", 1),
    ]);
}

fn run(json: &Json, tally: &mut Tally) {
    for group in list(json, "testGroups") {
        let doors = doors(group);
        refuse_private_keys(group, tally);
        for test in list(group, "tests") {
            let tc_id = test["tcId"].as_u64().expect("tcId is a number");
            let label = Label::of(text(test, "result"));
            if let Some(token) = test.get("jwe") {
                let answer = encrypted(&doors, &serialized(token), tc_id, tally);
                tally.judge(tc_id, label, answer);
                continue;
            }
            let token = serialized(&test["jws"]);
            match doors.answer(&token) {
                Ok(answer) => {
                    if let Some(problem) = contradiction(&doors, &token, label, answer) {
                        tally.fail(&format!("tcId {tc_id}"), problem);
                    }
                    tally.judge(tc_id, label, answer);
                }
                Err(problem) => tally.fail(&format!("tcId {tc_id}"), &problem),
            }
        }
    }
}

/// The group's key as a user holds it: the public key, or the secrets.
fn doors(group: &Json) -> Doors {
    let private = &group["private"];
    let jwks = if private.get("keys").is_some() { list(private, "keys") } else { std::slice::from_ref(private) };
    match group.get("public") {
        Some(public) => Doors::public(public),
        None if jwks.iter().all(|jwk| text(jwk, "kty") == "oct") => Doors::secret(jwks),
        None => Doors::public(private),
    }
}

/// A token in the JSON serialization is that JSON's text.
fn serialized(token: &Json) -> String {
    token.as_str().map_or_else(|| token.to_string(), str::to_owned)
}

/// No private key is taken for a public one.
fn refuse_private_keys(group: &Json, tally: &mut Tally) {
    let private = &group["private"];
    let jwks = if private.get("keys").is_some() { list(private, "keys") } else { std::slice::from_ref(private) };
    for jwk in jwks.iter().filter(|jwk| jwk.get("d").is_some()) {
        if !matches!(import(jwk), Err(KeyProblem::Unusable(reason)) if reason.contains("private key")) {
            tally.fail(text(group, "comment"), "a private key was not refused as one");
        }
    }
}

/// The token path must agree with the key below it.
fn contradiction(doors: &Doors, token: &str, label: Label, answer: Answer) -> Option<&'static str> {
    let raw = doors.verifies_raw(token);
    match answer {
        Answer::Accepted if !raw => Some("is accepted, and the key does not verify it"),
        Answer::Refused(Code::SignatureInvalid) if raw => Some("has no good signature, and the key verifies it"),
        Answer::Refused(Code::TokenMalformed) if label == Label::Valid && token.contains("..") && !raw => {
            Some("has an empty payload, and its signature is not good either")
        }
        _ => None,
    }
}

/// The keys of an encrypted token are no keys here, and no other key opens it.
fn encrypted(doors: &Doors, token: &str, tc_id: u64, tally: &mut Tally) -> Answer {
    if doors.open() != Answer::KeyRefused {
        tally.fail(&format!("tcId {tc_id}"), "a key for encryption was taken");
    }
    let stand_in = serde_json::json!({"kty": "oct", "alg": "HS256", "k": "Q".repeat(43)});
    Doors::secret(&[stand_in]).answer(token).expect("one door")
}
