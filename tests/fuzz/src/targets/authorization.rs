//! The token in a request's header values: of one value only, of the token's alphabet only, within
//! its length, and found whenever it stands there as it should.

use bearergate_core::Code;
use bearergate_core::fuzzing::token_of;

use crate::SEPARATOR;
use crate::limits::bounded;

const SCHEMES: [Option<&str>; 3] = [Some("Bearer"), Some("x-token"), None];
const LIMITS: [usize; 2] = [16_384, 256];

/// A byte that says what is asked for, and each header value.
pub fn check(data: &[u8]) {
    let Some((how, values)) = data.split_first() else { return };
    let values: Vec<&[u8]> =
        if values.is_empty() { Vec::new() } else { values.split(|byte| *byte == SEPARATOR).collect() };
    let scheme = SCHEMES[usize::from(how & 3) % 3];
    let cookie = (how & 4 != 0).then_some("token");
    let limit = LIMITS[usize::from(how >> 3 & 1)];
    let found = bounded(|| token_of(&values, scheme, cookie, limit));
    if let Ok(token) = found {
        assert!(is_token(token.as_bytes(), limit), "{token:?}");
    }
    match cookie {
        None => assert_eq!(found, in_one_value(&values, scheme, limit)),
        Some(name) => assert_eq!(found, in_one_cookie(&values, name, scheme, limit)),
    }
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
