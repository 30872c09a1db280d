//! Public keys from PEM text (RFC 7468) and DER: `SubjectPublicKeyInfo`, PKCS#1, or the key of an
//! X.509 certificate.

use spki::SubjectPublicKeyInfoRef;
use spki::der::asn1::{ObjectIdentifier, UintRef};
use spki::der::{Decode, Encode, Reader, SliceReader};
use x509_cert::Certificate;

use super::{KeyProblem, PreparedKey, public};
use crate::alg::Alg;

const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
const RSA_PSS: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.10");
const EC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const P256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");
const P384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.34");
const P521: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.35");
const SECP256K1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.10");
const ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");
const ED448: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.113");
const ML_DSA_44: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.3.17");
const ML_DSA_65: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.3.18");
const ML_DSA_87: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.3.19");

/// The key of a PEM text that holds exactly one block.
pub(crate) fn from_pem(text: &[u8]) -> Result<PreparedKey, KeyProblem> {
    let blocks = pem::parse_many(text).map_err(|_| KeyProblem::unusable("not valid PEM"))?;
    let [block] = blocks.as_slice() else {
        return Err(KeyProblem::unusable(format!("PEM must hold exactly one block, this text holds {}", blocks.len())));
    };
    match block.tag() {
        "PUBLIC KEY" => from_spki(block.contents()),
        "RSA PUBLIC KEY" => from_pkcs1(block.contents()),
        "CERTIFICATE" => from_certificate(block.contents()),
        tag if tag.ends_with("PRIVATE KEY") => Err(KeyProblem::unusable("this is a private key; give its public part")),
        tag => Err(KeyProblem::unusable(format!(
            "a PEM block \"{}\" is not a public key; give PUBLIC KEY, RSA PUBLIC KEY or CERTIFICATE",
            tag.chars().take(64).collect::<String>()
        ))),
    }
}

/// The key of a DER `SubjectPublicKeyInfo` (RFC 5280 section 4.1.2.7).
pub(crate) fn from_spki(der: &[u8]) -> Result<PreparedKey, KeyProblem> {
    let info =
        SubjectPublicKeyInfoRef::from_der(der).map_err(|_| KeyProblem::unusable("not a DER SubjectPublicKeyInfo"))?;
    let bits = info
        .subject_public_key
        .as_bytes()
        .ok_or_else(|| KeyProblem::unusable("the key is not a whole number of bytes"))?;
    match info.algorithm.oid {
        RSA => from_pkcs1(bits),
        RSA_PSS => Err(KeyProblem::unsupported("unsupported key type id-RSASSA-PSS; give the key as rsaEncryption")),
        EC => {
            let curve = info
                .algorithm
                .parameters_oid()
                .map_err(|_| KeyProblem::unsupported("an EC key must name its curve"))?;
            public::ec(
                match curve {
                    P256 => public::P256,
                    P384 => public::P384,
                    P521 => public::P521,
                    SECP256K1 => public::SECP256K1,
                    other => return Err(KeyProblem::unsupported(format!("unsupported curve {other}"))),
                },
                bits,
            )
        }
        ED25519 => public::ed25519(bits),
        ML_DSA_44 => public::ml_dsa(Alg::MlDsa44, bits),
        ML_DSA_65 => public::ml_dsa(Alg::MlDsa65, bits),
        ML_DSA_87 => public::ml_dsa(Alg::MlDsa87, bits),
        ED448 => Err(KeyProblem::unsupported("unsupported key type Ed448")),
        other => Err(KeyProblem::unsupported(format!("unsupported key type {other}"))),
    }
}

/// `RSAPublicKey` of RFC 8017 appendix A.1.1.
fn from_pkcs1(der: &[u8]) -> Result<PreparedKey, KeyProblem> {
    let (n, e) = rsa_components(der).map_err(|_| KeyProblem::unusable("not a DER RSAPublicKey"))?;
    public::rsa(&n, &e)
}

/// Modulus and exponent of an `RSAPublicKey`, whatever its strength.
pub(crate) fn rsa_components(der: &[u8]) -> spki::der::Result<(Vec<u8>, Vec<u8>)> {
    let mut reader = SliceReader::new(der)?;
    let pair = reader.sequence(|inner| -> spki::der::Result<_> {
        let n = UintRef::decode(inner)?;
        let e = UintRef::decode(inner)?;
        Ok((n.as_bytes().to_vec(), e.as_bytes().to_vec()))
    })?;
    reader.finish()?;
    Ok(pair)
}

fn from_certificate(der: &[u8]) -> Result<PreparedKey, KeyProblem> {
    let spki = Certificate::from_der(der)
        .and_then(|certificate| certificate.tbs_certificate().subject_public_key_info().to_der())
        .map_err(|_| KeyProblem::unusable("not a DER X.509 certificate"))?;
    from_spki(&spki)
}

/// Whether bytes are the DER of a public key or certificate, which is not a secret.
pub(super) fn is_public_der(bytes: &[u8]) -> bool {
    SubjectPublicKeyInfoRef::from_der(bytes).is_ok()
        || Certificate::from_der(bytes).is_ok()
        || rsa_components(bytes).is_ok()
}
