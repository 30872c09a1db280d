//! Public keys in PEM and DER: what is accepted verifies under what it admits, is the same key in the
//! other form, stands alone in its bytes, and is refused as a secret.

use bearergate_core::fuzzing::{Key, key_of_pem, key_of_spki};
use bearergate_core::{Options, Secret, TrustOptions, Verifier};

use crate::keys::{check_verifies, pem};
use crate::limits::bounded;
use crate::parts;

/// `p` and a PEM text, `d` and DER, or another letter and DER to be put into PEM: `s`
/// `SubjectPublicKeyInfo`, `r` PKCS#1, `c` a certificate.
pub fn check(data: &[u8]) {
    let [how, bytes] = parts(data);
    let armoured = |label| pem(label, bytes).into_bytes();
    let text = match how {
        b"p" => bytes.to_vec(),
        b"s" => armoured("PUBLIC KEY"),
        b"r" => armoured("RSA PUBLIC KEY"),
        b"c" => armoured("CERTIFICATE"),
        _ => {
            let Ok(key) = bounded(|| key_of_spki(bytes)) else { return };
            check_verifies(&key);
            check_alone(bytes);
            check_same_in_der(&key, bytes);
            check_no_secret(bytes);
            return;
        }
    };
    let Ok(key) = bounded(|| key_of_pem(&text)) else { return };
    assert_eq!(key.kid(), None);
    check_verifies(&key);
    check_no_secret(&text);
    if how != b"p" {
        check_no_secret(bytes);
    }
    // Two keys in one text would leave open which one is meant.
    assert!(key_of_pem(&text.repeat(2)).is_err(), "the block twice");
}

/// Neither more nor less than its bytes is accepted.
fn check_alone(der: &[u8]) {
    assert!(key_of_spki(&[der, &[0]].concat()).is_err(), "a byte behind it");
    assert!(key_of_spki(&der[..der.len() - 1]).is_err(), "a byte less");
}

/// The key is the same whichever way it comes in.
pub(super) fn check_same_in_der(key: &Key, der: &[u8]) {
    let texts = [key_of_spki(der), key_of_pem(pem("PUBLIC KEY", der).as_bytes())];
    for other in texts {
        let other = other.expect("the same key");
        assert_eq!(other.identity(), key.identity());
        assert!(key.admits().iter().all(|alg| other.admits().contains(alg)), "{:?}", other.admits());
    }
}

/// Nobody may sign with what everybody knows.
pub(super) fn check_no_secret(public: &[u8]) {
    let secret = Secret::new(public);
    let trust = TrustOptions { secret: Some(vec![secret]), ..TrustOptions::default() };
    let refused = bounded(|| Verifier::new(Options { trust, ..Options::default() }));
    assert!(refused.is_err(), "a public key as secret");
}
