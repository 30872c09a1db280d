//! The JOSE header (RFC 7515 section 4): the members that steer verification, and nothing else.
//! `jwk`, `jku`, `x5u` and `x5c` are never read.

use std::borrow::Cow;

use crate::error::Code;
use crate::json::{Document, Kind};

/// A header whose members have the right types and that asks for no extension.
#[derive(Debug)]
pub(crate) struct Header {
    pub(crate) alg: String,
    pub(crate) kid: Option<String>,
    typ: Option<String>,
}

impl Header {
    pub(crate) fn parse(bytes: Vec<u8>) -> Result<Self, Code> {
        let document = Document::parse_object(bytes).map_err(|_| Code::TokenMalformed)?;
        let root = document.root();
        let string = |name: &str| match root.get(name) {
            None => Ok(None),
            Some(value) => match value.as_str() {
                Some(text) => Ok(Some(Cow::into_owned(text))),
                None if mutant!("header-types") => Ok(None),
                None => Err(Code::TokenMalformed),
            },
        };
        let alg = string("alg")?.ok_or(Code::TokenMalformed)?;
        let kid = string("kid")?;
        let typ = string("typ")?;
        string("cty")?;
        if root.get("crit").is_some() && !mutant!("crit") {
            return Err(Code::TokenCritical);
        }
        if root.get("b64").is_some_and(|b64| b64.kind() != Kind::True) && !mutant!("b64") {
            return Err(Code::TokenCritical);
        }
        Ok(Self { alg, kid, typ })
    }

    /// Whether `typ` is the media type asked for: in any case, `application/` implied where there
    /// is no slash (RFC 7515 section 4.1.9).
    pub(crate) fn is_typ(&self, wanted: &str) -> bool {
        let typ = self.typ.as_deref();
        typ.is_some_and(|typ| media_type(typ).eq_ignore_ascii_case(&media_type(wanted)))
    }
}

fn media_type(typ: &str) -> Cow<'_, str> {
    if typ.contains('/') { Cow::Borrowed(typ) } else { Cow::Owned(format!("application/{typ}")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Header, Code> {
        Header::parse(text.as_bytes().to_vec())
    }

    #[test]
    fn members_must_have_their_types() {
        for text in [
            "[]",
            "{}",
            r#"{"alg":1}"#,
            r#"{"alg":null}"#,
            r#"{"alg":"RS256","kid":1}"#,
            r#"{"alg":"RS256","typ":null}"#,
            r#"{"alg":"RS256","cty":[]}"#,
            r#"{"alg":"RS256","alg":"HS256"}"#,
        ] {
            assert_eq!(parse(text).err(), Some(Code::TokenMalformed), "{text}");
        }
    }

    #[test]
    fn extensions_are_refused() {
        for text in [
            r#"{"alg":"RS256","crit":[]}"#,
            r#"{"alg":"RS256","crit":null}"#,
            r#"{"alg":"RS256","crit":["exp"]}"#,
            r#"{"alg":"RS256","b64":false}"#,
            r#"{"alg":"RS256","b64":null}"#,
            r#"{"alg":"RS256","b64":"true"}"#,
        ] {
            assert_eq!(parse(text).err(), Some(Code::TokenCritical), "{text}");
        }
        assert!(parse(r#"{"alg":"RS256","b64":true}"#).is_ok());
    }

    #[test]
    fn typ_is_a_media_type() {
        let header = parse(r#"{"alg":"RS256","typ":"AT+jwt"}"#).unwrap();
        assert!(header.is_typ("at+jwt") && header.is_typ("application/at+JWT") && !header.is_typ("JWT"));
        assert!(!parse(r#"{"alg":"RS256"}"#).unwrap().is_typ("JWT"));
    }
}
