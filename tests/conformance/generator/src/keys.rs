//! The committed test keys: read from `keys/*.json`, used to sign, and written out in every form
//! that an option or a key set can carry them in.

use std::collections::BTreeMap;
use std::path::Path;

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair as RsaKeyPair, KeyPairComponents, PublicKeyComponents};
use aws_lc_rs::signature::{self as sig, EcdsaKeyPair, Ed25519KeyPair, KeyPair, PqdsaKeyPair, UnparsedPublicKey};
use aws_lc_rs::{constant_time, hmac};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Map, Value, json};

/// base64url without padding, as JOSE writes bytes.
pub fn b64(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The inverse of [`b64`].
pub fn unb64(text: &str) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(text).expect("base64url")
}

/// Plain base64 with padding, as PEM and SSH write bytes.
pub fn standard(bytes: impl AsRef<[u8]>) -> String {
    STANDARD.encode(bytes)
}

/// Bytes as an option carries them in a case file.
pub fn bytes(bytes: impl AsRef<[u8]>) -> Value {
    json!({ "$bytes": standard(bytes) })
}

/// The bytes of strict base64url, if it is that.
pub fn try_unb64(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}

enum Material {
    Rsa(RsaKeyPair),
    Ec { pair: EcdsaKeyPair, public: Vec<u8> },
    Ed(Ed25519KeyPair),
    MlDsa(PqdsaKeyPair),
    Secret(Vec<u8>),
    PublicOnly,
}

/// One committed key.
pub struct Key {
    /// File name without its ending; also its `kid`.
    pub name: String,
    jwk: Map<String, Value>,
    material: Material,
}

fn member(jwk: &Map<String, Value>, name: &str) -> Vec<u8> {
    unb64(jwk[name].as_str().expect("a base64url member"))
}

impl Key {
    fn read(name: &str, mut jwk: Map<String, Value>) -> Self {
        jwk.remove("_");
        let material = match jwk["kty"].as_str().expect("kty") {
            "RSA" if !jwk.contains_key("d") => Material::PublicOnly,
            "RSA" => Material::Rsa(
                RsaKeyPair::from_components(&KeyPairComponents {
                    public_key: PublicKeyComponents { n: member(&jwk, "n"), e: member(&jwk, "e") },
                    d: member(&jwk, "d"),
                    p: member(&jwk, "p"),
                    q: member(&jwk, "q"),
                    dP: member(&jwk, "dp"),
                    dQ: member(&jwk, "dq"),
                    qInv: member(&jwk, "qi"),
                })
                .expect("an RSA key"),
            ),
            "EC" => {
                let algorithm = match jwk["crv"].as_str().expect("crv") {
                    "P-256" => &sig::ECDSA_P256_SHA256_FIXED_SIGNING,
                    "P-384" => &sig::ECDSA_P384_SHA384_FIXED_SIGNING,
                    "P-521" => &sig::ECDSA_P521_SHA512_FIXED_SIGNING,
                    "secp256k1" => &sig::ECDSA_P256K1_SHA256_FIXED_SIGNING,
                    other => panic!("no curve {other}"),
                };
                let public = [vec![4], member(&jwk, "x"), member(&jwk, "y")].concat();
                let pair = EcdsaKeyPair::from_private_key_and_public_key(algorithm, &member(&jwk, "d"), &public);
                Material::Ec { pair: pair.expect("an EC key"), public }
            }
            "OKP" => Material::Ed(
                Ed25519KeyPair::from_seed_and_public_key(&member(&jwk, "d"), &member(&jwk, "x"))
                    .expect("an Ed25519 key"),
            ),
            "AKP" => {
                let algorithm = match jwk["alg"].as_str().expect("alg") {
                    "ML-DSA-44" => &sig::ML_DSA_44_SIGNING,
                    "ML-DSA-65" => &sig::ML_DSA_65_SIGNING,
                    _ => &sig::ML_DSA_87_SIGNING,
                };
                let pair = PqdsaKeyPair::from_seed(algorithm, &member(&jwk, "priv")).expect("an ML-DSA seed");
                jwk.insert("pub".into(), b64(pair.public_key().as_ref()).into());
                Material::MlDsa(pair)
            }
            "oct" => Material::Secret(member(&jwk, "k")),
            other => panic!("no key type {other}"),
        };
        Self { name: name.to_owned(), jwk, material }
    }

    /// The public JWK, with its `kid`.
    pub fn public_jwk(&self) -> Value {
        let mut jwk = self.jwk.clone();
        for private in ["d", "p", "q", "dp", "dq", "qi", "priv"] {
            jwk.remove(private);
        }
        Value::Object(jwk)
    }

    /// The whole JWK, private members included.
    pub fn private_jwk(&self) -> Value {
        Value::Object(self.jwk.clone())
    }

    /// SubjectPublicKeyInfo in DER.
    pub fn spki(&self) -> Vec<u8> {
        let der: PublicKeyX509Der<'_> = match &self.material {
            Material::Rsa(pair) => pair.public_key().as_der().expect("SPKI"),
            Material::Ec { pair, .. } => pair.public_key().as_der().expect("SPKI"),
            Material::Ed(pair) => pair.public_key().as_der().expect("SPKI"),
            Material::MlDsa(pair) => pair.public_key().as_der().expect("SPKI"),
            Material::PublicOnly => return rsa_spki(&rsa_pkcs1(&member(&self.jwk, "n"), &member(&self.jwk, "e"))),
            _ => panic!("{} has no public form", self.name),
        };
        der.as_ref().to_vec()
    }

    /// PKCS#1 `RSAPublicKey` in DER.
    pub fn pkcs1(&self) -> Vec<u8> {
        rsa_pkcs1(&member(&self.jwk, "n"), &member(&self.jwk, "e"))
    }

    /// PKCS#8 private key in DER.
    pub fn pkcs8(&self) -> Vec<u8> {
        match &self.material {
            Material::Rsa(pair) => {
                let der: Pkcs8V1Der<'_> = pair.as_der().expect("PKCS#8");
                der.as_ref().to_vec()
            }
            Material::Ec { pair, .. } => pair.to_pkcs8v1().expect("PKCS#8").as_ref().to_vec(),
            Material::Ed(pair) => pair.to_pkcs8v1().expect("PKCS#8").as_ref().to_vec(),
            _ => panic!("{} has no PKCS#8 form", self.name),
        }
    }

    /// The SSH text of a public key.
    pub fn ssh(&self) -> String {
        let field = |bytes: &[u8]| [&(bytes.len() as u32).to_be_bytes()[..], bytes].concat();
        let (name, fields) = match &self.material {
            Material::Ec { public, .. } => {
                let curve = match public.len() {
                    65 => "nistp256",
                    97 => "nistp384",
                    _ => "nistp521",
                };
                (format!("ecdsa-sha2-{curve}"), vec![field(curve.as_bytes()), field(public)])
            }
            Material::Ed(_) => ("ssh-ed25519".to_owned(), vec![field(&member(&self.jwk, "x"))]),
            _ => {
                let n = [&[0][..], &member(&self.jwk, "n")].concat();
                ("ssh-rsa".to_owned(), vec![field(&member(&self.jwk, "e")), field(&n)])
            }
        };
        let blob = [vec![field(name.as_bytes())], fields].concat().concat();
        format!("{name} {} test@example", STANDARD.encode(blob))
    }

    /// The secret's bytes.
    pub fn secret(&self) -> &[u8] {
        match &self.material {
            Material::Secret(secret) => secret,
            _ => panic!("{} is not a secret", self.name),
        }
    }

    /// Whether a signature by this key under `alg` is the same every time.
    pub fn is_deterministic(alg: &str) -> bool {
        alg.starts_with("HS") || alg.starts_with("RS") || alg.starts_with("Ed")
    }

    /// Signs exact bytes under a JOSE algorithm name.
    pub fn sign(&self, alg: &str, message: &[u8]) -> Vec<u8> {
        let rng = SystemRandom::new();
        match &self.material {
            Material::Secret(secret) => hmac_with(alg, secret, message),
            Material::Rsa(pair) => {
                let encoding: &sig::RsaSignatureEncoding = match alg {
                    "RS256" => &sig::RSA_PKCS1_SHA256,
                    "RS384" => &sig::RSA_PKCS1_SHA384,
                    "RS512" => &sig::RSA_PKCS1_SHA512,
                    "PS256" => &sig::RSA_PSS_SHA256,
                    "PS384" => &sig::RSA_PSS_SHA384,
                    "PS512" => &sig::RSA_PSS_SHA512,
                    other => panic!("an RSA key cannot sign {other}"),
                };
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(encoding, &rng, message, &mut signature).expect("an RSA signature");
                signature
            }
            Material::Ec { pair, .. } => pair.sign(&rng, message).expect("an ECDSA signature").as_ref().to_vec(),
            Material::Ed(pair) => pair.sign(message).as_ref().to_vec(),
            Material::MlDsa(pair) => {
                let mut signature = vec![0; pair.algorithm().signature_len()];
                pair.sign(message, &mut signature).expect("an ML-DSA signature");
                signature
            }
            _ => panic!("{} cannot sign", self.name),
        }
    }

    /// Whether a signature is good, to decide whether a committed one may stay.
    pub fn verifies(&self, alg: &str, message: &[u8], signature: &[u8]) -> bool {
        let with = |algorithm: &'static dyn sig::VerificationAlgorithm, public: &[u8]| {
            UnparsedPublicKey::new(algorithm, public).verify(message, signature).is_ok()
        };
        match &self.material {
            Material::Secret(secret) => {
                constant_time::verify_slices_are_equal(&hmac_with(alg, secret, message), signature).is_ok()
            }
            Material::Rsa(pair) => {
                let public = pair.public_key().as_ref();
                match alg {
                    "RS256" => with(&sig::RSA_PKCS1_2048_8192_SHA256, public),
                    "RS384" => with(&sig::RSA_PKCS1_2048_8192_SHA384, public),
                    "RS512" => with(&sig::RSA_PKCS1_2048_8192_SHA512, public),
                    "PS256" => with(&sig::RSA_PSS_2048_8192_SHA256, public),
                    "PS384" => with(&sig::RSA_PSS_2048_8192_SHA384, public),
                    _ => with(&sig::RSA_PSS_2048_8192_SHA512, public),
                }
            }
            Material::Ec { public, .. } => match public.len() {
                65 if self.jwk["crv"] == "P-256" => with(&sig::ECDSA_P256_SHA256_FIXED, public),
                65 => with(&sig::ECDSA_P256K1_SHA256_FIXED, public),
                97 => with(&sig::ECDSA_P384_SHA384_FIXED, public),
                _ => with(&sig::ECDSA_P521_SHA512_FIXED, public),
            },
            Material::Ed(pair) => with(&sig::ED25519, pair.public_key().as_ref()),
            Material::MlDsa(pair) => {
                let public = pair.public_key().as_ref();
                match self.jwk["alg"].as_str() {
                    Some("ML-DSA-44") => with(&sig::ML_DSA_44, public),
                    Some("ML-DSA-65") => with(&sig::ML_DSA_65, public),
                    _ => with(&sig::ML_DSA_87, public),
                }
            }
            Material::PublicOnly => false,
        }
    }
}

/// HMAC of exact bytes under `HS256`, `HS384` or `HS512`, with any secret.
pub fn hmac_with(alg: &str, secret: &[u8], message: &[u8]) -> Vec<u8> {
    let algorithm = match alg {
        "HS384" => hmac::HMAC_SHA384,
        "HS512" => hmac::HMAC_SHA512,
        _ => hmac::HMAC_SHA256,
    };
    hmac::sign(&hmac::Key::new(algorithm, secret), message).as_ref().to_vec()
}

/// A DER element.
pub fn der(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len();
    let mut out = vec![tag];
    match length {
        0..=127 => out.push(length as u8),
        128..=255 => out.extend([0x81, length as u8]),
        _ => out.extend([0x82, (length >> 8) as u8, length as u8]),
    }
    out.extend_from_slice(content);
    out
}

fn der_uint(bytes: &[u8]) -> Vec<u8> {
    let lead: &[u8] = if bytes[0] & 0x80 == 0 { &[] } else { &[0] };
    der(2, &[lead, bytes].concat())
}

/// PKCS#1 `RSAPublicKey` of any numbers.
pub fn rsa_pkcs1(n: &[u8], e: &[u8]) -> Vec<u8> {
    der(0x30, &[der_uint(n), der_uint(e)].concat())
}

/// SubjectPublicKeyInfo around a PKCS#1 key.
pub fn rsa_spki(pkcs1: &[u8]) -> Vec<u8> {
    let algorithm = [0x30, 13, 6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1, 5, 0];
    let bits = der(3, &[&[0], pkcs1].concat());
    der(0x30, &[&algorithm[..], &bits].concat())
}

/// A PEM block.
pub fn pem(label: &str, der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    let lines: Vec<&str> = (0..text.len()).step_by(64).map(|at| &text[at..text.len().min(at + 64)]).collect();
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
}

/// What a PEM block holds.
pub fn from_pem(text: &str) -> Vec<u8> {
    let lines: String = text.lines().filter(|line| !line.starts_with('-')).collect();
    STANDARD.decode(lines).expect("base64")
}

/// Every committed key and certificate.
pub struct Keys {
    keys: BTreeMap<String, Key>,
    certificates: BTreeMap<String, String>,
}

impl Keys {
    /// Reads the folder `keys`.
    pub fn load(folder: &Path) -> Self {
        let (mut keys, mut certificates) = (BTreeMap::new(), BTreeMap::new());
        for entry in std::fs::read_dir(folder).expect("the keys folder") {
            let path = entry.expect("a folder entry").path();
            let file = path.file_name().expect("a name").to_string_lossy().into_owned();
            if let Some(name) = file.strip_suffix(".cert.pem") {
                certificates.insert(name.to_owned(), std::fs::read_to_string(&path).expect("a certificate"));
            } else if let Some(name) = file.strip_suffix(".json") {
                let text = std::fs::read_to_string(&path).expect("a key file");
                let jwk = serde_json::from_str(&text).expect("a JWK");
                keys.insert(name.to_owned(), Key::read(name, jwk));
            }
        }
        Self { keys, certificates }
    }

    /// The key of that name.
    pub fn key(&self, name: &str) -> &Key {
        self.keys.get(name).unwrap_or_else(|| panic!("no key {name}"))
    }

    /// The certificate over a key, where one is committed.
    pub fn certificate(&self, name: &str) -> Option<&str> {
        self.certificates.get(name).map(String::as_str)
    }

    /// The text of a key in a named form, as case files refer to it: `rsa-a.pem`, `rsa-a.jwk`, ...
    pub fn form(&self, name: &str) -> Value {
        let (key, form) = name.rsplit_once('.').expect("name.form");
        if form == "cert" {
            return self.certificates[key].clone().into();
        }
        let key = self.key(key);
        match form {
            "jwk" => key.public_jwk(),
            "bare" => strip(key.public_jwk(), &["kid"]),
            "private" => key.private_jwk(),
            "pem" => pem("PUBLIC KEY", &key.spki()).into(),
            "pkcs1" => pem("RSA PUBLIC KEY", &key.pkcs1()).into(),
            "private-pem" => pem("PRIVATE KEY", &key.pkcs8()).into(),
            "der" => bytes(key.spki()),
            "secret" => String::from_utf8(key.secret().to_vec()).expect("text").into(),
            "bytes" => bytes(key.secret()),
            "ssh" => key.ssh().into(),
            other => panic!("no form {other}"),
        }
    }
}

/// A JWK without some members.
pub fn strip(jwk: Value, members: &[&str]) -> Value {
    let Value::Object(mut jwk) = jwk else { panic!("a JWK") };
    for member in members {
        jwk.remove(*member);
    }
    Value::Object(jwk)
}
