//! Checks that many options share.

use std::ops::RangeInclusive;

use super::ConfigError;

/// What a check of options gives.
pub(super) type Checked<T> = Result<T, ConfigError>;

/// A number within its range, or the default.
pub(super) fn in_range<T: TryFrom<u64>>(
    name: &str,
    given: Option<u64>,
    default: u64,
    range: RangeInclusive<u64>,
    unit: &str,
) -> Checked<T> {
    let value = given.unwrap_or(default);
    let problem =
        || ConfigError::new(name, format!("must be {} to {} {unit}, got {value} {unit}", range.start(), range.end()));
    if given.is_some() && !range.contains(&value) {
        return Err(problem());
    }
    T::try_from(value).map_err(|_| problem())
}

pub(super) fn not_empty(name: &str, list: Option<&[String]>) -> Checked<()> {
    match list {
        Some([]) => Err(ConfigError::new(name, "must not be an empty array; leave it out to switch the check off")),
        _ => Ok(()),
    }
}

pub(super) fn no_empty_text(name: &str, texts: Option<&[String]>) -> Checked<()> {
    match texts {
        Some(texts) if texts.iter().any(String::is_empty) => {
            Err(ConfigError::new(name, "must not be an empty string; leave it out to switch the check off"))
        }
        _ => Ok(()),
    }
}
