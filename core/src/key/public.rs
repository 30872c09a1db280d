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
    if is_forgeable(bytes) && !mutant!("small-order") {
        return Err(KeyProblem::unusable(
            "anybody can sign for this Ed25519 key: a point of small order, such as all zeros",
        ));
    }
    let key = ParsedPublicKey::new(&sig::ED25519, bytes)
        .map_err(|_| KeyProblem::unusable("not a valid Ed25519 public key"))?;
    let keys = AlgSet::ED25519.iter().map(|alg| (alg, key.clone())).collect();
    Ok(prepared(keys, AlgSet::ED25519, &[b"Ed25519", bytes]))
}

/// Whether these bytes stand for one of the eight points of small order (RFC 7748 section 7 tells of the like), under
/// which signatures can be made up, or for a number that is not below 2^255 - 19 and so for a point that has another
/// encoding too (RFC 8032 section 5.1.3).
fn is_forgeable(encoded: &[u8]) -> bool {
    // The last bit is the sign of the other coordinate.
    let mut y = encoded.to_vec();
    if let Some(last) = y.last_mut() {
        *last &= 0x7f;
    }
    let too_large = y[0] >= 0xed && y[1..31].iter().all(|byte| *byte == 0xff) && y[31] == 0x7f;
    let minus_one = y[0] == 0xec && y[1..31].iter().all(|byte| *byte == 0xff) && y[31] == 0x7f;
    let tiny = y[0] <= 1 && y[1..].iter().all(|byte| *byte == 0);
    too_large || minus_one || tiny || ORDER_8.iter().any(|point| y == *point)
}

/// The points of order 8, by their coordinate y.
const ORDER_8: [[u8; 32]; 2] = [
    [
        0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98, 0xf0, 0xd5, 0xdf,
        0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05,
    ],
    [
        0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67, 0x0f, 0x2a, 0x20,
        0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a,
    ],
];

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ed25519_key_that_anybody_can_sign_for_is_none() {
        let filled = |first: u8, rest: u8, last: u8| {
            let mut bytes = [rest; 32];
            (bytes[0], bytes[31]) = (first, last);
            bytes
        };
        // Orders 4, 1 and 2; then what is not below 2^255 - 19.
        let mut points = vec![filled(0, 0, 0), filled(1, 0, 0), filled(0xec, 0xff, 0x7f)];
        points.extend((0xed..=0xff).map(|first| filled(first, 0xff, 0x7f)));
        points.extend(ORDER_8);
        for point in points {
            for sign in [0, 0x80] {
                let mut encoded = point;
                encoded[31] |= sign;
                let told =
                    matches!(ed25519(&encoded), Err(KeyProblem::Unusable(text)) if text.contains("anybody can sign"));
                assert!(told, "{encoded:02x?}");
            }
        }
        // The generator (RFC 8032 section 5.1), and the key of RFC 8037 appendix A.
        assert!(ed25519(&filled(0x58, 0x66, 0x66)).is_ok());
        let rfc8037 = [
            0xd7, 0x5a, 0x98, 0x01, 0x82, 0xb1, 0x0a, 0xb7, 0xd5, 0x4b, 0xfe, 0xd3, 0xc9, 0x64, 0x07, 0x3a, 0x0e, 0xe1,
            0x72, 0xf3, 0xda, 0xa6, 0x23, 0x25, 0xaf, 0x02, 0x1a, 0x68, 0xf7, 0x07, 0x51, 0x1a,
        ];
        assert!(ed25519(&rfc8037).is_ok());
    }
}
