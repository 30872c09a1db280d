//! What the user configures. `OptionValue` is how a binding hands it over, `read` gives it types,
//! and `Policy` (in `policy.rs`) checks it once into something that cannot be wrong.

mod check;
mod error;
mod fields;
mod key_source;
mod minting;
mod policy;
mod read;
mod remote;
mod trust;
mod value;

use std::fmt;
use std::time::Duration;

use zeroize::Zeroizing;

pub use crate::key::Secret;
pub use error::ConfigError;
pub use minting::{ExpiresIn, TestTokenOptions};
pub use value::{KeyAlgorithm, KeyHandle, KeyKind, OptionValue};

pub use read::parse_duration;

pub(crate) use fields::{Fields, Read, shown};
pub(crate) use key_source::Keys;
pub(crate) use policy::{Credentials, Policy};
pub(crate) use read::{list as read_list, text as read_text, texts as read_texts};
pub(crate) use remote::{FetchPolicy, Locator, SetPolicy, check_remote_url, is_localhost};
pub(crate) use trust::{Rules, Trust, Trusts};

/// How option names are spelled in what is read and in the errors about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Spelling {
    /// `jwksUri`
    #[default]
    Camel,
    /// `jwks_uri`
    Snake,
}

/// Everything a verifier can be told. `None` means not given; the defaults are those of the README.
///
/// Nothing is checked here: [`Gate::new`](crate::Gate::new) and [`Verifier::new`](crate::Verifier::new)
/// refuse what cannot be meant.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Keys and rules: for the one issuer, or, with `issuers`, the defaults of each entry.
    pub trust: TrustOptions,
    /// Several issuers, each with its own keys and rules.
    pub issuers: Option<Vec<TrustOptions>>,
    /// Methods that pass without authentication.
    pub skip_methods: Option<Vec<String>>,
    /// Whether the verified context is written to `x-auth-*` request headers.
    pub propagate_headers: Option<bool>,
    /// Which claims go into `x-auth-claims`; all when `None`.
    pub propagated_claims: Option<Vec<String>>,
    /// Where the token is found in a request.
    pub credentials: CredentialsOptions,
    /// Verified-signature cache.
    pub cache: Option<CacheOption>,
    /// Longest token accepted, in bytes.
    pub max_token_bytes: Option<u64>,
    /// Whether streams end when their token expires.
    pub end_streams_at_expiry: Option<bool>,
    /// URL of the protected-resource metadata (RFC 9728), added to `WWW-Authenticate`.
    pub resource_metadata: Option<String>,
    /// How errors spell option names.
    pub spelling: Spelling,
}

/// One key source, and the rules for the tokens it signs.
#[derive(Clone, Default)]
pub struct TrustOptions {
    /// Remote JWK Set. Takes precedence over `public_key` and `secret`.
    pub jwks_uri: Option<String>,
    /// Find the JWK Set from the one issuer (`OpenID` Connect discovery, then RFC 8414).
    pub discover: Option<bool>,
    /// Fixed public key or set of them. Takes precedence over `secret`.
    pub public_key: Option<PublicKey>,
    /// HMAC secrets, any of which verifies.
    pub secret: Option<Vec<Secret>>,
    /// Fetch and cache policy of the remote JWK Set.
    pub jwks: JwksOptions,
    /// Accepted `iss` values.
    pub issuer: Option<Vec<String>>,
    /// Accepted `aud` values.
    pub audience: Option<Vec<String>>,
    /// Allow-list of JWS algorithm names.
    pub algorithms: Option<Vec<String>>,
    /// Upper bound on `now - iat`, in whole seconds.
    pub max_token_age: Option<Duration>,
    /// Leeway for `exp`, `nbf` and `iat`, in whole seconds.
    pub clock_tolerance: Option<Duration>,
    /// Required header `typ`.
    pub typ: Option<String>,
    /// Claims that must be present.
    pub required_claims: Option<Vec<String>>,
    /// Where the context's fields are found in the claims.
    pub claims_mapping: ClaimsMapping,
    /// What to do with a token that has a `cnf` claim.
    pub confirmation: Option<Confirmation>,
}

/// A fixed public key, in the form it was given.
#[derive(Clone)]
pub enum PublicKey {
    /// PEM text: `SubjectPublicKeyInfo`, PKCS#1, or an X.509 certificate.
    Pem(String),
    /// DER `SubjectPublicKeyInfo`.
    Der(Vec<u8>),
    /// JSON text of a JWK or a JWK Set.
    Jwk(String),
    /// A key object of the host's cryptography library.
    Handle(KeyHandle),
}

/// Shows the form and no text, which may be a private key given by mistake.
impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Pem(_) => "Pem(..)",
            Self::Der(_) => "Der(..)",
            Self::Jwk(_) => "Jwk(..)",
            Self::Handle(_) => "Handle(..)",
        })
    }
}

/// Leaves the key source out: a URL's query may hold a key.
impl fmt::Debug for TrustOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TrustOptions")
            .field("issuer", &self.issuer)
            .field("audience", &self.audience)
            .field("algorithms", &self.algorithms)
            .finish_non_exhaustive()
    }
}

/// Fetch and cache policy of a remote JWK Set.
#[derive(Debug, Clone, Default)]
pub struct JwksOptions {
    /// Deadline of a whole fetch, discovery included.
    pub timeout: Option<Duration>,
    /// Age at which a set is no longer fresh, and cap of what a response may say.
    pub cache_max_age: Option<Duration>,
    /// Least time between two fetches caused by tokens, and longest backoff.
    pub cooldown: Option<Duration>,
    /// Fraction of the age after which a set is refreshed in the background.
    pub refresh_ahead: Option<f64>,
    /// How long a set that cannot be refreshed serves past its age.
    pub stale_if_error: Option<Duration>,
    /// Longest response body, in bytes after decompression.
    pub max_bytes: Option<u64>,
    /// Most keys in a set.
    pub max_keys: Option<u64>,
    /// Request headers, sent only to the origin of the configured URL.
    pub headers: Option<Vec<(String, Zeroizing<String>)>>,
    /// Path of a PEM file with roots to trust beside the system's.
    pub ca_file: Option<String>,
    /// PEM texts with roots to trust beside the system's.
    pub ca: Option<Vec<String>>,
    /// URL of an HTTP proxy.
    pub proxy: Option<Zeroizing<String>>,
    /// Whether `http:` to other hosts than loopback is allowed.
    pub allow_http: Option<bool>,
    /// JSON text of a JWK Set to start from, stale from the start.
    pub initial: Option<String>,
    /// Path of a file that keeps the last good set, so that a start is possible while the endpoint is
    /// down. Written with mode 0600; read only if it is a regular file of the effective user that
    /// nobody else can write. Unix only.
    pub snapshot_file: Option<String>,
}

/// Where a token is found in a request.
#[derive(Debug, Clone, Default)]
pub struct CredentialsOptions {
    /// Header name.
    pub header: Option<String>,
    /// Authentication scheme; `Some(None)` means the bare value.
    pub scheme: Option<Option<String>>,
    /// Cookie name.
    pub cookie: Option<String>,
}

/// Paths of the context's fields.
#[derive(Debug, Clone, Default)]
pub struct ClaimsMapping {
    /// Path of the subject.
    pub subject: Option<ClaimPath>,
    /// Path of the display name.
    pub name: Option<ClaimPath>,
    /// Path of the roles.
    pub roles: Option<ClaimPath>,
    /// Path of the scopes.
    pub scopes: Option<ClaimPath>,
}

/// Where a value lies in the claims.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClaimPath {
    /// `realm_access.roles`; or, where that finds nothing, a top-level claim of exactly this name.
    Dotted(String),
    /// Exact member names, one per level.
    Names(Vec<String>),
}

/// What to do with a token bound to a key or certificate (RFC 7800).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Confirmation {
    /// Refuse it: presented as plain Bearer it proves nothing.
    #[default]
    Reject,
    /// Accept it as if it were not bound. Whoever steals such a token can use it.
    Ignore,
}

/// Whether and how large the verified-signature cache is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CacheOption {
    /// No cache.
    Off,
    /// At most this many entries.
    MaxEntries(u64),
}
