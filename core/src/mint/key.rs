//! A key that signs, read from any form in which tests hold one.

use std::fmt;

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::hmac;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair as RsaKeyPair, KeyPairComponents, KeySize, PublicKeyComponents};
use aws_lc_rs::signature::{
    self as sig, EcdsaKeyPair, EcdsaSigningAlgorithm, Ed25519KeyPair, KeyPair, PqdsaKeyPair, RsaEncoding,
};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::EncodingKey;
use zeroize::Zeroizing;

use super::{MintError, unfit};
use crate::json::{Document, Value};
use crate::options::OptionValue;

/// A private key or a secret, for minting.
pub struct SigningKey(Material);

enum Material {
    Rsa(Box<RsaKeyPair>),
    /// With the one algorithm of its curve.
    Ec(&'static str, EcdsaKeyPair),
    Ed(Ed25519KeyPair),
    MlDsa(&'static str, Box<PqdsaKeyPair>),
    Secret(Zeroizing<Vec<u8>>),
}

/// Algorithm, curve, and how the library names both.
const CURVES: [(&str, &str, &EcdsaSigningAlgorithm); 4] = [
    ("ES256", "P-256", &sig::ECDSA_P256_SHA256_FIXED_SIGNING),
    ("ES384", "P-384", &sig::ECDSA_P384_SHA384_FIXED_SIGNING),
    ("ES512", "P-521", &sig::ECDSA_P521_SHA512_FIXED_SIGNING),
    ("ES256K", "secp256k1", &sig::ECDSA_P256K1_SHA256_FIXED_SIGNING),
];

impl SigningKey {
    /// A new RSA key of 2048 bits.
    ///
    /// # Errors
    /// No randomness to be had.
    pub fn generate_rsa() -> Result<Self, MintError> {
        let pair = RsaKeyPair::generate(KeySize::Rsa2048).map_err(|_| MintError::new("the key cannot be generated"))?;
        Ok(Self(Material::Rsa(Box::new(pair))))
    }

    /// An HMAC secret of any length.
    #[must_use]
    pub fn from_secret(secret: &[u8]) -> Self {
        Self(Material::Secret(Zeroizing::new(secret.to_vec())))
    }

    /// A private JWK (RFC 7517), or a symmetric one.
    ///
    /// # Errors
    /// Anything else, or a kind of key that this crate does not know.
    pub fn from_jwk(text: &str) -> Result<Self, MintError> {
        let document = Document::parse_object(text.as_bytes().to_vec())
            .map_err(|_| MintError::new("a JWK must be a JSON object"))?;
        Self::of_jwk(document.root())
    }

    fn of_jwk(jwk: Value<'_>) -> Result<Self, MintError> {
        let text = |name: &str| {
            let value = jwk.get(name).and_then(Value::as_str);
            value.ok_or_else(|| MintError::new(format!("the JWK has no {name} that is a string")))
        };
        let bytes = |name: &str| {
            let bytes = URL_SAFE_NO_PAD.decode(text(name)?.as_bytes());
            bytes.map_err(|_| MintError::new(format!("the JWK's {name} is not base64url")))
        };
        let broken = |what: &str| MintError::new(format!("the JWK is not a private {what} key"));
        let material = match &*text("kty")? {
            "RSA" => {
                let pair = RsaKeyPair::from_components(&KeyPairComponents {
                    public_key: PublicKeyComponents { n: bytes("n")?, e: bytes("e")? },
                    d: bytes("d")?,
                    p: bytes("p")?,
                    q: bytes("q")?,
                    dP: bytes("dp")?,
                    dQ: bytes("dq")?,
                    qInv: bytes("qi")?,
                });
                Material::Rsa(Box::new(pair.map_err(|_| broken("RSA"))?))
            }
            "EC" => {
                let crv = text("crv")?;
                let (alg, _, algorithm) =
                    CURVES.iter().find(|(_, curve, _)| *curve == crv).ok_or_else(|| broken("EC"))?;
                let point = [vec![4], bytes("x")?, bytes("y")?].concat();
                let pair = EcdsaKeyPair::from_private_key_and_public_key(algorithm, &bytes("d")?, &point);
                Material::Ec(alg, pair.map_err(|_| broken("EC"))?)
            }
            "OKP" => {
                let pair = Ed25519KeyPair::from_seed_and_public_key(&bytes("d")?, &bytes("x")?);
                Material::Ed(pair.map_err(|_| broken("Ed25519"))?)
            }
            "AKP" => {
                let (alg, algorithm) = match &*text("alg")? {
                    "ML-DSA-44" => ("ML-DSA-44", &sig::ML_DSA_44_SIGNING),
                    "ML-DSA-65" => ("ML-DSA-65", &sig::ML_DSA_65_SIGNING),
                    "ML-DSA-87" => ("ML-DSA-87", &sig::ML_DSA_87_SIGNING),
                    _ => return Err(broken("ML-DSA")),
                };
                let pair = PqdsaKeyPair::from_seed(algorithm, &bytes("priv")?);
                Material::MlDsa(alg, Box::new(pair.map_err(|_| broken("ML-DSA"))?))
            }
            "oct" => Material::Secret(Zeroizing::new(bytes("k")?)),
            _ => return Err(MintError::new("the JWK is of a kind that is not known")),
        };
        Ok(Self(material))
    }

    /// A PEM text: `PRIVATE KEY` (PKCS#8) or `RSA PRIVATE KEY` (PKCS#1).
    ///
    /// # Errors
    /// Anything else.
    pub fn from_pem(text: &str) -> Result<Self, MintError> {
        let block = pem::parse(text).map_err(|_| MintError::new("not one block of valid PEM"))?;
        match block.tag() {
            "PRIVATE KEY" => Self::from_pkcs8(block.contents()),
            "RSA PRIVATE KEY" => {
                let pair = RsaKeyPair::from_der(block.contents());
                pair.map(|pair| Self(Material::Rsa(Box::new(pair)))).map_err(|_| MintError::new("not an RSA key"))
            }
            _ => Err(MintError::new("the PEM text is not a private key in PKCS#8, nor an RSA key in PKCS#1")),
        }
    }

    /// DER PKCS#8 (RFC 5208): RSA, EC or Ed25519.
    ///
    /// # Errors
    /// Anything else.
    pub fn from_pkcs8(der: &[u8]) -> Result<Self, MintError> {
        if let Ok(pair) = RsaKeyPair::from_pkcs8(der) {
            return Ok(Self(Material::Rsa(Box::new(pair))));
        }
        for (alg, _, algorithm) in CURVES {
            if let Ok(pair) = EcdsaKeyPair::from_pkcs8(algorithm, der) {
                return Ok(Self(Material::Ec(alg, pair)));
            }
        }
        Ed25519KeyPair::from_pkcs8(der)
            .map(|pair| Self(Material::Ed(pair)))
            .map_err(|_| MintError::new("not a private RSA, EC or Ed25519 key in PKCS#8"))
    }

    /// A private key as a host hands it over: PEM text, PEM or DER bytes, or a JWK object.
    ///
    /// # Errors
    /// Anything else.
    pub fn read(value: &OptionValue) -> Result<Self, MintError> {
        match value {
            OptionValue::Text(text) => Self::from_pem(text),
            OptionValue::Bytes(bytes) => match std::str::from_utf8(bytes) {
                Ok(text) if text.contains("-----BEGIN ") => Self::from_pem(text),
                _ => Self::from_pkcs8(bytes),
            },
            OptionValue::Map(_) => {
                let text = value.to_json().ok_or_else(|| MintError::new("the JWK holds what JSON cannot express"))?;
                Self::from_jwk(&Zeroizing::new(text.to_string()))
            }
            _ => Err(MintError::new("must be a private key: PEM text, DER bytes, a JWK or a key object")),
        }
    }

    /// Signs exact bytes under a JOSE algorithm name.
    ///
    /// # Errors
    /// An algorithm that the key cannot sign under.
    pub fn sign(&self, alg: &str, message: &[u8]) -> Result<Vec<u8>, MintError> {
        let failed = |_| MintError::new("the signature cannot be made");
        let rng = SystemRandom::new();
        match &self.0 {
            Material::Rsa(pair) => {
                let encoding = rsa_encoding(alg).ok_or_else(|| unfit(alg))?;
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(encoding, &rng, message, &mut signature).map_err(failed)?;
                Ok(signature)
            }
            Material::Ec(own, pair) if *own == alg => Ok(pair.sign(&rng, message).map_err(failed)?.as_ref().to_vec()),
            Material::Ed(pair) if matches!(alg, "EdDSA" | "Ed25519") => Ok(pair.sign(message).as_ref().to_vec()),
            Material::MlDsa(own, pair) if *own == alg => {
                let mut signature = vec![0; pair.algorithm().signature_len()];
                pair.sign(message, &mut signature).map_err(failed)?;
                Ok(signature)
            }
            Material::Secret(secret) => {
                let algorithm = hmac_algorithm(alg).ok_or_else(|| unfit(alg))?;
                Ok(hmac::sign(&hmac::Key::new(algorithm, secret), message).as_ref().to_vec())
            }
            _ => Err(unfit(alg)),
        }
    }

    /// DER `SubjectPublicKeyInfo` of the public part.
    ///
    /// # Errors
    /// A secret has none.
    pub fn spki(&self) -> Result<Vec<u8>, MintError> {
        let der: Result<PublicKeyX509Der<'_>, _> = match &self.0 {
            Material::Rsa(pair) => pair.public_key().as_der(),
            Material::Ec(_, pair) => pair.public_key().as_der(),
            Material::Ed(pair) => pair.public_key().as_der(),
            Material::MlDsa(_, pair) => pair.public_key().as_der(),
            Material::Secret(_) => return Err(MintError::new("a secret has no public part")),
        };
        der.map(|der| der.as_ref().to_vec()).map_err(|_| MintError::new("the public key cannot be written"))
    }

    /// DER PKCS#8 of the whole key.
    ///
    /// # Errors
    /// A secret has no such form.
    pub fn pkcs8(&self) -> Result<Zeroizing<Vec<u8>>, MintError> {
        let failed = |_| MintError::new("the private key cannot be written");
        Ok(Zeroizing::new(match &self.0 {
            Material::Rsa(pair) => {
                let der: Pkcs8V1Der<'_> = pair.as_der().map_err(failed)?;
                der.as_ref().to_vec()
            }
            Material::Ec(_, pair) => pair.to_pkcs8v1().map_err(failed)?.as_ref().to_vec(),
            Material::Ed(pair) => pair.to_pkcs8v1().map_err(failed)?.as_ref().to_vec(),
            Material::MlDsa(_, pair) => pair.to_pkcs8v1().map_err(failed)?.as_ref().to_vec(),
            Material::Secret(_) => return Err(MintError::new("a secret has no PKCS#8 form")),
        }))
    }

    /// PKCS#1 of the public part of an RSA key.
    pub(super) fn rsa_public(&self) -> Option<&[u8]> {
        if let Material::Rsa(pair) = &self.0 { Some(pair.public_key().as_ref()) } else { None }
    }

    /// The raw public key of an ML-DSA key, as a JWK's `pub` holds it.
    #[must_use]
    pub fn ml_dsa_public(&self) -> Option<Vec<u8>> {
        match &self.0 {
            Material::MlDsa(_, pair) => Some(pair.public_key().as_ref().to_vec()),
            _ => None,
        }
    }

    /// The key as the encoder takes it.
    pub(super) fn encoding_key(&self) -> Result<EncodingKey, MintError> {
        Ok(match &self.0 {
            Material::Secret(secret) => EncodingKey::from_secret(secret),
            Material::Rsa(_) => EncodingKey::from_rsa_der(&self.pkcs8()?),
            Material::Ec(..) => EncodingKey::from_ec_der(&self.pkcs8()?),
            Material::Ed(_) => EncodingKey::from_ed_der(&self.pkcs8()?),
            Material::MlDsa(alg, _) => return Err(unfit(alg)),
        })
    }
}

fn rsa_encoding(alg: &str) -> Option<&'static dyn RsaEncoding> {
    Some(match alg {
        "RS256" => &sig::RSA_PKCS1_SHA256,
        "RS384" => &sig::RSA_PKCS1_SHA384,
        "RS512" => &sig::RSA_PKCS1_SHA512,
        "PS256" => &sig::RSA_PSS_SHA256,
        "PS384" => &sig::RSA_PSS_SHA384,
        "PS512" => &sig::RSA_PSS_SHA512,
        _ => return None,
    })
}

fn hmac_algorithm(alg: &str) -> Option<hmac::Algorithm> {
    Some(match alg {
        "HS256" => hmac::HMAC_SHA256,
        "HS384" => hmac::HMAC_SHA384,
        "HS512" => hmac::HMAC_SHA512,
        _ => return None,
    })
}

/// Names the kind and never the material.
impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match &self.0 {
            Material::Rsa(_) => "SigningKey(RSA)",
            Material::Ec(..) => "SigningKey(EC)",
            Material::Ed(_) => "SigningKey(Ed25519)",
            Material::MlDsa(..) => "SigningKey(ML-DSA)",
            Material::Secret(_) => "SigningKey(secret)",
        })
    }
}
