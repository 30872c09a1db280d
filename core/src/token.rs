//! A compact JWS taken apart (RFC 7515 section 7.1): length, three segments, strict base64url.

use std::sync::LazyLock;

use base64::Engine;
use base64::engine::general_purpose::NO_PAD;

use crate::alg::Alg;
use crate::error::Code;
use crate::header::Header;

#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
static BASE64URL: LazyLock<base64::engine::Simd> = LazyLock::new(|| base64::engine::Simd::url_safe(NO_PAD));
#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
static BASE64URL: LazyLock<base64::engine::GeneralPurpose> =
    LazyLock::new(|| base64::engine::GeneralPurpose::new(&base64::alphabet::URL_SAFE, NO_PAD));

/// A token whose three segments are decoded and not yet believed.
pub(crate) struct Token<'a> {
    /// The bytes that the signature covers, exactly as received.
    pub(crate) signing_input: &'a [u8],
    pub(crate) header: Vec<u8>,
    pub(crate) payload: Vec<u8>,
    pub(crate) signature: Vec<u8>,
}

impl<'a> Token<'a> {
    /// Splits and decodes. The caller has checked the length.
    pub(crate) fn parse(token: &'a str) -> Result<Self, Code> {
        let (signing_input, signature) = token.rsplit_once('.').ok_or(Code::TokenMalformed)?;
        let (header, payload) = signing_input.split_once('.').ok_or(Code::TokenMalformed)?;
        let header = decode(header)?;
        let payload = decode(payload)?;
        let signature = decode(signature)?;
        Ok(Self { signing_input: signing_input.as_bytes(), header, payload, signature })
    }

    /// The algorithm that a token names, if it may be one of ours.
    pub(crate) fn alg(token: &str) -> Option<Alg> {
        let (header, _) = token.split_once('.')?;
        Alg::from_name(Header::parse(decode(header).ok()?).ok()?.alg())
    }
}

/// Strict base64url: no padding, no other alphabet, no white space, no stray bits. A dot left in a
/// segment is outside the alphabet, so a fourth segment is refused here too.
fn decode(segment: &str) -> Result<Vec<u8>, Code> {
    if segment.is_empty() && !mutant!("segments") {
        return Err(Code::TokenMalformed);
    }
    if mutant!("base64") {
        use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
        let lenient = GeneralPurposeConfig::new()
            .with_decode_allow_trailing_bits(true)
            .with_decode_padding_mode(DecodePaddingMode::Indifferent);
        let engine = GeneralPurpose::new(&base64::alphabet::URL_SAFE, lenient);
        return engine.decode(segment).map_err(|_| Code::TokenMalformed);
    }
    // Memory that is asked for as zeroed costs more with some allocators than memory that is filled.
    let mut bytes = Vec::with_capacity(segment.len() / 4 * 3 + 3);
    BASE64URL.decode_vec(segment, &mut bytes).map_err(|_| Code::TokenMalformed)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    #[test]
    fn three_segments_are_decoded() {
        let token = Token::parse("e30.e30.AA").unwrap();
        assert_eq!(token.signing_input, b"e30.e30");
        assert_eq!((token.header, token.payload, token.signature), (b"{}".to_vec(), b"{}".to_vec(), vec![0]));
    }

    #[test]
    fn anything_else_is_malformed() {
        for token in [
            "",
            ".",
            "..",
            "a",
            "e30.e30",
            "e30.e30.",
            ".e30.AA",
            "e30..AA",
            "e30.e30.AA.AA",
            "e30.e30.AA.AA.AA",
            "e30=.e30.AA",
            "e30.e30.AB",
            "e30.e30.A",
            "e30.e3 0.AA",
            "e30.e30.+A",
            "e30.e30./A",
            "e30.e30.AA\n",
            "{}",
        ] {
            assert_eq!(Token::parse(token).err(), Some(Code::TokenMalformed), "{token}");
        }
    }

    #[test]
    fn long_segments_are_as_strict_as_short_ones() {
        let bytes: Vec<u8> = (0..=255).cycle().take(1000).collect();
        for length in 60..200 {
            let segment = URL_SAFE_NO_PAD.encode(&bytes[..length]);
            assert_eq!(decode(&segment).as_deref(), Ok(&bytes[..length]));
            for at in 0..segment.len() {
                for wrong in ["+", "/", "=", " ", "\n", ".", "\0", "\u{7f}", "\u{e9}", "@", "[", "`", "{"] {
                    let changed = format!("{}{wrong}{}", &segment[..at], &segment[at + 1..]);
                    assert!(decode(&changed).is_err(), "{wrong:?} at {at} of {length}");
                }
            }
            if length % 3 > 0 {
                let last = segment.as_bytes()[segment.len() - 1];
                let stray = char::from(if last == b'9' { b'-' } else { last + 1 });
                assert!(decode(&format!("{}{stray}", &segment[..segment.len() - 1])).is_err());
            }
        }
    }
}
