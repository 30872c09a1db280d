//! HMAC secrets: their strength (RFC 7518 section 3.2), and what is not a secret at all.

use std::fmt;

use aws_lc_rs::hmac;
use base64::alphabet;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use base64::engine::{DecodePaddingMode, Engine};
use zeroize::{ZeroizeOnDrop, Zeroizing};

use super::{Material, PreparedKey, pem};
use crate::alg::{Alg, AlgSet};
use crate::json::Document;
use crate::mint;

/// The bytes of an HMAC secret; wiped when dropped, never shown.
#[derive(Clone)]
pub struct Secret(Zeroizing<Vec<u8>>);

impl Secret {
    /// A secret of these bytes. Text is its UTF-8 bytes and is never base64-decoded.
    #[must_use]
    pub fn new(bytes: impl Into<Vec<u8>>) -> Self {
        Self(Zeroizing::new(bytes.into()))
    }

    /// For minting.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
    }
}

/// Its only field is wiped.
impl ZeroizeOnDrop for Secret {}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

/// Each HMAC algorithm with the bytes a secret must have for it.
const MINIMUM: [(Alg, usize); 3] = [(Alg::Hs256, 32), (Alg::Hs384, 48), (Alg::Hs512, 64)];

/// What no secret holds: the openings of PEM and SSH key texts.
const KEY_TEXTS: [&str; 11] = [
    "-----BEGIN ",
    "---- BEGIN ",
    "ssh-rsa",
    "ssh-dss",
    "ssh-ed25519",
    "ecdsa-sha2-",
    "sk-ssh-",
    "sk-ecdsa-",
    // The same names inside the base64 of an SSH key.
    "AAAAB3NzaC1",
    "AAAAC3NzaC1",
    "AAAAE2VjZHNh",
];

/// Why the bytes cannot serve as a secret for the HMAC algorithms named in `algorithms` (all that
/// the length allows when it is `None`).
pub(crate) fn check_secret(secret: &Secret, algorithms: Option<AlgSet>) -> Result<(), String> {
    let bytes = secret.0.as_slice();
    if let Some(what) = public_text(bytes) {
        return Err(format!(
            "holds {what}, which is not a secret: whoever knows the public key could sign tokens; use `publicKey` for it"
        ));
    }
    // What stands around it changes nothing of what everyone knows; zeros at its end not even the key.
    let meant =
        std::str::from_utf8(bytes).map_or(bytes, |text| text.trim_matches(|c| c == '\0' || is_blank(c)).as_bytes());
    if mint::is_locked_test_secret(meant) {
        return Err("is TEST_JWT_SECRET, which everyone knows: whoever reads its documentation could sign tokens; it \
                    serves only where the testing module of this package is loaded. Generate a secret of your own"
            .to_owned());
    }
    let (alg, minimum) = MINIMUM
        .into_iter()
        .rfind(|(alg, _)| algorithms.is_some_and(|algorithms| algorithms.contains(*alg)))
        .unwrap_or(MINIMUM[0]);
    if bytes.len() < minimum {
        return Err(format!(
            "must be at least {minimum} bytes for {} (RFC 7518 section 3.2), got {}; generate one, for example with `openssl rand -base64 {minimum}`",
            alg.name(),
            bytes.len()
        ));
    }
    if std::str::from_utf8(bytes).is_ok_and(|text| text.chars().all(is_blank)) {
        return Err("is only white space".to_owned());
    }
    // HMAC pads a key with zeros: with many of them it is as short as without.
    let meant = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
    if meant + CHANCE_ZEROS < minimum {
        return Err(format!(
            "is mostly zero bytes, as a buffer that was not filled: only {meant} of its {} bytes count",
            bytes.len()
        ));
    }
    Ok(())
}

/// As many zero bytes at its end a random secret may have by chance.
const CHANCE_ZEROS: usize = 8;

/// Whether a character shows nothing.
fn is_blank(character: char) -> bool {
    character.is_whitespace() || matches!(character, '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{feff}')
}

/// Standard or URL-safe base64, with or without its padding.
const ANY_BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// Prepares a checked secret for every algorithm whose minimum it meets.
pub(crate) fn prepare_secret(secret: &Secret) -> PreparedKey {
    let bytes = secret.0.as_slice();
    let keys: Vec<_> = MINIMUM
        .into_iter()
        .filter(|(_, minimum)| bytes.len() >= *minimum)
        .map(|(alg, _)| (alg, hmac::Key::new(hmac_algorithm(alg), bytes)))
        .collect();
    let admits = keys.iter().map(|(alg, _)| *alg).collect();
    // Secrets are never chosen among by identity, so none is derived from their bytes.
    PreparedKey { kid: None, admits, material: Material::Hmac(keys), identity: [0; 32] }
}

fn hmac_algorithm(alg: Alg) -> hmac::Algorithm {
    match alg {
        Alg::Hs384 => hmac::HMAC_SHA384,
        Alg::Hs512 => hmac::HMAC_SHA512,
        _ => hmac::HMAC_SHA256,
    }
}

/// Names the public thing that the bytes hold, after any leading bytes.
fn public_text(bytes: &[u8]) -> Option<&'static str> {
    let holds = |needle: &str| bytes.windows(needle.len()).any(|window| window == needle.as_bytes());
    if KEY_TEXTS.iter().any(|text| holds(text)) {
        return Some("the text of a key or certificate");
    }
    if holds("\"kty\"") || holds("\"keys\"") || holds_jwk(bytes) {
        return Some("a JWK or JWK Set");
    }
    let standard = |byte: u8| match byte {
        b'-' => b'+',
        b'_' => b'/',
        other => other,
    };
    let unarmoured = bytes.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).map(standard);
    let unarmoured = Zeroizing::new(unarmoured.collect::<Vec<u8>>());
    let decoded = Zeroizing::new(ANY_BASE64.decode(&*unarmoured).unwrap_or_default());
    (pem::is_public_der(bytes) || pem::is_public_der(bytes.trim_ascii()) || pem::is_public_der(&decoded))
        .then_some("the DER of a public key or certificate")
}

/// Whether the bytes from the first brace on are a JWK or JWK Set, however its names are escaped.
fn holds_jwk(bytes: &[u8]) -> bool {
    let Some(start) = bytes.iter().position(|byte| *byte == b'{') else { return false };
    let end = bytes.iter().rposition(|byte| *byte == b'}').map_or(start, |end| end + 1);
    let text = bytes.get(start..end).and_then(|text| std::str::from_utf8(text).ok());
    text.is_some_and(|text| {
        Document::glance(text, |json| json.get("kty").is_some() || json.get("keys").is_some()).unwrap_or(false)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_listed_algorithm_sets_the_minimum() {
        let secret = Secret::new([b'k'; 40]);
        assert!(check_secret(&secret, None).is_ok());
        let of = |algs: &[Alg]| check_secret(&secret, Some(AlgSet::of(algs))).err();
        assert_eq!(of(&[Alg::Hs256]), None);
        assert!(of(&[Alg::Hs256, Alg::Hs384]).is_some_and(|e| e.contains("must be at least 48 bytes")));
        assert!(of(&[Alg::Hs512, Alg::Hs384]).is_some_and(|e| e.contains("must be at least 64 bytes")));
        assert!(
            check_secret(&Secret::new([b'k'; 31]), None)
                .is_err_and(|e| e.contains("must be at least 32 bytes") && e.contains("RFC 7518"))
        );
    }

    #[test]
    fn a_secret_admits_what_its_length_allows() {
        assert_eq!(prepare_secret(&Secret::new([7; 48])).admits(), AlgSet::of(&[Alg::Hs256, Alg::Hs384]));
        assert_eq!(prepare_secret(&Secret::new([7; 64])).admits(), AlgSet::HMAC);
    }

    #[test]
    fn the_test_secret_serves_only_where_tests_say_so() {
        let with = |text: String| check_secret(&Secret::new(text), None);
        let known = mint::TEST_JWT_SECRET;
        // Only this test of the process allows it.
        for text in [
            known.to_owned(),
            format!("{known}\n"),
            format!(" {known}"),
            format!("{known}\0\0"),
            format!("\u{a0}{known}\u{200b}"),
        ] {
            assert!(with(text).is_err_and(|problem| problem.contains("everyone knows")));
        }
        assert!(with(format!("{known}!")).is_ok());
        mint::allow_test_secret();
        assert!(with(known.to_owned()).is_ok());
    }

    #[test]
    fn a_buffer_that_was_not_filled_is_no_secret() {
        let mut bytes = vec![0; 64];
        assert!(check_secret(&Secret::new(bytes.clone()), None).is_err());
        bytes[..23].fill(b'k');
        assert!(check_secret(&Secret::new(bytes.clone()), None).is_err_and(|e| e.contains("only 23 of its 64")));
        bytes[23] = b'k';
        assert!(check_secret(&Secret::new(bytes), None).is_ok(), "zeros by chance");
    }

    #[test]
    fn public_texts_are_not_secrets_after_any_leading_bytes() {
        for text in [
            "-----BEGIN PUBLIC KEY-----",
            "ssh-rsa AAAAB3NzaC1yc2E",
            "ssh-ed25519-cert-v01@openssh.com AAAAIHNza",
            r#"{"kty":"oct","k":"AAAA"}"#,
            r#"{"keys":[]}"#,
            r#"{"\u006bty":"RSA"}"#,
        ] {
            for prefix in ["", "\n", "\0", "\u{1b}", "\u{200b}", "\u{feff}", "#", "Comment: x\n"] {
                let padded = format!("{prefix}{text}{}", " ".repeat(64));
                assert!(
                    check_secret(&Secret::new(padded), None).is_err_and(|e| e.contains("not a secret")),
                    "{prefix:?}{text}"
                );
            }
        }
        for blank in [" ", "\u{b}", "\u{a0}", "\u{3000}", "\u{200b}", "\u{feff}"] {
            assert!(check_secret(&Secret::new(blank.repeat(64)), None).is_err(), "{blank:?}");
        }
        assert_eq!(format!("{:?}", Secret::new("hunter2")), "Secret(..)");
    }
}
