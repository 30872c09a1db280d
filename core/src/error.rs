//! The one table of refusal codes, and what a refused request carries.
//!
//! Everything that a language binding shows about an error (its code, its Connect code, its client
//! message, its Python class) is read from here.

use std::fmt;
use std::fmt::Write as _;

use serde::Serialize;

/// Connect's error code for a refusal, with the HTTP status of a unary response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConnectCode {
    /// `unauthenticated`, HTTP 401: the caller's token is missing or refused.
    Unauthenticated,
    /// `unavailable`, HTTP 503: the keys needed to judge the token cannot be had now.
    Unavailable,
    /// `permission_denied`, HTTP 403: the caller is known and may not do this.
    PermissionDenied,
}

impl ConnectCode {
    const ALL: [Self; 3] = [Self::Unauthenticated, Self::Unavailable, Self::PermissionDenied];

    /// Connect's lower-case name of the code.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unauthenticated => "unauthenticated",
            Self::Unavailable => "unavailable",
            Self::PermissionDenied => "permission_denied",
        }
    }

    /// HTTP status of a Connect unary or plain HTTP response.
    #[must_use]
    pub fn http_status(self) -> u16 {
        match self {
            Self::Unauthenticated => 401,
            Self::Unavailable => 503,
            Self::PermissionDenied => 403,
        }
    }

    /// Value of `grpc-status`.
    #[must_use]
    pub fn grpc_status(self) -> u8 {
        match self {
            Self::Unauthenticated => 16,
            Self::Unavailable => 14,
            Self::PermissionDenied => 7,
        }
    }

    /// The code with this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|code| code.as_str() == name)
    }
}

/// Why a check failed, in one word that does not depend on the check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// What the check needs is absent.
    Missing,
    /// What the check needs is there and malformed or of the wrong type.
    Invalid,
    /// It is well-formed, and its value is not accepted.
    CheckFailed,
    /// It asks for something this verifier does not do.
    Unsupported,
    /// The keys cannot be had now.
    Unavailable,
    /// The keys did not arrive within the fetch timeout.
    Timeout,
}

impl Reason {
    /// The word as it appears in errors and events.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Invalid => "invalid",
            Self::CheckFailed => "check_failed",
            Self::Unsupported => "unsupported",
            Self::Unavailable => "unavailable",
            Self::Timeout => "timeout",
        }
    }
}

macro_rules! codes {
    ($($variant:ident = $name:literal, $reason:ident, $python:literal, $summary:literal;)+) => {
        /// What a token or a request was refused for.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Code { $(#[doc = $summary] $variant,)+ }

        impl Code {
            /// Every code, in the order of the table.
            pub const ALL: &'static [Code] = &[$(Code::$variant,)+];

            /// The stable name, such as `ERR_TOKEN_EXPIRED`.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }

            /// The code with this name.
            #[must_use]
            pub fn from_name(name: &str) -> Option<Self> {
                match name { $($name => Some(Self::$variant),)+ _ => None }
            }

            /// The reason a refusal with this code has unless the check says otherwise.
            #[must_use]
            pub fn reason(self) -> Reason {
                match self { $(Self::$variant => Reason::$reason,)+ }
            }

            /// The name of the Python exception class.
            #[must_use]
            pub fn python_class(self) -> &'static str {
                match self { $(Self::$variant => $python,)+ }
            }

            /// One line for documentation.
            #[must_use]
            pub fn summary(self) -> &'static str {
                match self { $(Self::$variant => $summary,)+ }
            }
        }
    };
}

codes! {
    CredentialsMissing = "ERR_CREDENTIALS_MISSING", Missing, "MissingCredentialsError",
        "No credentials header, another scheme, or a scheme without a token.";
    TokenTooLarge = "ERR_TOKEN_TOO_LARGE", Invalid, "InvalidTokenError",
        "The token is longer than `maxTokenBytes`.";
    TokenMalformed = "ERR_TOKEN_MALFORMED", Invalid, "InvalidTokenError",
        "Not three strict base64url segments with a JSON header, or more than one token.";
    TokenCritical = "ERR_TOKEN_CRITICAL", Unsupported, "InvalidTokenError",
        "The header has a `crit` member, or `b64` other than `true`.";
    AlgNotAllowed = "ERR_ALG_NOT_ALLOWED", Unsupported, "InvalidTokenError",
        "The header's `alg` is not in the allow-list.";
    KeyNotFound = "ERR_KEY_NOT_FOUND", Missing, "InvalidTokenError",
        "No usable key fits the token's `kid` and `alg`.";
    KeyAmbiguous = "ERR_KEY_AMBIGUOUS", Invalid, "InvalidTokenError",
        "More than one different key fits the token's `kid` and `alg`.";
    KeysUnavailable = "ERR_KEYS_UNAVAILABLE", Unavailable, "KeysUnavailableError",
        "The key set cannot be had now; the request may be retried.";
    SignatureInvalid = "ERR_SIGNATURE_INVALID", CheckFailed, "InvalidSignatureError",
        "The signature does not verify under the chosen key.";
    ClaimsMalformed = "ERR_CLAIMS_MALFORMED", Invalid, "InvalidClaimError",
        "The payload is not a strict JSON object.";
    TypInvalid = "ERR_TYP_INVALID", CheckFailed, "InvalidClaimError",
        "The header's `typ` is not the one the `typ` option asks for.";
    ClaimMissing = "ERR_CLAIM_MISSING", Missing, "InvalidClaimError",
        "A claim that must be present is absent.";
    ClaimInvalid = "ERR_CLAIM_INVALID", CheckFailed, "InvalidClaimError",
        "A claim has the wrong type, or a value that is not accepted.";
    TokenNotYetValid = "ERR_TOKEN_NOT_YET_VALID", CheckFailed, "InvalidClaimError",
        "`nbf` lies in the future.";
    TokenExpired = "ERR_TOKEN_EXPIRED", CheckFailed, "ExpiredTokenError",
        "`exp` has passed.";
    TokenTooOld = "ERR_TOKEN_TOO_OLD", CheckFailed, "InvalidClaimError",
        "`iat` lies further back than `maxTokenAge`.";
    TokenBound = "ERR_TOKEN_BOUND", Unsupported, "InvalidClaimError",
        "The token is bound to a key or certificate (`cnf`) and was presented as plain Bearer.";
    SubjectMissing = "ERR_SUBJECT_MISSING", Missing, "InvalidClaimError",
        "No non-empty subject was found.";
    SubjectTooLong = "ERR_SUBJECT_TOO_LONG", Invalid, "InvalidClaimError",
        "The subject does not fit the propagated header.";
    Revoked = "ERR_REVOKED", CheckFailed, "InvalidTokenError",
        "The `validate` hook refused the token.";
    ValidateFailed = "ERR_VALIDATE_FAILED", CheckFailed, "InvalidTokenError",
        "The `validate` hook failed.";
    Internal = "ERR_INTERNAL", Invalid, "InvalidTokenError",
        "A defect inside the verifier; the token is refused.";
}

impl Code {
    /// Connect's code for this refusal.
    #[must_use]
    pub fn connect_code(self) -> ConnectCode {
        match self {
            Self::KeysUnavailable => ConnectCode::Unavailable,
            _ => ConnectCode::Unauthenticated,
        }
    }

    /// What the client is told. It never says which check failed.
    #[must_use]
    pub fn message(self) -> &'static str {
        match self {
            Self::CredentialsMissing => "Missing credentials",
            Self::SubjectMissing => "JWT missing subject claim",
            Self::KeysUnavailable => "Authentication temporarily unavailable",
            _ => "Authentication failed",
        }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A refused request: what the client sees and what the operator sees, and nothing of the token
/// beyond a sanitized `alg` and `kid`.
///
/// `Display` is the client's message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    code: Code,
    reason: Reason,
    claim: Option<Box<str>>,
    alg: Option<Box<str>>,
    kid: Option<Box<str>>,
    issuer: Option<Box<str>>,
    challenge: Option<Box<str>>,
    retry_after: Option<u32>,
}

impl Refusal {
    /// The plain refusal that a code stands for, where no gate is near to make it.
    #[must_use]
    pub fn of(code: Code) -> Self {
        Self::new(code)
    }

    pub(crate) fn new(code: Code) -> Self {
        let challenge = match code {
            Code::KeysUnavailable => None,
            Code::CredentialsMissing => Some("Bearer".into()),
            _ => Some("Bearer error=\"invalid_token\"".into()),
        };
        Self {
            code,
            reason: code.reason(),
            claim: None,
            alg: None,
            kid: None,
            issuer: None,
            challenge,
            retry_after: None,
        }
    }

    pub(crate) fn unavailable(reason: Reason, retry_after_ms: i64) -> Self {
        let seconds = u32::try_from(retry_after_ms.max(1).saturating_add(999) / 1000);
        Self { reason, retry_after: Some(seconds.unwrap_or(u32::MAX)), ..Self::new(Code::KeysUnavailable) }
    }

    pub(crate) fn with_claim(mut self, claim: &str, reason: Reason) -> Self {
        self.claim = Some(claim.into());
        self.reason = reason;
        self
    }

    /// Records the unverified `alg` and `kid` for the operator, sanitized, and the configured
    /// issuer that applied.
    pub(crate) fn about(mut self, alg: &str, kid: Option<&str>, issuer: Option<&str>) -> Self {
        self.alg = Some(sanitize(alg));
        self.kid = kid.map(sanitize);
        self.issuer = issuer.map(Into::into);
        self
    }

    pub(crate) fn at_resource(mut self, metadata: Option<&str>) -> Self {
        if let (Some(challenge), Some(url)) = (&self.challenge, metadata) {
            let separator = if has_parameters(challenge) { "," } else { "" };
            self.challenge = Some(format!("{challenge}{separator} resource_metadata=\"{url}\"").into());
        }
        self
    }

    /// What was refused.
    #[must_use]
    pub fn code(&self) -> Code {
        self.code
    }

    /// The claim at fault, where the check is about one.
    #[must_use]
    pub fn claim(&self) -> Option<&str> {
        self.claim.as_deref()
    }

    /// Why, in one word.
    #[must_use]
    pub fn reason(&self) -> Reason {
        self.reason
    }

    /// Connect's code.
    #[must_use]
    pub fn connect_code(&self) -> ConnectCode {
        self.code.connect_code()
    }

    /// HTTP status of a Connect unary or plain HTTP response.
    #[must_use]
    pub fn http_status(&self) -> u16 {
        self.connect_code().http_status()
    }

    /// The client's message.
    #[must_use]
    pub fn message(&self) -> &'static str {
        self.code.message()
    }

    /// Value of `WWW-Authenticate` (RFC 6750, RFC 9728); absent when keys are unavailable.
    #[must_use]
    pub fn challenge(&self) -> Option<&str> {
        self.challenge.as_deref()
    }

    /// Value of `Retry-After` in seconds, at least 1; present when keys are unavailable.
    #[must_use]
    pub fn retry_after(&self) -> Option<u32> {
        self.retry_after
    }

    /// The unverified header `alg`: printable ASCII, cut at 128 characters, the rest `\u`-escaped.
    #[must_use]
    pub fn alg(&self) -> Option<&str> {
        self.alg.as_deref()
    }

    /// The unverified header `kid`, sanitized like [`Refusal::alg`].
    #[must_use]
    pub fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// The configured issuer that applied, never the token's.
    #[must_use]
    pub fn issuer(&self) -> Option<&str> {
        self.issuer.as_deref()
    }

    /// What makes the error, as a JSON object for a language binding; the same text for every token that
    /// is refused alike.
    #[must_use]
    pub fn told_json(&self) -> String {
        let told = Told {
            code: self.code.as_str(),
            claim: self.claim.as_deref(),
            reason: self.reason.as_str(),
            connect_code: self.connect_code().as_str(),
            http_status: self.http_status(),
            message: self.message(),
            challenge: self.challenge.as_deref(),
            retry_after: self.retry_after,
        };
        serde_json::to_string(&told).unwrap_or_default()
    }

    /// What only the operator is told of the token, as a JSON object: `alg`, `kid`, `issuer`.
    #[must_use]
    pub fn about_json(&self) -> String {
        let about = About { alg: self.alg(), kid: self.kid(), issuer: self.issuer() };
        serde_json::to_string(&about).unwrap_or_default()
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Told<'a> {
    code: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    claim: Option<&'a str>,
    reason: &'a str,
    connect_code: &'a str,
    http_status: u16,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    challenge: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after: Option<u32>,
}

#[derive(Serialize)]
struct About<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    alg: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    kid: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    issuer: Option<&'a str>,
}

fn has_parameters(challenge: &str) -> bool {
    challenge.contains('=')
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.message())
    }
}

impl std::error::Error for Refusal {}

/// Longest `alg` or `kid` shown to the operator, in characters of the result.
const SHOWN: usize = 128;

/// Header values are the caller's bytes: only printable ASCII reaches a log line.
fn sanitize(text: &str) -> Box<str> {
    let is_plain = |character: char| character.is_ascii_graphic() && character != '\\' || character == ' ';
    if text.len() <= SHOWN && text.chars().all(is_plain) {
        return text.into();
    }
    let mut shown = String::with_capacity(text.len().min(SHOWN));
    let mut units = [0u16; 2];
    for character in text.chars() {
        let mut piece = String::new();
        if is_plain(character) {
            piece.push(character);
        } else {
            for unit in character.encode_utf16(&mut units) {
                let _ = write!(piece, "\\u{unit:04x}");
            }
        }
        if shown.len() + piece.len() > SHOWN {
            break;
        }
        shown.push_str(&piece);
    }
    shown.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_unique() {
        let mut names: Vec<_> = Code::ALL.iter().map(|code| code.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), Code::ALL.len());
    }

    #[test]
    fn unverified_values_are_sanitized_and_cut() {
        assert_eq!(&*sanitize("RS256 \n\u{1F600}"), "RS256 \\u000a\\ud83d\\ude00");
        assert_eq!(sanitize(&"k".repeat(500)).len(), 128);
        assert_eq!(&*sanitize("a\\u0000"), "a\\u005cu0000");
    }

    #[test]
    fn challenge_names_the_resource_metadata() {
        let url = Some("https://api.example.com/.well-known/oauth-protected-resource");
        let missing = Refusal::new(Code::CredentialsMissing).at_resource(url);
        assert_eq!(
            missing.challenge(),
            Some("Bearer resource_metadata=\"https://api.example.com/.well-known/oauth-protected-resource\"")
        );
        let expired = Refusal::new(Code::TokenExpired).at_resource(url);
        assert!(
            expired.challenge().is_some_and(|c| c.starts_with("Bearer error=\"invalid_token\", resource_metadata="))
        );
        assert_eq!(Refusal::unavailable(Reason::Unavailable, 1).at_resource(url).challenge(), None);
    }

    #[test]
    fn retry_after_rounds_up_to_whole_seconds() {
        assert_eq!(Refusal::unavailable(Reason::Unavailable, 0).retry_after(), Some(1));
        assert_eq!(Refusal::unavailable(Reason::Unavailable, 1001).retry_after(), Some(2));
        assert_eq!(Refusal::unavailable(Reason::Unavailable, i64::MAX).retry_after(), Some(u32::MAX));
    }
}
