//! The committed test keys: read from `keys/*.json`, used to sign, and written out in every form
//! that an option or a key set can carry them in.

use std::collections::BTreeMap;
use std::path::Path;

use aws_lc_rs::signature::{self as sig, UnparsedPublicKey, VerificationAlgorithm};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use bearergate_core::mint::SigningKey;
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

/// One committed key.
pub struct Key {
    /// File name without its ending; also its `kid`.
    pub name: String,
    jwk: Map<String, Value>,
    /// Absent where only the public part is committed.
    signing: Option<SigningKey>,
}

fn member(jwk: &Map<String, Value>, name: &str) -> Vec<u8> {
    unb64(jwk[name].as_str().expect("a base64url member"))
}

impl Key {
    fn read(name: &str, mut jwk: Map<String, Value>) -> Self {
        jwk.remove("_");
        let whole = ["d", "priv", "k"].iter().any(|member| jwk.contains_key(*member));
        let signing = whole.then(|| SigningKey::from_jwk(&Value::Object(jwk.clone()).to_string()).expect("a key"));
        if let Some(public) = signing.as_ref().and_then(SigningKey::ml_dsa_public) {
            jwk.insert("pub".into(), b64(public).into());
        }
        Self { name: name.to_owned(), jwk, signing }
    }

    /// The key to sign with.
    pub fn signing(&self) -> &SigningKey {
        self.signing.as_ref().unwrap_or_else(|| panic!("{} cannot sign", self.name))
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
        match &self.signing {
            Some(key) => key.spki().expect("SPKI"),
            None => rsa_spki(&rsa_pkcs1(&member(&self.jwk, "n"), &member(&self.jwk, "e"))),
        }
    }

    /// PKCS#1 `RSAPublicKey` in DER.
    pub fn pkcs1(&self) -> Vec<u8> {
        rsa_pkcs1(&member(&self.jwk, "n"), &member(&self.jwk, "e"))
    }

    /// PKCS#8 private key in DER.
    pub fn pkcs8(&self) -> Vec<u8> {
        self.signing().pkcs8().expect("PKCS#8").to_vec()
    }

    /// The SSH text of a public key.
    pub fn ssh(&self) -> String {
        let field = |bytes: &[u8]| [&(bytes.len() as u32).to_be_bytes()[..], bytes].concat();
        let (name, fields) = match self.jwk["kty"].as_str() {
            Some("EC") => {
                let public = [vec![4], member(&self.jwk, "x"), member(&self.jwk, "y")].concat();
                let curve = match public.len() {
                    65 => "nistp256",
                    97 => "nistp384",
                    _ => "nistp521",
                };
                (format!("ecdsa-sha2-{curve}"), vec![field(curve.as_bytes()), field(&public)])
            }
            Some("OKP") => ("ssh-ed25519".to_owned(), vec![field(&member(&self.jwk, "x"))]),
            _ => {
                let n = [&[0][..], &member(&self.jwk, "n")].concat();
                ("ssh-rsa".to_owned(), vec![field(&member(&self.jwk, "e")), field(&n)])
            }
        };
        let blob = [vec![field(name.as_bytes())], fields].concat().concat();
        format!("{name} {} test@example", STANDARD.encode(blob))
    }

    /// The secret's bytes.
    pub fn secret(&self) -> Vec<u8> {
        member(&self.jwk, "k")
    }

    /// Whether a signature by this key under `alg` is the same every time.
    pub fn is_deterministic(alg: &str) -> bool {
        alg.starts_with("HS") || alg.starts_with("RS") || alg.starts_with("Ed")
    }

    /// Signs exact bytes under a JOSE algorithm name.
    pub fn sign(&self, alg: &str, message: &[u8]) -> Vec<u8> {
        self.signing().sign(alg, message).expect("a signature")
    }

    /// Whether a signature is good, to decide whether a committed one may stay.
    pub fn verifies(&self, alg: &str, message: &[u8], signature: &[u8]) -> bool {
        if alg.starts_with("HS") {
            return self.sign(alg, message) == signature;
        }
        let algorithm: &'static dyn VerificationAlgorithm = match alg {
            "RS256" => &sig::RSA_PKCS1_2048_8192_SHA256,
            "RS384" => &sig::RSA_PKCS1_2048_8192_SHA384,
            "RS512" => &sig::RSA_PKCS1_2048_8192_SHA512,
            "PS256" => &sig::RSA_PSS_2048_8192_SHA256,
            "PS384" => &sig::RSA_PSS_2048_8192_SHA384,
            "PS512" => &sig::RSA_PSS_2048_8192_SHA512,
            "ES256" => &sig::ECDSA_P256_SHA256_FIXED,
            "ES256K" => &sig::ECDSA_P256K1_SHA256_FIXED,
            "ES384" => &sig::ECDSA_P384_SHA384_FIXED,
            "ES512" => &sig::ECDSA_P521_SHA512_FIXED,
            "EdDSA" | "Ed25519" => &sig::ED25519,
            "ML-DSA-44" => &sig::ML_DSA_44,
            "ML-DSA-65" => &sig::ML_DSA_65,
            "ML-DSA-87" => &sig::ML_DSA_87,
            _ => return false,
        };
        UnparsedPublicKey::new(algorithm, self.spki()).verify(message, signature).is_ok()
    }
}

/// HMAC of exact bytes under `HS256`, `HS384` or `HS512`, with any secret.
pub fn hmac_with(alg: &str, secret: &[u8], message: &[u8]) -> Vec<u8> {
    let alg = if matches!(alg, "HS384" | "HS512") { alg } else { "HS256" };
    SigningKey::from_secret(secret).sign(alg, message).expect("an HMAC")
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

/// Ed25519 keys under which anybody can sign: points of small order, and encodings of a number that is not
/// below 2^255 - 19 (RFC 8032 section 5.1.3), with what to call them.
pub fn forgeable() -> impl Iterator<Item = (&'static str, &'static str, [u8; 32])> {
    let ends = |first: u8, between: u8, last: u8| {
        let mut x = [between; 32];
        (x[0], x[31]) = (first, last);
        x
    };
    let order_8 = [
        0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98, 0xf0, 0xd5, 0xdf,
        0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05,
    ];
    let mut signed = order_8;
    signed[31] |= 0x80;
    [
        ("ed25519-zeros", "an Ed25519 key of zeros, a point of order 4", [0; 32]),
        ("ed25519-identity", "the identity as Ed25519 key", ends(1, 0, 0)),
        ("ed25519-identity-signed", "the identity as Ed25519 key, with a sign", ends(1, 0, 0x80)),
        ("ed25519-identity-again", "another encoding of the identity as Ed25519 key", ends(0xee, 0xff, 0x7f)),
        ("ed25519-minus-one", "the point of order 2 as Ed25519 key", ends(0xec, 0xff, 0x7f)),
        ("ed25519-order-8", "a point of order 8 as Ed25519 key", order_8),
        ("ed25519-order-8-signed", "another point of order 8 as Ed25519 key", signed),
    ]
    .into_iter()
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
