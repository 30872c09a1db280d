//! The token in a request's header values: of one value only, of the token's alphabet only, within
//! its length, and found whenever it stands there as it should; in a cookie and a subprotocol too.

use bearergate_core::Code;
use bearergate_core::fuzzing::{Place, token_of, without_token};

use crate::SEPARATOR;
use crate::limits::bounded;

const SCHEMES: [Option<&str>; 3] = [Some("Bearer"), Some("x-token"), None];
const LIMITS: [usize; 2] = [16_384, 256];
const COOKIE: &str = "token";

/// A byte that says where the token is, and each header value.
pub fn check(data: &[u8]) {
    let Some((how, values)) = data.split_first() else { return };
    let values: Vec<&[u8]> =
        if values.is_empty() { Vec::new() } else { values.split(|byte| *byte == SEPARATOR).collect() };
    let limit = LIMITS[usize::from(how >> 3 & 1)];
    let scheme = SCHEMES[usize::from(how & 3) % 3];
    let place = match how >> 4 & 3 {
        2 => {
            let scheme = scheme.or(Some("Bearer"));
            Place { header: "sec-websocket-protocol", scheme, cookie: None }
        }
        _ => Place { header: "authorization", scheme, cookie: (how & 4 != 0).then_some(COOKIE) },
    };
    let found = bounded(|| token_of(&values, place, limit));
    if let Ok(token) = found {
        assert!(is_token(token.as_bytes(), limit), "{token:?}");
    }
    if place.header == "sec-websocket-protocol" {
        let scheme = place.scheme.unwrap_or_default();
        assert_eq!(found, in_one_subprotocol(&values, scheme, limit));
        let rest = bounded(|| without_token(&values, place)).expect("a list");
        let start = format!("{}.", scheme.to_ascii_lowercase());
        assert!(rest.iter().all(|protocol| !protocol.to_ascii_lowercase().starts_with(&start)), "{rest:?}");
    } else if place.cookie.is_some() {
        assert_eq!(found, in_one_cookie(&values, COOKIE, scheme, limit));
    } else {
        assert_eq!(found, in_one_value(&values, scheme, limit));
    }
}

fn in_one_subprotocol<'a>(values: &[&'a [u8]], scheme: &str, limit: usize) -> Result<&'a str, Code> {
    let mut found = Vec::new();
    for protocol in values.iter().flat_map(|value| value.split(|byte| *byte == b',')).map(<[u8]>::trim_ascii) {
        if protocol.len() > scheme.len()
            && protocol[..scheme.len()].eq_ignore_ascii_case(scheme.as_bytes())
            && protocol[scheme.len()] == b'.'
        {
            found.push(&protocol[scheme.len() + 1..]);
        }
    }
    in_one_value(&found, None, limit)
}

fn is_token(bytes: &[u8], limit: usize) -> bool {
    !bytes.is_empty()
        && bytes.len() <= limit
        && bytes.iter().all(|byte| b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.".contains(byte))
}

fn in_one_value<'a>(values: &[&'a [u8]], scheme: Option<&str>, limit: usize) -> Result<&'a str, Code> {
    match values {
        [] => Err(Code::CredentialsMissing),
        [value] => behind(value, scheme, limit),
        _ => Err(Code::TokenMalformed),
    }
}

fn in_one_cookie<'a>(values: &[&'a [u8]], name: &str, scheme: Option<&str>, limit: usize) -> Result<&'a str, Code> {
    let start = format!("{name}=");
    let mut found = Vec::new();
    for value in values {
        for pair in value.split(|byte| *byte == b';').map(<[u8]>::trim_ascii) {
            found.extend(pair.strip_prefix(start.as_bytes()));
        }
    }
    in_one_value(&found, scheme, limit)
}

fn behind<'a>(value: &'a [u8], scheme: Option<&str>, limit: usize) -> Result<&'a str, Code> {
    let token = match scheme {
        None => value,
        Some(scheme) => {
            let end = value.iter().position(|byte| *byte == b' ').ok_or(Code::CredentialsMissing)?;
            if !value[..end].eq_ignore_ascii_case(scheme.as_bytes()) {
                return Err(Code::CredentialsMissing);
            }
            let start = value.iter().skip(end).position(|byte| *byte != b' ').ok_or(Code::CredentialsMissing)?;
            &value[end + start..]
        }
    };
    match std::str::from_utf8(token) {
        _ if token.is_empty() => Err(Code::CredentialsMissing),
        _ if token.len() > limit => Err(Code::TokenTooLarge),
        Ok(text) if is_token(token, limit) => Ok(text),
        _ => Err(Code::TokenMalformed),
    }
}
