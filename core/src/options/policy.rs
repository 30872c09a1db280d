//! Options checked once into a policy that cannot be wrong. Every construction error that needs more
//! than the shape of one value is raised here.

use std::fmt;
use std::net::IpAddr;
use std::ops::RangeInclusive;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use reqwest::Url;
use zeroize::Zeroizing;

use super::{
    CacheOption, ConfigError, Confirmation, CredentialsOptions, JwksOptions, KeyAlgorithm, KeyHandle, KeyKind, Options,
    PublicKey, Secret, TrustOptions,
};
use crate::alg::{Alg, AlgSet};
use crate::clock::Clock;
use crate::json::Document;
use crate::key::{KeyProblem, PreparedKey, check_secret, from_jwk, from_pem, from_spki, prepare_secret};
use crate::keyset::{KeySet, RemoteSet, Timing, certificates_from_file, certificates_from_pem, shared_set};
use crate::mapping::Mapping;
use crate::method::MethodPattern;

type Checked<T> = Result<T, ConfigError>;

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

/// Whose tokens are believed.
#[derive(Debug)]
pub(crate) enum Trusts {
    One(Trust),
    /// Chosen by the token's `iss`, which each entry's rules name.
    ByIssuer(Vec<Trust>),
}

impl Trusts {
    pub(crate) fn iter(&self) -> std::slice::Iter<'_, Trust> {
        match self {
            Self::One(trust) => std::slice::from_ref(trust).iter(),
            Self::ByIssuer(trusts) => trusts.iter(),
        }
    }

    pub(crate) fn get(&self, index: usize) -> Option<&Trust> {
        self.iter().as_slice().get(index)
    }
}

/// One key source and the rules for the tokens it signs.
#[derive(Debug)]
pub(crate) struct Trust {
    pub(crate) keys: Keys,
    pub(crate) rules: Rules,
}

/// Where keys come from.
#[derive(Debug)]
pub(crate) enum Keys {
    /// Fixed keys chosen without regard to `kid`: one public key, or secrets any of which verifies.
    Any(Vec<PreparedKey>),
    Set(Arc<KeySet>),
    Remote(Arc<RemoteSet>),
}

/// What a token must say.
#[derive(Debug)]
pub(crate) struct Rules {
    pub(crate) algorithms: AlgSet,
    /// Empty when `iss` is not checked.
    pub(crate) issuers: Vec<Box<str>>,
    /// Empty when `aud` is not checked.
    pub(crate) audiences: Vec<Box<str>>,
    pub(crate) max_token_age: Option<i64>,
    pub(crate) clock_tolerance: i64,
    pub(crate) typ: Option<Box<str>>,
    pub(crate) required_claims: Vec<Box<str>>,
    pub(crate) mapping: Mapping,
    pub(crate) refuses_bound_tokens: bool,
}

impl Rules {
    /// The one configured issuer, for the operator.
    pub(crate) fn issuer(&self) -> Option<&str> {
        if let [issuer] = self.issuers.as_slice() { Some(issuer) } else { None }
    }
}

/// Where a remote set is.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Locator {
    JwksUri(Url),
    Issuer { name: String, url: Url },
}

/// Shown without the query, which may hold a key.
impl fmt::Display for Locator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Self::JwksUri(url) | Self::Issuer { url, .. }) = self;
        write!(f, "{}{}", url.origin().ascii_serialization(), url.path())
    }
}

/// How a set is fetched.
#[derive(Clone, PartialEq, Default)]
pub(crate) struct FetchPolicy {
    pub(crate) timeout_ms: u64,
    pub(crate) max_bytes: usize,
    pub(crate) max_keys: usize,
    pub(crate) headers: Vec<(String, Zeroizing<String>)>,
    pub(crate) ca_file: Option<String>,
    pub(crate) ca: Vec<String>,
    pub(crate) proxy: Option<Zeroizing<String>>,
    pub(crate) allow_http: bool,
}

/// Header values and the proxy's password are secrets.
impl fmt::Debug for FetchPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FetchPolicy").field("timeout_ms", &self.timeout_ms).finish_non_exhaustive()
    }
}

/// Everything that makes two remote sets the same.
#[derive(Debug, Clone)]
pub(crate) struct SetPolicy {
    pub(crate) locator: Locator,
    pub(crate) timing: Timing,
    pub(crate) fetch: FetchPolicy,
    initial_text: Option<String>,
    pub(crate) initial: Option<Arc<KeySet>>,
}

impl PartialEq for SetPolicy {
    fn eq(&self, other: &Self) -> bool {
        self.locator == other.locator
            && self.timing == other.timing
            && self.fetch == other.fetch
            && self.initial_text == other.initial_text
    }
}

impl SetPolicy {
    /// Whether any of its requests may be https: all but those to a plain http URL, whose metadata
    /// may name one.
    pub(crate) fn uses_tls(&self) -> bool {
        match &self.locator {
            Locator::JwksUri(url) => url.scheme() == "https" || self.fetch.proxy.is_some(),
            Locator::Issuer { .. } => true,
        }
    }
}

impl Policy {
    pub(crate) fn new(options: &Options, clock: &Clock) -> Checked<Self> {
        Self::check(options, clock).map_err(|error| error.spelled(options.spelling))
    }

    fn check(options: &Options, clock: &Clock) -> Checked<Self> {
        let max_token_bytes = in_range("maxTokenBytes", options.max_token_bytes, 16_384, 256..=1_048_576, "bytes")?;
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

impl Credentials {
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
        Ok(Self {
            header: header.to_ascii_lowercase().into(),
            scheme,
            cookie: options.cookie.as_deref().map(Into::into),
        })
    }
}

fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

impl Trusts {
    fn check(options: &Options, clock: &Clock) -> Checked<Self> {
        let Some(entries) = &options.issuers else {
            return Trust::check("", &options.trust, clock, Sources::Priority).map(Self::One);
        };
        let top = &options.trust;
        let beside = [
            ("issuer", top.issuer.is_some()),
            ("jwksUri", top.jwks_uri.is_some()),
            ("discover", top.discover == Some(true)),
            ("publicKey", top.public_key.is_some()),
            ("secret", top.secret.is_some()),
            ("jwks", top.jwks.is_given()),
        ];
        if let Some((name, _)) = beside.iter().find(|(_, given)| *given) {
            return Err(ConfigError::new(*name, "cannot be given beside `issuers`; give it in each entry"));
        }
        if entries.is_empty() {
            return Err(ConfigError::new("issuers", "must have at least one entry"));
        }
        let mut trusts: Vec<Trust> = Vec::with_capacity(entries.len());
        for (i, entry) in entries.iter().enumerate() {
            let path = format!("issuers[{i}]");
            let issuer = match entry.issuer.as_deref() {
                Some([issuer]) => issuer,
                _ => {
                    return Err(ConfigError::new(
                        format!("{path}.issuer"),
                        "each entry needs exactly one issuer, as a string",
                    ));
                }
            };
            if trusts.iter().any(|trust| trust.rules.issuer() == Some(issuer)) {
                return Err(ConfigError::new(format!("{path}.issuer"), format!("\"{issuer}\" has an entry already")));
            }
            trusts.push(Trust::check(&path, &entry.with_defaults(top), clock, Sources::ExactlyOne)?);
        }
        Ok(Self::ByIssuer(trusts))
    }
}

impl JwksOptions {
    fn is_given(&self) -> bool {
        let Self {
            timeout,
            cache_max_age,
            cooldown,
            refresh_ahead,
            stale_if_error,
            max_bytes,
            max_keys,
            headers,
            ca_file,
            ca,
            proxy,
            allow_http,
            initial,
        } = self;
        timeout.or(*cache_max_age).or(*cooldown).or(*stale_if_error).is_some()
            || refresh_ahead.is_some()
            || max_bytes.or(*max_keys).is_some()
            || headers.is_some()
            || ca_file.is_some()
            || ca.is_some()
            || proxy.is_some()
            || allow_http.is_some()
            || initial.is_some()
    }
}

impl TrustOptions {
    /// This entry of `issuers`, with the top level's members where it has none of its own.
    fn with_defaults(&self, top: &Self) -> Self {
        let mut entry = self.clone();
        entry.audience = entry.audience.or_else(|| top.audience.clone());
        entry.algorithms = entry.algorithms.or_else(|| top.algorithms.clone());
        entry.max_token_age = entry.max_token_age.or(top.max_token_age);
        entry.clock_tolerance = entry.clock_tolerance.or(top.clock_tolerance);
        entry.typ = entry.typ.or_else(|| top.typ.clone());
        entry.required_claims = entry.required_claims.or_else(|| top.required_claims.clone());
        entry.confirmation = entry.confirmation.or(top.confirmation);
        let mapping = &mut entry.claims_mapping;
        mapping.subject = mapping.subject.take().or_else(|| top.claims_mapping.subject.clone());
        mapping.name = mapping.name.take().or_else(|| top.claims_mapping.name.clone());
        mapping.roles = mapping.roles.take().or_else(|| top.claims_mapping.roles.clone());
        mapping.scopes = mapping.scopes.take().or_else(|| top.claims_mapping.scopes.clone());
        entry
    }
}

/// Whether several key sources are ranked or refused.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sources {
    Priority,
    ExactlyOne,
}

impl Trust {
    fn check(path: &str, options: &TrustOptions, clock: &Clock, sources: Sources) -> Checked<Self> {
        let within = |error: ConfigError| error.within(path);
        no_empty_text("issuer", options.issuer.as_deref()).map_err(within)?;
        not_empty("issuer", options.issuer.as_deref()).map_err(within)?;
        let listed = listed_algorithms(options.algorithms.as_deref()).map_err(within)?;
        let (keys, able) = Keys::check(options, listed, clock, sources).map_err(within)?;
        let algorithms = allowed_algorithms(listed, able, matches!(keys, Keys::Remote(_))).map_err(within)?;
        let rules = Rules::check(options, algorithms).map_err(within)?;
        Ok(Self { keys, rules })
    }
}

impl Rules {
    fn check(options: &TrustOptions, algorithms: AlgSet) -> Checked<Self> {
        for (name, texts) in [("audience", &options.audience), ("requiredClaims", &options.required_claims)] {
            no_empty_text(name, texts.as_deref())?;
        }
        not_empty("audience", options.audience.as_deref())?;
        not_empty("requiredClaims", options.required_claims.as_deref())?;
        if options.typ.as_deref() == Some("") {
            return Err(ConfigError::new("typ", "must not be empty; leave it out to accept any `typ`"));
        }
        let max_token_age = options.max_token_age.map(|age| whole_seconds(age));
        if max_token_age == Some(0) {
            return Err(ConfigError::new("maxTokenAge", "must be at least 1 second"));
        }
        let tolerance = options.clock_tolerance.unwrap_or_default();
        if tolerance > Duration::from_secs(600) {
            return Err(ConfigError::new(
                "clockTolerance",
                format!("must be 0 to 600 seconds, got {} seconds", tolerance.as_secs()),
            ));
        }
        let mapping = Mapping::parse(&options.claims_mapping)
            .map_err(|(field, problem)| ConfigError::new(format!("claimsMapping.{field}"), problem))?;
        let boxed = |texts: &Option<Vec<String>>| {
            texts.as_deref().unwrap_or_default().iter().map(|text| text.as_str().into()).collect()
        };
        Ok(Self {
            algorithms,
            issuers: boxed(&options.issuer),
            audiences: boxed(&options.audience),
            max_token_age,
            clock_tolerance: whole_seconds(tolerance),
            typ: options.typ.as_deref().map(Into::into),
            required_claims: boxed(&options.required_claims),
            mapping,
            refuses_bound_tokens: options.confirmation.unwrap_or_default() == Confirmation::Reject,
        })
    }
}

fn whole_seconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_secs()).unwrap_or(i64::MAX)
}

/// The names of `algorithms`, each known and none of them `none`.
fn listed_algorithms(names: Option<&[String]>) -> Checked<Option<AlgSet>> {
    let Some(names) = names else { return Ok(None) };
    not_empty("algorithms", Some(names))?;
    let known = || Alg::ALL.iter().map(|alg| alg.name()).collect::<Vec<_>>().join(", ");
    names
        .iter()
        .enumerate()
        .map(|(i, name)| {
            Alg::from_name(name).ok_or_else(|| {
                let path = format!("algorithms[{i}]");
                if name.eq_ignore_ascii_case("none") {
                    ConfigError::new(path, "\"none\" is never accepted: such tokens are not signed")
                } else {
                    ConfigError::new(
                        path,
                        format!("unsupported algorithm \"{name}\"; names are case-sensitive and one of {}", known()),
                    )
                }
            })
        })
        .collect::<Checked<AlgSet>>()
        .map(Some)
}

/// The allow-list, given what the source can do. ES256K must be asked for by name.
fn allowed_algorithms(listed: Option<AlgSet>, able: AlgSet, remote: bool) -> Checked<AlgSet> {
    let Some(listed) = listed else {
        let allowed = able.without(AlgSet::one(Alg::Es256k));
        if allowed.is_empty() {
            return Err(ConfigError::new(
                "algorithms",
                "the key is for ES256K, which is used only when `algorithms` lists it",
            ));
        }
        return Ok(allowed);
    };
    if !able.and(AlgSet::HMAC).is_empty() {
        let fitting = listed.and(able);
        return if fitting.is_empty() { Err(no_fitting(able)) } else { Ok(fitting) };
    }
    if !listed.and(AlgSet::HMAC).is_empty() {
        return Err(ConfigError::new(
            "algorithms",
            "an HMAC algorithm (HS256, HS384, HS512) cannot be combined with public keys: whoever knows the key could sign tokens",
        ));
    }
    if !remote && listed.and(able).is_empty() {
        return Err(no_fitting(able));
    }
    Ok(listed)
}

fn no_fitting(able: AlgSet) -> ConfigError {
    let names: Vec<_> = able.iter().map(Alg::name).collect();
    ConfigError::new("algorithms", format!("no name fits the key, which can do {}", names.join(", ")))
}

impl Keys {
    /// The keys of the source, and the algorithms it can do.
    fn check(
        options: &TrustOptions,
        listed: Option<AlgSet>,
        clock: &Clock,
        sources: Sources,
    ) -> Checked<(Self, AlgSet)> {
        let discover = options.discover == Some(true);
        if discover && options.jwks_uri.is_some() {
            return Err(ConfigError::new("discover", "cannot be combined with `jwksUri`; give one of them"));
        }
        let given = [discover || options.jwks_uri.is_some(), options.public_key.is_some(), options.secret.is_some()];
        if sources == Sources::ExactlyOne && given.iter().filter(|given| **given).count() != 1 {
            return Err(ConfigError::new(
                "jwksUri",
                "each entry needs exactly one of: `jwksUri`, `discover`, `publicKey`, `secret`",
            ));
        }
        if discover || options.jwks_uri.is_some() {
            let policy = SetPolicy::check(options, discover)?;
            return Ok((Self::Remote(shared_set(policy, clock)), AlgSet::asymmetric()));
        }
        if let Some(key) = &options.public_key {
            return public_key(key)
                .map(|keys| {
                    let able = keys.able();
                    (keys, able)
                })
                .map_err(|problem| ConfigError::new("publicKey", problem));
        }
        if let Some(secrets) = &options.secret {
            return prepare_secrets(secrets, listed);
        }
        Err(ConfigError::new(
            "jwksUri",
            "requires one of: jwksUri, secret, or publicKey. Give the URL of the identity provider's JWK Set, its public key, or the shared HMAC secret",
        ))
    }

    fn able(&self) -> AlgSet {
        match self {
            Self::Any(keys) => keys.iter().fold(AlgSet::EMPTY, |set, key| set.or(key.admits())),
            Self::Set(set) => set.admits(),
            Self::Remote(_) => AlgSet::asymmetric(),
        }
    }
}

fn prepare_secrets(secrets: &[Secret], listed: Option<AlgSet>) -> Checked<(Keys, AlgSet)> {
    if secrets.is_empty() {
        return Err(ConfigError::new("secret", "must not be an empty array"));
    }
    let mut keys = Vec::with_capacity(secrets.len());
    for (i, secret) in secrets.iter().enumerate() {
        let path = if secrets.len() == 1 { "secret".to_owned() } else { format!("secret[{i}]") };
        check_secret(secret, listed).map_err(|problem| ConfigError::new(path, problem))?;
        keys.push(prepare_secret(secret));
    }
    let keys = Keys::Any(keys);
    // A list may name more than the lengths allow by themselves; they were checked against it.
    let able = keys.able();
    Ok((keys, able))
}

fn public_key(key: &PublicKey) -> Result<Keys, String> {
    let one = |key: Result<PreparedKey, KeyProblem>| {
        key.map(|key| Keys::Any(vec![key])).map_err(|problem| problem.text().to_owned())
    };
    match key {
        PublicKey::Pem(text) if text.trim_start().starts_with('{') => {
            Err("is JSON text; give the JWK or JWK Set as an object".to_owned())
        }
        PublicKey::Pem(text) => one(from_pem(text.as_bytes())),
        PublicKey::Der(der) => one(from_spki(der)),
        PublicKey::Handle(handle) => one(from_handle(handle)),
        PublicKey::Jwk(text) => {
            let document = Document::parse(text.clone().into_bytes()).map_err(|_| "is not strict JSON")?;
            if document.root().get("keys").is_none() {
                return one(from_jwk(document.root()));
            }
            let set = KeySet::parse(text.clone().into_bytes(), usize::MAX).map_err(|bad| bad.0)?;
            match set.skipped().iter().find(|key| key.unusable) {
                Some(broken) => {
                    Err(format!("key {:?} of the set: {}", broken.kid.as_deref().unwrap_or_default(), broken.reason))
                }
                None => Ok(Keys::Set(Arc::new(set))),
            }
        }
    }
}

/// A key object of the host. A WebCrypto key admits only the algorithm it was imported for.
fn from_handle(handle: &KeyHandle) -> Result<PreparedKey, KeyProblem> {
    match handle.kind {
        KeyKind::Public => {}
        KeyKind::Private => {
            return Err(KeyProblem::Unusable("is a private key; give its public part".to_owned()));
        }
        KeyKind::Secret => {
            return Err(KeyProblem::Unusable("is a symmetric key; give its bytes as `secret`".to_owned()));
        }
    }
    let key = from_spki(&handle.spki)?;
    let Some(algorithm) = &handle.algorithm else { return Ok(key) };
    let admitted = webcrypto_algorithms(algorithm).and(key.admits());
    if admitted.is_empty() {
        return Err(KeyProblem::Unsupported(format!(
            "was imported for {} {}, which is no JWS algorithm of such a key",
            algorithm.name,
            algorithm.hash.as_deref().or(algorithm.named_curve.as_deref()).unwrap_or_default()
        )));
    }
    Ok(key.restricted_to(admitted))
}

fn webcrypto_algorithms(algorithm: &KeyAlgorithm) -> AlgSet {
    let rsa = |names: [Alg; 3]| match algorithm.hash.as_deref() {
        Some("SHA-256") => AlgSet::one(names[0]),
        Some("SHA-384") => AlgSet::one(names[1]),
        Some("SHA-512") => AlgSet::one(names[2]),
        _ => AlgSet::EMPTY,
    };
    match algorithm.name.as_str() {
        "RSASSA-PKCS1-v1_5" => rsa([Alg::Rs256, Alg::Rs384, Alg::Rs512]),
        "RSA-PSS" => rsa([Alg::Ps256, Alg::Ps384, Alg::Ps512]),
        "ECDSA" => match algorithm.named_curve.as_deref() {
            Some("P-256") => AlgSet::one(Alg::Es256),
            Some("P-384") => AlgSet::one(Alg::Es384),
            Some("P-521") => AlgSet::one(Alg::Es512),
            _ => AlgSet::EMPTY,
        },
        "Ed25519" => AlgSet::ED25519,
        name => Alg::from_name(name)
            .filter(|alg| matches!(alg, Alg::MlDsa44 | Alg::MlDsa65 | Alg::MlDsa87))
            .map(AlgSet::one)
            .unwrap_or_default(),
    }
}

impl SetPolicy {
    fn check(options: &TrustOptions, discover: bool) -> Checked<Self> {
        let jwks = &options.jwks;
        let in_jwks = |error: ConfigError| error.within("jwks");
        let fetch = FetchPolicy::check(jwks).map_err(in_jwks)?;
        let timing = timing(jwks).map_err(in_jwks)?;
        let locator = if discover {
            discovery_locator(options, &fetch)?
        } else {
            let uri = options.jwks_uri.as_deref().unwrap_or_default();
            let url =
                check_remote_url(uri, fetch.allow_http).map_err(|problem| ConfigError::new("jwksUri", problem))?;
            Locator::JwksUri(url)
        };
        let initial = jwks
            .initial
            .as_ref()
            .map(|text| {
                KeySet::parse(text.clone().into_bytes(), fetch.max_keys)
                    .map(Arc::new)
                    .map_err(|bad| ConfigError::new("jwks.initial", bad.0))
            })
            .transpose()?;
        Ok(Self { locator, timing, fetch, initial_text: jwks.initial.clone(), initial })
    }
}

fn discovery_locator(options: &TrustOptions, fetch: &FetchPolicy) -> Checked<Locator> {
    let Some([issuer]) = options.issuer.as_deref() else {
        return Err(ConfigError::new("discover", "needs `issuer` as exactly one string, the URL to discover from"));
    };
    let url = check_remote_url(issuer, fetch.allow_http)
        .map_err(|problem| ConfigError::new("issuer", format!("{problem} (`discover` fetches from it)")))?;
    if url.query().is_some() {
        return Err(ConfigError::new("issuer", "must have no query for `discover`"));
    }
    Ok(Locator::Issuer { name: issuer.clone(), url })
}

/// An absolute https URL, or http to a loopback host, or any http where that was asked for.
pub(crate) fn check_remote_url(text: &str, allow_http: bool) -> Result<Url, String> {
    if text.is_empty() {
        return Err("must not be empty".to_owned());
    }
    let url = Url::parse(text)
        .map_err(|_| "must be an absolute URL such as \"https://auth.example.com/.well-known/jwks.json\"")?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err("must hold no user name or password; give an Authorization header in `jwks.headers`".to_owned());
    }
    match url.scheme() {
        "https" => {}
        "http" if allow_http || is_loopback(&url) => {}
        "http" => {
            return Err(
                "must be https: over http anyone on the way could put in their keys. `jwks.allowHttp: true` allows it"
                    .to_owned(),
            );
        }
        _ => return Err("must be an https URL".to_owned()),
    }
    if url.fragment().is_some() {
        return Err("must have no fragment".to_owned());
    }
    Ok(url)
}

fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    host == "localhost" || host.ends_with(".localhost") || address.is_ok_and(|address| address.is_loopback())
}

fn timing(jwks: &JwksOptions) -> Checked<Timing> {
    let ms = |name, given: Option<Duration>, default, range: RangeInclusive<u64>| -> Checked<i64> {
        let seconds: u64 = in_range(name, given.map(|duration| duration.as_secs()), default, range, "seconds")?;
        Ok(i64::try_from(seconds).unwrap_or(i64::MAX).saturating_mul(1000))
    };
    let refresh_ahead = jwks.refresh_ahead.unwrap_or(0.8);
    if !(0.1..=0.95).contains(&refresh_ahead) {
        return Err(ConfigError::new(
            "refreshAhead",
            format!("must be a fraction of the age from 0.1 to 0.95, got {refresh_ahead}"),
        ));
    }
    Ok(Timing {
        cache_max_age_ms: ms("cacheMaxAge", jwks.cache_max_age, 600, 60..=86_400)?,
        cooldown_ms: ms("cooldown", jwks.cooldown, 30, 1..=3600)?,
        stale_if_error_ms: ms("staleIfError", jwks.stale_if_error, 3600, 0..=604_800)?,
        refresh_ahead,
    })
}

impl FetchPolicy {
    fn check(jwks: &JwksOptions) -> Checked<Self> {
        let timeout = jwks.timeout.unwrap_or(Duration::from_secs(5));
        if !(Duration::from_millis(100)..=Duration::from_secs(60)).contains(&timeout) {
            return Err(ConfigError::new(
                "timeout",
                format!(
                    "must be 0.1 to 60 seconds, got {} seconds; the unit is seconds, not milliseconds",
                    timeout.as_secs_f64()
                ),
            ));
        }
        for (name, value) in jwks.headers.iter().flatten() {
            let header = reqwest::header::HeaderName::try_from(name.as_str()).is_ok();
            if !header || reqwest::header::HeaderValue::from_str(value).is_err() {
                return Err(ConfigError::new(
                    "headers",
                    format!("\"{name}\" or its value is not valid in an HTTP header"),
                ));
            }
        }
        if let Some(path) = &jwks.ca_file {
            certificates_from_file(Path::new(path)).map_err(|problem| ConfigError::new("caFile", problem))?;
        }
        for pem in jwks.ca.iter().flatten() {
            certificates_from_pem(pem.as_bytes()).map_err(|problem| ConfigError::new("ca", problem))?;
        }
        if let Some(proxy) = &jwks.proxy {
            let usable = Url::parse(proxy).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
            if !usable {
                return Err(ConfigError::new("proxy", "must be an absolute http or https URL"));
            }
        }
        Ok(Self {
            timeout_ms: u64::try_from(timeout.as_millis()).unwrap_or(u64::MAX),
            max_bytes: in_range("maxBytes", jwks.max_bytes, 524_288, 1024..=67_108_864, "bytes")?,
            max_keys: in_range("maxKeys", jwks.max_keys, 256, 1..=10_000, "keys")?,
            headers: jwks.headers.clone().unwrap_or_default(),
            ca_file: jwks.ca_file.clone(),
            ca: jwks.ca.clone().unwrap_or_default(),
            proxy: jwks.proxy.clone(),
            allow_http: jwks.allow_http.unwrap_or(false),
        })
    }
}

/// A number within its range, or the default.
fn in_range<T: TryFrom<u64>>(
    name: &str,
    given: Option<u64>,
    default: u64,
    range: RangeInclusive<u64>,
    unit: &str,
) -> Checked<T> {
    let value = given.unwrap_or(default);
    let problem =
        || ConfigError::new(name, format!("must be {} to {} {unit}, got {value} {unit}", range.start(), range.end()));
    if given.is_some() && !range.contains(&value) {
        return Err(problem());
    }
    T::try_from(value).map_err(|_| problem())
}

fn not_empty(name: &str, list: Option<&[String]>) -> Checked<()> {
    match list {
        Some([]) => Err(ConfigError::new(name, "must not be an empty array; leave it out to switch the check off")),
        _ => Ok(()),
    }
}

fn no_empty_text(name: &str, texts: Option<&[String]>) -> Checked<()> {
    match texts {
        Some(texts) if texts.iter().any(String::is_empty) => {
            Err(ConfigError::new(name, "must not be an empty string; leave it out to switch the check off"))
        }
        _ => Ok(()),
    }
}
