//! The configured key source, prepared: a fixed key or set, secrets, or a remote set.

use std::sync::Arc;

use super::check::Checked;
use super::remote::{SetPolicy, check_jwks};
use super::{ConfigError, KeyAlgorithm, KeyHandle, KeyKind, PublicKey, Secret, TrustOptions};
use crate::alg::{Alg, AlgSet};
use crate::clock::Clock;
use crate::json::Document;
use crate::key::{KeyProblem, PreparedKey, check_secret, from_jwk, from_pem, from_spki, prepare_secret};
use crate::keyset::{KeySet, Lease};

/// Where keys come from.
#[derive(Debug)]
pub(crate) enum Keys {
    /// Fixed keys chosen without regard to `kid`: one public key, or secrets any of which verifies.
    Any(Vec<PreparedKey>),
    Set(Arc<KeySet>),
    Remote(Lease),
}

/// Whether several key sources are ranked or refused.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Sources {
    Priority,
    ExactlyOne,
}

impl Keys {
    /// The keys of the source, and the algorithms it can do.
    pub(super) fn check(
        options: &TrustOptions,
        listed: Option<AlgSet>,
        clock: &Clock,
        sources: Sources,
    ) -> Checked<(Self, AlgSet)> {
        let jwks = check_jwks(&options.jwks)?;
        let discover = options.discover == Some(true);
        if discover && options.jwks_uri.is_some() {
            return Err(ConfigError::new("discover", "cannot be combined with `jwksUri`; give one of them"));
        }
        let given = [discover || options.jwks_uri.is_some(), options.public_key.is_some(), options.secret.is_some()];
        if sources == Sources::ExactlyOne && given.iter().filter(|given| **given).count() != 1 {
            return Err(ConfigError::new(
                "jwksUri",
                "each entry needs exactly one of: `jwksUri`, `discover`, `publicKey`, `secret`",
            ));
        }
        if discover || options.jwks_uri.is_some() {
            let policy = SetPolicy::check(options, discover, jwks)?;
            return Ok((Self::Remote(Lease::of(policy, clock)), AlgSet::asymmetric()));
        }
        if let Some(key) = &options.public_key {
            return public_key(key)
                .map(|keys| {
                    let able = keys.able();
                    (keys, able)
                })
                .map_err(|problem| ConfigError::new("publicKey", problem));
        }
        if let Some(secrets) = &options.secret {
            return prepare_secrets(secrets, listed);
        }
        Err(ConfigError::new(
            "jwksUri",
            "requires one of: jwksUri, secret, or publicKey. Give the URL of the identity provider's JWK Set, its public key, or the shared HMAC secret",
        ))
    }

    fn able(&self) -> AlgSet {
        match self {
            Self::Any(keys) => keys.iter().fold(AlgSet::EMPTY, |set, key| set.or(key.admits())),
            Self::Set(set) => set.admits(),
            Self::Remote(_) => AlgSet::asymmetric(),
        }
    }
}

fn prepare_secrets(secrets: &[Secret], listed: Option<AlgSet>) -> Checked<(Keys, AlgSet)> {
    if secrets.is_empty() {
        return Err(ConfigError::new("secret", "must not be an empty array"));
    }
    let mut keys = Vec::with_capacity(secrets.len());
    for (i, secret) in secrets.iter().enumerate() {
        let path = if secrets.len() == 1 { "secret".to_owned() } else { format!("secret[{i}]") };
        check_secret(secret, listed).map_err(|problem| ConfigError::new(path, problem))?;
        keys.push(prepare_secret(secret));
    }
    let keys = Keys::Any(keys);
    // A list may name more than the lengths allow by themselves; they were checked against it.
    let able = keys.able();
    Ok((keys, able))
}

fn public_key(key: &PublicKey) -> Result<Keys, String> {
    let one = |key: Result<PreparedKey, KeyProblem>| {
        key.map(|key| Keys::Any(vec![key])).map_err(|problem| problem.text().to_owned())
    };
    match key {
        PublicKey::Pem(text) if text.trim_start().starts_with('{') => {
            Err("is JSON text; give the JWK or JWK Set as an object".to_owned())
        }
        PublicKey::Pem(text) => one(from_pem(text.as_bytes())),
        PublicKey::Der(der) => one(from_spki(der)),
        PublicKey::Handle(handle) => one(from_handle(handle)),
        PublicKey::Jwk(text) => {
            let document = Document::parse(text.clone().into_bytes()).map_err(|_| "is not strict JSON")?;
            if document.root().get("keys").is_none() {
                return one(from_jwk(document.root()));
            }
            let set = KeySet::parse(text.clone().into_bytes(), usize::MAX).map_err(|bad| bad.0)?;
            match set.skipped().iter().find(|key| key.unusable) {
                Some(broken) => {
                    Err(format!("key {:?} of the set: {}", broken.kid.as_deref().unwrap_or_default(), broken.reason))
                }
                None => Ok(Keys::Set(Arc::new(set))),
            }
        }
    }
}

/// A key object of the host. A `WebCrypto` key admits only the algorithm it was imported for.
fn from_handle(handle: &KeyHandle) -> Result<PreparedKey, KeyProblem> {
    match handle.kind {
        KeyKind::Public => {}
        KeyKind::Private => {
            return Err(KeyProblem::Unusable("is a private key; give its public part".to_owned()));
        }
        KeyKind::Secret => {
            return Err(KeyProblem::Unusable("is a symmetric key; give its bytes as `secret`".to_owned()));
        }
    }
    let key = from_spki(&handle.spki)?;
    let Some(algorithm) = &handle.algorithm else { return Ok(key) };
    let admitted = webcrypto_algorithms(algorithm).and(key.admits());
    if admitted.is_empty() {
        return Err(KeyProblem::Unsupported(format!(
            "was imported for {} {}, which is no JWS algorithm of such a key",
            algorithm.name,
            algorithm.hash.as_deref().or(algorithm.named_curve.as_deref()).unwrap_or_default()
        )));
    }
    Ok(key.restricted_to(admitted))
}

fn webcrypto_algorithms(algorithm: &KeyAlgorithm) -> AlgSet {
    let rsa = |names: [Alg; 3]| match algorithm.hash.as_deref() {
        Some("SHA-256") => AlgSet::one(names[0]),
        Some("SHA-384") => AlgSet::one(names[1]),
        Some("SHA-512") => AlgSet::one(names[2]),
        _ => AlgSet::EMPTY,
    };
    match algorithm.name.as_str() {
        "RSASSA-PKCS1-v1_5" => rsa([Alg::Rs256, Alg::Rs384, Alg::Rs512]),
        "RSA-PSS" => rsa([Alg::Ps256, Alg::Ps384, Alg::Ps512]),
        "ECDSA" => match algorithm.named_curve.as_deref() {
            Some("P-256") => AlgSet::one(Alg::Es256),
            Some("P-384") => AlgSet::one(Alg::Es384),
            Some("P-521") => AlgSet::one(Alg::Es512),
            _ => AlgSet::EMPTY,
        },
        "Ed25519" => AlgSet::ED25519,
        name => Alg::from_name(name)
            .filter(|alg| matches!(alg, Alg::MlDsa44 | Alg::MlDsa65 | Alg::MlDsa87))
            .map(AlgSet::one)
            .unwrap_or_default(),
    }
}
