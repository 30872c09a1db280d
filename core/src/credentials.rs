//! Finding the one token in a request's header values (RFC 6750 section 2.1, RFC 9110 section 11.4).

use crate::error::Code;
use crate::options::Credentials;

/// The token, given every value of the credentials header as received.
pub(crate) fn extract<'a>(values: &[&'a [u8]], from: &Credentials, max_bytes: usize) -> Result<&'a str, Code> {
    let token = match (&from.cookie, &from.scheme) {
        (Some(name), _) => cookie(values, name)?,
        (None, Some(scheme)) if from.in_subprotocol() => subprotocol(values, scheme)?,
        (None, _) => match values {
            [] => return Err(Code::CredentialsMissing),
            [value, ..] if values.len() == 1 || mutant!("two-headers") => value,
            _ => return Err(Code::TokenMalformed),
        },
    };
    let token = match &from.scheme {
        Some(scheme) if !from.in_subprotocol() => after_scheme(token, scheme)?,
        _ => token,
    };
    if token.is_empty() {
        return Err(Code::CredentialsMissing);
    }
    if token.len() > max_bytes && !mutant!("token-size") {
        return Err(Code::TokenTooLarge);
    }
    if !is_token_text(token) {
        return Err(Code::TokenMalformed);
    }
    std::str::from_utf8(token).map_err(|_| Code::TokenMalformed)
}

/// Whether all bytes are of base64url or dots.
#[allow(clippy::needless_bitwise_bool)] // without a branch, it is found out of many at once
fn is_token_text(bytes: &[u8]) -> bool {
    let is_good = |byte: u8| {
        ((byte | 0x20).wrapping_sub(b'a') < 26)
            | (byte.wrapping_sub(b'0') < 10)
            | (byte == b'-')
            | (byte == b'_')
            | (byte == b'.')
    };
    bytes.iter().fold(0, |bad, byte| bad | u8::from(!is_good(*byte))) == 0
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

/// The token in the one offered subprotocol `scheme.token`: browsers let a page set no other header of a
/// WebSocket handshake.
fn subprotocol<'a>(values: &[&'a [u8]], scheme: &str) -> Result<&'a [u8], Code> {
    let mut found = offered(values).filter_map(|protocol| after_prefix(protocol, scheme));
    let token = found.next().ok_or(Code::CredentialsMissing)?;
    if found.next().is_some() { Err(Code::TokenMalformed) } else { Ok(token) }
}

/// The subprotocols of a handshake without those that carry a token, for an application to choose from;
/// `None` where tokens do not come this way.
pub(crate) fn without_token(values: &[&[u8]], from: &Credentials) -> Option<Vec<String>> {
    let scheme = from.scheme.as_deref().filter(|_| from.in_subprotocol())?;
    let rest = offered(values).filter(|protocol| after_prefix(protocol, scheme).is_none());
    Some(rest.filter_map(|protocol| std::str::from_utf8(protocol).ok().map(Into::into)).collect())
}

/// The elements of a list over all its header lines (RFC 6455 section 11.3.4, RFC 9110 section 5.6.1).
fn offered<'a>(values: &[&'a [u8]]) -> impl Iterator<Item = &'a [u8]> {
    let elements = values.iter().flat_map(|value| value.split(|byte| *byte == b','));
    elements.map(<[u8]>::trim_ascii).filter(|element| !element.is_empty())
}

fn after_prefix<'a>(protocol: &'a [u8], scheme: &str) -> Option<&'a [u8]> {
    let (name, rest) = protocol.split_at_checked(scheme.len())?;
    rest.strip_prefix(b".").filter(|_| name.eq_ignore_ascii_case(scheme.as_bytes()))
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
    fn every_byte_is_looked_at_wherever_it_stands() {
        for byte in 0..=255 {
            let is_good = matches!(byte, b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.');
            for length in [1, 7, 16, 33, 64, 100] {
                for at in 0..length {
                    let mut text = vec![b'x'; length];
                    text[at] = byte;
                    assert_eq!(is_token_text(&text), is_good, "{byte} at {at} of {length}");
                }
            }
        }
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

    #[test]
    fn a_subprotocol() {
        let offer = Credentials { header: "sec-websocket-protocol".into(), ..bearer() };
        for values in [
            &["bearer.a.b.c"][..],
            &["chat, Bearer.a.b.c"],
            &["BEARER.a.b.c ,chat,bearer"],
            &["chat", "bearer.a.b.c"],
            &["bearers.x,bearer.a.b.c,,"],
        ] {
            assert_eq!(take(values, &offer), Ok("a.b.c"), "{values:?}");
        }
        for values in [&[][..], &[""], &["chat, bearer"], &["bearer."], &["Bearer a.b.c"], &["a.b.c"]] {
            assert_eq!(take(values, &offer), Err(Code::CredentialsMissing), "{values:?}");
        }
        for values in [
            &["bearer.a, bearer.a"][..],
            &["bearer.a", "bearer.b"],
            &["bearer., bearer.a"],
            &["bearer.a b"],
            &["bearer.\u{e9}"],
        ] {
            assert_eq!(take(values, &offer), Err(Code::TokenMalformed), "{values:?}");
        }
        assert_eq!(take(&["bearer.aaaaaaaaaaaaaaaaa"], &offer), Err(Code::TokenTooLarge));
    }

    #[test]
    fn what_is_left_of_an_offer_has_no_token() {
        let offer = Credentials { header: "sec-websocket-protocol".into(), ..bearer() };
        let rest = |values: &[&str], from: &Credentials| {
            let values: Vec<&[u8]> = values.iter().map(|value| value.as_bytes()).collect();
            without_token(&values, from)
        };
        let chat = Some(vec!["chat".to_owned(), "bearer".to_owned()]);
        assert_eq!(rest(&["chat, Bearer.a.b", "bearer.c, bearer"], &offer), chat);
        assert_eq!(rest(&["bearer.a.b"], &offer), Some(vec![]));
        assert_eq!(rest(&["chat, bearer.a.b"], &bearer()), None);
        assert_eq!(rest(&["chat"], &Credentials { cookie: Some("token".into()), ..bearer() }), None);
    }
}
