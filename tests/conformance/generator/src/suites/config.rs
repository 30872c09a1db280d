//! Section 1: what cannot be meant is refused at construction, and the option is named.

use serde_json::{Value, json};

use crate::case::{Suite, used};

pub fn suite() -> Suite {
    let mut s = Suite::new("config", "1", "Construction errors");
    let with = |more: Value| {
        let mut options = json!({ "publicKey": used("ed-a.jwk") });
        options.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        options
    };
    let remote = |more: Value| json!({ "jwksUri": "$jwks", "jwks": more });

    // Sources.
    for (id, options) in [
        ("none", json!({})),
        ("only-rules", json!({ "issuer": "https://issuer.example", "audience": "api" })),
        ("nulls", json!({ "jwksUri": null, "publicKey": null, "secret": null })),
    ] {
        s.config(&format!("source-{id}"), "without a key source nothing can be verified", options, "jwksUri");
    }

    // Unknown options.
    for (id, name) in [
        ("audiance", "audiance"),
        ("issuers", "issuers_"),
        ("case", "Audience"),
        ("acronym", "jwksURI"),
        ("underscores", "jwks_uri_"),
        ("singular", "algorithm"),
        ("other-word", "maxAge"),
        ("proto", "__proto"),
    ] {
        s.config(
            &format!("unknown-{id}"),
            "an unknown option might be a check that was meant to be on",
            with(json!({ name: "x" })),
            name,
        );
    }
    s.config(
        "unknown-in-jwks",
        "an unknown option is refused at every depth",
        remote(json!({ "cooldwn": 5 })),
        "jwks.cooldwn",
    );
    s.config(
        "unknown-in-credentials",
        "an unknown option is refused at every depth",
        with(json!({ "credentials": { "headers": "x" } })),
        "credentials.headers",
    );
    s.config(
        "unknown-in-cache",
        "an unknown option is refused at every depth",
        with(json!({ "cache": { "size": 5 } })),
        "cache.size",
    );
    s.config(
        "unknown-in-claims-mapping",
        "an unknown option is refused at every depth",
        with(json!({ "claimsMapping": { "role": "x" } })),
        "claimsMapping.role",
    );
    s.config(
        "unknown-although-undefined-others",
        "an unknown option beside good ones is refused",
        with(json!({ "issuer": "x", "audience": "y", "clockTolerence": 5 })),
        "clockTolerence",
    );

    // Empty strings and arrays.
    for option in [
        "jwksUri",
        "publicKey",
        "secret",
        "issuer",
        "audience",
        "typ",
        "maxTokenAge",
        "clockTolerance",
        "confirmation",
        "resourceMetadata",
    ] {
        let mut options =
            if ["jwksUri", "publicKey", "secret"].contains(&option) { json!({}) } else { with(json!({})) };
        options[option] = json!("");
        s.config(&format!("empty-{}", option.to_lowercase()), "an empty string is never meant", options, option);
    }
    for option in ["secret", "issuer", "audience", "algorithms"] {
        let mut options = if option == "secret" { json!({}) } else { with(json!({})) };
        options[option] = json!([]);
        s.config(
            &format!("empty-array-{option}"),
            "an empty array would admit nothing, or everything",
            options,
            option,
        );
    }
    for option in ["issuer", "audience", "algorithms", "requiredClaims", "propagatedClaims"] {
        let first = if option == "algorithms" { "EdDSA" } else { "x" };
        let path = if option == "algorithms" { "algorithms[1]" } else { option };
        s.config(
            &format!("empty-element-{}", option.to_lowercase()),
            "an empty string inside an array is never meant",
            with(json!({ option: [first, ""] })),
            path,
        );
        s.config(
            &format!("null-element-{}", option.to_lowercase()),
            "null inside an array is not a string",
            with(json!({ option: [first, null] })),
            &format!("{option}[1]"),
        );
        s.config(
            &format!("number-element-{}", option.to_lowercase()),
            "a number inside an array is not a string",
            with(json!({ option: [1] })),
            &format!("{option}[0]"),
        );
    }
    s.config(
        "empty-credentials-header",
        "an empty header name is refused",
        with(json!({ "credentials": { "header": "" } })),
        "credentials.header",
    );
    s.config(
        "empty-credentials-scheme",
        "an empty scheme is refused: null means the bare value",
        with(json!({ "credentials": { "scheme": "" } })),
        "credentials.scheme",
    );
    s.config(
        "bare-subprotocol",
        "an offered subprotocol cannot be told from a bare token",
        with(json!({ "credentials": { "header": "Sec-WebSocket-Protocol", "scheme": null } })),
        "credentials.scheme",
    );
    s.config(
        "empty-credentials-cookie",
        "an empty cookie name is refused",
        with(json!({ "credentials": { "cookie": "" } })),
        "credentials.cookie",
    );

    // Types.
    let wrong = [
        ("number", json!(1)),
        ("boolean", json!(true)),
        ("string", json!("x")),
        ("array", json!([["x"]])),
        ("object", json!({ "x": 1 })),
        ("function", json!({ "$foreign": "function" })),
    ];
    for (option, takes) in [
        ("jwksUri", "string"),
        ("issuer", "string"),
        ("audience", "string"),
        ("algorithms", ""),
        ("requiredClaims", ""),
        ("typ", "string"),
        ("skipMethods", ""),
        ("propagateHeaders", "boolean"),
        ("propagatedClaims", ""),
        ("credentials", ""),
        ("jwks", ""),
        ("cache", ""),
        ("maxTokenBytes", "number"),
        ("endStreamsAtExpiry", "boolean"),
        ("confirmation", ""),
        ("resourceMetadata", ""),
        ("claimsMapping", ""),
        ("issuers", ""),
        ("discover", "boolean"),
        ("secret", "string"),
        ("publicKey", "object"),
    ] {
        for (id, value) in &wrong {
            // An object or an array is told at the member that is wrong.
            let nested = matches!(
                (option, *id),
                (
                    "issuer"
                        | "audience"
                        | "algorithms"
                        | "requiredClaims"
                        | "skipMethods"
                        | "propagatedClaims"
                        | "issuers"
                        | "secret",
                    "array"
                ) | ("credentials" | "jwks" | "cache" | "claimsMapping", "object")
            );
            if takes == *id || nested {
                continue;
            }
            let mut options =
                if matches!(option, "jwksUri" | "secret" | "publicKey") { json!({}) } else { with(json!({})) };
            if option == "jwks" {
                options = json!({ "jwksUri": "$jwks" });
            }
            options[option] = value.clone();
            s.config(
                &format!("type-{}-{id}", option.to_lowercase()),
                "a value of another type is refused",
                options,
                option,
            );
        }
    }
    for (option, values) in [
        ("caFile", vec![json!(1), json!("")]),
        ("ca", vec![json!(1), json!("")]),
        ("proxy", vec![json!(1), json!(""), json!("nonsense")]),
        ("allowHttp", vec![json!("yes"), json!(1)]),
        ("headers", vec![json!("x"), json!({ "a b": "x" }), json!({ "x": 1 })]),
        ("maxBytes", vec![json!("1"), json!(-1), json!(1.5)]),
        ("maxKeys", vec![json!("1"), json!(0), json!(1.5)]),
        ("refreshAhead", vec![json!("x"), json!(-1), json!(2)]),
        ("snapshotFile", vec![json!(1), json!(""), json!("/"), json!("/no/such/directory/keys"), json!("/dev/..")]),
    ] {
        for (at, value) in values.into_iter().enumerate() {
            let path = if value == json!({ "x": 1 }) { "jwks.headers.x".to_owned() } else { format!("jwks.{option}") };
            s.config(
                &format!("jwks-{}-bad-{at}", option.to_lowercase()),
                "a bad jwks option is named",
                remote(json!({ option: value })),
                &path,
            );
        }
    }

    // Ranges.
    for (id, value) in [
        ("low", json!(255)),
        ("high", json!(1_048_577)),
        ("zero", json!(0)),
        ("negative", json!(-1)),
        ("fraction", json!(1000.5)),
        ("text", json!("16384")),
    ] {
        s.config(
            &format!("max-token-bytes-{id}"),
            "maxTokenBytes is a whole number from 256 to 1 MiB",
            with(json!({ "maxTokenBytes": value })),
            "maxTokenBytes",
        );
    }
    for (id, value) in [
        ("zero", json!(0)),
        ("high", json!(1_000_001)),
        ("negative", json!(-5)),
        ("fraction", json!(1.5)),
        ("text", json!("5")),
    ] {
        s.config(
            &format!("cache-entries-{id}"),
            "maxEntries is a whole number from 1 to 1,000,000",
            with(json!({ "cache": { "maxEntries": value } })),
            "cache.maxEntries",
        );
    }
    s.config(
        "confirmation-unknown",
        "confirmation is reject or ignore",
        with(json!({ "confirmation": "Reject" })),
        "confirmation",
    );

    // URLs.
    for (id, url) in [
        ("relative", "/jwks"),
        ("no-scheme", "idp.example/jwks"),
        ("ftp", "ftp://idp.example/jwks"),
        ("file", "file:///etc/passwd"),
        ("data", "data:application/json,{}"),
        ("javascript", "javascript:alert(1)"),
        ("http", "http://idp.example/jwks"),
        ("http-almost-loopback", "http://127.0.0.1.idp.example/jwks"),
        ("http-localhost-suffix", "http://localhost.idp.example/jwks"),
        ("user-info", "https://user:secret@idp.example/jwks"),
        ("user-only", "https://user@idp.example/jwks"),
        ("no-host", "https://"),
        ("spaces", "https://idp example/jwks"),
        ("garbage", "::"),
        ("bad-port", "https://idp.example:99999/jwks"),
    ] {
        s.config(
            &format!("jwks-uri-{id}"),
            "the URL must be https, or http to loopback, without user-info",
            json!({ "jwksUri": url }),
            "jwksUri",
        );
    }
    for (id, url) in [("relative", "/x"), ("garbage", "::"), ("quote", "https://api.example/\"x")] {
        if id != "quote" {
            s.config(
                &format!("resource-metadata-{id}"),
                "resourceMetadata is an absolute URL",
                with(json!({ "resourceMetadata": url })),
                "resourceMetadata",
            );
        }
    }

    // discover.
    s.config(
        "discover-with-jwks-uri",
        "discover and jwksUri contradict each other",
        json!({ "discover": true, "jwksUri": "$jwks", "issuer": "https://issuer.example" }),
        "discover",
    );
    s.config("discover-without-issuer", "discover needs the issuer", json!({ "discover": true }), "discover");
    s.config(
        "discover-two-issuers",
        "discover needs exactly one issuer",
        json!({ "discover": true, "issuer": ["https://a.example", "https://b.example"] }),
        "issuer",
    );
    s.config(
        "discover-issuer-array",
        "discover needs the issuer as one string, not an array of one",
        json!({ "discover": true, "issuer": ["https://a.example"] }),
        "issuer",
    );

    // Good constructions, so that the errors above are about what they say.
    s.one("config-all-options", "1", "every option at once, each with a good value", |c| {
        let token = crate::mint::Token::new("rsa-a", "RS256");
        c.options(json!({
            "jwksUri": "$jwks", "issuer": ["https://issuer.example"], "audience": ["api"], "algorithms": ["RS256", "ES256"], "maxTokenAge": "1h", "clockTolerance": "5s",
            "claimsMapping": { "subject": "sub", "name": "name", "roles": "roles", "scopes": "scope" }, "requiredClaims": ["sub"], "typ": "JWT", "skipMethods": ["a.B/*"], "propagateHeaders": false,
            "propagatedClaims": ["sub"], "credentials": { "header": "authorization", "scheme": "Bearer" }, "discover": false, "cache": { "maxEntries": 1 }, "maxTokenBytes": 256 * 4096, "endStreamsAtExpiry": true,
            "confirmation": "reject", "resourceMetadata": "https://api.example/.well-known/oauth-protected-resource",
            "jwks": { "timeout": 5, "cacheMaxAge": 600, "cooldown": 30, "staleIfError": 3600, "maxBytes": 524_288, "maxKeys": 256, "headers": { "x-a": "b" }, "allowHttp": true },
        }));
        c.serve_keys(&["rsa-a.jwk"]).verify(crate::mint::T0, &token, crate::case::ok(&token));
    });
    s.one("config-nulls", "1", "null means not given, at every depth", |c| {
        let token = crate::mint::Token::new("ed-a", "EdDSA");
        c.options(json!({
            "jwksUri": null, "publicKey": used("ed-a.jwk"), "secret": null, "issuer": null, "audience": null, "algorithms": null, "maxTokenAge": null, "clockTolerance": null, "claimsMapping": { "roles": null },
            "requiredClaims": null, "typ": null, "skipMethods": null, "propagateHeaders": null, "propagatedClaims": null, "credentials": { "header": null, "cookie": null }, "discover": null, "issuers": null, "jwks": null,
            "cache": null, "maxTokenBytes": null, "endStreamsAtExpiry": null, "confirmation": null, "resourceMetadata": null,
        }));
        c.verify(crate::mint::T0, &token, crate::case::ok(&token));
    });
    for (id, url) in [
        ("https", "https://idp.example/jwks?x=1"),
        ("loopback", "http://127.0.0.1:1/jwks"),
        ("localhost", "http://localhost:1/jwks"),
        ("ipv6", "http://[::1]:1/jwks"),
        ("loopback-other", "http://127.1.2.3:1/jwks"),
    ] {
        s.one(
            &format!("jwks-uri-good-{id}"),
            "1",
            "this URL is accepted at construction, and nothing is fetched yet",
            |c| {
                c.options(json!({ "jwksUri": url })).text(
                    crate::mint::T0,
                    "x",
                    crate::case::err("ERR_TOKEN_MALFORMED"),
                );
            },
        );
    }
    s.one("jwks-uri-good-allow-http", "1", "allowHttp admits http to other hosts", |c| {
        c.options(json!({ "jwksUri": "http://idp.example/jwks", "jwks": { "allowHttp": true } })).text(
            crate::mint::T0,
            "x",
            crate::case::err("ERR_TOKEN_MALFORMED"),
        );
    });
    for (id, secret) in [
        ("brace", "{\"not\":\"a key, only a long secret text\"}".to_owned()),
        ("dashes", "-----".repeat(8)),
        ("word", "the word BEGIN is no key by itself, nor is ssh".to_owned()),
        ("base64", "c2VjcmV0".repeat(5)),
    ] {
        s.one(&format!("secret-good-{id}"), "1", "a text that merely looks unusual is a secret", |c| {
            let token = crate::mint::Token::new("hmac-32", "HS256").hmac(&secret);
            c.options(json!({ "secret": secret })).verify(crate::mint::T0, &token, crate::case::ok(&token));
        });
    }
    s
}
