//! Paths that go through without authentication: exact, or everything below one (`/public/*`).

use super::path::is_plain;
use crate::options::{ConfigError, OptionValue, Spelling, read_texts};

/// The option, in the spelling that errors begin with.
const OPTION: &str = "skipPaths";

/// Compiled paths to skip. The default skips none.
#[derive(Debug, Clone, Default)]
pub struct SkipPaths(Vec<Pattern>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Pattern {
    Exact(Box<[u8]>),
    /// The path before the `*`, with the slash it ends in.
    Below(Box<[u8]>),
}

impl SkipPaths {
    /// Compiles patterns: `/health` is that path alone, `/public/*` every path that begins with `/public/`.
    ///
    /// # Errors
    /// A pattern that no raw path could match, or that could be read in two ways.
    pub fn new(patterns: Vec<String>) -> Result<Self, ConfigError> {
        patterns
            .into_iter()
            .enumerate()
            .map(|(i, pattern)| {
                Pattern::parse(&pattern).map_err(|problem| ConfigError::new(format!("{OPTION}[{i}]"), problem))
            })
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// Compiles what a host gives as the option: nothing, or an array of strings.
    ///
    /// # Errors
    /// Anything else, and as [`SkipPaths::new`].
    pub fn read(value: OptionValue, spelling: Spelling) -> Result<Self, ConfigError> {
        let patterns = match value {
            OptionValue::Null => Ok(Vec::new()),
            value => read_texts(OPTION, value),
        };
        patterns.and_then(Self::new).map_err(|error| error.spelled(spelling))
    }

    /// Whether a plain path is skipped.
    pub(super) fn matches(&self, path: &[u8]) -> bool {
        self.0.iter().any(|pattern| match pattern {
            Pattern::Exact(exact) => **exact == *path,
            Pattern::Below(prefix) if mutant!("skip-path") => path.starts_with(&prefix[..prefix.len() - 1]),
            Pattern::Below(prefix) => path.starts_with(prefix),
        })
    }
}

impl Pattern {
    fn parse(text: &str) -> Result<Self, String> {
        let shown: String = text.chars().take(40).collect();
        let wrong =
            |why: &str| Err(format!("\"{shown}\" {why}; write a raw path such as \"/health\" or \"/public/*\""));
        if !text.starts_with('/') {
            return wrong("does not begin with a slash");
        }
        let (path, below) = match text.strip_suffix('*') {
            Some(path) if path.ends_with('/') => (path, true),
            Some(_) => return wrong("has a * that is no whole segment"),
            None => (text, false),
        };
        if path.contains('*') {
            return wrong("has a * before its end");
        }
        if path.contains('?') || !path.is_ascii() || !is_plain(path.as_bytes()) {
            return wrong(
                "is no plain path (no query or fragment, no empty or dot segment, no backslash, %2f, %5c or %2e, \
                 and percent-encoded where a request has it so)",
            );
        }
        let path = path.as_bytes().into();
        Ok(if below { Self::Below(path) } else { Self::Exact(path) })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::path::plain;
    use super::*;

    fn skips(patterns: &[&str], target: &[u8]) -> bool {
        let patterns = SkipPaths::new(patterns.iter().map(ToString::to_string).collect()).unwrap();
        plain(target).is_some_and(|path| patterns.matches(path))
    }

    #[test]
    fn a_pattern_is_one_path_or_all_below_it() {
        for (pattern, target) in [
            ("/a", "/a"),
            ("/a", "/a?b=//../%2e"),
            ("/a/", "/a/"),
            ("/a/*", "/a/"),
            ("/a/*", "/a/b"),
            ("/a/*", "/a/b/c?d"),
            ("/a/*", "/a/b.c;d"),
            ("/*", "/"),
            ("/*", "/any/thing"),
            ("/a%20b", "/a%20b"),
            ("/", "/"),
        ] {
            assert!(skips(&[pattern], target.as_bytes()), "{pattern} {target}");
        }
        for (pattern, target) in [
            ("/a", "/a/"),
            ("/a", "/A"),
            ("/a", "/ab"),
            ("/a", "/a/b"),
            ("/a", "/%61"),
            ("/a", "a"),
            ("/a", ""),
            ("/a", "/a#b"),
            ("/a/*", "/a"),
            ("/a/*", "/ab"),
            ("/a/*", "/a?/b"),
            ("/a/*", "/a/../b"),
            ("/a/*", "/a/..;x/b"),
            ("/a/*", "/a/b#/../c"),
            ("/a/*", "/a/.\t./b"),
            ("/*", "*"),
            ("/*", "http://host/a"),
            ("/*", "//host/a"),
            ("/a b", "/a%20b"),
        ] {
            let patterns = if pattern == "/a b" { vec![] } else { vec![pattern] };
            assert!(!skips(&patterns, target.as_bytes()), "{pattern} {target}");
        }
    }

    #[test]
    fn a_pattern_that_cannot_be_meant_is_an_error() {
        for pattern in [
            "",
            "a",
            "*",
            "/a*",
            "/*/a",
            "/a/**",
            "/a/*/",
            "//",
            "/a//b",
            "/a/./b",
            "/a/..",
            "/a/../*",
            "/.",
            "/a\\b",
            "/a%2Fb",
            "/a%5cb",
            "/%2E%2e/a",
            "/a?b",
            "/a#b",
            "/a b",
            "/\u{e9}",
            "/a\n",
            "http://host/a",
        ] {
            let error = SkipPaths::new(vec!["/ok".to_owned(), pattern.to_owned()]).expect_err(pattern);
            assert_eq!(error.option(), "skipPaths[1]", "{pattern}");
        }
    }

    #[test]
    fn the_option_is_an_array_of_strings() {
        let read = |json: &str| SkipPaths::read(OptionValue::from_json(json).unwrap(), Spelling::Snake);
        assert!(read("null").is_ok() && read("[]").is_ok() && read(r#"["/a"]"#).is_ok());
        for (json, option) in [(r#""/a""#, "skip_paths"), ("[1]", "skip_paths[0]"), (r#"["/a","b"]"#, "skip_paths[1]")]
        {
            assert_eq!(read(json).expect_err(json).option(), option);
        }
    }

    /// What must never be in a path that is skipped.
    fn forbidden(path: &str) -> bool {
        let lower = path.to_ascii_lowercase();
        ["//", "\\", "%2f", "%5c", "%2e", "/./", "/../"].iter().any(|part| lower.contains(part))
            || path.ends_with("/.")
            || path.ends_with("/..")
    }

    proptest! {
        #[test]
        fn no_path_with_two_readings_is_skipped(
            path in r"(/|//|\.|\.\.|\\|%2[fFeE]|%5[cC]|%2|5|a|b|;|#|\?|%|\x{e9}){0,12}",
        ) {
            let target = format!("/{path}");
            let before_query = target.split('?').next().unwrap_or_default();
            let skipped = skips(&["/*", "/a", "/a/*"], target.as_bytes());
            prop_assert!(!(skipped && forbidden(before_query)), "{target}");
            // Where nothing is wrong with a path, `/*` covers it.
            prop_assert_eq!(skipped, super::is_plain(before_query.as_bytes()), "{}", target);
        }

        #[test]
        fn what_is_inserted_anywhere_closes_a_path(
            at in 0usize..=16,
            part in prop::sample::select(vec!["//", "/./", "/../", "\\", "%2f", "%2F", "%5c", "%5C", "%2e", "%2E"]),
        ) {
            let path = "/public/some/file";
            let target = format!("{}{part}{}", &path[..at], &path[at..]);
            prop_assert!(!skips(&["/*", "/public/*"], target.as_bytes()), "{}", target);
        }

        #[test]
        fn only_paths_below_are_below(rest in "[ -~]{0,12}") {
            let target = format!("/a{rest}");
            if skips(&["/a/*"], target.as_bytes()) {
                prop_assert!(rest.starts_with('/'), "{}", target);
            }
        }

        #[test]
        fn no_bytes_panic(target in prop::collection::vec(any::<u8>(), 0..40)) {
            let skipped = skips(&["/*"], &target);
            prop_assert!(!skipped || target.starts_with(b"/"));
        }
    }
}
