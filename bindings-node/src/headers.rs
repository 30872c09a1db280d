//! The context as headers, without a gate.

use bearergate_core::{AUTH_HEADERS, ContextParts, decode_auth_headers, encode_auth_headers};
use napi::bindgen_prelude::{Either, Function};
use napi_derive::napi;

use crate::panic::throwing;

/// A context as it crosses the language border.
#[napi(object)]
pub struct HeaderContext {
    pub subject: String,
    pub name: Option<String>,
    pub roles: Vec<String>,
    pub scopes: Vec<String>,
    /// The claims as a JSON object; absent when there are none.
    pub claims_json: Option<String>,
    /// How the caller was authenticated, such as `jwt`.
    pub r#type: String,
}

impl From<ContextParts> for HeaderContext {
    fn from(parts: ContextParts) -> Self {
        Self {
            subject: parts.subject,
            name: parts.name,
            roles: parts.roles,
            scopes: parts.scopes,
            claims_json: parts.claims_json,
            r#type: parts.r#type,
        }
    }
}

/// Keys and names of the headers: `[key, name, key, name, ...]`.
#[napi]
pub fn auth_header_names() -> Vec<String> {
    AUTH_HEADERS.iter().flat_map(|(key, name)| [(*key).to_owned(), (*name).to_owned()]).collect()
}

/// Headers as `[name, value, name, value, ...]`, or what does not fit.
#[napi]
pub fn encode_headers(
    context: HeaderContext,
    propagated_claims: Option<Vec<String>>,
) -> napi::Result<Either<Vec<String>, String>> {
    let parts = ContextParts {
        subject: context.subject,
        name: context.name,
        roles: context.roles,
        scopes: context.scopes,
        claims_json: context.claims_json,
        r#type: context.r#type,
    };
    throwing(|| match encode_auth_headers(&parts, propagated_claims.as_deref()) {
        Ok(headers) => Either::A(headers.into_iter().flat_map(|(name, value)| [name.to_owned(), value]).collect()),
        Err(error) => Either::B(error.to_string()),
    })
}

/// The context that headers hold, `header` telling the value of one, or nothing.
#[napi]
pub fn decode_headers(header: Function<'_, String, Option<String>>) -> napi::Result<Option<HeaderContext>> {
    throwing(|| decode_auth_headers(|name| header.call(name.to_owned()).ok().flatten()).map(HeaderContext::from))
}
