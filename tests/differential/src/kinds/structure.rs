//! The compact serialization itself: segments and what stands around them.

use conformance_generator::keys::b64;

use super::{Kind, kind};
use crate::draft::{Draft, Stage, quoted};
use crate::random::Random;

use Stage::{Bytes, Members, Token};

pub const KINDS: &[Kind] = &[
    kind("structure-nothing", Token, |_, _| ()),
    kind("structure-last-segment-dropped", Token, |draft, _| {
        draft.token = format!("{}.{}", draft.header_segment, draft.payload_segment);
    }),
    kind("structure-first-segment-dropped", Token, |draft, _| {
        draft.token = format!("{}.{}", draft.payload_segment, draft.signature_segment);
    }),
    kind("structure-fourth-segment", Token, |draft, random| {
        let more = random.pick(&["", "AA", "e30"]);
        draft.token = format!("{}.{more}", draft.token);
    }),
    kind("structure-five-segments", Token, |draft, _| draft.token = format!("{}.AA.AA", draft.token)),
    kind("structure-segments-swapped", Token, |draft, _| {
        draft.token = format!("{}.{}.{}", draft.payload_segment, draft.header_segment, draft.signature_segment);
    }),
    kind("structure-header-empty", Token, |draft, _| {
        draft.token = format!(".{}.{}", draft.payload_segment, draft.signature_segment);
    }),
    kind("structure-payload-empty", Token, |draft, _| {
        draft.token = format!("{}..{}", draft.header_segment, draft.signature_segment);
    }),
    kind("structure-payload-empty-signed", Bytes, |draft, _| draft.payload_bytes.clear()),
    kind("structure-signature-empty", Token, |draft, _| {
        draft.token = format!("{}.{}.", draft.header_segment, draft.payload_segment);
    }),
    kind("structure-leading-dot", Token, |draft, _| draft.token.insert(0, '.')),
    kind("structure-space-around", Token, |draft, random| {
        let space = random.pick(&[" ", "\n", "\t", "\r\n", "\u{a0}"]);
        draft.token = match random.below(3) {
            0 => format!("{space}{}", draft.token),
            1 => format!("{}{space}", draft.token),
            _ => format!("{space}{}{space}", draft.token),
        };
    }),
    kind("structure-character-changed", Token, |draft, random| replace(draft, random, 1)),
    kind("structure-character-inserted", Token, |draft, random| replace(draft, random, 0)),
    kind("structure-character-removed", Token, |draft, random| {
        let at = place(draft, random);
        if at < draft.token.len() {
            draft.token.remove(at);
        }
    }),
    kind("structure-cut-short", Token, |draft, random| {
        let length = place(draft, random);
        draft.token.truncate(length);
    }),
    kind("structure-other-script", Token, |draft, random| {
        let at = place(draft, random);
        draft.token.insert(at, random.choose(&['é', '\u{0}', 'А', '\u{200b}', '．', '\u{1f600}']));
    }),
    kind("structure-case-changed", Token, |draft, random| {
        let at = place(draft, random);
        let tail = draft.token.split_off(at);
        draft.token += &tail.to_ascii_uppercase();
    }),
    kind("structure-two-tokens", Token, |draft, random| {
        let between = random.pick(&[",", ", ", " ", ".", ";"]);
        draft.token = format!("{0}{between}{0}", draft.token);
    }),
    kind("structure-flattened-json", Token, |draft, _| {
        draft.token = format!(
            r#"{{"protected":"{}","payload":"{}","signature":"{}"}}"#,
            draft.header_segment, draft.payload_segment, draft.signature_segment
        );
    }),
    kind("structure-general-json", Token, |draft, _| {
        draft.token = format!(
            r#"{{"payload":"{}","signatures":[{{"protected":"{}","signature":"{}"}}]}}"#,
            draft.payload_segment, draft.header_segment, draft.signature_segment
        );
    }),
    kind("structure-json-polyglot", Token, |draft, _| {
        draft.token = format!(r#"{{"{}":1}}.{}"#, draft.header_segment, draft.token);
    }),
    kind("structure-nested-token", Bytes, |draft, _| {
        draft.payload_bytes = format!("{}.{}.AAAA", b64(draft.header.text()), b64(draft.claims.text())).into_bytes();
    }),
    kind("structure-bearer-prefix", Token, |draft, _| draft.token.insert_str(0, "Bearer ")),
    kind("structure-too-large", Members, |draft, random| {
        let length = 8_000 + random.below(8_000);
        draft.claims.set("filler", quoted(&"x".repeat(length)));
    }),
];

/// A place in the token, between two characters of it.
fn place(draft: &Draft<'_>, random: &mut Random) -> usize {
    let mut at = random.below(draft.token.len());
    while !draft.token.is_char_boundary(at) {
        at -= 1;
    }
    at
}

/// Puts a character of the alphabet in the place of `count` others.
fn replace(draft: &mut Draft<'_>, random: &mut Random, count: usize) {
    let at = place(draft, random);
    let new = random.choose(&['A', 'B', 'a', 'z', '0', '9', '-', '_', '.', '=', '+', '/', '~']);
    let tail = draft.token.split_off(at);
    draft.token.push(new);
    draft.token.extend(tail.chars().skip(count));
}
