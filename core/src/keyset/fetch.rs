//! One fetch of a key set, discovery included (`OpenID` Connect Discovery 1.0 section 4, RFC 8414
//! section 3).

use std::sync::Arc;

use reqwest::{Client, Url};

use super::KeySet;
use super::http::{HttpError, Reply, get};
use crate::json::Document;
use crate::options::{FetchPolicy, Locator, check_remote_url};

/// What a fetch brought.
#[allow(clippy::large_enum_variant)] // one per fetch
pub(crate) enum Fetched {
    Set { keys: KeySet, document: Arc<[u8]>, age_ms: Option<i64>, validator: Option<Validator> },
    NotModified { age_ms: Option<i64> },
}

/// The entity tag of the set we have, and where it came from.
#[derive(Clone)]
pub(crate) struct Validator {
    url: Url,
    etag: String,
}

/// Shown without the URL, whose query may hold a key.
impl std::fmt::Debug for Validator {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Validator").field("etag", &self.etag).finish_non_exhaustive()
    }
}

pub(super) async fn fetch(
    client: &Client,
    locator: &Locator,
    policy: &FetchPolicy,
    validator: Option<&Validator>,
) -> Result<Fetched, HttpError> {
    let (url, configured) = locate(client, locator, policy).await?;
    let etag = validator.filter(|validator| validator.url == url).map(|validator| validator.etag.as_str());
    match get(client, &url, configured, policy, etag).await? {
        Reply::NotModified { age_ms } => Ok(Fetched::NotModified { age_ms }),
        Reply::Body { bytes, age_ms, etag } => {
            let document = Arc::from(bytes.as_slice());
            let keys = KeySet::parse(bytes, policy.max_keys).map_err(|bad| HttpError::invalid(bad.0))?;
            Ok(Fetched::Set { keys, document, age_ms, validator: etag.map(|etag| Validator { url, etag }) })
        }
    }
}

/// Where the set is, and the configured URL whose origin may be sent the policy's headers.
async fn locate<'a>(client: &Client, locator: &'a Locator, policy: &FetchPolicy) -> Result<(Url, &'a Url), HttpError> {
    Ok(match locator {
        Locator::JwksUri(url) => (url.clone(), url),
        Locator::Issuer { name, url } => (discover(client, name, url, policy).await?, url),
    })
}

/// The document of a set and where it is, without its query; nothing is read of it.
pub(super) async fn document(
    client: &Client,
    locator: &Locator,
    policy: &FetchPolicy,
) -> Result<(String, Vec<u8>), HttpError> {
    let (url, configured) = locate(client, locator, policy).await?;
    match get(client, &url, configured, policy, None).await? {
        Reply::Body { bytes, .. } => Ok((Locator::JwksUri(url).to_string(), bytes)),
        Reply::NotModified { .. } => Err(HttpError::new("status 304")),
    }
}

/// The `jwks_uri` of the issuer's metadata; RFC 8414's place is asked only after a 404.
async fn discover(client: &Client, name: &str, issuer: &Url, policy: &FetchPolicy) -> Result<Url, HttpError> {
    let reply = match get(client, &openid_url(issuer), issuer, policy, None).await {
        Err(error) if error.status == Some(404) => get(client, &oauth_url(issuer), issuer, policy, None).await,
        other => other,
    };
    let Reply::Body { bytes, .. } =
        reply.map_err(|error| HttpError { text: format!("discovery: {}", error.text), ..error })?
    else {
        return Err(HttpError::new("discovery: status 304"));
    };
    jwks_uri(bytes, name, issuer, policy).map_err(|problem| HttpError::invalid(format!("discovery: {problem}")))
}

/// Reads a metadata document, which must speak for exactly the configured issuer.
pub(crate) fn jwks_uri(bytes: Vec<u8>, name: &str, issuer: &Url, policy: &FetchPolicy) -> Result<Url, String> {
    let document = Document::parse_object(bytes).map_err(|_| "the document is not a strict JSON object")?;
    let text = |member: &str| document.root().get(member).and_then(crate::json::Value::as_str);
    if text("issuer").as_deref() != Some(name) {
        return Err("the document's `issuer` is not the configured one".to_owned());
    }
    let uri = text("jwks_uri").ok_or("the document has no `jwks_uri`")?;
    let url = check_remote_url(&uri, policy.allow_http).map_err(|problem| format!("`jwks_uri` {problem}"))?;
    // An issuer on http loopback may name http loopback; any other must name https.
    if url.scheme() == "http" && issuer.scheme() != "http" && !policy.allow_http {
        return Err("`jwks_uri` must be https".to_owned());
    }
    Ok(url)
}

/// The issuer with the well-known path behind it.
fn openid_url(issuer: &Url) -> Url {
    let mut url = issuer.clone();
    url.set_path(&format!("{}/.well-known/openid-configuration", issuer.path().trim_end_matches('/')));
    url
}

/// The issuer with the well-known path between host and path.
fn oauth_url(issuer: &Url) -> Url {
    let mut url = issuer.clone();
    url.set_path(&format!("/.well-known/oauth-authorization-server{}", issuer.path().trim_end_matches('/')));
    url
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn well_known_urls() {
        for (issuer, openid, oauth) in [
            (
                "https://a.example",
                "https://a.example/.well-known/openid-configuration",
                "https://a.example/.well-known/oauth-authorization-server",
            ),
            (
                "https://a.example/t/",
                "https://a.example/t/.well-known/openid-configuration",
                "https://a.example/.well-known/oauth-authorization-server/t",
            ),
        ] {
            let issuer = Url::parse(issuer).unwrap();
            assert_eq!(openid_url(&issuer).as_str(), openid);
            assert_eq!(oauth_url(&issuer).as_str(), oauth);
        }
    }

    #[test]
    fn the_document_must_speak_for_the_issuer() {
        let read = |issuer: &str, document: &str, allow_http| {
            let policy = FetchPolicy { allow_http, ..FetchPolicy::default() };
            jwks_uri(document.as_bytes().to_vec(), issuer, &Url::parse(issuer).unwrap(), &policy)
                .map(|url| url.to_string())
        };
        let a = "https://a.example";
        assert_eq!(
            read(a, r#"{"issuer":"https://a.example","jwks_uri":"https://k.example/j"}"#, false).as_deref(),
            Ok("https://k.example/j")
        );
        for document in [
            "[]",
            "{}",
            r#"{"issuer":"https://a.example/","jwks_uri":"https://k.example"}"#,
            r#"{"issuer":"https://a.example"}"#,
            r#"{"issuer":"https://a.example","jwks_uri":7}"#,
            r#"{"issuer":"https://a.example","jwks_uri":"http://127.0.0.1/j"}"#,
            r#"{"issuer":"https://a.example","jwks_uri":"file:///etc/passwd"}"#,
            r#"{"issuer":"https://a.example","jwks_uri":"https://u:p@k.example"}"#,
        ] {
            assert!(read(a, document, false).is_err(), "{document}");
        }
        let loopback = r#"{"issuer":"http://127.0.0.1:1","jwks_uri":"http://127.0.0.1:1/j"}"#;
        assert!(read("http://127.0.0.1:1", loopback, false).is_ok());
        let elsewhere = r#"{"issuer":"http://127.0.0.1:1","jwks_uri":"http://k.example/j"}"#;
        assert!(read("http://127.0.0.1:1", elsewhere, false).is_err());
        assert!(read("http://127.0.0.1:1", elsewhere, true).is_ok());
        let safe = r#"{"issuer":"http://127.0.0.1:1","jwks_uri":"https://k.example/j"}"#;
        assert!(read("http://127.0.0.1:1", safe, false).is_ok());
    }
}
