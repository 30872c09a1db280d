//! The JOSE header (RFC 7515 section 4): the members that steer verification, and nothing else.
//! `jwk`, `jku`, `x5u` and `x5c` are never read.

use std::ops::Range;

use crate::error::Code;
use crate::json::{Document, Kind, Said, Value};

/// A header whose members have the right types and that asks for no extension.
#[derive(Debug)]
pub(crate) struct Header {
    /// The header as it came, and then what it says in escapes.
    text: String,
    alg: Range<usize>,
    kid: Option<Range<usize>>,
    typ: Option<Range<usize>>,
}

impl Header {
    pub(crate) fn parse(bytes: Vec<u8>) -> Result<Self, Code> {
        let document = Document::parse_object(bytes).map_err(|_| Code::TokenMalformed)?;
        let [mut alg, mut kid, mut typ, mut cty, mut crit, mut b64] = [None; 6];
        document.root().each_member(|name, value| match name {
            b"alg" => alg = Some(value),
            b"kid" => kid = Some(value),
            b"typ" => typ = Some(value),
            b"cty" => cty = Some(value),
            b"crit" => crit = Some(value),
            b"b64" => b64 = Some(value),
            _ => {}
        });
        let alg = string(alg)?.ok_or(Code::TokenMalformed)?;
        let (kid, typ) = (string(kid)?, string(typ)?);
        string(cty)?;
        if crit.is_some() && !mutant!("crit") {
            return Err(Code::TokenCritical);
        }
        if b64.is_some_and(|b64| b64.kind() != Kind::True) && !mutant!("b64") {
            return Err(Code::TokenCritical);
        }
        let mut text = document.into_text();
        let mut place = |said: Said| match said {
            Said::At(range) => range,
            Said::InEscapes(unescaped) => {
                let start = text.len();
                text.push_str(&unescaped);
                start..text.len()
            }
        };
        let (alg, kid, typ) = (place(alg), kid.map(&mut place), typ.map(&mut place));
        Ok(Self { text, alg, kid, typ })
    }

    pub(crate) fn alg(&self) -> &str {
        &self.text[self.alg.clone()]
    }

    pub(crate) fn kid(&self) -> Option<&str> {
        self.kid.clone().map(|kid| &self.text[kid])
    }

    fn typ(&self) -> Option<&str> {
        self.typ.clone().map(|typ| &self.text[typ])
    }

    /// Whether `typ` is the media type asked for: in any case, `application/` implied where there
    /// is no slash (RFC 7515 section 4.1.9).
    pub(crate) fn is_typ(&self, wanted: &str) -> bool {
        self.typ().is_some_and(|typ| is_same_media_type(typ, wanted))
    }
}

/// A string of the header.
fn string(member: Option<Value<'_>>) -> Result<Option<Said>, Code> {
    let Some(value) = member else { return Ok(None) };
    match value.said() {
        None if !mutant!("header-types") => Err(Code::TokenMalformed),
        said => Ok(said),
    }
}

fn is_same_media_type(one: &str, other: &str) -> bool {
    const IMPLIED: &str = "application/";
    let (long, short) = if one.len() < other.len() { (other, one) } else { (one, other) };
    if long.contains('/') == short.contains('/') {
        return long.eq_ignore_ascii_case(short);
    }
    let parts = long.split_at_checked(IMPLIED.len());
    parts.is_some_and(|(kind, rest)| kind.eq_ignore_ascii_case(IMPLIED) && rest.eq_ignore_ascii_case(short))
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
        for (one, other, same) in [
            ("application/at+jwt", "AT+JWT", true),
            ("at+jwt", "Application/at+jwt", true),
            ("text/at+jwt", "at+jwt", false),
            ("application/at+jw", "at+jwt", false),
            ("application/a/b", "a/b", false),
            ("application/", "", true),
            ("", "", true),
            ("a/b", "b", false),
        ] {
            assert_eq!(is_same_media_type(one, other), same, "{one} {other}");
        }
    }

    #[test]
    fn escapes_are_undone() {
        let header = parse(r#"{"a\u006cg":"RS\u0032\u00356","k\u0069d":"\u00e9\n","typ":"JWT"}"#).unwrap();
        assert_eq!((header.alg(), header.kid(), header.typ()), ("RS256", Some("\u{e9}\n"), Some("JWT")));
    }
}
