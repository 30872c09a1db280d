//! The options of a test token, from a host's values.

use super::fields::{Fields, Read, wrong_type};
use super::read::{one_or_more, secret, text};
use super::{ConfigError, OptionValue, Secret, Spelling};
use crate::duration;

/// What a test token is to say beside its payload.
#[derive(Debug, Clone, Default)]
pub struct TestTokenOptions {
    /// `iss`.
    pub issuer: Option<String>,
    /// `aud`: one value is written as a string, several as an array.
    pub audience: Option<Vec<String>>,
    /// When it expires.
    pub expires_in: Option<ExpiresIn>,
    /// Header `kid`.
    pub kid: Option<String>,
    /// Header `typ`; `JWT` when `None`.
    pub typ: Option<String>,
    /// The secret of an HMAC token; the test secret when `None`.
    pub secret: Option<Secret>,
}

/// When a test token expires.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExpiresIn {
    /// So many seconds from now; before now when negative.
    Seconds(i64),
    /// Never: it has no `exp`.
    Never,
}

impl TestTokenOptions {
    /// Gives a host's options their types.
    ///
    /// # Errors
    /// An unknown option, or a value that cannot be meant.
    pub fn read(value: OptionValue, spelling: Spelling) -> Result<Self, ConfigError> {
        let read = || -> Read<Self> {
            let mut fields = Fields::of("", value, spelling)?;
            let options = Self {
                issuer: fields.take_with("issuer", text)?,
                audience: fields.take_with("audience", one_or_more)?,
                expires_in: fields.take_with("expiresIn", expires_in)?,
                kid: fields.take_with("kid", text)?,
                typ: fields.take_with("typ", text)?,
                secret: fields.take_with("secret", secret)?,
            };
            fields.finish()?;
            Ok(options)
        };
        read().map_err(|error| error.spelled(spelling))
    }
}

/// Farther away than any test looks, and exact in every language.
const FARTHEST: f64 = 1e12;

#[allow(clippy::cast_possible_truncation)] // the range was checked
fn expires_in(path: &str, value: OptionValue) -> Read<ExpiresIn> {
    let expected = "a duration such as \"1h\" or \"-5m\", seconds as a number, or false for no `exp`";
    let seconds = match value {
        OptionValue::Bool(false) => return Ok(ExpiresIn::Never),
        OptionValue::Number(seconds) => Some(seconds),
        OptionValue::Text(text) => duration::parse(&text),
        other => return Err(wrong_type(path, expected, &other)),
    };
    match seconds.map(f64::round).filter(|seconds| seconds.abs() <= FARTHEST) {
        Some(seconds) => Ok(ExpiresIn::Seconds(seconds as i64)),
        None => Err(ConfigError::new(path, format!("must be {expected}"))),
    }
}
