//! The backend that the `jsonwebtoken` crate mints with: aws-lc-rs, over keys in PKCS#8.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeyPair as RsaKeyPair;
use aws_lc_rs::signature::{self as sig, EcdsaKeyPair, Ed25519KeyPair};
use jsonwebtoken::crypto::{CryptoProvider, JwtSigner, JwtVerifier, KeyUtils};
use jsonwebtoken::errors::{Error as JwtError, ErrorKind};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey};
use signature::{Error, Signer};

use crate::keys::hmac_with;

struct AwsLc {
    algorithm: Algorithm,
    key: Vec<u8>,
}

impl AwsLc {
    fn sign_bytes(&self, message: &[u8]) -> Option<Vec<u8>> {
        let rng = SystemRandom::new();
        let rsa = |encoding: &'static sig::RsaSignatureEncoding| {
            let pair = RsaKeyPair::from_pkcs8(&self.key).ok()?;
            let mut signature = vec![0; pair.public_modulus_len()];
            pair.sign(encoding, &rng, message, &mut signature).ok()?;
            Some(signature)
        };
        let ec = |algorithm| {
            let pair = EcdsaKeyPair::from_pkcs8(algorithm, &self.key).ok()?;
            Some(pair.sign(&rng, message).ok()?.as_ref().to_vec())
        };
        match self.algorithm {
            Algorithm::HS256 => Some(hmac_with("HS256", &self.key, message)),
            Algorithm::HS384 => Some(hmac_with("HS384", &self.key, message)),
            Algorithm::HS512 => Some(hmac_with("HS512", &self.key, message)),
            Algorithm::RS256 => rsa(&sig::RSA_PKCS1_SHA256),
            Algorithm::RS384 => rsa(&sig::RSA_PKCS1_SHA384),
            Algorithm::RS512 => rsa(&sig::RSA_PKCS1_SHA512),
            Algorithm::PS256 => rsa(&sig::RSA_PSS_SHA256),
            Algorithm::PS384 => rsa(&sig::RSA_PSS_SHA384),
            Algorithm::PS512 => rsa(&sig::RSA_PSS_SHA512),
            Algorithm::ES256 => ec(&sig::ECDSA_P256_SHA256_FIXED_SIGNING),
            Algorithm::ES384 => ec(&sig::ECDSA_P384_SHA384_FIXED_SIGNING),
            Algorithm::EdDSA => Some(Ed25519KeyPair::from_pkcs8(&self.key).ok()?.sign(message).as_ref().to_vec()),
            _ => None,
        }
    }
}

impl Signer<Vec<u8>> for AwsLc {
    fn try_sign(&self, message: &[u8]) -> Result<Vec<u8>, Error> {
        self.sign_bytes(message).ok_or_else(Error::new)
    }
}

impl JwtSigner for AwsLc {
    fn algorithm(&self) -> Algorithm {
        self.algorithm
    }
}

fn signer(algorithm: &Algorithm, key: &EncodingKey) -> Result<Box<dyn JwtSigner>, JwtError> {
    Ok(Box::new(AwsLc { algorithm: *algorithm, key: key.as_bytes().to_vec() }))
}

fn verifier(_: &Algorithm, _: &DecodingKey) -> Result<Box<dyn JwtVerifier>, JwtError> {
    Err(ErrorKind::InvalidAlgorithm.into())
}

static PROVIDER: CryptoProvider =
    CryptoProvider { signer_factory: signer, verifier_factory: verifier, key_utils: KeyUtils::new_unimplemented() };

/// Makes aws-lc-rs the encoder's backend, once per process.
pub fn install() {
    PROVIDER.install_default().expect("no other provider is installed");
}
