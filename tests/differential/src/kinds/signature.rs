//! Signatures that are another's, another's form, or not quite.

use super::{Kind, kind};
use crate::draft::{Draft, Stage};
use conformance_generator::keys::der;

use Stage::{Signature, Signer};

pub const KINDS: &[Kind] = &[
    kind("signature-stale", Signer, |draft, _| draft.signer.stale = true),
    kind("signature-by-another-key", Signer, |draft, _| {
        let other = match draft.signer.key.as_str() {
            "rsa-a" => "rsa-b",
            "rsa-b" | "rsa-3072" => "rsa-a",
            "p256-a" => "p256-b",
            "p256-b" => "p256-a",
            "p384" => "p384-b",
            "p521" => "p521-b",
            "ed-a" => "ed-b",
            "ed-b" => "ed-a",
            "hmac-32" => "hmac-32-b",
            _ => return,
        };
        other.clone_into(&mut draft.signer.key);
    }),
    kind("signature-by-another-alg", Signer, |draft, random| {
        let other = match &draft.signer.alg[..2] {
            "RS" | "PS" => random.choose(&["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"]),
            "HS" => random.choose(&["HS256", "HS384", "HS512"]),
            _ => return,
        };
        other.clone_into(&mut draft.signer.alg);
    }),
    kind("signature-bit-flipped", Signature, |draft, random| {
        let at = random.below(draft.signature.len());
        draft.signature[at] ^= 1 << random.below(8);
    }),
    kind("signature-first-byte", Signature, |draft, random| draft.signature[0] ^= 1 + random.byte() % 255),
    kind("signature-last-byte", Signature, |draft, random| {
        let last = draft.signature.len() - 1;
        draft.signature[last] ^= 1 + random.byte() % 255;
    }),
    kind("signature-cut", Signature, |draft, random| {
        let length = random.below(draft.signature.len());
        draft.signature.truncate(length);
    }),
    kind("signature-longer", Signature, |draft, random| {
        let more = 1 + random.below(4);
        let bytes = if random.one_in(2) { vec![0; more] } else { random.bytes(more) };
        draft.signature.extend(bytes);
    }),
    kind("signature-leading-zeros", Signature, |draft, random| {
        let zeros = vec![0; 1 + random.below(3)];
        draft.signature.splice(0..0, zeros);
    }),
    kind("signature-all-zero", Signature, |draft, _| draft.signature.fill(0)),
    kind("signature-all-ones", Signature, |draft, _| draft.signature.fill(0xff)),
    kind("signature-random", Signature, |draft, random| draft.signature = random.bytes(draft.signature.len())),
    kind("signature-one-byte", Signature, |draft, random| draft.signature = random.bytes(1)),
    // CVE-2022-21449: r or s of zero.
    kind("signature-half-zero", Signature, |draft, random| {
        let half = draft.signature.len() / 2;
        if random.one_in(2) { draft.signature[..half].fill(0) } else { draft.signature[half..].fill(0) }
    }),
    kind("signature-halves-swapped", Signature, |draft, _| {
        let half = draft.signature.len() / 2;
        draft.signature.rotate_left(half);
    }),
    kind("signature-in-der", Signature, |draft, _| {
        if draft.signer.alg.starts_with("ES") {
            let (r, s) = draft.signature.split_at(draft.signature.len() / 2);
            draft.signature = der(0x30, &[integer(r), integer(s)].concat());
        }
    }),
    // ECDSA is malleable: n - s verifies too.
    kind("signature-s-negated", Signature, |draft, _| negate(draft)),
    kind("signature-repeated", Signature, |draft, _| {
        let once = draft.signature.clone();
        draft.signature.extend(once);
    }),
];

fn integer(bytes: &[u8]) -> Vec<u8> {
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count().min(bytes.len().saturating_sub(1));
    let lead: &[u8] = if bytes.get(zeros).is_some_and(|byte| byte & 0x80 != 0) { &[0] } else { &[] };
    der(2, &[lead, &bytes[zeros..]].concat())
}

/// The order of P-256 (FIPS 186-4 appendix D.1.2.3).
const P256_ORDER: [u8; 32] = [
    0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xbc, 0xe6, 0xfa, 0xad, 0xa7,
    0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
];

fn negate(draft: &mut Draft<'_>) {
    if draft.signer.alg != "ES256" || draft.signature.len() != 64 {
        return;
    }
    let mut borrow = 0;
    for (byte, order) in draft.signature[32..].iter_mut().zip(P256_ORDER).rev() {
        let difference = i16::from(order) - i16::from(*byte) - borrow;
        borrow = i16::from(difference < 0);
        *byte = u8::try_from(difference.rem_euclid(256)).expect("a byte");
    }
}
