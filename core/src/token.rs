//! A compact JWS taken apart (RFC 7515 section 7.1): length, three segments, strict base64url.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::error::Code;

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
    URL_SAFE_NO_PAD.decode(segment).map_err(|_| Code::TokenMalformed)
}

#[cfg(test)]
mod tests {
    use super::*;

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
}
