//! From checked components to a prepared public key: the one place where key strength and curve
//! membership are decided, whatever form the key came in.

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::signature::{
    self as sig, ParsedPublicKey, RsaParameters, RsaPublicKeyComponents, VerificationAlgorithm,
};

use super::{KeyProblem, Material, PreparedKey};
use crate::alg::{Alg, AlgSet};

/// Accepted sizes of an RSA modulus in bits (RFC 7518 section 3.3 gives the minimum).
const RSA_BITS: std::ops::RangeInclusive<usize> = 2048..=8192;

/// A curve of ECDSA keys: the length of a coordinate and its one algorithm.
#[derive(Clone, Copy)]
pub(super) struct Curve {
    pub(super) alg: Alg,
    pub(super) coordinate: usize,
    verification: &'static dyn VerificationAlgorithm,
}

pub(super) const P256: Curve = Curve { alg: Alg::Es256, coordinate: 32, verification: &sig::ECDSA_P256_SHA256_FIXED };
pub(super) const P384: Curve = Curve { alg: Alg::Es384, coordinate: 48, verification: &sig::ECDSA_P384_SHA384_FIXED };
pub(super) const P521: Curve = Curve { alg: Alg::Es512, coordinate: 66, verification: &sig::ECDSA_P521_SHA512_FIXED };
pub(super) const SECP256K1: Curve =
    Curve { alg: Alg::Es256k, coordinate: 32, verification: &sig::ECDSA_P256K1_SHA256_FIXED };

/// An RSA key from its modulus and exponent, big-endian, leading zeros allowed.
pub(super) fn rsa(n: &[u8], e: &[u8]) -> Result<PreparedKey, KeyProblem> {
    let n = strip_zeros(n);
    let e = strip_zeros(e);
    let bits = n.len() * 8 - n.first().map_or(0, |first| first.leading_zeros() as usize);
    if !RSA_BITS.contains(&bits) && !mutant!("weak-rsa") {
        return Err(KeyProblem::unusable(format!("an RSA key must have 2048 to 8192 bits, this one has {bits}")));
    }
    if e.last().is_none_or(|last| last % 2 == 0) || e == [1] {
        return Err(KeyProblem::unusable("an RSA exponent must be odd and at least 3"));
    }
    if e.len() > 4 {
        return Err(KeyProblem::unusable("an RSA exponent must have at most 32 bits"));
    }
    if n.last().is_none_or(|last| last % 2 == 0) {
        return Err(KeyProblem::unusable("an RSA modulus must be odd"));
    }
    let components = RsaPublicKeyComponents { n, e };
    let keys = AlgSet::RSA
        .iter()
        .map(|alg| {
            let key = components.to_parsed_public_key(rsa_parameters(alg));
            key.map(|key| (alg, key)).map_err(|_| KeyProblem::unusable("not a valid RSA public key"))
        })
        .collect::<Result<Vec<_>, _>>()?;
    Ok(prepared(keys, AlgSet::RSA, &[b"RSA", n, e]))
}

fn rsa_parameters(alg: Alg) -> &'static RsaParameters {
    match alg {
        Alg::Rs384 => &sig::RSA_PKCS1_2048_8192_SHA384,
        Alg::Rs512 => &sig::RSA_PKCS1_2048_8192_SHA512,
        Alg::Ps256 => &sig::RSA_PSS_2048_8192_SHA256,
        Alg::Ps384 => &sig::RSA_PSS_2048_8192_SHA384,
        Alg::Ps512 => &sig::RSA_PSS_2048_8192_SHA512,
        _ => &sig::RSA_PKCS1_2048_8192_SHA256,
    }
}

/// An elliptic-curve key from its SEC 1 point. The point must lie on the curve.
pub(super) fn ec(curve: Curve, point: &[u8]) -> Result<PreparedKey, KeyProblem> {
    let long = point.first() == Some(&4) && point.len() == 1 + 2 * curve.coordinate;
    let short = matches!(point.first(), Some(2 | 3)) && point.len() == 1 + curve.coordinate;
    if !long && !short {
        return Err(KeyProblem::unusable("not a point in SEC 1 form for its curve"));
    }
    let key = ParsedPublicKey::new(curve.verification, point)
        .map_err(|_| KeyProblem::unusable("the point does not lie on its curve"))?;
    Ok(prepared(vec![(curve.alg, key)], AlgSet::one(curve.alg), &[b"EC", curve.alg.name().as_bytes(), point]))
}

/// An Ed25519 key from its 32 bytes (RFC 8032).
pub(super) fn ed25519(bytes: &[u8]) -> Result<PreparedKey, KeyProblem> {
    if bytes.len() != 32 {
        return Err(KeyProblem::unusable("an Ed25519 key has 32 bytes"));
    }
    let key = ParsedPublicKey::new(&sig::ED25519, bytes)
        .map_err(|_| KeyProblem::unusable("not a valid Ed25519 public key"))?;
    let keys = AlgSet::ED25519.iter().map(|alg| (alg, key.clone())).collect();
    Ok(prepared(keys, AlgSet::ED25519, &[b"Ed25519", bytes]))
}

/// An ML-DSA key from its encoded public key (FIPS 204).
pub(super) fn ml_dsa(alg: Alg, bytes: &[u8]) -> Result<PreparedKey, KeyProblem> {
    let (verification, length): (&'static dyn VerificationAlgorithm, _) = match alg {
        Alg::MlDsa44 => (&sig::ML_DSA_44, 1312),
        Alg::MlDsa65 => (&sig::ML_DSA_65, 1952),
        Alg::MlDsa87 => (&sig::ML_DSA_87, 2592),
        _ => return Err(KeyProblem::unsupported(format!("{} is not an ML-DSA algorithm", alg.name()))),
    };
    if bytes.len() != length {
        return Err(KeyProblem::unusable(format!("an {} key has {length} bytes", alg.name())));
    }
    let key = ParsedPublicKey::new(verification, bytes)
        .map_err(|_| KeyProblem::unusable(format!("not a valid {} public key", alg.name())))?;
    Ok(prepared(vec![(alg, key)], AlgSet::one(alg), &[b"AKP", alg.name().as_bytes(), bytes]))
}

fn prepared(keys: Vec<(Alg, ParsedPublicKey)>, admits: AlgSet, parts: &[&[u8]]) -> PreparedKey {
    PreparedKey { kid: None, admits, material: Material::Public(keys), identity: identity(parts) }
}

/// A hash of length-prefixed parts, so that no two lists of parts have the same input.
pub(super) fn identity(parts: &[&[u8]]) -> [u8; 32] {
    let mut input = Vec::new();
    for part in parts {
        input.extend_from_slice(&(part.len() as u64).to_be_bytes());
        input.extend_from_slice(part);
    }
    let mut identity = [0; 32];
    identity.copy_from_slice(digest(&SHA256, &input).as_ref());
    identity
}

fn strip_zeros(bytes: &[u8]) -> &[u8] {
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    &bytes[zeros..]
}
