//! Options checked once into a policy that cannot be wrong. Every construction error that needs more
//! than the shape of one value is raised here.

use reqwest::Url;

use super::Keys;
use super::check::{Checked, in_range, no_empty_text};
use super::trust::Trusts;
use super::{CacheOption, ConfigError, CredentialsOptions, Options};
use crate::alg::{Alg, AlgSet};
use crate::clock::Clock;
use crate::key::PreparedKey;
use crate::keyset::Lease;
use crate::method::MethodPattern;

/// `maxTokenBytes` where it is not given.
const MAX_TOKEN_BYTES: usize = 16_384;

/// So many secrets are tried in no time.
const FEW_KEYS: usize = 4;

/// What a verifier and its gate do.
#[derive(Debug)]
pub(crate) struct Policy {
    pub(crate) trusts: Trusts,
    pub(crate) max_token_bytes: usize,
    /// Most entries of the verified-signature cache; `None` for no cache.
    pub(crate) cache_entries: Option<usize>,
    pub(crate) request: RequestPolicy,
}

/// What concerns requests rather than tokens.
#[derive(Debug)]
pub(crate) struct RequestPolicy {
    pub(crate) skip_methods: Vec<MethodPattern>,
    pub(crate) propagate_headers: bool,
    pub(crate) propagated_claims: Option<Vec<String>>,
    pub(crate) credentials: Credentials,
    pub(crate) end_streams_at_expiry: bool,
    pub(crate) resource_metadata: Option<String>,
}

/// Where a token is found in a request.
#[derive(Debug, Clone)]
pub(crate) struct Credentials {
    pub(crate) header: Box<str>,
    pub(crate) scheme: Option<Box<str>>,
    pub(crate) cookie: Option<Box<str>>,
}

impl Policy {
    /// The remote sets, one for each issuer that has one.
    pub(crate) fn remote_sets(&self) -> impl Iterator<Item = &Lease> {
        self.trusts.iter().filter_map(|trust| match &trust.keys {
            Keys::Remote(set) => Some(set),
            _ => None,
        })
    }

    /// Whether there is nothing slower to do than to hash a token of ordinary size.
    pub(crate) fn is_quick(&self) -> bool {
        let secrets = |keys: &Keys| matches!(keys, Keys::Any(keys) if keys.len() <= FEW_KEYS && keys.iter().all(PreparedKey::is_secret));
        self.max_token_bytes <= MAX_TOKEN_BYTES && self.trusts.iter().all(|trust| secrets(&trust.keys))
    }

    /// Whether some rules allow an algorithm that takes long.
    pub(crate) fn verifies_any_slowly(&self) -> bool {
        self.trusts.iter().any(|trust| !trust.rules.algorithms.and(AlgSet::SLOW).is_empty())
    }

    /// Whether this is an algorithm that takes long, and one that some rules allow.
    pub(crate) fn verifies_slowly(&self, alg: Alg) -> bool {
        AlgSet::SLOW.contains(alg) && self.trusts.iter().any(|trust| trust.rules.algorithms.contains(alg))
    }

    pub(crate) fn new(options: &Options, clock: &Clock) -> Checked<Self> {
        Self::check(options, clock).map_err(|error| error.spelled(options.spelling))
    }

    fn check(options: &Options, clock: &Clock) -> Checked<Self> {
        let default = MAX_TOKEN_BYTES as u64;
        let max_token_bytes = in_range("maxTokenBytes", options.max_token_bytes, default, 256..=1_048_576, "bytes")?;
        let cache_entries = match options.cache {
            Some(CacheOption::Off) => None,
            Some(CacheOption::MaxEntries(entries)) => {
                Some(in_range("cache.maxEntries", Some(entries), 0, 1..=1_000_000, "entries")?)
            }
            None => Some(1024),
        };
        let request = RequestPolicy::check(options)?;
        Ok(Self { trusts: Trusts::check(options, clock)?, max_token_bytes, cache_entries, request })
    }
}

impl RequestPolicy {
    fn check(options: &Options) -> Checked<Self> {
        let patterns = options.skip_methods.as_deref().unwrap_or_default();
        let skip_methods = patterns
            .iter()
            .enumerate()
            .map(|(i, pattern)| {
                MethodPattern::parse_skip(pattern)
                    .map_err(|problem| ConfigError::new(format!("skipMethods[{i}]"), problem))
            })
            .collect::<Checked<_>>()?;
        no_empty_text("propagatedClaims", options.propagated_claims.as_deref())?;
        if let Some(url) = &options.resource_metadata {
            let quotable = url.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'"' && byte != b'\\');
            if !quotable || !Url::parse(url).is_ok_and(|url| matches!(url.scheme(), "https" | "http")) {
                return Err(ConfigError::new("resourceMetadata", "must be an absolute https or http URL"));
            }
        }
        Ok(Self {
            skip_methods,
            propagate_headers: options.propagate_headers.unwrap_or(false),
            propagated_claims: options.propagated_claims.clone(),
            credentials: Credentials::check(&options.credentials)?,
            end_streams_at_expiry: options.end_streams_at_expiry.unwrap_or(false),
            resource_metadata: options.resource_metadata.clone(),
        })
    }
}

/// The one header that is a list: of the subprotocols that a WebSocket handshake offers.
const SUBPROTOCOLS: &str = "sec-websocket-protocol";

impl Credentials {
    /// Whether the token is an offered subprotocol of a WebSocket handshake.
    pub(crate) fn in_subprotocol(&self) -> bool {
        *self.header == *SUBPROTOCOLS
    }

    fn check(options: &CredentialsOptions) -> Checked<Self> {
        let token = |name: &str, text: &Option<String>| match text {
            Some(text) if text.is_empty() || !text.bytes().all(is_token_byte) => Err(ConfigError::new(
                format!("credentials.{name}"),
                "must be a token of RFC 9110 section 5.6.2, such as \"authorization\"",
            )),
            _ => Ok(()),
        };
        token("header", &options.header)?;
        token("cookie", &options.cookie)?;
        token("scheme", &options.scheme.clone().flatten())?;
        if options.cookie.is_some() && options.header.is_some() {
            return Err(ConfigError::new(
                "credentials.cookie",
                "cannot be given beside `credentials.header`; the token is in one place",
            ));
        }
        let scheme = match (&options.scheme, &options.cookie) {
            (Some(scheme), _) => scheme.as_deref().map(Into::into),
            (None, Some(_)) => None,
            (None, None) => Some("Bearer".into()),
        };
        let header =
            if options.cookie.is_some() { "cookie" } else { options.header.as_deref().unwrap_or("authorization") };
        let credentials = Self {
            header: header.to_ascii_lowercase().into(),
            scheme,
            cookie: options.cookie.as_deref().map(Into::into),
        };
        if credentials.in_subprotocol() && credentials.scheme.is_none() {
            return Err(ConfigError::new(
                "credentials.scheme",
                "cannot be null with `sec-websocket-protocol`, where the token is the subprotocol `scheme.token`",
            ));
        }
        Ok(credentials)
    }
}

fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}
