//! Requests judged in front of a framework, by method and path, and the answers to those that are
//! refused: what adapters for HTTP servers are made of.

mod answer;
mod path;
mod skip;

pub use answer::{HttpAnswer, Told, http_answer};
pub use skip::SkipPaths;

use crate::gate::{Decision, Gate, Request};
use path::{called, plain};

/// One HTTP request, before its body is read.
#[derive(Debug, Clone, Copy)]
pub struct HttpRequest<'a> {
    /// Method, case-sensitive.
    pub method: &'a str,
    /// The request target as received: the raw path, with its query where there is one.
    pub target: &'a [u8],
    /// Whether the request has a header `Access-Control-Request-Method`.
    pub preflight: bool,
    /// Every value of the credentials header, as received.
    pub credentials: &'a [&'a [u8]],
}

impl Gate {
    /// Decides about one HTTP request. Never blocks.
    ///
    /// A CORS preflight, a path of `skip_paths`, and a path of exactly `/service/method` that
    /// `skip_methods` covers go through without a context.
    #[must_use]
    pub fn check_http(&self, request: &HttpRequest<'_>, skip_paths: &SkipPaths) -> Decision {
        if request.method == "OPTIONS" && (request.preflight || mutant!("preflight")) {
            return Decision::Skip;
        }
        let path = plain(request.target);
        if path.is_some_and(|path| skip_paths.matches(path)) {
            return Decision::Skip;
        }
        match path.and_then(called) {
            Some((service, method)) => self.check(&Request { service, method, credentials: request.credentials }),
            None => self.check_credentials(request.credentials),
        }
    }
}

/// The method that a request target calls if it is one of Connect, gRPC or gRPC-Web: `pkg.Service/Method`,
/// for what the operator is told. Never the client's text as it is: only what could be such a name.
#[must_use]
pub fn procedure_of(target: &[u8]) -> Option<String> {
    plain(target).and_then(called).map(|(service, method)| format!("{service}/{method}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Options, Secret, TrustOptions};

    fn gate(skip_methods: &[&str]) -> Gate {
        Gate::new(Options {
            trust: TrustOptions { secret: Some(vec![Secret::new([7; 32])]), ..TrustOptions::default() },
            skip_methods: Some(skip_methods.iter().map(ToString::to_string).collect()),
            ..Options::default()
        })
        .unwrap()
    }

    fn skips(gate: &Gate, paths: &[&str], method: &str, target: &str, preflight: bool) -> bool {
        let paths = SkipPaths::new(paths.iter().map(ToString::to_string).collect()).unwrap();
        let request = HttpRequest { method, target: target.as_bytes(), preflight, credentials: &[] };
        matches!(gate.check_http(&request, &paths), Decision::Skip)
    }

    #[test]
    fn a_preflight_is_options_with_its_header() {
        let gate = gate(&[]);
        assert!(skips(&gate, &[], "OPTIONS", "/a/../b", true));
        assert!(!skips(&gate, &[], "OPTIONS", "/a", false));
        assert!(!skips(&gate, &[], "options", "/a", true));
        assert!(!skips(&gate, &[], "POST", "/a", true));
    }

    #[test]
    fn skipped_methods_are_skipped_by_their_path() {
        let gate = gate(&["a.B/*", "c.D/Get"]);
        for target in ["/a.B/Any", "/a.B/Any?x=1", "/c.D/Get"] {
            assert!(skips(&gate, &[], "POST", target, false), "{target}");
        }
        for target in [
            "/a.B",
            "/a.B/",
            "/a.B/x/y",
            "/x/a.B/Any",
            "a.B/Any",
            "/c.D/get",
            "/c.D/%47et",
            "/a.B/..",
            "/a.B/x;y",
            "//a.B/Any",
            "http://host/a.B/Any",
        ] {
            assert!(!skips(&gate, &[], "POST", target, false), "{target}");
        }
    }

    #[test]
    fn every_method_is_not_every_path() {
        let gate = gate(&["*"]);
        assert!(skips(&gate, &[], "POST", "/a.B/Any", false));
        for target in ["/", "/health", "/a/b/c", "/a.B/x%2fy", "*", ""] {
            assert!(!skips(&gate, &[], "POST", target, false), "{target}");
        }
    }

    #[test]
    fn the_operator_is_told_a_name_and_no_other_text() {
        assert_eq!(procedure_of(b"/a.B/Get?connect=v1").as_deref(), Some("a.B/Get"));
        for target in ["/a.B/Get\n", "/a/b/c", "/\u{1b}[31m/x", "/a.B/%20"] {
            assert_eq!(procedure_of(target.as_bytes()), None, "{target:?}");
        }
    }
}
