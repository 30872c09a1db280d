//! The one error of construction: which option, what is wrong with it, what to do.

use std::fmt;

use super::Spelling;

/// An option that cannot be meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError {
    option: String,
    problem: String,
    /// Already in the user's spelling, with the user's own words in it.
    verbatim: bool,
}

/// Option names that the two spellings write differently.
const CAMEL: &[&str] = &[
    "jwksUri",
    "publicKey",
    "maxTokenAge",
    "clockTolerance",
    "claimsMapping",
    "requiredClaims",
    "skipMethods",
    "skipPaths",
    "defaultPolicy",
    "propagateHeaders",
    "propagatedClaims",
    "maxTokenBytes",
    "endStreamsAtExpiry",
    "resourceMetadata",
    "onReject",
    "cacheMaxAge",
    "refreshAhead",
    "staleIfError",
    "maxBytes",
    "maxKeys",
    "caFile",
    "allowHttp",
    "snapshotFile",
    "maxEntries",
    "expiresIn",
    "privateKey",
];

impl ConfigError {
    pub(crate) fn new(option: impl Into<String>, problem: impl Into<String>) -> Self {
        Self { option: option.into(), problem: problem.into(), verbatim: false }
    }

    pub(super) fn verbatim(option: String, problem: String) -> Self {
        Self { option, problem, verbatim: true }
    }

    /// The same error about an option of the object at `path`.
    pub(crate) fn within(mut self, path: &str) -> Self {
        if !path.is_empty() {
            self.option = format!("{path}.{}", self.option);
        }
        self
    }

    pub(crate) fn spelled(mut self, spelling: Spelling) -> Self {
        if spelling == Spelling::Snake && !self.verbatim {
            for name in CAMEL {
                let snake = snake_case(name);
                self.option = self.option.replace(name, &snake);
                self.problem = self.problem.replace(name, &snake);
            }
        }
        self
    }

    /// What is wrong, without the option's name.
    pub(crate) fn problem(&self) -> &str {
        &self.problem
    }

    /// The stable code, `ERR_CONFIG`.
    #[must_use]
    pub fn code(&self) -> &'static str {
        "ERR_CONFIG"
    }

    /// The option at fault as a path, such as `jwks.timeout`.
    #[must_use]
    pub fn option(&self) -> &str {
        &self.option
    }
}

/// `jwksUri` as `jwks_uri`.
pub(super) fn snake_case(camel: &str) -> String {
    let mut snake = String::with_capacity(camel.len() + 2);
    for character in camel.chars() {
        if character.is_ascii_uppercase() {
            snake.push('_');
        }
        snake.push(character.to_ascii_lowercase());
    }
    snake
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "option `{}`: {}", self.option, self.problem)
    }
}

impl std::error::Error for ConfigError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_spellings_name_the_option() {
        let error = ConfigError::new("cacheMaxAge", "must not exceed `staleIfError`").within("jwks");
        assert_eq!(error.option(), "jwks.cacheMaxAge");
        let error = error.spelled(Spelling::Snake);
        assert_eq!(error.to_string(), "option `jwks.cache_max_age`: must not exceed `stale_if_error`");
    }
}
