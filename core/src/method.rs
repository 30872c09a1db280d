//! Patterns that name Connect methods: `*`, `pkg.Service/*`, `pkg.Service/Method`, and, for
//! authorization rules only, the prefix `pkg.Service/Get*`.

use crate::options::ConfigError;

/// One parsed pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum MethodPattern {
    All,
    Service(Box<str>),
    Exact(Box<str>, Box<str>),
    Prefix(Box<str>, Box<str>),
}

impl MethodPattern {
    /// Reads any pattern, prefixes included.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        if text == "*" {
            return Ok(Self::All);
        }
        let wrong =
            || format!("\"{text}\" is not a method pattern; write \"*\", \"pkg.Service/*\" or \"pkg.Service/Method\"");
        let (service, method) = text.split_once('/').ok_or_else(wrong)?;
        let blank = |part: &str| part.is_empty() || part.contains(char::is_whitespace);
        if blank(service) || blank(method) || service.contains('*') || method.contains('/') {
            return Err(wrong());
        }
        if method == "*" {
            return Ok(Self::Service(service.into()));
        }
        match method.split_once('*') {
            None => Ok(Self::Exact(service.into(), method.into())),
            Some((prefix, "")) => Ok(Self::Prefix(service.into(), prefix.into())),
            Some(_) => Err(wrong()),
        }
    }

    /// Reads a pattern of `skipMethods`, where a prefix would open methods that were closed.
    pub(crate) fn parse_skip(text: &str) -> Result<Self, String> {
        match Self::parse(text)? {
            Self::Prefix(..) => Err(format!(
                "\"{text}\" is a prefix, which would skip authentication for methods added later; name the service or each method"
            )),
            pattern => Ok(pattern),
        }
    }

    pub(crate) fn matches(&self, service: &str, method: &str) -> bool {
        match self {
            Self::All => true,
            Self::Service(name) => &**name == service,
            Self::Exact(name, exact) => &**name == service && &**exact == method,
            Self::Prefix(name, prefix) => &**name == service && method.starts_with(&**prefix),
        }
    }
}

/// Whether a method of a service matches a pattern, prefixes included. Names are case-sensitive.
///
/// # Errors
/// A pattern that is none of `*`, `pkg.Service/*`, `pkg.Service/Method`, `pkg.Service/Get*`.
pub fn matches_method_pattern(service: &str, method: &str, pattern: &str) -> Result<bool, ConfigError> {
    MethodPattern::parse(pattern)
        .map(|pattern| pattern.matches(service, method))
        .map_err(|problem| ConfigError::new("pattern", problem))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_form_matches_what_it_names() {
        let check = |pattern: &str, method: &str| matches_method_pattern("a.B", method, pattern).unwrap();
        assert!(check("*", "Get"));
        assert!(check("a.B/*", "Get") && !check("a.b/*", "Get") && !check("a/*", "Get"));
        assert!(check("a.B/Get", "Get") && !check("a.B/Get", "GetAll") && !check("a.B/get", "Get"));
        assert!(check("a.B/Get*", "GetAll") && check("a.B/Get*", "Get") && !check("a.B/Get*", "Set"));
    }

    #[test]
    fn anything_else_is_an_error() {
        for pattern in
            ["", "a.B", "/a.B/Get", "/*", "a.B/", "**", "a.*/Get", "a.B/*Get", "a.B/G*t", "a.B/x/y", "a.B /Get"]
        {
            assert!(MethodPattern::parse(pattern).is_err(), "{pattern}");
        }
        assert!(MethodPattern::parse_skip("a.B/Get*").is_err());
    }
}
