//! The checks of a token in their order, by the numbers of the specification, and which of them a
//! refusal is about.

use crate::error::{Code, Reason, Refusal};
use crate::token::Token;

/// A check, by its number and name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Row(pub(super) u8, pub(super) &'static str);

/// Every check, in the order of the table.
pub(super) const ROWS: [Row; 17] = [
    Row(1, "length"),
    Row(2, "segments"),
    Row(3, "header"),
    Row(4, "extensions"),
    Row(5, "algorithm"),
    Row(6, "key"),
    Row(7, "signature"),
    Row(8, "claims"),
    Row(9, "typ"),
    Row(10, "presence"),
    Row(11, "issuer, audience"),
    Row(12, "time types"),
    Row(13, "nbf"),
    Row(14, "exp"),
    Row(15, "age"),
    Row(16, "confirmation"),
    Row(17, "subject"),
];

pub(super) const SIGNATURE: u8 = 7;

/// The check that a token failed; `None` for what is refused before or after them.
pub(super) fn failed_row(refusal: &Refusal, token: &str) -> Option<u8> {
    Some(match refusal.code() {
        Code::TokenTooLarge => 1,
        Code::TokenMalformed if Token::parse(token).is_err() => 2,
        Code::TokenMalformed => 3,
        Code::TokenCritical => 4,
        Code::AlgNotAllowed => 5,
        Code::KeyNotFound | Code::KeyAmbiguous | Code::KeysUnavailable => 6,
        Code::SignatureInvalid => 7,
        Code::ClaimsMalformed => 8,
        Code::TypInvalid => 9,
        Code::ClaimMissing => 10,
        Code::ClaimInvalid => match (refusal.claim(), refusal.reason()) {
            (Some("iss" | "aud"), _) => 11,
            (_, Reason::CheckFailed) => 15,
            _ => 12,
        },
        Code::TokenNotYetValid => 13,
        Code::TokenExpired => 14,
        Code::TokenTooOld => 15,
        Code::TokenBound => 16,
        Code::SubjectMissing => 17,
        Code::CredentialsMissing | Code::SubjectTooLong | Code::Revoked | Code::ValidateFailed | Code::Internal => {
            return None;
        }
    })
}

/// The numbers in the order in which they are checked. With several issuers the claims come before the
/// algorithm, and so does what the token's issuer fails.
pub(super) fn order(by_issuer: bool, failed: Option<u8>, about_issuer: bool) -> Vec<u8> {
    let mut order: Vec<u8> = (1..=17).collect();
    if by_issuer {
        order = (1..=4).chain([8]).chain(5..=7).chain(9..=17).collect();
        if let Some(row) = failed.filter(|_| about_issuer) {
            order.retain(|other| *other != row);
            order.insert(5, row);
        }
    }
    order
}
