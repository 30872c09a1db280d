//! The examples of RFC 7520, RFC 7797, RFC 8037 and RFC 9964: a compact signed token is accepted as
//! far as its payload lets it, and every other form is refused for its form.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::File;
use super::source::{Json, hex, public_part, text};
use super::tally::{Answer, Tally};
use super::token_path::{Doors, code, import};
use crate::alg::Alg;
use crate::error::Code;

const MALFORMED: Answer = Answer::Refused(Code::TokenMalformed);

pub(super) const FILES: &[File] = &[
    File { path: "rfc7520-cookbook/jws/4_1.rsa_v15_signature.json", tests: 4, run: signed },
    File { path: "rfc7520-cookbook/jws/4_2.rsa-pss_signature.json", tests: 4, run: signed },
    File { path: "rfc7520-cookbook/jws/4_3.ecdsa_signature.json", tests: 4, run: signed },
    File { path: "rfc7520-cookbook/jws/4_4.hmac-sha2_integrity_protection.json", tests: 4, run: signed },
    File { path: "rfc7520-cookbook/jws/4_5.signature_with_detached_content.json", tests: 3, run: other_form },
    File { path: "rfc7520-cookbook/jws/4_6.protecting_specific_header_fields.json", tests: 2, run: other_form },
    File { path: "rfc7520-cookbook/jws/4_7.protecting_content_only.json", tests: 2, run: other_form },
    File { path: "rfc7520-cookbook/jws/4_8.multiple_signatures.json", tests: 3, run: several_signatures },
    File { path: "rfc7520-cookbook/6.nesting_signatures_and_encryption.json", tests: 5, run: nested },
    File { path: "rfc7520-cookbook/rfc7797/4.2.hmac-sha2_b64_false.json", tests: 4, run: unencoded },
    File { path: "rfc7520-cookbook/rfc7797/hmac-sha2_b64_false.json", tests: 5, run: unencoded },
    File { path: "rfc7520-cookbook/curve25519/jws.json", tests: 4, run: signed },
    File { path: "rfc7520-cookbook/curve25519/ecdh-es.json", tests: 4, run: agreement },
    File { path: "ml-dsa-jose/ML_DSA_44.jose.json", tests: 4, run: ml_dsa },
    File { path: "ml-dsa-jose/ML_DSA_65.jose.json", tests: 4, run: ml_dsa },
    File { path: "ml-dsa-jose/ML_DSA_87.jose.json", tests: 4, run: ml_dsa },
];

/// The forms of one example, each held against what is due.
fn ask(doors: &Doors, output: &Json, compact: Answer, tally: &mut Tally) {
    for (form, due) in [("compact", compact), ("json", MALFORMED), ("json_flat", MALFORMED)] {
        if let Some(token) = output.get(form) {
            let token = token.as_str().map_or_else(|| token.to_string(), str::to_owned);
            expect(doors, form, &token, due, tally);
        }
    }
}

fn expect(doors: &Doors, about: &str, token: &str, due: Answer, tally: &mut Tally) {
    match doors.answer(token) {
        Ok(answer) => tally.expect(about, due, answer),
        Err(problem) => tally.fail(about, &problem),
    }
}

/// The same token with another first character in its signature.
fn with_another_signature(token: &str) -> String {
    let (input, signature) = token.rsplit_once('.').expect("a compact token");
    let first = if signature.starts_with('A') { 'B' } else { 'A' };
    format!("{input}.{first}{}", &signature[1..])
}

fn signed(json: &Json, tally: &mut Tally) {
    let doors = Doors::of(&json["input"]["key"]);
    ask(&doors, &json["output"], Answer::Accepted, tally);
    let forged = with_another_signature(text(&json["output"], "compact"));
    expect(&doors, "forged", &forged, Answer::Refused(Code::SignatureInvalid), tally);
}

fn other_form(json: &Json, tally: &mut Tally) {
    ask(&Doors::of(&json["input"]["key"]), &json["output"], MALFORMED, tally);
}

/// None of the three keys makes the JSON form a token.
fn several_signatures(json: &Json, tally: &mut Tally) {
    for key in json["input"]["key"].as_array().expect("a key for each signature") {
        ask(&Doors::of(key), &json["output"], MALFORMED, tally);
    }
}

/// The inner token is sound, of 2011 and without a subject; the outer one is encrypted.
fn nested(json: &Json, tally: &mut Tally) {
    let inner = Doors::of(&json["sign"]["input"]["key"]);
    ask(&inner, &json["sign"]["output"], Answer::Accepted, tally);
    let said = code(inner.verifier(), text(&json["sign"]["output"], "compact"));
    if said != Some(Code::SubjectMissing) {
        tally.fail("compact", &format!("{said:?} a second before its exp, due is ERR_SUBJECT_MISSING"));
    }
    tally.expect("outer key", Answer::KeyRefused, Doors::of(&json["encrypt"]["input"]["key"]).open());
    ask(&inner, &json["encrypt"]["output"], MALFORMED, tally);
}

/// `b64: false`: a payload in the clear is no segment, and one made a segment meets the header.
fn unencoded(json: &Json, tally: &mut Tally) {
    let doors = Doors::of(&json["input"]["key"]);
    ask(&doors, &json["output"], MALFORMED, tally);
    let flat = &json["output"]["json_flat"];
    let (header, payload, signature) = (text(flat, "protected"), text(flat, "payload"), text(flat, "signature"));
    expect(&doors, "detached", &format!("{header}..{signature}"), MALFORMED, tally);
    let encoded = format!("{header}.{}.{signature}", URL_SAFE_NO_PAD.encode(payload));
    expect(&doors, "encoded", &encoded, Answer::Refused(Code::TokenCritical), tally);
}

/// A key for agreement verifies nothing, and what it encrypts is no token.
fn agreement(json: &Json, tally: &mut Tally) {
    tally.expect("key", Answer::KeyRefused, Doors::of(&json["input"]["key"]).open());
    let stand_in = serde_json::json!({"kty": "oct", "alg": "HS256", "k": "Q".repeat(43)});
    ask(&Doors::of(&stand_in), &json["output"], MALFORMED, tally);
}

fn ml_dsa(json: &Json, tally: &mut Tally) {
    let doors = Doors::of(&json["jwk"]);
    let token = text(json, "jws");
    expect(&doors, "jws", token, Answer::Accepted, tally);
    expect(&doors, "forged", &with_another_signature(token), Answer::Refused(Code::SignatureInvalid), tally);
    let jwk = public_part(&json["jwk"]);
    let key = import(&jwk);
    tally.expect("jwk", Answer::Accepted, key.as_ref().map_or(Answer::KeyRefused, |_| Answer::Accepted));
    let alg = Alg::from_name(text(&jwk, "alg")).expect("an ML-DSA algorithm");
    let raw = key.is_ok_and(|key| key.verifies(alg, &hex(json, "raw_to_be_signed"), &hex(json, "raw_signature")));
    tally.expect("raw", Answer::Accepted, if raw { Answer::Accepted } else { Answer::NotVerified });
    if URL_SAFE_NO_PAD.encode(hex(json, "raw_public_key")) != text(&jwk, "pub") {
        tally.fail("jwk", "the file's two forms of the public key differ");
    }
}
