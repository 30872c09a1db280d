//! The tests whose label a strict verifier of tokens contradicts, each with what happens instead and
//! why. A test that turns out otherwise fails, also when it turns out as its label says.

use super::tally::Answer;
use crate::error::Code;

#[derive(Debug)]
pub(super) struct Exception {
    pub(super) file: &'static str,
    pub(super) tc_id: u64,
    pub(super) answer: Answer,
    pub(super) reason: &'static str,
}

const SIGNATURES: &str = "wycheproof/json_web_signature_test.json";
const KEYS: &str = "wycheproof/json_web_key_test.json";
const MIXED: &str = "wycheproof/json_web_crypto_test.json";

const EMPTY_PAYLOAD: &str = "labelled valid; the signature is good, but an empty payload is no claims set, and a token has three non-empty segments";
const OTHER_ALG: &str =
    "labelled valid; the JWK says PS256 and the token PS384, and a key with an alg is good for that alg only";
const ES521: &str = "labelled valid; the JWK says alg ES521, a name that no registry has";
const ZERO_KEY: &str =
    "labelled valid; the key is 32 zero bytes, to HMAC the same as the empty key, and such a secret is refused";
const ROCA: &str = "labelled invalid; the key's primes are weak (ROCA) and its form is sound: which key to trust is the operator's choice, and weak primes are for the issuer to avoid";
const ENCRYPTED: &str = "labelled valid; a JWE says nothing about who sent it, and is never taken for a signed token";

static EXCEPTIONS: [Exception; 22] = [
    Exception::new(SIGNATURES, 259, Answer::Refused(Code::TokenMalformed), EMPTY_PAYLOAD),
    Exception::new(SIGNATURES, 264, Answer::Refused(Code::TokenMalformed), EMPTY_PAYLOAD),
    Exception::new(SIGNATURES, 268, Answer::Refused(Code::TokenMalformed), EMPTY_PAYLOAD),
    Exception::new(SIGNATURES, 272, Answer::Refused(Code::TokenMalformed), EMPTY_PAYLOAD),
    Exception::new(SIGNATURES, 320, Answer::Refused(Code::TokenMalformed), EMPTY_PAYLOAD),
    Exception::new(SIGNATURES, 325, Answer::Refused(Code::TokenMalformed), EMPTY_PAYLOAD),
    Exception::new(SIGNATURES, 346, Answer::Refused(Code::AlgNotAllowed), OTHER_ALG),
    Exception::new(SIGNATURES, 347, Answer::KeyRefused, ES521),
    Exception::new(SIGNATURES, 350, Answer::Refused(Code::AlgNotAllowed), OTHER_ALG),
    Exception::new(SIGNATURES, 351, Answer::KeyRefused, ES521),
    Exception::new(SIGNATURES, 357, Answer::KeyRefused, ZERO_KEY),
    Exception::new(SIGNATURES, 358, Answer::KeyRefused, ZERO_KEY),
    Exception::new(SIGNATURES, 359, Answer::KeyRefused, ZERO_KEY),
    Exception::new(SIGNATURES, 372, Answer::KeyRefused, ZERO_KEY),
    Exception::new(SIGNATURES, 373, Answer::KeyRefused, ZERO_KEY),
    Exception::new(SIGNATURES, 376, Answer::KeyRefused, ZERO_KEY),
    Exception::new(SIGNATURES, 377, Answer::KeyRefused, ZERO_KEY),
    Exception::new(
        KEYS,
        4,
        Answer::Accepted,
        "labelled invalid; two symmetric keys share a kid, and secrets are given without one: any of several verifies",
    ),
    Exception::new(KEYS, 7, Answer::Accepted, ROCA),
    Exception::new(MIXED, 46, Answer::Accepted, ROCA),
    Exception::new(MIXED, 50, Answer::Refused(Code::TokenMalformed), ENCRYPTED),
    Exception::new(MIXED, 67, Answer::Refused(Code::TokenMalformed), ENCRYPTED),
];

impl Exception {
    const fn new(file: &'static str, tc_id: u64, answer: Answer, reason: &'static str) -> Self {
        Self { file, tc_id, answer, reason }
    }
}

pub(super) fn of_file(file: &str) -> impl Iterator<Item = &'static Exception> {
    EXCEPTIONS.iter().filter(move |exception| exception.file == file)
}
