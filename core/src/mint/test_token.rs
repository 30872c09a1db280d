//! A test's token: its payload, with the claims that every token has.

use super::{MintError, MintHeader, SigningKey, TEST_JWT_SECRET, mint};
use crate::clock::Clock;
use crate::json::{Document, Kind, Value};
use crate::options::{ConfigError, ExpiresIn, OptionValue, Spelling, TestTokenOptions};

/// How long a test token is good for unless it says otherwise, in seconds.
const HOUR: i64 = 3600;

/// A token over a payload, the text of a JSON object. `iat` is now and `exp` an hour later unless the
/// payload has its own; what the options say comes before what the payload says.
///
/// # Errors
/// A payload that is not a strict JSON object, or a key that cannot sign under `alg`.
pub fn create_test_jwt(
    payload: &str,
    alg: &str,
    key: &SigningKey,
    options: &TestTokenOptions,
) -> Result<String, ConfigError> {
    let claims = claims(payload, options, Clock::System.wall_seconds())?;
    let typ = options.typ.as_deref().unwrap_or("JWT");
    let header = MintHeader { typ: Some(typ), alg, kid: options.kid.as_deref() };
    mint(&header, &claims, key).map_err(|MintError(problem)| ConfigError::new("privateKey", problem))
}

/// An HS256 token with a host's options: by the test secret, unless they name another.
///
/// # Errors
/// As [`create_test_jwt`], and options that cannot be meant.
pub fn test_jwt(payload: &str, options: OptionValue, spelling: Spelling) -> Result<String, ConfigError> {
    let options = TestTokenOptions::read(options, spelling)?;
    let key = match &options.secret {
        Some(secret) => SigningKey::from_secret(secret.bytes()),
        None => SigningKey::from_secret(TEST_JWT_SECRET.as_bytes()),
    };
    create_test_jwt(payload, "HS256", &key, &options)
}

/// An RS256 token with a host's private key and options. The `kid` must be among them: without it a
/// token finds its key only in a set of one.
///
/// # Errors
/// As [`create_test_jwt`], and a key or options that cannot be meant.
pub fn test_jwt_rs256(
    private_key: &OptionValue,
    payload: &str,
    options: OptionValue,
    spelling: Spelling,
) -> Result<String, ConfigError> {
    let work = || {
        let options = TestTokenOptions::read(options, spelling)?;
        if options.kid.is_none() {
            return Err(ConfigError::new("kid", "is missing: give the `kid` of the published key"));
        }
        if options.secret.is_some() {
            return Err(ConfigError::new("secret", "is for HS256 tokens; an RS256 token is signed by its private key"));
        }
        let key =
            SigningKey::read(private_key).map_err(|MintError(problem)| ConfigError::new("privateKey", problem))?;
        create_test_jwt(payload, "RS256", &key, &options)
    };
    work().map_err(|error| error.spelled(spelling))
}

/// The payload's members as they are, those that are set anew left out and written behind them.
fn claims(payload: &str, options: &TestTokenOptions, now: i64) -> Result<String, ConfigError> {
    let document = Document::parse_object(payload.as_bytes().to_vec()).map_err(|_| {
        ConfigError::new(
            "payload",
            "must be a JSON object as a token may hold it: each name once, no lone surrogates, at most 32 levels",
        )
    })?;
    let root = document.root();
    let unless_given = |name: &str, value: i64| root.get(name).is_none().then(|| value.to_string());
    let set = [
        ("iat", unless_given("iat", now)),
        (
            "exp",
            match options.expires_in {
                Some(ExpiresIn::Seconds(seconds)) => Some((now + seconds).to_string()),
                Some(ExpiresIn::Never) => None,
                None => unless_given("exp", now + HOUR),
            },
        ),
        ("iss", options.issuer.as_deref().map(quoted)),
        ("aud", options.audience.as_deref().map(audience)),
    ];
    let kept = root.members().filter(|(name, _)| {
        let dropped = name == "exp" && options.expires_in == Some(ExpiresIn::Never);
        !dropped && !set.iter().any(|(own, value)| own == name && value.is_some())
    });
    let kept = kept.map(|(name, value)| format!("{}:{}", quoted(&name), raw(value)));
    let set = set.iter().filter_map(|(name, value)| value.as_ref().map(|value| format!("\"{name}\":{value}")));
    Ok(format!("{{{}}}", kept.chain(set).collect::<Vec<_>>().join(",")))
}

fn raw(value: Value<'_>) -> String {
    if value.kind() == Kind::String { format!("\"{}\"", value.raw()) } else { value.raw().to_owned() }
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

fn audience(values: &[String]) -> String {
    match values {
        [one] => quoted(one),
        several => serde_json::Value::from(several).to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::{OptionValue, Spelling};

    fn with(payload: &str, options: &str) -> String {
        let options = TestTokenOptions::read(OptionValue::from_json(options).unwrap(), Spelling::Camel).unwrap();
        claims(payload, &options, 1000).unwrap()
    }

    #[test]
    fn defaults_then_the_payload_then_the_options() {
        assert_eq!(with("{}", "{}"), r#"{"iat":1000,"exp":4600}"#);
        assert_eq!(
            with(r#"{"sub":"a\u0022\n","exp":5,"iat":1e3,"n":12345678901234567890}"#, "{}"),
            r#"{"sub":"a\u0022\n","exp":5,"iat":1e3,"n":12345678901234567890}"#
        );
        assert_eq!(
            with(r#"{"exp":5,"iss":"x"}"#, r#"{"expiresIn":"-5m","issuer":"i\"","audience":"a"}"#),
            r#"{"iat":1000,"exp":700,"iss":"i\"","aud":"a"}"#
        );
        assert_eq!(
            with(r#"{"exp":5,"iat":1}"#, r#"{"expiresIn":false,"audience":["a","b"]}"#),
            r#"{"iat":1,"aud":["a","b"]}"#
        );
        assert_eq!(with(r#"{"iat":1}"#, r#"{"expiresIn":1.5}"#), r#"{"iat":1,"exp":1002}"#);
    }

    #[test]
    fn what_cannot_be_meant() {
        for payload in ["", "[]", "null", "{", r#"{"a":1,"a":2}"#, r#"{"a":"\ud800"}"#] {
            let error = claims(payload, &TestTokenOptions::default(), 0).unwrap_err();
            assert_eq!(error.option(), "payload", "{payload}");
        }
        for (options, option) in [
            (r#"{"expiresIn":"soon"}"#, "expiresIn"),
            (r#"{"expiresIn":true}"#, "expiresIn"),
            (r#"{"expiresIn":1e300}"#, "expiresIn"),
            (r#"{"audiance":"x"}"#, "audiance"),
            (r#"{"issuer":7}"#, "issuer"),
            (r#"{"secret":{}}"#, "secret"),
        ] {
            let read = TestTokenOptions::read(OptionValue::from_json(options).unwrap(), Spelling::Camel);
            assert_eq!(read.unwrap_err().option(), option, "{options}");
        }
        let key = SigningKey::from_secret(b"k");
        let error = create_test_jwt("{}", "RS256", &key, &TestTokenOptions::default()).unwrap_err();
        assert_eq!(error.option(), "privateKey");
    }
}
