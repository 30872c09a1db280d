//! The JOSE header: what is accepted and what is read of it, by a second reading; and the same again
//! of what that reading writes.

use bearergate_core::Code;
use bearergate_core::fuzzing::{self, HeaderMembers};
use serde_json::{Map, Value};

use crate::limits::bounded;
use crate::oracle::strict_object;
use crate::{parts, text};

/// The media type asked for, and the header.
pub fn check(data: &[u8]) {
    let [typ, json] = parts(data);
    let Some(typ) = text(typ) else { return };
    let ours = bounded(|| fuzzing::header(json, typ));
    let members = strict_object(json);
    assert_eq!(ours, read(members.as_ref(), typ));
    if let (Ok(ours), Some(members)) = (ours, members) {
        let written = Value::Object(members).to_string();
        assert_eq!(fuzzing::header(written.as_bytes(), typ), Ok(ours), "{written}");
    }
}

/// What a header must be read as.
pub(crate) fn read(members: Option<&Map<String, Value>>, wanted: &str) -> Result<HeaderMembers, Code> {
    let members = members.ok_or(Code::TokenMalformed)?;
    let string = |name: &str| match members.get(name) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(_) => Err(Code::TokenMalformed),
    };
    let (alg, kid, typ, _) = (string("alg")?, string("kid")?, string("typ")?, string("cty")?);
    let alg = alg.ok_or(Code::TokenMalformed)?;
    if members.contains_key("crit") || members.get("b64").is_some_and(|b64| *b64 != Value::Bool(true)) {
        return Err(Code::TokenCritical);
    }
    Ok(HeaderMembers { alg, kid, is_typ: typ.is_some_and(|typ| media_type(&typ) == media_type(wanted)) })
}

fn media_type(typ: &str) -> String {
    let implied = if typ.contains('/') { "" } else { "application/" };
    format!("{implied}{typ}").to_ascii_lowercase()
}
