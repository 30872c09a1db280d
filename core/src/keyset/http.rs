//! One bounded GET: no redirects, exactly the statuses that mean something, and no more bytes than
//! allowed after decompression. The only file that knows the HTTP client.

use std::io::ErrorKind;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::{Duration, SystemTime};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::{
    ACCEPT, AGE, CACHE_CONTROL, DATE, ETAG, EXPIRES, HeaderMap, HeaderName, HeaderValue, IF_NONE_MATCH, RETRY_AFTER,
};
use reqwest::{Client, NoProxy, Proxy, StatusCode, Url, redirect};
use tokio::net::lookup_host;

use super::roots;
use crate::error::Reason;
use crate::options::{FetchPolicy, is_localhost};

/// A fetch that gave nothing, in words for the operator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct HttpError {
    pub(super) text: String,
    /// `timeout`, `invalid` for an answer that cannot be used, else `unavailable`.
    pub(super) reason: Reason,
    pub(super) status: Option<u16>,
    pub(crate) retry_after_ms: Option<i64>,
}

impl HttpError {
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), reason: Reason::Unavailable, status: None, retry_after_ms: None }
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    pub(super) fn invalid(text: impl Into<String>) -> Self {
        Self { reason: Reason::Invalid, ..Self::new(text) }
    }

    pub(crate) fn timeout(text: impl Into<String>) -> Self {
        Self { reason: Reason::Timeout, ..Self::new(text) }
    }
}

/// What a server answered.
pub(super) enum Reply {
    Body {
        bytes: Vec<u8>,
        age_ms: Option<i64>,
        etag: Option<String>,
    },
    /// 304 to the validator that was sent.
    NotModified {
        age_ms: Option<i64>,
    },
}

/// A client for one policy. Connections are not kept: fetches are minutes apart, and a pooled
/// connection would only be a dead one.
pub(super) fn client(policy: &FetchPolicy, tls: bool, plain_loopback: bool) -> Result<Client, HttpError> {
    let mut builder = Client::builder()
        .user_agent(concat!("bearergate/", env!("CARGO_PKG_VERSION")))
        .redirect(redirect::Policy::none())
        .pool_max_idle_per_host(0)
        .timeout(Duration::from_millis(policy.timeout_ms));
    // Without https in play no root is asked for, and none is read from disk.
    builder = if tls {
        builder.tls_certs_only(roots::certificates(policy).map_err(HttpError::new)?)
    } else {
        builder.tls_certs_only([])
    };
    if plain_loopback {
        // Plain http is trusted to a loopback host because nobody is on the way: no name server that could send it
        // elsewhere, and no proxy but one that was asked for.
        builder = builder.dns_resolver(StayingHere);
        if policy.proxy.is_none() {
            builder = builder.no_proxy();
        }
    }
    if let Some(proxy) = &policy.proxy {
        let proxy = Proxy::all(proxy.as_str()).map_err(|_| HttpError::new("the proxy URL cannot be used"))?;
        builder = builder.proxy(proxy.no_proxy(NoProxy::from_env()));
    }
    builder.build().map_err(|error| HttpError::new(format!("the HTTP client cannot be built: {error}")))
}

/// Knows `localhost` and the names below it as this machine (RFC 6761 section 6.3), and asks the system
/// for all others.
struct StayingHere;

impl Resolve for StayingHere {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            // The port is the URL's.
            let addresses: Addrs = if is_localhost(name.as_str()) {
                let here: [IpAddr; 2] = [Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()];
                Box::new(here.into_iter().map(|address| SocketAddr::new(address, 0)))
            } else {
                Box::new(lookup_host((name.as_str(), 0)).await?.collect::<Vec<_>>().into_iter())
            };
            Ok(addresses)
        })
    }
}

/// GETs a URL, with the policy's headers only where the origin is the configured one.
pub(super) async fn get(
    client: &Client,
    url: &Url,
    configured: &Url,
    policy: &FetchPolicy,
    etag: Option<&str>,
) -> Result<Reply, HttpError> {
    let mut headers = HeaderMap::new();
    headers.insert(ACCEPT, HeaderValue::from_static("application/json, application/jwk-set+json"));
    if url.origin() == configured.origin() {
        for (name, value) in &policy.headers {
            let name = HeaderName::try_from(name.as_str());
            let value = HeaderValue::from_str(value);
            if let (Ok(name), Ok(mut value)) = (name, value) {
                value.set_sensitive(true);
                headers.insert(name, value);
            }
        }
    }
    if let Some(etag) = etag.and_then(|etag| HeaderValue::from_str(etag).ok()) {
        headers.insert(IF_NONE_MATCH, etag);
    }
    let asked = etag.is_some();
    let mut response = client.get(url.clone()).headers(headers).send().await.map_err(|error| transport(&error))?;
    let age_ms = freshness_ms(response.headers());
    match response.status() {
        StatusCode::OK => {}
        StatusCode::NOT_MODIFIED if asked => return Ok(Reply::NotModified { age_ms }),
        status => {
            return Err(HttpError {
                status: Some(status.as_u16()),
                retry_after_ms: retry_after_ms(response.headers()),
                ..HttpError::new(format!("status {}", status.as_u16()))
            });
        }
    }
    let etag = response.headers().get(ETAG).and_then(|etag| etag.to_str().ok()).map(str::to_owned);
    let mut bytes = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| transport(&error))? {
        if bytes.len() + chunk.len() > policy.max_bytes {
            return Err(HttpError::invalid(format!("the body is longer than `maxBytes` ({})", policy.max_bytes)));
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(Reply::Body { bytes, age_ms, etag })
}

/// A transport error without its URL, whose query may hold a key.
fn transport(error: &reqwest::Error) -> HttpError {
    let (what, make): (_, fn(String) -> HttpError) = if error.is_timeout() {
        ("timed out", HttpError::timeout)
    } else if error.is_connect() {
        ("cannot connect", HttpError::new)
    } else if error.is_decode() && !is_cut_off(error) {
        ("the body cannot be decoded", HttpError::invalid)
    } else {
        ("the connection failed", HttpError::new)
    };
    // The innermost error is the operating system's or TLS's own words; the outer ones hold the URL.
    let innermost = causes(error).last().map(ToString::to_string).unwrap_or_default();
    make(if innermost.contains("://") { what.to_owned() } else { format!("{what}: {innermost}") })
}

/// Whether a body that could not be read ended in the middle: the client calls that a decoding error
/// as well.
fn is_cut_off(error: &reqwest::Error) -> bool {
    causes(error).any(|cause| match cause.downcast_ref::<std::io::Error>() {
        Some(io) => {
            matches!(io.kind(), ErrorKind::ConnectionReset | ErrorKind::ConnectionAborted | ErrorKind::UnexpectedEof)
        }
        None => cause.to_string().contains("before message"),
    })
}

/// An error and what is behind it, outermost first.
fn causes<'a>(error: &'a reqwest::Error) -> impl Iterator<Item = &'a (dyn std::error::Error + 'static)> {
    std::iter::successors(Some(error as &'a (dyn std::error::Error + 'static)), |error| error.source())
}

/// How long a response may be used: `Cache-Control: max-age`, else `Expires` (RFC 9111 section
/// 4.2.1), less the `Age` that it has been in caches on its way (section 5.1: of several, the first counts).
fn freshness_ms(headers: &HeaderMap) -> Option<i64> {
    let directives =
        headers.get_all(CACHE_CONTROL).into_iter().flat_map(|value| value.to_str().unwrap_or_default().split(','));
    let max_age = directives.filter_map(|directive| {
        let (name, seconds) = directive.trim().split_once('=')?;
        name.eq_ignore_ascii_case("max-age").then(|| seconds_ms(seconds.trim_matches('"'))).flatten()
    });
    let mut max_age = max_age;
    let lifetime = max_age.next().or_else(|| headers.get(EXPIRES).map(|at| date_ms(at, headers).unwrap_or(0)))?;
    let age = headers.get(AGE).and_then(|age| seconds_ms(age.to_str().ok()?.split(',').next()?)).unwrap_or(0);
    Some(lifetime.saturating_sub(age).max(0))
}

/// `Retry-After` in seconds or as a date (RFC 9110 section 10.2.3).
fn retry_after_ms(headers: &HeaderMap) -> Option<i64> {
    let value = headers.get(RETRY_AFTER)?;
    value.to_str().ok().and_then(seconds_ms).or_else(|| date_ms(value, headers))
}

/// Digits into milliseconds; a number too large saturates.
fn seconds_ms(digits: &str) -> Option<i64> {
    let digits = digits.trim();
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    Some(digits.parse::<i64>().unwrap_or(i64::MAX).saturating_mul(1000))
}

/// An HTTP date as milliseconds from the response's own `Date`, or from now where it has none; the
/// past is 0.
fn date_ms(value: &HeaderValue, headers: &HeaderMap) -> Option<i64> {
    let parse = |value: &HeaderValue| httpdate::parse_http_date(value.to_str().ok()?).ok();
    let now = headers.get(DATE).and_then(parse).unwrap_or_else(SystemTime::now);
    let ahead = parse(value)?.duration_since(now).unwrap_or_default();
    Some(i64::try_from(ahead.as_millis()).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(lines: &[(&'static str, &str)]) -> HeaderMap {
        lines
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_str(value).unwrap()))
            .collect()
    }

    #[test]
    fn freshness_is_read_and_saturates() {
        for (value, ms) in [
            ("max-age=300", Some(300_000)),
            ("public, Max-Age=\"5\"", Some(5000)),
            ("max-age=99999999999999999999", Some(i64::MAX)),
            ("max-age=-1", None),
            ("max-age=soon", None),
            ("no-store, max-age=300", Some(300_000)),
            ("no-store", None),
            ("", None),
        ] {
            assert_eq!(freshness_ms(&headers(&[("cache-control", value)])), ms, "{value}");
        }
        assert_eq!(freshness_ms(&headers(&[("expires", "0")])), Some(0));
        for (age, ms) in [
            ("100", 200_000),
            ("100, 5", 200_000),
            ("301", 0),
            ("99999999999999999999", 0),
            ("-1", 300_000),
            ("soon", 300_000),
        ] {
            assert_eq!(freshness_ms(&headers(&[("cache-control", "max-age=300"), ("age", age)])), Some(ms), "{age}");
        }
        assert_eq!(freshness_ms(&headers(&[("age", "100")])), None);
        let far = freshness_ms(&headers(&[("expires", "Fri, 31 Dec 9999 23:59:59 GMT")]));
        assert!(far.is_some_and(|ms| ms > 1_000_000_000));
        let dated = [("date", "Thu, 01 Jan 1970 00:00:00 GMT"), ("expires", "Thu, 01 Jan 1970 00:05:00 GMT")];
        assert_eq!(freshness_ms(&headers(&dated)), Some(300_000));
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        assert_eq!(retry_after_ms(&headers(&[("retry-after", "7")])), Some(7000));
        assert_eq!(retry_after_ms(&headers(&[("retry-after", "Thu, 01 Jan 1970 00:00:00 GMT")])), Some(0));
        assert_eq!(retry_after_ms(&headers(&[("retry-after", "soon")])), None);
        assert_eq!(retry_after_ms(&headers(&[])), None);
    }
}
