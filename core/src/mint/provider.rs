//! The backend that the `jsonwebtoken` crate encodes with: aws-lc-rs, over keys in PKCS#8. It verifies
//! nothing.

use std::sync::LazyLock;

use jsonwebtoken::crypto::{CryptoProvider, JwtSigner, JwtVerifier, KeyUtils};
use jsonwebtoken::errors::{Error as JwtError, ErrorKind};
use jsonwebtoken::{Algorithm, AlgorithmFamily, DecodingKey, EncodingKey};
use signature::{Error, Signer};

use super::SigningKey;

struct AwsLc {
    algorithm: Algorithm,
    key: SigningKey,
}

impl Signer<Vec<u8>> for AwsLc {
    fn try_sign(&self, message: &[u8]) -> Result<Vec<u8>, Error> {
        self.key.sign(name(self.algorithm), message).map_err(|_| Error::new())
    }
}

impl JwtSigner for AwsLc {
    fn algorithm(&self) -> Algorithm {
        self.algorithm
    }
}

/// The name under which the crate writes an algorithm.
fn name(algorithm: Algorithm) -> &'static str {
    match algorithm {
        Algorithm::HS256 => "HS256",
        Algorithm::HS384 => "HS384",
        Algorithm::HS512 => "HS512",
        Algorithm::RS256 => "RS256",
        Algorithm::RS384 => "RS384",
        Algorithm::RS512 => "RS512",
        Algorithm::PS256 => "PS256",
        Algorithm::PS384 => "PS384",
        Algorithm::PS512 => "PS512",
        Algorithm::ES256 => "ES256",
        Algorithm::ES384 => "ES384",
        Algorithm::EdDSA => "EdDSA",
        _ => "",
    }
}

#[allow(clippy::trivially_copy_pass_by_ref)] // the shape that the crate asks for
fn signer(algorithm: &Algorithm, key: &EncodingKey) -> Result<Box<dyn JwtSigner>, JwtError> {
    let key = match key.family() {
        AlgorithmFamily::Hmac => Ok(SigningKey::from_secret(key.as_bytes())),
        _ => SigningKey::from_pkcs8(key.as_bytes()),
    };
    match key {
        Ok(key) => Ok(Box::new(AwsLc { algorithm: *algorithm, key })),
        Err(_) => Err(ErrorKind::InvalidKeyFormat.into()),
    }
}

#[allow(clippy::trivially_copy_pass_by_ref)]
fn verifier(_: &Algorithm, _: &DecodingKey) -> Result<Box<dyn JwtVerifier>, JwtError> {
    Err(ErrorKind::InvalidAlgorithm.into())
}

static PROVIDER: CryptoProvider =
    CryptoProvider { signer_factory: signer, verifier_factory: verifier, key_utils: KeyUtils::new_unimplemented() };

/// Whether the encoder's backend is this one, which is installed the first time, once per process.
pub(super) fn installed() -> bool {
    static INSTALLED: LazyLock<bool> = LazyLock::new(|| PROVIDER.install_default().is_ok());
    *INSTALLED
}
