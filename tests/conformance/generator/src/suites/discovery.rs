//! Section 5: `discover`. Tokens are literal, so their issuer cannot be a port that is known only when
//! a runner starts: the issuers here are names under `.test`, reached through the scripted server as proxy.

use serde_json::{Value, json};

use crate::case::{Case, Suite, err, missing, ok, rejected, used};
use crate::mint::{T0, Token};

const OPENID: &str = "/.well-known/openid-configuration";
const OAUTH: &str = "/.well-known/oauth-authorization-server";

fn token(issuer: &str) -> Token {
    Token::new("p256-a", "ES256").claim("iss", issuer)
}

fn document(issuer: &str, jwks_uri: &str) -> Value {
    json!({ "jwks": { "issuer": issuer, "jwks_uri": jwks_uri } })
}

fn set() -> Value {
    json!({ "jwks": { "keys": [used("p256-a.jwk")] } })
}

/// A case whose one issuer is discovered; its host is the case's own.
fn case(s: &mut Suite, id: &str, why: &str, path: &str, script: &dyn Fn(&mut Case, &str)) {
    let issuer = format!("http://{id}.test{path}");
    s.one(id, "5 discovery", why, |c| {
        c.options(json!({ "discover": true, "issuer": issuer, "jwks": { "proxy": "$proxy", "allowHttp": true } }));
        script(c, &issuer);
    });
}

pub fn suite() -> Suite {
    let mut s = Suite::new("discovery", "5", "Finding the key set from the issuer");
    let unavailable = || err("ERR_KEYS_UNAVAILABLE");

    case(&mut s, "discover-openid", "the key set is found by OpenID Connect discovery", "", &|c, issuer| {
        c.serve(json!({ "routes": { OPENID: document(issuer, &format!("{issuer}/keys")), "/keys": set() } }));
        c.verify(T0, &token(issuer), ok(&token(issuer))).fetches(2);
        c.verify(T0 + 1, &token(issuer), ok(&token(issuer))).fetches(0);
        c.verify(T0 + 2, &token("http://other.test"), rejected("iss")).fetches(0);
        c.verify(T0 + 3, &token(issuer).without("iss"), missing("iss")).fetches(0);
    });
    case(
        &mut s,
        "discover-path",
        "an issuer with a path keeps it before the well-known part",
        "/tenant/1",
        &|c, issuer| {
            let place = format!("/tenant/1{OPENID}");
            c.serve(
                json!({ "routes": { place: document(issuer, &format!("{issuer}/keys")), "/tenant/1/keys": set() } }),
            );
            c.verify(T0, &token(issuer), ok(&token(issuer))).fetches(2);
        },
    );
    case(
        &mut s,
        "discover-trailing-slash",
        "a trailing slash is not doubled, and belongs to the issuer",
        "/",
        &|c, issuer| {
            c.serve(json!({ "routes": { OPENID: document(issuer, &format!("{issuer}keys")), "/keys": set() } }));
            c.verify(T0, &token(issuer), ok(&token(issuer))).fetches(2);
            c.verify(T0, &token(issuer.trim_end_matches('/')), rejected("iss")).fetches(0);
        },
    );
    case(&mut s, "discover-rfc8414", "RFC 8414 is asked after a 404", "", &|c, issuer| {
        c.serve(json!({ "routes": { OAUTH: document(issuer, &format!("{issuer}/keys")), "/keys": set() } }));
        c.verify(T0, &token(issuer), ok(&token(issuer))).fetches(3);
    });
    case(
        &mut s,
        "discover-rfc8414-path",
        "RFC 8414 puts the well-known part before the issuer's path",
        "/tenant",
        &|c, issuer| {
            let place = format!("{OAUTH}/tenant");
            c.serve(json!({ "routes": { place: document(issuer, &format!("{issuer}/keys")), "/tenant/keys": set() } }));
            c.verify(T0, &token(issuer), ok(&token(issuer))).fetches(3);
        },
    );
    for status in [400, 401, 403, 410, 500, 503] {
        case(
            &mut s,
            &format!("discover-no-fallback-{status}"),
            "RFC 8414 is asked after no other status than 404",
            "",
            &|c, issuer| {
                let good = document(issuer, &format!("{issuer}/keys"));
                c.serve(json!({ "routes": { OPENID: { "status": status }, OAUTH: good, "/keys": set() } }));
                c.verify(T0, &token(issuer), unavailable()).fetches(1);
            },
        );
    }
    case(&mut s, "discover-no-fallback-redirect", "a redirect of the document is refused", "", &|c, issuer| {
        let moved = json!({ "status": 302, "headers": { "location": format!("{issuer}{OAUTH}") } });
        c.serve(
            json!({ "routes": { OPENID: moved, OAUTH: document(issuer, &format!("{issuer}/keys")), "/keys": set() } }),
        );
        c.verify(T0, &token(issuer), unavailable()).fetches(1);
    });
    for (id, other) in
        [("other", "http://evil.test"), ("slash", "%/"), ("case", "HTTP%"), ("prefix", "%.evil"), ("empty", "")]
    {
        case(
            &mut s,
            &format!("discover-issuer-{id}"),
            "the document must name exactly the issuer asked for (FAULTS 54)",
            "",
            &|c, issuer| {
                let named = match other {
                    "HTTP%" => issuer.replace("http:", "HTTP:"),
                    other => other.replace('%', issuer),
                };
                c.serve(json!({ "routes": { OPENID: document(&named, &format!("{issuer}/keys")), "/keys": set() } }));
                c.verify(T0, &token(issuer), unavailable()).fetches(1);
            },
        );
    }
    for (id, why, body) in [
        ("no-jwks-uri", "a document without jwks_uri finds nothing", r#"{"issuer":"%"}"#),
        ("no-issuer", "a document without its issuer is refused", r#"{"jwks_uri":"%/keys"}"#),
        ("jwks-uri-type", "a jwks_uri that is not a string finds nothing", r#"{"issuer":"%","jwks_uri":["%/keys"]}"#),
        ("jwks-uri-relative", "a relative jwks_uri is refused", r#"{"issuer":"%","jwks_uri":"/keys"}"#),
        (
            "jwks-uri-file",
            "a jwks_uri of another scheme is refused",
            r#"{"issuer":"%","jwks_uri":"file:///etc/passwd"}"#,
        ),
        (
            "jwks-uri-user-info",
            "a jwks_uri with user-info is refused",
            r#"{"issuer":"%","jwks_uri":"http://a:b@idp.test/keys"}"#,
        ),
        ("array", "a document that is an array is refused", r#"[{"issuer":"%","jwks_uri":"%/keys"}]"#),
        (
            "duplicate",
            "a document with duplicate members is refused",
            r#"{"issuer":"%","jwks_uri":"http://evil.test/","jwks_uri":"%/keys"}"#,
        ),
        ("garbage", "garbage is no document", "garbage"),
    ] {
        case(&mut s, &format!("discover-bad-{id}"), why, "", &|c, issuer| {
            c.serve(json!({ "routes": { OPENID: { "body": body.replace('%', issuer) }, "/keys": set() } }));
            c.verify(T0, &token(issuer), unavailable()).fetches(1);
        });
    }
    s.one("discover-entry", "5 discovery", "an entry of issuers may be discovered, for its own tokens only", |c| {
        let issuer = "http://discover-entry.test";
        c.options(json!({ "issuers": [
            { "issuer": issuer, "discover": true, "jwks": { "proxy": "$proxy", "allowHttp": true } },
            { "issuer": "https://b.example", "publicKey": used("p256-b.jwk") },
        ] }));
        c.serve(json!({ "routes": { OPENID: document(issuer, &format!("{issuer}/keys")), "/keys": set() } }));
        let other = Token::new("p256-b", "ES256").claim("iss", "https://b.example");
        c.verify(T0, &other, ok(&other)).fetches(0);
        c.verify(T0, &token("http://unknown.test"), rejected("iss")).fetches(0);
        c.verify(T0, &token(issuer), ok(&token(issuer))).fetches(2);
    });
    s
}
