//! The front door: verifiers as a user builds them from a JOSE key, and their answer to a token.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::source::{Json, list, public_part, symmetric_key, text};
use super::tally::Answer;
use crate::alg::{Alg, AlgSet};
use crate::error::Code;
use crate::json::Document;
use crate::key::{KeyProblem, PreparedKey, check_secret, from_jwk, prepare_secret};
use crate::{CacheOption, Clock, ManualClock, Options, Outcome, PublicKey, Secret, TrustOptions, Verifier};

/// A second before the `exp` of 2011 that the RFCs' examples share.
const NOW_MS: i64 = 1_300_819_379_000;

/// Every way in which a key can be given to a verifier, and the key itself below all of them.
pub(super) struct Doors {
    /// `None` where the options were refused.
    given: Vec<Option<Verifier>>,
    keys: Vec<PreparedKey>,
}

impl Doors {
    /// As `publicKey`: a JWK by itself and in a set, or a set.
    pub(super) fn public(jwk: &Json) -> Self {
        let mut texts = vec![jwk.to_string()];
        let mut jwks = vec![jwk.clone()];
        if jwk.get("keys").is_some() {
            jwks = list(jwk, "keys").to_vec();
        } else {
            texts.push(format!("{{\"keys\":[{jwk}]}}"));
        }
        let given = texts.into_iter().map(|text| verifier(trust_of_jwk(text))).collect();
        Self { given, keys: jwks.iter().filter_map(|jwk| import(jwk).ok()).collect() }
    }

    /// As `secret`: the bytes of each symmetric key, for the algorithms that the keys name.
    pub(super) fn secret(jwks: &[Json]) -> Self {
        let secrets: Vec<_> = jwks.iter().map(|jwk| Secret::new(symmetric_key(jwk))).collect();
        let algorithms: Vec<_> = jwks.iter().map(|jwk| text(jwk, "alg").to_owned()).collect();
        let named: AlgSet = algorithms.iter().filter_map(|name| Alg::from_name(name)).collect();
        let strong = |secret: &&Secret| check_secret(secret, Some(named)).is_ok();
        let keys = secrets.iter().filter(strong).map(|secret| prepare_secret(secret).restricted_to(named)).collect();
        let trust = TrustOptions { secret: Some(secrets), algorithms: Some(algorithms), ..TrustOptions::default() };
        Self { given: vec![verifier(trust)], keys }
    }

    /// As the kind of the key has it; of a private key the public part.
    pub(super) fn of(jwk: &Json) -> Self {
        if text(jwk, "kty") == "oct" {
            Self::secret(std::slice::from_ref(jwk))
        } else {
            Self::public(&public_part(jwk))
        }
    }

    /// The answer of the first door, if all agree whether to accept.
    pub(super) fn answer(&self, token: &str) -> Result<Answer, String> {
        let answers: Vec<_> = self
            .given
            .iter()
            .map(|verifier| verifier.as_ref().map_or(Answer::KeyRefused, |verifier| answer(verifier, token)))
            .collect();
        let accepted = |answer: &Answer| *answer == Answer::Accepted;
        if answers.iter().any(accepted) && !answers.iter().all(accepted) {
            return Err(format!("the same key by itself and in a set: {answers:?}"));
        }
        Ok(answers[0])
    }

    /// Whether the options were taken.
    pub(super) fn open(&self) -> Answer {
        if self.given.iter().all(Option::is_some) { Answer::Accepted } else { Answer::KeyRefused }
    }

    /// The verifier of the first door.
    pub(super) fn verifier(&self) -> &Verifier {
        self.given[0].as_ref().expect("the key is usable")
    }

    /// Whether a key verifies the signature of the token's text, whatever the rest of it is.
    pub(super) fn verifies_raw(&self, token: &str) -> bool {
        let verified = || {
            let (input, signature) = token.rsplit_once('.')?;
            let header = URL_SAFE_NO_PAD.decode(input.split('.').next()?).ok()?;
            let header: Json = serde_json::from_slice(&header).ok()?;
            let alg = Alg::from_name(header["alg"].as_str()?)?;
            let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
            Some(self.keys.iter().any(|key| key.verifies(alg, input.as_bytes(), &signature)))
        };
        verified() == Some(true)
    }
}

/// A JWK's own import.
pub(super) fn import(jwk: &Json) -> Result<PreparedKey, KeyProblem> {
    let document = Document::parse(jwk.to_string().into_bytes()).expect("a value of serde_json is strict JSON");
    from_jwk(document.root())
}

fn trust_of_jwk(text: String) -> TrustOptions {
    TrustOptions { public_key: Some(PublicKey::Jwk(text)), ..TrustOptions::default() }
}

fn verifier(trust: TrustOptions) -> Option<Verifier> {
    // Each answer is to be found anew.
    let options = Options { trust, cache: Some(CacheOption::Off), ..Options::default() };
    Verifier::with_clock(options, Clock::Manual(ManualClock::new(NOW_MS, 0))).ok()
}

/// What the verifier says at last; the payloads of vectors are seldom claims.
pub(super) fn code(verifier: &Verifier, token: &str) -> Option<Code> {
    match verifier.verify(token) {
        Outcome::Ready(decision) => decision.err().map(|refusal| refusal.code()),
        Outcome::Wait(_) => unreachable!("fixed keys are there"),
    }
}

fn answer(verifier: &Verifier, token: &str) -> Answer {
    match code(verifier, token) {
        None => Answer::Accepted,
        Some(code) if follows_the_signature(code) => Answer::Accepted,
        Some(code) => Answer::Refused(code),
    }
}

fn follows_the_signature(code: Code) -> bool {
    matches!(code, Code::ClaimsMalformed | Code::SubjectMissing)
}
