//! The metadata document of an issuer: it speaks for exactly that issuer, and names a place that keys
//! may be fetched from.

use bearergate_core::fuzzing::jwks_uri;

use crate::limits::bounded;
use crate::oracle::strict_object;
use crate::{parts, text};

/// A byte (whether http is allowed), the issuer behind it, and the document.
pub fn check(data: &[u8]) {
    let [issuer, document] = parts(data);
    let Some((how, issuer)) = issuer.split_first() else { return };
    let (Some(issuer), allow_http) = (text(issuer), how & 1 != 0) else { return };
    let Some(Ok(found)) = bounded(|| jwks_uri(document, issuer, allow_http)) else { return };
    let members = strict_object(document).expect("an object");
    assert_eq!(members["issuer"], issuer);
    let named = members["jwks_uri"].as_str().expect("a string");
    let (scheme, rest) = found.split_once("://").expect("an absolute URL");
    assert!(scheme == "https" || scheme == "http", "{found}");
    let http_issuer = issuer.trim_start().to_ascii_lowercase().starts_with("http:");
    assert!(scheme == "https" || allow_http || http_issuer, "{found} of {issuer}");
    let authority = rest.split(['/', '?']).next().unwrap_or_default();
    assert!(!authority.is_empty() && !authority.contains('@'), "{found} of {named}");
    assert!(!found.contains('#') && found.is_ascii() && !found.contains(char::is_whitespace), "{found} of {named}");
}
