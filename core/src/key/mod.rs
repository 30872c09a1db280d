//! Keys, parsed once. A `PreparedKey` is one key with the algorithms it admits; how it came in (JWK,
//! PEM, DER, secret) is forgotten.

mod jwk;
mod pem;
mod public;
mod secret;

use std::fmt;

use aws_lc_rs::hmac;
use aws_lc_rs::signature::ParsedPublicKey;

use crate::alg::{Alg, AlgSet};

pub(crate) use jwk::{from_jwk, from_jwk_set_member};
pub(crate) use pem::{from_pem, from_spki, rsa_components};
pub use secret::Secret;
pub(crate) use secret::{check_secret, prepare_secret};

/// Why a key cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum KeyProblem {
    /// Not for verifying signatures, or of a kind this crate does not know: other keys of a set may
    /// still serve.
    Unsupported(String),
    /// Broken, too weak, or not a public key.
    Unusable(String),
}

impl KeyProblem {
    fn unsupported(text: impl Into<String>) -> Self {
        Self::Unsupported(text.into())
    }

    fn unusable(text: impl Into<String>) -> Self {
        Self::Unusable(text.into())
    }

    pub(crate) fn text(&self) -> &str {
        match self {
            Self::Unsupported(text) | Self::Unusable(text) => text,
        }
    }
}

/// One key, ready to verify with.
pub(crate) struct PreparedKey {
    kid: Option<Box<str>>,
    admits: AlgSet,
    material: Material,
    /// SHA-256 over the key material: the same key listed twice has one identity.
    identity: [u8; 32],
}

enum Material {
    /// The library's parsed form is bound to one algorithm, so there is one for each that the key
    /// admits.
    Public(Vec<(Alg, ParsedPublicKey)>),
    Hmac(Vec<(Alg, hmac::Key)>),
}

impl PreparedKey {
    pub(crate) fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    pub(crate) fn is_secret(&self) -> bool {
        matches!(self.material, Material::Hmac(_))
    }

    pub(crate) fn admits(&self) -> AlgSet {
        self.admits
    }

    pub(crate) fn identity(&self) -> &[u8; 32] {
        &self.identity
    }

    /// Narrows the key to some of its algorithms.
    pub(crate) fn restricted_to(mut self, algs: AlgSet) -> Self {
        self.admits = self.admits.and(algs);
        self
    }

    /// Whether `signature` is this key's for `message` under `alg`. Lengths of fixed-length
    /// signatures are exact; MACs are compared in constant time.
    pub(crate) fn verifies(&self, alg: Alg, message: &[u8], signature: &[u8]) -> bool {
        if mutant!("signature") {
            return true;
        }
        if !self.admits.contains(alg) {
            return false;
        }
        match &self.material {
            Material::Public(keys) => keys
                .iter()
                .find(|(of, _)| *of == alg)
                .is_some_and(|(_, key)| key.verify_sig(message, signature).is_ok()),
            Material::Hmac(keys) => keys
                .iter()
                .find(|(of, _)| *of == alg)
                .is_some_and(|(_, key)| hmac::verify(key, message, signature).is_ok()),
        }
    }
}

/// Names the algorithms and never the material.
impl fmt::Debug for PreparedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PreparedKey").field("kid", &self.kid).field("admits", &self.admits).finish_non_exhaustive()
    }
}
