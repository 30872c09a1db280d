//! Finding the one token in a request's header values (RFC 6750 section 2.1, RFC 9110 section 11.4).

use crate::error::Code;
use crate::options::Credentials;

/// The token, given every value of the credentials header as received.
pub(crate) fn extract<'a>(values: &[&'a [u8]], from: &Credentials, max_bytes: usize) -> Result<&'a str, Code> {
    let token = match &from.cookie {
        Some(name) => cookie(values, name)?,
        None => match values {
            [] => return Err(Code::CredentialsMissing),
            [value, ..] if values.len() == 1 || mutant!("two-headers") => value,
            _ => return Err(Code::TokenMalformed),
        },
    };
    let token = match &from.scheme {
        Some(scheme) => after_scheme(token, scheme)?,
        None => token,
    };
    if token.is_empty() {
        return Err(Code::CredentialsMissing);
    }
    if token.len() > max_bytes && !mutant!("token-size") {
        return Err(Code::TokenTooLarge);
    }
    if !token.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.')) {
        return Err(Code::TokenMalformed);
    }
    std::str::from_utf8(token).map_err(|_| Code::TokenMalformed)
}

/// What follows the scheme, in any case, and one or more spaces.
fn after_scheme<'a>(value: &'a [u8], scheme: &str) -> Result<&'a [u8], Code> {
    let (name, rest) = value.split_at_checked(scheme.len()).ok_or(Code::CredentialsMissing)?;
    if !name.eq_ignore_ascii_case(scheme.as_bytes()) || rest.first() != Some(&b' ') {
        return Err(Code::CredentialsMissing);
    }
    let spaces = rest.iter().take_while(|byte| **byte == b' ').count();
    Ok(&rest[spaces..])
}

/// The value of the one cookie with this name (RFC 6265 section 4.2).
fn cookie<'a>(values: &[&'a [u8]], name: &str) -> Result<&'a [u8], Code> {
    let mut found = values.iter().flat_map(|value| value.split(|byte| *byte == b';')).filter_map(|pair| {
        let pair = pair.trim_ascii();
        pair.strip_prefix(name.as_bytes())?.strip_prefix(b"=")
    });
    let token = found.next().ok_or(Code::CredentialsMissing)?;
    if found.next().is_some() { Err(Code::TokenMalformed) } else { Ok(token) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bearer() -> Credentials {
        Credentials { header: "authorization".into(), scheme: Some("Bearer".into()), cookie: None }
    }

    fn take<'a>(values: &[&'a str], from: &Credentials) -> Result<&'a str, Code> {
        let values: Vec<&[u8]> = values.iter().map(|value| value.as_bytes()).collect();
        extract(&values, from, 16)
    }

    #[test]
    fn one_bearer_token() {
        for value in ["Bearer a.b.c", "bearer a.b.c", "BEARER    a.b.c"] {
            assert_eq!(take(&[value], &bearer()), Ok("a.b.c"), "{value}");
        }
        for value in
            ["", "Bearer", "Bearer ", "Bearer   ", "Basic a.b.c", "Bearera.b.c", "Bearer\ta.b.c", " Bearer a.b.c"]
        {
            assert_eq!(take(&[value], &bearer()), Err(Code::CredentialsMissing), "{value}");
        }
        for value in
            ["Bearer a.b.c ", "Bearer a.b.c, x", "Bearer a,b", "Bearer \ta", "Bearer a=", "Bearer \u{e9}", "Bearer a\0"]
        {
            assert_eq!(take(&[value], &bearer()), Err(Code::TokenMalformed), "{value}");
        }
        assert_eq!(take(&[], &bearer()), Err(Code::CredentialsMissing));
        assert_eq!(take(&["Bearer a", "Bearer a"], &bearer()), Err(Code::TokenMalformed));
        assert_eq!(take(&["Bearer aaaaaaaaaaaaaaaaa"], &bearer()), Err(Code::TokenTooLarge));
        assert_eq!(take(&["Bearer ,,,,,,,,,,,,,,,,,"], &bearer()), Err(Code::TokenTooLarge));
    }

    #[test]
    fn a_bare_value_and_a_cookie() {
        let bare = Credentials { scheme: None, ..bearer() };
        assert_eq!(take(&["a.b.c"], &bare), Ok("a.b.c"));
        assert_eq!(take(&["Bearer a"], &bare), Err(Code::TokenMalformed));
        let cookie = Credentials { cookie: Some("token".into()), ..bare };
        assert_eq!(take(&["x=1; token=a.b.c; tokens=2"], &cookie), Ok("a.b.c"));
        assert_eq!(take(&["x=1", "token=a"], &cookie), Ok("a"));
        assert_eq!(take(&["token=a; token=b"], &cookie), Err(Code::TokenMalformed));
        assert_eq!(take(&["x=1"], &cookie), Err(Code::CredentialsMissing));
    }
}
