//! base64url of each segment, the signature made over what the segment then says.

use conformance_generator::keys::{b64, standard};

use super::{Kind, kind};
use crate::draft::Stage;
use crate::random::Random;

use Stage::{Segments, SignatureSegment};

pub const KINDS: &[Kind] = &[
    kind("base64-header-padded", Segments, |draft, random| pad(&mut draft.header_segment, random)),
    kind("base64-payload-padded", Segments, |draft, random| pad(&mut draft.payload_segment, random)),
    kind("base64-signature-padded", SignatureSegment, |draft, random| pad(&mut draft.signature_segment, random)),
    kind("base64-header-standard", Segments, |draft, _| {
        draft.header_segment = unpadded(&spiced(&draft.header_bytes));
    }),
    kind("base64-payload-standard", Segments, |draft, _| {
        draft.payload_segment = unpadded(&spiced(&draft.payload_bytes));
    }),
    kind("base64-signature-standard", SignatureSegment, |draft, _| {
        draft.signature_segment = unpadded(&draft.signature);
    }),
    kind("base64-header-stray-bits", Segments, |draft, _| stray(&mut draft.header_segment, &mut draft.header_bytes)),
    kind("base64-payload-stray-bits", Segments, |draft, _| stray(&mut draft.payload_segment, &mut draft.payload_bytes)),
    kind("base64-signature-stray-bits", SignatureSegment, |draft, _| {
        let last = draft.signature_segment.pop().map(next_letter);
        draft.signature_segment.extend(last);
    }),
    kind("base64-header-space", Segments, |draft, random| space(&mut draft.header_segment, random)),
    kind("base64-payload-space", Segments, |draft, random| space(&mut draft.payload_segment, random)),
    kind("base64-signature-space", SignatureSegment, |draft, random| space(&mut draft.signature_segment, random)),
    kind("base64-length-of-no-bytes", Segments, |draft, _| {
        while draft.payload_segment.len() % 4 != 1 {
            draft.payload_segment.push('A');
        }
    }),
    kind("base64-payload-twice", Segments, |draft, _| draft.payload_segment = b64(&draft.payload_segment)),
    kind("base64-header-twice", Segments, |draft, _| draft.header_segment = b64(&draft.header_segment)),
    kind("base64-payload-plain", Segments, |draft, _| {
        draft.payload_segment = String::from_utf8_lossy(&draft.payload_bytes).into_owned();
    }),
    kind("base64-hexadecimal", Segments, |draft, _| {
        draft.payload_segment = draft.payload_bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    }),
    kind("base64-percent-encoded", SignatureSegment, |draft, _| {
        draft.signature_segment = draft.signature_segment.replace('-', "%2D").replace('_', "%5F");
    }),
];

fn pad(segment: &mut String, random: &mut Random) {
    let missing = (4 - segment.len() % 4) % 4;
    let padding = if random.one_in(3) { 1 + random.below(4) } else { missing };
    segment.push_str(&"=".repeat(padding));
}

fn unpadded(bytes: &[u8]) -> String {
    standard(bytes).trim_end_matches('=').to_owned()
}

/// JSON text with bytes that the two alphabets write differently.
fn spiced(json: &[u8]) -> Vec<u8> {
    let mut text = json.to_vec();
    if text.pop() == Some(b'}') {
        text.extend_from_slice(",\"spice\":\"???>>>~~~\u{fffd}\u{f8ff}\"}".as_bytes());
    }
    text
}

/// Sets a bit behind the last byte; space at the end of the text makes room for one.
fn stray(segment: &mut String, json: &mut Vec<u8>) {
    while json.len().is_multiple_of(3) {
        json.push(b' ');
    }
    *segment = b64(&json);
    let last = segment.pop().map(next_letter);
    segment.extend(last);
}

/// The letter of the alphabet after this one, whose bits differ in the lowest.
fn next_letter(letter: char) -> char {
    const ALPHABET: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let at = ALPHABET.find(letter).unwrap_or_default();
    char::from(ALPHABET.as_bytes()[at ^ 1])
}

fn space(segment: &mut String, random: &mut Random) {
    let at = random.below(segment.len() + 1);
    segment.insert_str(at, random.choose(&[" ", "\n", "\t", "\r\n"]));
}
