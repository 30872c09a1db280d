//! Where a remote set is, how it is fetched, and how long it serves.

use std::fmt;
use std::net::IpAddr;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf, absolute};
use std::sync::Arc;
use std::time::Duration;

use reqwest::Url;
use zeroize::Zeroizing;

use super::check::{Checked, in_range};
use super::{ConfigError, JwksOptions, TrustOptions};
use crate::keyset::{KeySet, Timing, certificates_from_file, certificates_from_pem};

/// Where a remote set is.
#[derive(Clone, PartialEq)]
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

impl fmt::Debug for Locator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
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
    /// What the file held at construction: a set is not shared with a verifier that trusts others.
    pub(crate) ca_file_digest: Option<Vec<u8>>,
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
    pub(crate) snapshot_file: Option<PathBuf>,
}

impl PartialEq for SetPolicy {
    fn eq(&self, other: &Self) -> bool {
        self.locator == other.locator
            && self.timing == other.timing
            && self.fetch == other.fetch
            && self.initial_text == other.initial_text
            && self.snapshot_file == other.snapshot_file
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

impl SetPolicy {
    /// Whether it is plain http that is trusted only for staying on this machine.
    pub(crate) fn is_plain_loopback(&self) -> bool {
        let (Locator::JwksUri(url) | Locator::Issuer { url, .. }) = &self.locator;
        url.scheme() == "http" && is_loopback(url) && !self.fetch.allow_http
    }

    pub(super) fn check(options: &TrustOptions, discover: bool, jwks: (Timing, FetchPolicy)) -> Checked<Self> {
        let (timing, fetch) = jwks;
        let locator = if discover {
            discovery_locator(options, &fetch)?
        } else {
            let uri = options.jwks_uri.as_deref().unwrap_or_default();
            let url =
                check_remote_url(uri, fetch.allow_http).map_err(|problem| ConfigError::new("jwksUri", problem))?;
            Locator::JwksUri(url)
        };
        let jwks = &options.jwks;
        let initial = jwks
            .initial
            .as_ref()
            .map(|text| {
                KeySet::parse(text.clone().into_bytes(), fetch.max_keys)
                    .map(Arc::new)
                    .map_err(|bad| ConfigError::new("jwks.initial", bad.0))
            })
            .transpose()?;
        Ok(Self {
            locator,
            timing,
            fetch,
            initial_text: jwks.initial.clone(),
            initial,
            // The working directory may be another one later.
            snapshot_file: jwks.snapshot_file.as_ref().map(|file| absolute(file).unwrap_or_else(|_| file.into())),
        })
    }
}

/// The checked `jwks` options. They are checked whether or not the key source is a remote one.
pub(super) fn check_jwks(jwks: &JwksOptions) -> Checked<(Timing, FetchPolicy)> {
    let in_jwks = |error: ConfigError| error.within("jwks");
    if let Some(file) = &jwks.snapshot_file {
        check_snapshot_file(Path::new(file)).map_err(|problem| ConfigError::new("jwks.snapshotFile", problem))?;
    }
    Ok((timing(jwks).map_err(in_jwks)?, FetchPolicy::check(jwks).map_err(in_jwks)?))
}

/// The file need not be there yet, its directory must.
fn check_snapshot_file(path: &Path) -> Result<(), &'static str> {
    if !cfg!(unix) {
        return Err("is supported on Unix only, where it can be told who may write a file");
    }
    if path.file_name().is_none() || path.is_dir() {
        return Err("must be the path of a file, such as \"/var/lib/my-service/jwks-snapshot\"");
    }
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if directory.is_dir() { Ok(()) } else { Err("must be in a directory that exists") }
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
    is_localhost(host) || address.is_ok_and(|address| address.is_loopback())
}

/// Whether a name is this machine's by definition (RFC 6761 section 6.3).
pub(crate) fn is_localhost(host: &str) -> bool {
    host == "localhost" || host.ends_with(".localhost")
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
            if !header || value.is_empty() || reqwest::header::HeaderValue::from_str(value).is_err() {
                return Err(ConfigError::new(
                    "headers",
                    format!("\"{name}\" or its value is not valid in an HTTP header"),
                ));
            }
        }
        if jwks.headers.iter().flatten().any(|(name, _)| name.eq_ignore_ascii_case("if-none-match")) {
            return Err(ConfigError::new("headers", "\"if-none-match\" is sent by the cache itself"));
        }
        if jwks.ca.as_ref().is_some_and(Vec::is_empty) {
            return Err(ConfigError::new("ca", "must not be an empty array"));
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
            ca_file_digest: jwks.ca_file.as_ref().and_then(|path| std::fs::read(path).ok()).map(|pem| digest(&pem)),
            ca: jwks.ca.clone().unwrap_or_default(),
            proxy: jwks.proxy.clone(),
            allow_http: jwks.allow_http.unwrap_or(false),
        })
    }
}

fn digest(bytes: &[u8]) -> Vec<u8> {
    aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, bytes).as_ref().to_vec()
}
