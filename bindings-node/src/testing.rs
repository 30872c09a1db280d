//! What the testing module mints, and what it takes from the core.

use bearergate_core::mint::{self, RsaTestKeypair};
use bearergate_core::{ConfigError, OptionValue, Spelling};
use napi::bindgen_prelude::{AsyncTask, Either, Task};
use napi::{Env, Result};
use napi_derive::napi;
use zeroize::Zeroizing;

use crate::headers::HeaderContext;
use crate::options::describe;
use crate::panic::throwing;

/// A token in a list of one, or what is wrong.
type Minted = Either<Vec<String>, String>;

fn minted(token: std::result::Result<String, ConfigError>) -> Minted {
    match token {
        Ok(token) => Either::A(vec![token]),
        Err(error) => Either::B(describe(&error)),
    }
}

/// An HS256 token over a payload, the text of a JSON object.
#[napi]
pub fn mint_test_jwt(payload: String, options_json: String) -> Result<Minted> {
    let options_json = Zeroizing::new(options_json);
    throwing(|| {
        let options = OptionValue::from_json(&options_json);
        minted(options.and_then(|options| mint::test_jwt(&payload, options, Spelling::Camel)))
    })
}

/// An RS256 token over a payload, the text of a JSON object.
#[napi]
pub fn mint_test_jwt_rs256(key_json: String, payload: String, options_json: String) -> Result<Minted> {
    let key_json = Zeroizing::new(key_json);
    throwing(|| {
        let token = || {
            let key = OptionValue::from_json(&key_json)?;
            let options = OptionValue::from_json(&options_json)?;
            mint::test_jwt_rs256(&key, &payload, options, Spelling::Camel)
        };
        minted(token())
    })
}

/// The search for two primes, on a thread of the pool.
pub struct Generation {
    kid: String,
}

impl Task for Generation {
    type Output = RsaTestKeypair;
    type JsValue = Vec<String>;

    fn compute(&mut self) -> Result<RsaTestKeypair> {
        let made = throwing(|| mint::generate_rsa_test_keypair(&self.kid))?;
        made.map_err(|error| napi::Error::from_reason(error.to_string()))
    }

    fn resolve(&mut self, _: Env, pair: RsaTestKeypair) -> Result<Vec<String>> {
        Ok(vec![pair.private_pem.to_string(), pair.public_pem, pair.public_jwk])
    }
}

/// A promise of a new RSA key: PEM PKCS#8, PEM SPKI, public JWK.
#[napi]
pub fn generate_rsa_test_keypair(kid: String) -> AsyncTask<Generation> {
    AsyncTask::new(Generation { kid })
}

/// The secret of test tokens.
#[napi]
pub fn test_jwt_secret() -> &'static str {
    mint::TEST_JWT_SECRET
}

/// The `kid` of generated test keys.
#[napi]
pub fn test_jwt_kid() -> &'static str {
    mint::TEST_JWT_KID
}

/// Lets verifiers of this process be built with the test secret.
#[napi]
pub fn allow_test_secret() {
    mint::allow_test_secret();
}

/// The caller that tests pretend to be.
#[napi]
pub fn mock_context() -> HeaderContext {
    mint::mock_context().into()
}
