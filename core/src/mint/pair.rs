//! An RSA key pair of a test's own, in the forms that tests need.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use zeroize::Zeroizing;

use super::{MintError, SigningKey};
use crate::key::rsa_components;

/// A new RS256 key: the private part to sign with, the public one to publish.
pub struct RsaTestKeypair {
    /// PEM `PRIVATE KEY` (PKCS#8).
    pub private_pem: Zeroizing<String>,
    /// PEM `PUBLIC KEY` (SPKI).
    pub public_pem: String,
    /// The public JWK as JSON text, with `kid`, `alg` and `use`.
    pub public_jwk: String,
}

/// Generates an RSA key of 2048 bits. Takes a good part of a second.
///
/// # Errors
/// No randomness to be had.
pub fn generate_rsa_test_keypair(kid: &str) -> Result<RsaTestKeypair, MintError> {
    let key = SigningKey::generate_rsa()?;
    let numbers = key.rsa_public().and_then(|der| rsa_components(der).ok());
    let (n, e) = numbers.ok_or_else(|| MintError::new("the public key cannot be written"))?;
    let jwk = serde_json::json!({
        "kty": "RSA", "n": URL_SAFE_NO_PAD.encode(n), "e": URL_SAFE_NO_PAD.encode(e),
        "kid": kid, "alg": "RS256", "use": "sig",
    });
    let block = |label: &str, der: Vec<u8>| {
        let style = pem::EncodeConfig::new().set_line_ending(pem::LineEnding::LF);
        pem::encode_config(&pem::Pem::new(label, der), style)
    };
    Ok(RsaTestKeypair {
        private_pem: Zeroizing::new(block("PRIVATE KEY", key.pkcs8()?.to_vec())),
        public_pem: block("PUBLIC KEY", key.spki()?),
        public_jwk: jwk.to_string(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_is_the_same_key() {
        let pair = generate_rsa_test_keypair("a \"kid\"").unwrap();
        let key = SigningKey::from_pem(&pair.private_pem).unwrap();
        assert_eq!(pem::parse(&pair.public_pem).unwrap().contents(), key.spki().unwrap());
        let jwk: serde_json::Value = serde_json::from_str(&pair.public_jwk).unwrap();
        assert_eq!((jwk["kid"].as_str(), jwk["alg"].as_str()), (Some("a \"kid\""), Some("RS256")));
        assert_eq!(jwk["n"].as_str().map(str::len), Some(342), "2048 bits");
        assert!(jwk.get("d").is_none());
    }
}
