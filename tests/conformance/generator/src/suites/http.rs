//! Sections 2 and 10 in front of a framework: which requests are judged, and the answers in the
//! protocols of their callers.

use serde_json::{Value, json};

use crate::case::{Case, Suite, ctx, used};
use crate::mint::{T0, Token};

const MISSING: &str = "Missing credentials";
const FAILED: &str = "Authentication failed";
const SUBJECT: &str = "JWT missing subject claim";
const UNAVAILABLE: &str = "Authentication temporarily unavailable";

fn key() -> Value {
    json!({ "publicKey": used("ed-a.jwk") })
}

fn token() -> Token {
    Token::new("ed-a", "EdDSA")
}

fn bearer(token: &Token) -> Value {
    json!([["authorization", format!("Bearer {}", token.mint())]])
}

fn typed(headers: &Value, content_type: Option<&str>) -> Value {
    let mut headers = headers.clone();
    if let Some(content_type) = content_type {
        headers.as_array_mut().unwrap().push(json!(["content-type", content_type]));
    }
    headers
}

fn skipped() -> Value {
    json!({ "skipped": true, "headers": {} })
}

/// What stands in an answer beside its form.
struct Told {
    status: u16,
    grpc: &'static str,
    code: &'static str,
    message: &'static str,
    header: (&'static str, &'static str),
}

const NONE: Told =
    Told { status: 401, grpc: "16", code: "unauthenticated", message: MISSING, header: ("www-authenticate", "Bearer") };
const INVALID: &str = "Bearer error=\"invalid_token\"";

impl Told {
    fn error(&self) -> String {
        format!("{{\"code\":\"{}\",\"message\":\"{}\"}}", self.code, self.message)
    }

    fn answer(&self, status: u16, content_type: &str, more: Value, body: &str) -> Value {
        let mut headers = json!({ "content-type": content_type });
        headers[self.header.0] = self.header.1.into();
        headers.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!({ "answer": { "status": status, "headers": headers, "body": body } })
    }

    fn json(&self) -> Value {
        self.answer(self.status, "application/json", json!({}), &self.error())
    }

    fn grpc(&self, content_type: &str) -> Value {
        let message = self.message.replace(' ', "%20");
        self.answer(200, content_type, json!({ "grpc-status": self.grpc, "grpc-message": message }), "")
    }

    /// The body as Latin-1: a flag, the length in four bytes, the message.
    fn stream(&self, content_type: &str) -> Value {
        let message = format!("{{\"error\":{}}}", self.error());
        let length = char::from(u8::try_from(message.len()).unwrap());
        self.answer(200, content_type, json!({}), &format!("\u{2}\0\0\0{length}{message}"))
    }

    /// What a caller with this content type is answered.
    fn to(&self, content_type: Option<&str>) -> Value {
        let essence = content_type.unwrap_or_default().split(';').next().unwrap().trim().to_ascii_lowercase();
        match essence.split('+').next().unwrap() {
            "application/grpc" | "application/grpc-web" | "application/grpc-web-text" => self.grpc(&essence),
            "application/connect" => self.stream(&essence),
            _ => self.json(),
        }
    }
}

const TYPES: &[(&str, Option<&str>)] = &[
    ("none", None),
    ("json", Some("application/json")),
    ("proto", Some("application/proto")),
    ("connect-json", Some("application/connect+json")),
    ("connect-proto", Some("application/connect+proto")),
    ("grpc", Some("application/grpc")),
    ("grpc-proto", Some("application/grpc+proto")),
    ("grpc-web", Some("application/grpc-web")),
    ("grpc-web-proto", Some("application/grpc-web+proto")),
    ("grpc-web-text", Some("application/grpc-web-text")),
    ("grpc-web-text-proto", Some("application/grpc-web-text+proto")),
    ("any-case", Some("Application/Connect+JSON")),
    ("parameters", Some("application/grpc-web+proto ; charset=utf-8")),
];

fn targets(case: &mut Case, targets: &[&str], expect: &Value) {
    for target in targets {
        case.http("GET", target, json!([]), expect.clone());
    }
}

pub fn suite() -> Suite {
    let mut s = Suite::new("http", "2", "HTTP requests in front of a framework");
    judged(&mut s);
    paths(&mut s);
    answers(&mut s);
    s
}

fn judged(s: &mut Suite) {
    s.each("http-good", "2 http", "a request with a good token has a context", |c, k| {
        let token = k.token();
        c.http("POST", "/any/path?x=1", bearer(&token), ctx(&token).headers(json!({})).ok());
        c.http("GET", "*", bearer(&token), ctx(&token).headers(json!({})).ok());
    });
    s.each("http-refused", "2 http", "a token is judged as anywhere else", |c, k| {
        let told = Told { message: FAILED, header: ("www-authenticate", INVALID), ..NONE };
        c.http("POST", "/a", bearer(&k.token().claim("exp", T0)), told.json());
        c.http("POST", "/a", bearer(&k.token().signature([1; 64])), told.json());
        c.http("POST", "/a", json!([]), NONE.json());
    });
    s.one("http-propagates", "2 http", "what is propagated is handed to the adapter", |c| {
        c.options(key()).options(json!({ "propagateHeaders": true, "propagatedClaims": [] }));
        let headers = json!({ "x-auth-subject": "alice", "x-auth-type": "jwt" });
        let token = token().claim("sub", "alice");
        c.http("POST", "/a", bearer(&token), ctx(&token).headers(headers).ok());
    });
    s.one("http-two-headers", "2 http", "two credentials headers are no token", |c| {
        let header = bearer(&token())[0].clone();
        let headers = json!([header, header]);
        let told = Told { message: FAILED, header: ("www-authenticate", INVALID), ..NONE };
        c.options(key()).http("POST", "/a", headers, told.json());
    });
    s.one("http-validate", "2 http", "the hook has the last word here too", |c| {
        let told = Told { message: FAILED, header: ("www-authenticate", INVALID), ..NONE };
        c.options(key()).options(json!({ "validate": { "$hook": "false" } }));
        c.http("POST", "/a", bearer(&token()), told.json());
    });
    s.one("http-preflight", "2 http", "a CORS preflight is OPTIONS with Access-Control-Request-Method", |c| {
        let asks = json!([["access-control-request-method", "POST"]]);
        c.options(key()).http("OPTIONS", "/a/../b", asks.clone(), skipped());
        c.http("OPTIONS", "/a", json!([["Access-Control-Request-Method", ""]]), skipped());
        c.http("OPTIONS", "/a", json!([]), NONE.json());
        c.http("OPTIONS", "/a", json!([["access-control-request-headers", "x"]]), NONE.json());
        c.http("POST", "/a", asks.clone(), NONE.json());
        c.http("options", "/a", asks, NONE.json());
    });
    s.one("http-skip-methods", "2 http", "a path of exactly a service and a method is skipped as the method is", |c| {
        c.options(key()).options(json!({ "skipMethods": ["pkg.Service/*", "pkg.Other/Get"] }));
        targets(c, &["/pkg.Service/Any", "/pkg.Service/Any?connect=v1", "/pkg.Other/Get"], &skipped());
        targets(
            c,
            &[
                "/pkg.Service",
                "/pkg.Service/",
                "/pkg.Service/Any/",
                "/pkg.Service/Any/More",
                "/prefix/pkg.Service/Any",
                "/pkg.Service2/Any",
                "/pkg.Other/get",
                "/pkg.Other/Get/",
                "/pkg.Other/%47et",
                "/pkg.Service/A;b",
                "/pkg.Service/..",
                "/pkg.Service/%2e%2e",
                "//pkg.Service/Any",
                "http://host/pkg.Service/Any",
            ],
            &NONE.json(),
        );
    });
    s.one("http-skip-all-methods", "2 http", "a star is every method and not every path", |c| {
        c.options(key()).options(json!({ "skipMethods": ["*"] }));
        targets(c, &["/pkg.Service/Any", "/a/b"], &skipped());
        targets(c, &["/", "/a", "/a/b/c", "/a/b%20c", "/a/b.c", "*", ""], &NONE.json());
    });
}

fn paths(s: &mut Suite) {
    s.one("http-skip-exact", "2 http", "a path without a star is that path alone", |c| {
        c.options(key()).skip_paths(json!(["/health", "/a%20b", "/"]));
        targets(c, &["/health", "/health?deep=1", "/health?x=/../y", "/a%20b", "/", "/?q"], &skipped());
        targets(
            c,
            &[
                "/health/",
                "/Health",
                "/healthy",
                "/health/x",
                "/%68ealth",
                "/x/health",
                "/health;x",
                "/health#x",
                "health",
                "/a b",
                "",
                "*",
            ],
            &NONE.json(),
        );
    });
    s.one("http-skip-below", "2 http", "a path with a star is what lies below it", |c| {
        c.options(key()).skip_paths(json!(["/public/*"]));
        targets(c, &["/public/", "/public/a", "/public/a/b.css?v=1", "/public/a..b/...", "/public/%C3%A9"], &skipped());
        targets(c, &["/public", "/publicity", "/public?/a", "/Public/a", "/x/public/a"], &NONE.json());
    });
    s.one("http-skip-two-readings", "2 http", "a path that can be read in two ways is never skipped", |c| {
        c.options(key()).skip_paths(json!(["/*", "/public/*", "/health"]));
        targets(
            c,
            &[
                "//public/a",
                "/public//a",
                "/public/a//",
                "/public/./a",
                "/public/../a",
                "/public/a/.",
                "/public/a/..",
                "/public/..;/a",
                "/public/.;x=1/a",
                "/public\\a",
                "/public/a\\..\\b",
                "/public/%2f",
                "/public/%2Fa",
                "/public/%5c",
                "/public/%5Ca",
                "/public/%2e%2e/a",
                "/public/%2E./a",
                "/public/a%2ecss",
                "/public/#/../a",
                "/public/.\t./a",
                "http://host/health",
                "http://host/public/a",
                "//host/health",
                "*",
                "",
            ],
            &NONE.json(),
        );
    });
    s.one("http-skip-none", "2 http", "an empty list of paths skips nothing", |c| {
        c.options(key()).skip_paths(json!([]));
        targets(c, &["/", "/health"], &NONE.json());
    });
    s.one("http-skip-ignores-tokens", "2 http", "a skipped path has no context, whatever token comes with it", |c| {
        c.options(key()).skip_paths(json!(["/health"]));
        c.http("GET", "/health", bearer(&token()), skipped());
        c.http("GET", "/health", json!([["authorization", "Bearer x"]]), skipped());
    });
    for (id, path) in [
        ("empty", ""),
        ("relative", "health"),
        ("star", "*"),
        ("prefix", "/health*"),
        ("inner-star", "/*/health"),
        ("two-stars", "/a/**"),
        ("empty-segment", "/a//b"),
        ("dot", "/a/./b"),
        ("dots", "/a/../b"),
        ("dots-last", "/a/.."),
        ("dots-star", "/a/../*"),
        ("backslash", "/a\\b"),
        ("slash-encoded", "/a%2Fb"),
        ("backslash-encoded", "/a%5cb"),
        ("dot-encoded", "/%2e%2E/a"),
        ("query", "/a?b"),
        ("fragment", "/a#b"),
        ("space", "/a b"),
        ("control", "/a\n"),
        ("not-ascii", "/é"),
        ("url", "https://api.example/health"),
    ] {
        bad_path(s, id, json!(["/ok", path]), "skipPaths[1]");
    }
    bad_path(s, "number", json!([1]), "skipPaths[0]");
    bad_path(s, "text", json!("/health"), "skipPaths");
    bad_path(s, "object", json!({ "path": "/health" }), "skipPaths");
}

fn bad_path(s: &mut Suite, id: &str, paths: Value, option: &str) {
    s.one(&format!("http-bad-path-{id}"), "2 http", "a path that no request could mean is a construction error", |c| {
        c.options(key()).skip_paths(paths);
        c.step(json!({ "now": T0, "expect": { "config": { "option": option } } }));
    });
}

fn answers(s: &mut Suite) {
    for (id, content_type) in TYPES.iter().copied() {
        s.one(&format!("http-answer-{id}"), "10 http", "a refusal is told in the caller's protocol", |c| {
            c.options(key()).http("POST", "/a", typed(&json!([]), content_type), NONE.to(content_type));
            let told = Told { message: SUBJECT, header: ("www-authenticate", INVALID), ..NONE };
            c.http("POST", "/a", typed(&bearer(&token().without("sub")), content_type), told.to(content_type));
            let told = Told { message: FAILED, ..told };
            let expired = token().claim("exp", T0);
            c.http("POST", "/a", typed(&bearer(&expired), content_type), told.to(content_type));
        });
        s.one(&format!("http-outage-{id}"), "10 http", "an outage is told in the caller's protocol", |c| {
            let told = Told {
                status: 503,
                grpc: "14",
                code: "unavailable",
                message: UNAVAILABLE,
                header: ("retry-after", "20"),
            };
            c.options(json!({ "jwksUri": "$jwks" }));
            c.serve(json!({ "status": 503, "headers": { "retry-after": "20" } }));
            let headers = typed(&bearer(&Token::new("rsa-a", "RS256")), content_type);
            c.http("POST", "/a", headers, told.to(content_type)).fetches(1);
        });
    }
    s.one("http-answer-other", "10 http", "a content type that only resembles one is no protocol", |c| {
        c.options(key());
        for content_type in [
            "",
            "text/html",
            "application/grpcs",
            "application/grpc-webs",
            "application/grpc-web-texts+proto",
            "application/connect",
            "application/connect+",
            "application/connects+json",
            "application/vnd.grpc",
            "text/grpc",
            "grpc",
            "application/json, application/grpc",
        ] {
            c.http("POST", "/a", typed(&json!([]), Some(content_type)), NONE.json());
        }
    });
    s.one("http-answer-metadata", "10 http", "the challenge names the resource's metadata in each protocol", |c| {
        let url = "https://api.example/.well-known/oauth-protected-resource";
        c.options(key()).options(json!({ "resourceMetadata": url }));
        let told = Told {
            header: (
                "www-authenticate",
                "Bearer resource_metadata=\"https://api.example/.well-known/oauth-protected-resource\"",
            ),
            ..NONE
        };
        for content_type in [None, Some("application/grpc"), Some("application/connect+proto")] {
            c.http("POST", "/a", typed(&json!([]), content_type), told.to(content_type));
        }
    });
}
