//! JSON Web Keys (RFC 7517, RFC 7518 section 6, RFC 8037, RFC 9964) into prepared keys.

use std::collections::HashSet;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::{KeyProblem, PreparedKey, public};
use crate::alg::{Alg, AlgSet};
use crate::json::{Kind, Value};

/// Members that only a private or symmetric key has.
const PRIVATE: [&str; 9] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv"];

/// The key of a JWK that is meant for verifying signatures.
pub(crate) fn from_jwk(jwk: Value<'_>) -> Result<PreparedKey, KeyProblem> {
    if jwk.kind() != Kind::Object {
        return Err(KeyProblem::unusable("a JWK must be a JSON object"));
    }
    let kty = required(jwk, "kty")?;
    if kty == "oct" {
        return Err(KeyProblem::unusable("a symmetric key (kty \"oct\") is not a public key"));
    }
    if PRIVATE.iter().any(|member| jwk.get(member).is_some()) && !mutant!("private-key") {
        return Err(KeyProblem::unusable("this is a private key; publish only its public part"));
    }
    check_purpose(jwk)?;
    let kid = match jwk.get("kid") {
        None => None,
        Some(kid) => Some(kid.as_str().ok_or_else(|| KeyProblem::unusable("kid is not a string"))?),
    };
    let alg = match optional(jwk, "alg")? {
        None => None,
        Some(name) => Some(
            Alg::from_name(&name)
                .ok_or_else(|| KeyProblem::unsupported(format!("unsupported alg \"{}\"", cut(&name))))?,
        ),
    };
    let mut key = match kty.as_str() {
        "RSA" => public::rsa(&bytes(jwk, "n")?, &bytes(jwk, "e")?)?,
        "EC" => ec(jwk)?,
        "OKP" => okp(jwk)?,
        "AKP" => {
            let alg = alg.ok_or_else(|| KeyProblem::unusable("an AKP key must have an alg"))?;
            public::ml_dsa(alg, &bytes(jwk, "pub")?)?
        }
        other => return Err(KeyProblem::unsupported(format!("unsupported kty \"{}\"", cut(other)))),
    };
    if let Some(alg) = alg {
        if !key.admits().contains(alg) {
            return Err(KeyProblem::unusable(format!("alg \"{}\" does not fit the key", alg.name())));
        }
        if !mutant!("key-alg") {
            key = key.restricted_to(AlgSet::one(alg));
        }
    }
    key.kid = kid.map(Into::into);
    Ok(key)
}

/// The same for one member of a set; the problem is reported with the key's `kid`.
pub(crate) fn from_jwk_set_member(jwk: Value<'_>) -> Result<PreparedKey, (Option<String>, KeyProblem)> {
    from_jwk(jwk).map_err(|problem| {
        let kid = jwk.get("kid").and_then(Value::as_str).map(|kid| cut(&kid));
        (kid, problem)
    })
}

/// `use` and `key_ops` (RFC 7517 sections 4.2 and 4.3) must allow verifying signatures. No operation
/// stands twice in `key_ops`, and `ext`, where `WebCrypto` left it, is a boolean.
fn check_purpose(jwk: Value<'_>) -> Result<(), KeyProblem> {
    if mutant!("use") {
        return Ok(());
    }
    if jwk.get("use").is_some_and(|value| value.as_str().as_deref() != Some("sig")) {
        return Err(KeyProblem::unsupported("its use is not \"sig\""));
    }
    if let Some(operations) = jwk.get("key_ops") {
        let mut seen = HashSet::new();
        if !operations.items().all(|operation| operation.as_str().is_some_and(|operation| seen.insert(operation))) {
            return Err(KeyProblem::unusable("its key_ops are not distinct strings"));
        }
        if !seen.contains("verify") {
            return Err(KeyProblem::unsupported("its key_ops do not contain \"verify\""));
        }
    }
    if jwk.get("ext").is_some_and(|ext| !matches!(ext.kind(), Kind::True | Kind::False)) {
        return Err(KeyProblem::unusable("ext is not a boolean"));
    }
    Ok(())
}

fn ec(jwk: Value<'_>) -> Result<PreparedKey, KeyProblem> {
    let curve = match required(jwk, "crv")?.as_str() {
        "P-256" => public::P256,
        "P-384" => public::P384,
        "P-521" => public::P521,
        "secp256k1" => public::SECP256K1,
        other => return Err(KeyProblem::unsupported(format!("unsupported crv \"{}\"", cut(other)))),
    };
    let (x, y) = (bytes(jwk, "x")?, bytes(jwk, "y")?);
    if x.len() != curve.coordinate || y.len() != curve.coordinate {
        return Err(KeyProblem::unusable(format!("a coordinate of its curve has {} bytes", curve.coordinate)));
    }
    public::ec(curve, &[&[4], x.as_slice(), y.as_slice()].concat())
}

fn okp(jwk: Value<'_>) -> Result<PreparedKey, KeyProblem> {
    match required(jwk, "crv")?.as_str() {
        "Ed25519" => public::ed25519(&bytes(jwk, "x")?),
        other => Err(KeyProblem::unsupported(format!("unsupported crv \"{}\"", cut(other)))),
    }
}

fn optional(jwk: Value<'_>, member: &str) -> Result<Option<String>, KeyProblem> {
    jwk.get(member)
        .map(|value| value.as_str().map(std::borrow::Cow::into_owned))
        .map(|text| text.ok_or_else(|| KeyProblem::unusable(format!("{member} is not a string"))))
        .transpose()
}

fn required(jwk: Value<'_>, member: &str) -> Result<String, KeyProblem> {
    optional(jwk, member)?.ok_or_else(|| KeyProblem::unusable(format!("{member} is missing")))
}

/// A member in strict base64url.
fn bytes(jwk: Value<'_>, member: &str) -> Result<Vec<u8>, KeyProblem> {
    URL_SAFE_NO_PAD
        .decode(required(jwk, member)?)
        .map_err(|_| KeyProblem::unusable(format!("{member} is not base64url without padding")))
}

/// What another party wrote is shown in part only, and never raw.
fn cut(text: &str) -> String {
    text.chars().take(64).flat_map(char::escape_default).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::Document;

    fn import(text: &str) -> Result<AlgSet, KeyProblem> {
        let document = Document::parse(text.as_bytes().to_vec()).unwrap();
        from_jwk(document.root()).map(|key| key.admits())
    }

    // RFC 7517 appendix A.1.
    const EC: &str = r#""kty":"EC","crv":"P-256","x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4","y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM""#;
    // RFC 8037 appendix A.2.
    const ED: &str = r#""kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo""#;

    #[test]
    fn a_key_without_alg_admits_what_its_type_does() {
        assert_eq!(import(&format!("{{{EC}}}")), Ok(AlgSet::one(Alg::Es256)));
        assert_eq!(import(&format!("{{{ED}}}")), Ok(AlgSet::ED25519));
        assert_eq!(import(&format!("{{{ED},\"alg\":\"Ed25519\"}}")), Ok(AlgSet::one(Alg::Ed25519)));
    }

    #[test]
    fn keys_for_other_purposes_are_unsupported() {
        for extra in
            [r#","use":"enc""#, r#","use":1"#, r#","key_ops":["sign"]"#, r#","key_ops":"verify""#, r#","alg":"ES999""#]
        {
            assert!(matches!(import(&format!("{{{EC}{extra}}}")), Err(KeyProblem::Unsupported(_))), "{extra}");
        }
        for text in [r#"{"kty":"XYZ"}"#, r#"{"kty":"OKP","crv":"Ed448","x":"AA"}"#, r#"{"kty":"EC","crv":"P-192"}"#] {
            assert!(matches!(import(text), Err(KeyProblem::Unsupported(_))), "{text}");
        }
    }

    #[test]
    fn broken_private_and_symmetric_keys_are_unusable() {
        let off_curve = EC.replace("4Etl6", "4Etl7");
        for text in [
            "[]".to_owned(),
            "{}".to_owned(),
            r#"{"kty":"oct","k":"AAAA"}"#.to_owned(),
            format!("{{{EC},\"d\":\"AA\"}}"),
            format!("{{{EC},\"kid\":7}}"),
            format!("{{{EC},\"key_ops\":[\"verify\",\"verify\"]}}"),
            format!("{{{EC},\"key_ops\":[\"verify\",1]}}"),
            format!("{{{EC},\"ext\":\"true\"}}"),
            format!("{{{EC},\"alg\":\"ES384\"}}"),
            format!("{{{EC},\"alg\":\"HS256\"}}"),
            format!("{{{off_curve}}}"),
            format!("{{{}}}", EC.replace("MKBC", "MKB=")),
            r#"{"kty":"RSA","n":"AQAB","e":"AQAB"}"#.to_owned(),
            r#"{"kty":"AKP","pub":"AA"}"#.to_owned(),
        ] {
            assert!(matches!(import(&text), Err(KeyProblem::Unusable(_))), "{text}");
        }
    }
}
