//! Minting: signed tokens and key pairs **for tests**, as the packages' testing modules and the
//! conformance generator use them. Nothing that verifies comes here.
//!
//! Tokens are encoded by the `jsonwebtoken` crate over this crate's own backend, which is installed
//! for the process with the first token; the algorithms that it lacks (ES512, ES256K, ML-DSA, the
//! name Ed25519) are put together here. A program that uses `jsonwebtoken` 11 itself installs its
//! backend before that, and every token is then put together here.
//!
//! ```
//! use bearergate_core::mint::{self, SigningKey, TestTokenOptions};
//! use bearergate_core::{Options, Outcome, Secret, TrustOptions, Verifier};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! mint::allow_test_secret();
//! let key = SigningKey::from_secret(mint::TEST_JWT_SECRET.as_bytes());
//! let token = mint::create_test_jwt(r#"{"sub":"alice"}"#, "HS256", &key, &TestTokenOptions::default())?;
//! let verifier = Verifier::new(Options {
//!     trust: TrustOptions { secret: Some(vec![Secret::new(mint::TEST_JWT_SECRET)]), ..TrustOptions::default() },
//!     ..Options::default()
//! })?;
//! let Outcome::Ready(Ok(caller)) = verifier.verify(&token) else { panic!("refused") };
//! assert_eq!(caller.subject(), "alice");
//! # Ok(())
//! # }
//! ```

mod key;
mod known;
mod pair;
mod provider;
mod test_token;

use std::fmt;
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::value::RawValue;

pub use crate::options::{ExpiresIn, TestTokenOptions};
pub use key::SigningKey;
pub use known::{TEST_JWT_KID, TEST_JWT_SECRET, allow_test_secret, mock_context};
pub use pair::{RsaTestKeypair, generate_rsa_test_keypair};
pub use test_token::{create_test_jwt, test_jwt, test_jwt_rs256};

pub(crate) use known::is_locked_test_secret;

/// What cannot be minted, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MintError(String);

impl MintError {
    fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }
}

impl fmt::Display for MintError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for MintError {}

/// The members of a minted token's header, in the order in which they are written.
#[derive(Debug, Clone, Copy, Default)]
pub struct MintHeader<'a> {
    /// `typ`.
    pub typ: Option<&'a str>,
    /// `alg`, by its JOSE name.
    pub alg: &'a str,
    /// `kid`.
    pub kid: Option<&'a str>,
}

impl MintHeader<'_> {
    /// The header's JSON text.
    #[must_use]
    pub fn to_json(&self) -> String {
        let member = |name: &str, value: Option<&str>| {
            value.map(|value| format!("\"{name}\":{}", serde_json::Value::from(value)))
        };
        let members = [member("typ", self.typ), member("alg", Some(self.alg)), member("kid", self.kid)];
        format!("{{{}}}", members.into_iter().flatten().collect::<Vec<_>>().join(","))
    }
}

/// A compact JWS over exactly this JSON text, white space around it left out.
///
/// # Errors
/// Claims that are not JSON, or a key that cannot sign under the header's `alg`.
pub fn mint(header: &MintHeader<'_>, claims: &str, key: &SigningKey) -> Result<String, MintError> {
    let claims: &RawValue = serde_json::from_str(claims).map_err(|_| MintError::new("the claims are not JSON"))?;
    let known = jsonwebtoken::Algorithm::from_str(header.alg).ok();
    if let Some(algorithm) = known.filter(|_| provider::installed()) {
        let mut plain = jsonwebtoken::Header::new(algorithm);
        plain.typ = header.typ.map(str::to_owned);
        plain.kid = header.kid.map(str::to_owned);
        return jsonwebtoken::encode(&plain, &claims, &key.encoding_key()?).map_err(|_| unfit(header.alg));
    }
    let input = format!("{}.{}", URL_SAFE_NO_PAD.encode(header.to_json()), URL_SAFE_NO_PAD.encode(claims.get()));
    let signature = key.sign(header.alg, input.as_bytes())?;
    Ok(format!("{input}.{}", URL_SAFE_NO_PAD.encode(signature)))
}

fn unfit(alg: &str) -> MintError {
    MintError::new(format!("the key cannot sign under {alg}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Options, Outcome, PublicKey, TrustOptions, Verifier};

    fn generated(kty: &str, crv: &str) -> SigningKey {
        use aws_lc_rs::signature::{
            ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P256K1_SHA256_FIXED_SIGNING, ECDSA_P521_SHA512_FIXED_SIGNING,
            EcdsaKeyPair, Ed25519KeyPair,
        };
        let ec = |algorithm| EcdsaKeyPair::generate(algorithm).unwrap().to_pkcs8v1().unwrap().as_ref().to_vec();
        let der = match (kty, crv) {
            ("EC", "P-256") => ec(&ECDSA_P256_SHA256_FIXED_SIGNING),
            ("EC", "P-521") => ec(&ECDSA_P521_SHA512_FIXED_SIGNING),
            ("EC", _) => ec(&ECDSA_P256K1_SHA256_FIXED_SIGNING),
            _ => Ed25519KeyPair::generate().unwrap().to_pkcs8v1().unwrap().as_ref().to_vec(),
        };
        SigningKey::from_pkcs8(&der).unwrap()
    }

    #[test]
    fn what_is_minted_verifies_whoever_encoded_it() {
        let rsa = SigningKey::generate_rsa().unwrap();
        let (p256, p521, k256, ed) =
            (generated("EC", "P-256"), generated("EC", "P-521"), generated("EC", "secp256k1"), generated("OKP", ""));
        for (alg, key) in [
            ("RS256", &rsa),
            ("PS512", &rsa),
            ("ES256", &p256),
            ("ES512", &p521),
            ("ES256K", &k256),
            ("EdDSA", &ed),
            ("Ed25519", &ed),
        ] {
            let header = MintHeader { typ: Some("JWT"), alg, kid: Some("k") };
            let token = mint(&header, r#"{ "sub": "a", "n": 18446744073709551617 }"#, key).unwrap();
            let verifier = Verifier::new(Options {
                trust: TrustOptions {
                    public_key: Some(PublicKey::Der(key.spki().unwrap())),
                    algorithms: Some(vec![alg.to_owned()]),
                    ..TrustOptions::default()
                },
                ..Options::default()
            });
            let Outcome::Ready(Ok(caller)) = verifier.unwrap().verify(&token) else { panic!("{alg} is refused") };
            assert_eq!(caller.claims_json(), r#"{ "sub": "a", "n": 18446744073709551617 }"#, "{alg}");
            let again = SigningKey::from_pkcs8(&key.pkcs8().unwrap()).unwrap();
            assert_eq!(again.spki().unwrap(), key.spki().unwrap(), "{alg}");
        }
    }

    #[test]
    fn a_key_signs_only_what_it_can() {
        let secret = SigningKey::from_secret(b"s");
        let ed = generated("OKP", "");
        for (alg, key) in [("RS256", &secret), ("HS256", &ed), ("ES256", &ed), ("none", &ed), ("ES512", &ed), ("", &ed)]
        {
            assert!(mint(&MintHeader { alg, ..MintHeader::default() }, "{}", key).is_err(), "{alg}");
            assert!(key.sign(alg, b"x").is_err(), "{alg}");
        }
        assert!(mint(&MintHeader { alg: "HS256", ..MintHeader::default() }, "{", &secret).is_err());
        assert!(!format!("{secret:?}{ed:?}").contains('['), "material is shown");
    }
}
