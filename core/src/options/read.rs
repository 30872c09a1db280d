//! From a host's values to typed options: names known at every depth, types right, durations and
//! whole numbers readable. What the values mean together is `policy.rs`'s matter.

use std::time::Duration;

use zeroize::Zeroizing;

use super::fields::{Fields, Read, shown, wrong_type};
use super::{
    CacheOption, ClaimPath, ClaimsMapping, ConfigError, Confirmation, CredentialsOptions, JwksOptions, OptionValue,
    Options, PublicKey, Secret, Spelling, TrustOptions,
};
use crate::duration;

impl Options {
    /// Gives a host's options their types.
    ///
    /// # Errors
    /// An unknown option at any depth, a value of the wrong type, a malformed or negative duration.
    pub fn read(value: OptionValue, spelling: Spelling) -> Result<Self, ConfigError> {
        Self::read_fields(value, spelling).map_err(|error| error.spelled(spelling))
    }

    fn read_fields(value: OptionValue, spelling: Spelling) -> Read<Self> {
        let mut fields = Fields::of("", value, spelling)?;
        let issuers = fields.take_with("issuers", |path, value| {
            list(path, value)?
                .into_iter()
                .enumerate()
                .map(|(i, entry)| {
                    let mut fields = Fields::of(&format!("{path}[{i}]"), entry, spelling)?;
                    let entry = trust(&mut fields, Sources::All)?;
                    fields.finish()?;
                    Ok(entry)
                })
                .collect::<Read<Vec<_>>>()
        })?;
        let options = Self {
            trust: trust(&mut fields, Sources::Highest)?,
            issuers,
            skip_methods: fields.take_with("skipMethods", texts)?,
            propagate_headers: fields.take_with("propagateHeaders", boolean)?,
            propagated_claims: fields.take_with("propagatedClaims", texts)?,
            credentials: fields
                .take_with("credentials", |path, value| credentials(path, value, spelling))?
                .unwrap_or_default(),
            cache: fields.take_with("cache", |path, value| cache(path, value, spelling))?,
            max_token_bytes: fields.take_with("maxTokenBytes", whole_number)?,
            end_streams_at_expiry: fields.take_with("endStreamsAtExpiry", boolean)?,
            resource_metadata: fields.take_with("resourceMetadata", url)?,
            spelling,
        };
        fields.finish()?;
        Ok(options)
    }
}

/// Which key sources of an object are read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sources {
    /// The one of highest priority; lower ones are not even parsed.
    Highest,
    /// All, so that two can be refused.
    All,
}

fn trust(fields: &mut Fields, sources: Sources) -> Read<TrustOptions> {
    let discover = fields.take_with("discover", boolean)?;
    let jwks_uri = fields.take_with("jwksUri", url)?;
    let mut done = sources == Sources::Highest && (jwks_uri.is_some() || discover == Some(true));
    let public_key =
        fields.take("publicKey").filter(|_| !done).map(|(path, value)| public_key(&path, value)).transpose()?;
    done |= sources == Sources::Highest && public_key.is_some();
    let secret = fields.take("secret").filter(|_| !done).map(|(path, value)| secrets(&path, value)).transpose()?;
    let spelling = fields.spelling;
    let one_issuer = sources == Sources::All || discover == Some(true);
    let issuer = fields.take_with("issuer", |path, value| match value {
        OptionValue::List(_) if one_issuer => Err(ConfigError::new(path, "must be exactly one string here")),
        value => one_or_more(path, value),
    })?;
    Ok(TrustOptions {
        jwks_uri,
        discover,
        public_key,
        secret,
        jwks: fields.take_with("jwks", |path, value| jwks(path, value, spelling))?.unwrap_or_default(),
        issuer,
        audience: fields.take_with("audience", one_or_more)?,
        algorithms: fields.take_with("algorithms", texts)?,
        max_token_age: fields.take_with("maxTokenAge", whole_seconds)?,
        clock_tolerance: fields.take_with("clockTolerance", whole_seconds)?,
        typ: fields.take_with("typ", text)?,
        required_claims: fields.take_with("requiredClaims", texts)?,
        claims_mapping: fields
            .take_with("claimsMapping", |path, value| mapping(path, value, spelling))?
            .unwrap_or_default(),
        confirmation: fields.take_with("confirmation", confirmation)?,
    })
}

fn jwks(path: &str, value: OptionValue, spelling: Spelling) -> Read<JwksOptions> {
    let mut fields = Fields::of(path, value, spelling)?;
    let options = JwksOptions {
        timeout: fields.take_with("timeout", seconds_and_milliseconds)?,
        cache_max_age: fields.take_with("cacheMaxAge", whole_seconds)?,
        cooldown: fields.take_with("cooldown", whole_seconds)?,
        refresh_ahead: fields.take_with("refreshAhead", number)?,
        stale_if_error: fields.take_with("staleIfError", whole_seconds)?,
        max_bytes: fields.take_with("maxBytes", whole_number)?,
        max_keys: fields.take_with("maxKeys", whole_number)?,
        headers: fields.take_with("headers", headers)?,
        ca_file: fields.take_with("caFile", file_path)?,
        ca: fields.take_with("ca", certificates)?,
        proxy: fields.take_with("proxy", |path, value| url(path, value).map(Zeroizing::new))?,
        allow_http: fields.take_with("allowHttp", boolean)?,
        initial: fields.take_with("initial", |path, value| match value {
            OptionValue::Map(_) => json_text(path, &value),
            other => Err(wrong_type(path, "a JWK Set object", &other)),
        })?,
        snapshot_file: fields.take_with("snapshotFile", file_path)?,
    };
    fields.finish()?;
    Ok(options)
}

fn credentials(path: &str, value: OptionValue, spelling: Spelling) -> Read<CredentialsOptions> {
    let mut fields = Fields::of(path, value, spelling)?;
    let options = CredentialsOptions {
        header: fields.take_with("header", text)?,
        // Here, and only here, `null` says something: the bare value, without a scheme.
        scheme: match fields.take_even_null("scheme") {
            None => None,
            Some((_, OptionValue::Null)) => Some(None),
            Some((path, value)) => Some(Some(text(&path, value)?)),
        },
        cookie: fields.take_with("cookie", text)?,
    };
    fields.finish()?;
    Ok(options)
}

fn cache(path: &str, value: OptionValue, spelling: Spelling) -> Read<CacheOption> {
    if matches!(value, OptionValue::Bool(false)) {
        return Ok(CacheOption::Off);
    }
    if !matches!(value, OptionValue::Map(_)) {
        return Err(wrong_type(path, "false or an object with `maxEntries`", &value));
    }
    let mut fields = Fields::of(path, value, spelling)?;
    let entries = fields.take_with("maxEntries", whole_number)?;
    fields.finish()?;
    entries.map(CacheOption::MaxEntries).ok_or_else(|| ConfigError::new(path, "an object here needs `maxEntries`"))
}

fn mapping(path: &str, value: OptionValue, spelling: Spelling) -> Read<ClaimsMapping> {
    let mut fields = Fields::of(path, value, spelling)?;
    let mapping = ClaimsMapping {
        subject: fields.take_with("subject", claim_path)?,
        name: fields.take_with("name", claim_path)?,
        roles: fields.take_with("roles", claim_path)?,
        scopes: fields.take_with("scopes", claim_path)?,
    };
    fields.finish()?;
    Ok(mapping)
}

fn claim_path(path: &str, value: OptionValue) -> Read<ClaimPath> {
    match value {
        OptionValue::Text(text) => Ok(ClaimPath::Dotted(text.to_string())),
        OptionValue::List(_) => texts(path, value).map(ClaimPath::Names),
        other => Err(wrong_type(path, "a dot path or an array of names", &other)),
    }
}

fn confirmation(path: &str, value: OptionValue) -> Read<Confirmation> {
    match text(path, value)?.as_str() {
        "reject" => Ok(Confirmation::Reject),
        "ignore" => Ok(Confirmation::Ignore),
        _ => Err(ConfigError::new(path, "must be \"reject\" or \"ignore\"")),
    }
}

fn public_key(path: &str, value: OptionValue) -> Read<PublicKey> {
    match value {
        OptionValue::Text(text) => Ok(PublicKey::Pem(text.to_string())),
        OptionValue::Bytes(bytes) => Ok(match std::str::from_utf8(&bytes) {
            Ok(text) if text.contains("-----BEGIN ") => PublicKey::Pem(text.to_owned()),
            _ => PublicKey::Der(bytes.to_vec()),
        }),
        OptionValue::Map(_) => json_text(path, &value).map(PublicKey::Jwk),
        OptionValue::Key(handle) => Ok(PublicKey::Handle(handle)),
        other => Err(wrong_type(path, "a PEM string, DER bytes, a JWK, a JWK Set or a key object", &other)),
    }
}

fn secrets(path: &str, value: OptionValue) -> Read<Vec<Secret>> {
    match value {
        OptionValue::List(items) => {
            items.into_iter().enumerate().map(|(i, item)| secret(&format!("{path}[{i}]"), item)).collect()
        }
        other => secret(path, other).map(|secret| vec![secret]),
    }
}

#[allow(clippy::needless_pass_by_value)] // readers own the value they are handed
pub(super) fn secret(path: &str, value: OptionValue) -> Read<Secret> {
    match value {
        OptionValue::Text(text) => Ok(Secret::new(text.as_bytes())),
        OptionValue::Bytes(bytes) => Ok(Secret::new(bytes.as_slice())),
        other => Err(wrong_type(path, "a string or bytes, or an array of these", &other)),
    }
}

fn certificates(path: &str, value: OptionValue) -> Read<Vec<String>> {
    let one = |path: &str, value: OptionValue| match value {
        OptionValue::Text(text) => Ok(text.to_string()),
        OptionValue::Bytes(bytes) => String::from_utf8(bytes.to_vec())
            .map_err(|_| ConfigError::new(path, "must be PEM text with one or more certificates")),
        other => Err(wrong_type(path, "PEM text, or an array of PEM texts", &other)),
    };
    match value {
        OptionValue::List(items) => {
            items.into_iter().enumerate().map(|(i, item)| one(&format!("{path}[{i}]"), item)).collect()
        }
        other => one(path, other).map(|pem| vec![pem]),
    }
}

fn headers(path: &str, value: OptionValue) -> Read<Vec<(String, Zeroizing<String>)>> {
    let OptionValue::Map(members) = value else {
        return Err(wrong_type(path, "an object of header names and values", &value));
    };
    members
        .into_iter()
        .map(|(name, value)| {
            let value = text(&format!("{path}.{name}"), value)?;
            Ok((name, Zeroizing::new(value)))
        })
        .collect()
}

pub(crate) fn text(path: &str, value: OptionValue) -> Read<String> {
    match value {
        OptionValue::Text(text) => Ok(text.to_string()),
        other => Err(wrong_type(path, "a string", &other)),
    }
}

/// A URL as text or as the host's URL object.
fn url(path: &str, value: OptionValue) -> Read<String> {
    match value {
        OptionValue::Url(url) => Ok(url),
        other => text(path, other),
    }
}

/// A file's path as text or as the host's path object.
fn file_path(path: &str, value: OptionValue) -> Read<String> {
    match value {
        OptionValue::Path(file) => Ok(file),
        other => text(path, other),
    }
}

pub(crate) fn list(path: &str, value: OptionValue) -> Read<Vec<OptionValue>> {
    match value {
        OptionValue::List(items) => Ok(items),
        other => Err(wrong_type(path, "an array", &other)),
    }
}

pub(crate) fn texts(path: &str, value: OptionValue) -> Read<Vec<String>> {
    list(path, value)?.into_iter().enumerate().map(|(i, item)| text(&format!("{path}[{i}]"), item)).collect()
}

pub(super) fn one_or_more(path: &str, value: OptionValue) -> Read<Vec<String>> {
    match value {
        OptionValue::Text(text) => Ok(vec![text.to_string()]),
        OptionValue::List(_) => texts(path, value),
        other => Err(wrong_type(path, "a string or an array of strings", &other)),
    }
}

fn boolean(path: &str, value: OptionValue) -> Read<bool> {
    match value {
        OptionValue::Bool(value) => Ok(value),
        other => Err(wrong_type(path, "a boolean", &other)),
    }
}

fn number(path: &str, value: OptionValue) -> Read<f64> {
    match value {
        OptionValue::Number(value) if value.is_finite() => Ok(value),
        other => Err(wrong_type(path, "a finite number", &other)),
    }
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // the range was checked
fn whole_number(path: &str, value: OptionValue) -> Read<u64> {
    let value = number(path, value)?;
    if value.fract() != 0.0 || !(0.0..=9_007_199_254_740_991.0).contains(&value) {
        return Err(ConfigError::new(path, format!("must be a whole number, got {value}")));
    }
    Ok(value as u64)
}

/// Longest duration accepted anywhere: a thousand years, far below any overflow.
const LONGEST: f64 = 1000.0 * 31_557_600.0;

#[allow(clippy::needless_pass_by_value)] // readers own the value they are handed
fn whole_seconds(path: &str, value: OptionValue) -> Read<Duration> {
    seconds(path, &value).map(|seconds| Duration::from_secs_f64(seconds.round()))
}

#[allow(clippy::needless_pass_by_value)]
fn seconds_and_milliseconds(path: &str, value: OptionValue) -> Read<Duration> {
    parse_duration(path, &value)
}

/// Reads a duration as options do: seconds as a number, or a string such as `30s`.
///
/// # Errors
/// Anything else, or a negative duration; the error names `option`.
pub fn parse_duration(option: &str, value: &OptionValue) -> Result<Duration, ConfigError> {
    seconds(option, value).map(|seconds| Duration::from_secs_f64((seconds * 1000.0).round() / 1000.0))
}

fn seconds(path: &str, value: &OptionValue) -> Read<f64> {
    let seconds = match value {
        OptionValue::Number(seconds) => *seconds,
        OptionValue::Text(text) => duration::parse(text).ok_or_else(|| {
            ConfigError::new(
                path,
                format!("\"{}\" is not a duration; give seconds as a number, or a string such as \"30s\", \"5 minutes\" or \"1h\"", shown(text)),
            )
        })?,
        other => return Err(wrong_type(path, "a duration: seconds as a number, or a string such as \"1h\"", other)),
    };
    if !(0.0..=LONGEST).contains(&seconds) {
        return Err(ConfigError::new(
            path,
            format!("{seconds} seconds is out of range; a duration is a number of seconds and not negative"),
        ));
    }
    Ok(seconds)
}

fn json_text(path: &str, value: &OptionValue) -> Read<String> {
    value
        .to_json()
        .map(|json| json.to_string())
        .ok_or_else(|| ConfigError::new(path, "holds a value that JSON cannot express"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Read<Options> {
        Options::read(OptionValue::from_json(json).unwrap(), Spelling::Camel)
    }

    fn option_at_fault(json: &str) -> String {
        read(json).expect_err(json).option().to_owned()
    }

    #[test]
    fn unknown_names_are_refused_at_every_depth() {
        let error = read(r#"{"audiance":"x"}"#).expect_err("unknown");
        assert_eq!(error.option(), "audiance");
        assert!(error.to_string().contains("did you mean `audience`?"), "{error}");
        assert_eq!(option_at_fault(r#"{"jwks":{"timeOut":1}}"#), "jwks.timeOut");
        assert_eq!(option_at_fault(r#"{"claimsMapping":{"role":"x"}}"#), "claimsMapping.role");
        assert_eq!(option_at_fault(r#"{"issuers":[{"issuer":"a","jwks":{"x":1}}]}"#), "issuers[0].jwks.x");
        assert_eq!(option_at_fault(r#"{"jwks_uri":"x"}"#), "jwks_uri");
    }

    #[test]
    fn snake_case_reads_and_speaks_snake_case() {
        let snake = |json: &str| Options::read(OptionValue::from_json(json).unwrap(), Spelling::Snake);
        assert!(snake(r#"{"jwks_uri":"x","jwks":{"cache_max_age":60}}"#).is_ok());
        assert_eq!(snake(r#"{"max_token_age":"x"}"#).unwrap_err().option(), "max_token_age");
        assert_eq!(snake(r#"{"jwksUri":"x"}"#).unwrap_err().option(), "jwksUri");
    }

    #[test]
    fn wrong_types_name_the_option() {
        for (json, option) in [
            (r#"{"jwksUri":1}"#, "jwksUri"),
            (r#"{"issuer":[null]}"#, "issuer[0]"),
            (r#"{"issuer":{"$foreign":"a function"}}"#, "issuer"),
            (r#"{"maxTokenAge":"NaN"}"#, "maxTokenAge"),
            (r#"{"maxTokenAge":"3600"}"#, "maxTokenAge"),
            (r#"{"clockTolerance":-1}"#, "clockTolerance"),
            (r#"{"maxTokenBytes":1.5}"#, "maxTokenBytes"),
            (r#"{"cache":true}"#, "cache"),
            (r#"{"credentials":{"scheme":1}}"#, "credentials.scheme"),
            (r#"{"secret":[{}]}"#, "secret[0]"),
            (r#"{"confirmation":"maybe"}"#, "confirmation"),
            ("[]", "options"),
        ] {
            assert_eq!(option_at_fault(json), option, "{json}");
        }
    }

    #[test]
    fn lower_key_sources_are_not_even_parsed() {
        let options = read(r#"{"jwksUri":"https://a","publicKey":7,"secret":7}"#).unwrap();
        assert!(options.trust.public_key.is_none() && options.trust.secret.is_none());
        assert!(read(r#"{"publicKey":"x","secret":7}"#).is_ok());
        assert!(read(r#"{"jwksUri":null,"secret":7}"#).is_err());
    }

    #[test]
    fn a_null_scheme_means_the_bare_value() {
        assert_eq!(read(r#"{"credentials":{"scheme":null}}"#).unwrap().credentials.scheme, Some(None));
        assert_eq!(read(r#"{"credentials":{"header":null}}"#).unwrap().credentials.scheme, None);
    }
}
