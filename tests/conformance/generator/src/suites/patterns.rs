//! Section 7: method patterns.

use serde_json::json;

use crate::case::{Suite, err, used};

/// An id, why, the patterns, and calls with whether they are skipped.
type Table = (&'static str, &'static str, Vec<&'static str>, Vec<(&'static str, &'static str, bool)>);

pub fn suite() -> Suite {
    let mut s = Suite::new("patterns", "7", "Patterns of skipMethods");
    let key = || json!({ "publicKey": used("ed-a.jwk") });
    let skipped = || json!({ "skipped": true, "headers": {} });
    let missing = || err("ERR_CREDENTIALS_MISSING");
    let tables: Vec<Table> = vec![
        ("all", "a star is every method", vec!["*"], vec![("pkg.Service", "Method", true), ("a", "b", true)]),
        (
            "service",
            "a service with a star is each of its methods",
            vec!["pkg.Service/*"],
            vec![
                ("pkg.Service", "Method", true),
                ("pkg.Service", "Other", true),
                ("pkg.Service2", "Method", false),
                ("pkg.Servic", "Method", false),
                ("other.Service", "Method", false),
                ("xpkg.Service", "Method", false),
            ],
        ),
        (
            "exact",
            "a full name is that method",
            vec!["pkg.Service/Method"],
            vec![
                ("pkg.Service", "Method", true),
                ("pkg.Service", "Method2", false),
                ("pkg.Service", "Metho", false),
                ("pkg.Other", "Method", false),
            ],
        ),
        (
            "case",
            "names are case-sensitive",
            vec!["pkg.Service/Method"],
            vec![("pkg.service", "Method", false), ("pkg.Service", "method", false), ("PKG.SERVICE", "METHOD", false)],
        ),
        (
            "several",
            "any pattern of several is enough",
            vec!["a.B/*", "pkg.Service/Method"],
            vec![("a.B", "C", true), ("pkg.Service", "Method", true), ("pkg.Service", "C", false)],
        ),
        (
            "health",
            "a health service is the usual example",
            vec!["grpc.health.v1.Health/*"],
            vec![("grpc.health.v1.Health", "Check", true), ("grpc.health.v1.HealthX", "Check", false)],
        ),
        ("none", "an empty list skips nothing", vec![], vec![("pkg.Service", "Method", false)]),
        (
            "no-package",
            "a service without a package is a name like any other",
            vec!["Service/*"],
            vec![("Service", "Method", true), ("pkg.Service", "Method", false)],
        ),
    ];
    for (id, why, patterns, calls) in tables {
        s.one(&format!("pattern-{id}"), "7", why, |c| {
            c.options(key()).options(json!({ "skipMethods": patterns }));
            for (service, method, skips) in calls {
                c.call(service, method, json!([]), if skips { skipped() } else { missing() });
            }
        });
    }
    s.one("pattern-absent", "7", "without skipMethods nothing is skipped", |c| {
        c.options(key()).request(json!([]), missing());
    });
    for (id, pattern) in [
        ("no-slash", "pkg.Service"),
        ("leading-slash", "/pkg.Service/Method"),
        ("leading-slash-star", "/pkg.Service/*"),
        ("empty", ""),
        ("prefix", "pkg.Service/Get*"),
        ("star-service", "*/Method"),
        ("star-star", "*/*"),
        ("double-star", "**"),
        ("package-star", "pkg.*/Method"),
        ("package-only", "pkg.*"),
        ("suffix", "pkg.Service/*Get"),
        ("infix", "pkg.Service/G*t"),
        ("no-method", "pkg.Service/"),
        ("no-service", "/Method"),
        ("slash", "/"),
        ("three-parts", "pkg/Service/Method"),
    ] {
        s.one(&format!("pattern-bad-{id}"), "7", "anything but the three forms is a construction error", |c| {
            c.options(key()).options(json!({ "skipMethods": ["pkg.Service/*", pattern] }));
            c.step(json!({ "now": crate::mint::T0, "expect": { "config": { "option": "skipMethods[1]" } } }));
        });
    }
    s
}
