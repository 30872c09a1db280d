//! Section 1: what cannot be meant is refused at construction, and the option is named.

use serde_json::{Value, json};

use crate::canonical;
use crate::case::{Suite, used};
use crate::keys::{b64, bytes, pem, rsa_pkcs1, rsa_spki, strip, unb64};
use crate::mint::keys;

pub fn suite() -> Suite {
    let mut s = Suite::new("config", "1", "Construction errors");
    let with = |more: Value| {
        let mut options = json!({ "publicKey": used("ed-a.jwk") });
        options.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        options
    };
    let remote = |more: Value| json!({ "jwksUri": "$jwks", "jwks": more });

    // Sources.
    for (id, options) in [("none", json!({})), ("only-rules", json!({ "issuer": "https://issuer.example", "audience": "api" })), ("nulls", json!({ "jwksUri": null, "publicKey": null, "secret": null }))] {
        s.config(&format!("source-{id}"), "without a key source nothing can be verified", options, "jwksUri");
    }

    // Unknown options.
    for (id, name) in [("audiance", "audiance"), ("issuers", "issuers_"), ("case", "Audience"), ("acronym", "jwksURI"), ("underscores", "jwks_uri_"), ("singular", "algorithm"), ("other-word", "maxAge"), ("proto", "__proto")] {
        s.config(&format!("unknown-{id}"), "an unknown option might be a check that was meant to be on", with(json!({ name: "x" })), name);
    }
    s.config("unknown-in-jwks", "an unknown option is refused at every depth", remote(json!({ "cooldwn": 5 })), "jwks.cooldwn");
    s.config("unknown-in-credentials", "an unknown option is refused at every depth", with(json!({ "credentials": { "headers": "x" } })), "credentials.headers");
    s.config("unknown-in-cache", "an unknown option is refused at every depth", with(json!({ "cache": { "size": 5 } })), "cache.size");
    s.config("unknown-in-claims-mapping", "an unknown option is refused at every depth", with(json!({ "claimsMapping": { "role": "x" } })), "claimsMapping.role");
    s.config("unknown-although-undefined-others", "an unknown option beside good ones is refused", with(json!({ "issuer": "x", "audience": "y", "clockTolerence": 5 })), "clockTolerence");

    // Empty strings and arrays.
    for option in ["jwksUri", "publicKey", "secret", "issuer", "audience", "typ", "maxTokenAge", "clockTolerance", "confirmation", "resourceMetadata"] {
        let mut options = if ["jwksUri", "publicKey", "secret"].contains(&option) { json!({}) } else { with(json!({})) };
        options[option] = json!("");
        s.config(&format!("empty-{}", option.to_lowercase()), "an empty string is never meant", options, option);
    }
    for option in ["secret", "issuer", "audience", "algorithms"] {
        let mut options = if option == "secret" { json!({}) } else { with(json!({})) };
        options[option] = json!([]);
        s.config(&format!("empty-array-{option}"), "an empty array would admit nothing, or everything", options, option);
    }
    for option in ["issuer", "audience", "algorithms", "requiredClaims", "propagatedClaims"] {
        let first = if option == "algorithms" { "EdDSA" } else { "x" };
        let path = if option == "algorithms" { "algorithms[1]" } else { option };
        s.config(&format!("empty-element-{}", option.to_lowercase()), "an empty string inside an array is never meant", with(json!({ option: [first, ""] })), path);
        s.config(&format!("null-element-{}", option.to_lowercase()), "null inside an array is not a string", with(json!({ option: [first, null] })), &format!("{option}[1]"));
        s.config(&format!("number-element-{}", option.to_lowercase()), "a number inside an array is not a string", with(json!({ option: [1] })), &format!("{option}[0]"));
    }
    s.config("empty-credentials-header", "an empty header name is refused", with(json!({ "credentials": { "header": "" } })), "credentials.header");
    s.config("empty-credentials-scheme", "an empty scheme is refused: null means the bare value", with(json!({ "credentials": { "scheme": "" } })), "credentials.scheme");
    s.config("empty-credentials-cookie", "an empty cookie name is refused", with(json!({ "credentials": { "cookie": "" } })), "credentials.cookie");

    // Types.
    let wrong = [("number", json!(1)), ("boolean", json!(true)), ("string", json!("x")), ("array", json!([["x"]])), ("object", json!({ "x": 1 })), ("function", json!({ "$foreign": "function" }))];
    for (option, takes) in [
        ("jwksUri", "string"), ("issuer", "string"), ("audience", "string"), ("algorithms", ""), ("requiredClaims", ""), ("typ", "string"), ("skipMethods", ""), ("propagateHeaders", "boolean"),
        ("propagatedClaims", ""), ("credentials", ""), ("jwks", ""), ("cache", ""), ("maxTokenBytes", "number"), ("endStreamsAtExpiry", "boolean"), ("confirmation", ""), ("resourceMetadata", ""),
        ("claimsMapping", ""), ("issuers", ""), ("discover", "boolean"), ("secret", "string"), ("publicKey", "object"),
    ] {
        for (id, value) in &wrong {
            // An object or an array is told at the member that is wrong.
            let nested = matches!((option, *id), ("issuer" | "audience" | "algorithms" | "requiredClaims" | "skipMethods" | "propagatedClaims" | "issuers" | "secret", "array") | ("credentials" | "jwks" | "cache" | "claimsMapping", "object"));
            if takes == *id || nested {
                continue;
            }
            let mut options = if matches!(option, "jwksUri" | "secret" | "publicKey") { json!({}) } else { with(json!({})) };
            if option == "jwks" {
                options = json!({ "jwksUri": "$jwks" });
            }
            options[option] = value.clone();
            s.config(&format!("type-{}-{id}", option.to_lowercase()), "a value of another type is refused", options, option);
        }
    }
    for (option, values) in [
        ("caFile", vec![json!(1), json!("")]), ("ca", vec![json!(1), json!("")]), ("proxy", vec![json!(1), json!(""), json!("nonsense")]), ("allowHttp", vec![json!("yes"), json!(1)]),
        ("headers", vec![json!("x"), json!({ "a b": "x" }), json!({ "x": 1 })]), ("maxBytes", vec![json!("1"), json!(-1), json!(1.5)]), ("maxKeys", vec![json!("1"), json!(0), json!(1.5)]),
        ("refreshAhead", vec![json!("x"), json!(-1), json!(2)]),
    ] {
        for (at, value) in values.into_iter().enumerate() {
            let path = if value == json!({ "x": 1 }) { "jwks.headers.x".to_owned() } else { format!("jwks.{option}") };
            s.config(&format!("jwks-{}-bad-{at}", option.to_lowercase()), "a bad jwks option is named", remote(json!({ option: value })), &path);
        }
    }

    // Ranges.
    for (id, value) in [("low", json!(255)), ("high", json!(1_048_577)), ("zero", json!(0)), ("negative", json!(-1)), ("fraction", json!(1000.5)), ("text", json!("16384"))] {
        s.config(&format!("max-token-bytes-{id}"), "maxTokenBytes is a whole number from 256 to 1 MiB", with(json!({ "maxTokenBytes": value })), "maxTokenBytes");
    }
    for (id, value) in [("zero", json!(0)), ("high", json!(1_000_001)), ("negative", json!(-5)), ("fraction", json!(1.5)), ("text", json!("5"))] {
        s.config(&format!("cache-entries-{id}"), "maxEntries is a whole number from 1 to 1,000,000", with(json!({ "cache": { "maxEntries": value } })), "cache.maxEntries");
    }
    s.config("confirmation-unknown", "confirmation is reject or ignore", with(json!({ "confirmation": "Reject" })), "confirmation");

    // URLs.
    for (id, url) in [
        ("relative", "/jwks"), ("no-scheme", "idp.example/jwks"), ("ftp", "ftp://idp.example/jwks"), ("file", "file:///etc/passwd"), ("data", "data:application/json,{}"), ("javascript", "javascript:alert(1)"),
        ("http", "http://idp.example/jwks"), ("http-almost-loopback", "http://127.0.0.1.idp.example/jwks"), ("http-localhost-suffix", "http://localhost.idp.example/jwks"), ("user-info", "https://user:secret@idp.example/jwks"),
        ("user-only", "https://user@idp.example/jwks"), ("no-host", "https://"), ("spaces", "https://idp example/jwks"), ("garbage", "::"), ("bad-port", "https://idp.example:99999/jwks"),
    ] {
        s.config(&format!("jwks-uri-{id}"), "the URL must be https, or http to loopback, without user-info", json!({ "jwksUri": url }), "jwksUri");
    }
    for (id, url) in [("relative", "/x"), ("garbage", "::"), ("quote", "https://api.example/\"x")] {
        if id != "quote" {
            s.config(&format!("resource-metadata-{id}"), "resourceMetadata is an absolute URL", with(json!({ "resourceMetadata": url })), "resourceMetadata");
        }
    }

    // Secrets.
    for (id, algorithms, length, option) in [
        ("31", None, 31, "secret"), ("1", None, 1, "secret"), ("hs384-47", Some(json!(["HS384"])), 47, "secret"), ("hs512-63", Some(json!(["HS512"])), 63, "secret"),
        ("largest-wins", Some(json!(["HS256", "HS512"])), 48, "secret"), ("largest-wins-384", Some(json!(["HS384", "HS256"])), 32, "secret"),
    ] {
        let mut options = json!({ "secret": "s".repeat(length) });
        if let Some(algorithms) = algorithms {
            options["algorithms"] = algorithms;
        }
        s.config(&format!("secret-short-{id}"), "a secret must meet RFC 7518's minimum, the largest listed wins", options, option);
    }
    s.config("secret-short-bytes", "bytes are counted like text", json!({ "secret": bytes([7; 31]) }), "secret");
    s.config("secret-empty-bytes", "no bytes are no secret", json!({ "secret": bytes([]) }), "secret");
    s.config("secret-short-in-array", "each secret of an array is checked", json!({ "secret": [used("hmac-32.secret"), "short"] }), "secret[1]");
    s.config("secret-null-in-array", "null inside the array is no secret", json!({ "secret": [null, used("hmac-32.secret")] }), "secret[0]");
    s.config("secret-public-key-object", "a public key object is no secret", json!({ "secret": { "$key": { "kind": "public", "spki": keys().form("rsa-a.der")["$bytes"], "algorithm": null } } }), "secret");
    let jwk_text = canonical::text(&keys().form("rsa-a.jwk"));
    let set_text = canonical::text(&json!({ "keys": [keys().form("rsa-a.jwk")] }));
    let oct_text = format!(r#"{{"kty":"oct","k":"{}"}}"#, b64([7u8; 32]));
    let form = |name: &str| keys().form(name).as_str().unwrap().to_owned();
    let texts = [
        ("spki", form("rsa-a.pem")), ("pkcs1", form("rsa-a.pkcs1")), ("certificate", form("rsa-a.cert")), ("ec", form("p256-a.pem")), ("private", form("p256-a.private-pem")),
        ("ssh-rsa", form("rsa-a.ssh")), ("ssh-ed25519", "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ8mVh1kq0cWc7nCq6sDkYqTJYyCqkq4m2v3n0b8rQ9t x".to_owned()),
        ("ecdsa-ssh", format!("ecdsa-sha2-nistp256 {} x", "A".repeat(80))), ("jwk", jwk_text), ("jwks", set_text), ("oct-jwk", oct_text), ("jwk-spaced", format!("\n  {{ \"kty\" : \"EC\" , \"x\" : \"{}\" }}", "A".repeat(32))),
    ];
    for (id, text) in &texts {
        s.config(&format!("secret-is-{id}"), "a secret that is a key's text was meant for another option", json!({ "secret": text }), "secret");
        s.config(&format!("secret-is-{id}-bytes"), "and so are its bytes", json!({ "secret": bytes(text) }), "secret");
    }
    for (id, prefix) in [("newline", "\n"), ("spaces", "    "), ("nul", "\0"), ("escape", "\u{1b}"), ("zwsp", "\u{200b}"), ("bom", "\u{feff}"), ("hash", "# my key\n"), ("header", "Bag Attributes\n    friendlyName: x\n"), ("crlf", "\r\n\r\n"), ("letter", "x"), ("quote", "\"")] {
        for (kind, text) in [("pem", &texts[0].1), ("ssh", &texts[5].1), ("jwk", &texts[8].1), ("jwks", &texts[9].1)] {
            if matches!((id, kind), ("letter", "ssh" | "jwk" | "jwks")) {
                continue;
            }
            s.config(&format!("secret-{kind}-after-{id}"), "leading bytes do not hide what a text is (CVE-2023-48223)", json!({ "secret": format!("{prefix}{text}") }), "secret");
        }
    }
    s.config("secret-is-der", "a public key in DER given as bytes is no secret", json!({ "secret": used("rsa-a.der") }), "secret");

    // Public keys.
    let n = unb64(keys().form("rsa-a.jwk")["n"].as_str().unwrap());
    let e = [1, 0, 1];
    let spki_pem = |n: &[u8], e: &[u8]| json!(pem("PUBLIC KEY", &rsa_spki(&rsa_pkcs1(n, e))));
    let long = [vec![0x80], vec![0xff; 1024]].concat();
    let jwk = |name: &str, more: Value| {
        let mut jwk = keys().form(&format!("{name}.jwk"));
        jwk.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        jwk
    };
    let mut off_curve = unb64(keys().form("p256-a.jwk")["y"].as_str().unwrap());
    *off_curve.last_mut().unwrap() ^= 1;
    let broken_pem = form("rsa-a.pem").replace("MIIB", "MI*B");
    let cut_pem: String = form("rsa-a.pem").lines().filter(|line| !line.starts_with("-----END")).map(|line| format!("{line}\n")).collect();
    for (id, why, key) in [
        ("garbage", "garbage is no key", json!("garbage")), ("path", "a path is not read (CVE-2021-41106)", json!("/etc/ssl/key.pem")), ("pem-broken", "a PEM that does not decode", json!(broken_pem)),
        ("pem-cut", "a PEM without its end", json!(cut_pem)), ("pem-other-label", "a PEM of something else", json!(pem("CERTIFICATE REQUEST", &keys().key("rsa-a").spki()))),
        ("private-pem", "a private key in PEM", used("rsa-a.private-pem")), ("private-pem-ec", "a private EC key in PEM", used("p256-a.private-pem")), ("private-jwk", "a private JWK", used("rsa-a.private")),
        ("private-jwk-ec", "a private EC JWK", used("p256-a.private")), ("private-jwk-okp", "a private OKP JWK", used("ed-a.private")), ("private-jwk-akp", "a private AKP JWK", used("mldsa-44.private")),
        ("private-key-object", "a private key object", json!({ "$key": { "kind": "private", "spki": "", "algorithm": null } })), 
        ("oct", "an oct JWK", json!({ "kty": "oct", "k": b64([7u8; 32]) })), ("weak-jwk", "RSA under 2048 bits as JWK", used("rsa-weak.jwk")), ("weak-pem", "RSA under 2048 bits as PEM", used("rsa-weak.pem")),
        ("weak-pkcs1", "RSA under 2048 bits as PKCS#1", used("rsa-weak.pkcs1")), ("weak-der", "RSA under 2048 bits as DER", used("rsa-weak.der")), ("long-jwk", "RSA over 8192 bits as JWK", jwk("rsa-a", json!({ "n": b64(&long) }))),
        ("long-pem", "RSA over 8192 bits as PEM", spki_pem(&long, &e)), ("even-exponent-pem", "an even exponent in PEM", spki_pem(&n, &[1, 0, 0])), ("exponent-one-pem", "an exponent of 1 in PEM", spki_pem(&n, &[1])),
        ("exponent-two", "an exponent of 2", jwk("rsa-a", json!({ "e": "Ag" }))), ("exponent-one", "an exponent of 1", jwk("rsa-a", json!({ "e": "AQ" }))), ("off-curve", "a point that is not on its curve", jwk("p256-a", json!({ "y": b64(&off_curve) }))),
        ("ed448", "Ed448 is not supported", jwk("ed-a", json!({ "crv": "Ed448" }))), ("x25519", "X25519 does not sign", jwk("ed-a", json!({ "crv": "X25519" }))), ("akp-no-alg", "an AKP JWK needs its alg", strip(keys().form("mldsa-44.jwk"), &["alg"])),
        ("unknown-kty", "a kty that nobody knows", jwk("rsa-a", json!({ "kty": "XYZ" }))), ("unknown-alg", "an alg that nobody knows", jwk("rsa-a", json!({ "alg": "RS257" }))), ("wrong-alg", "an alg that does not fit the type", jwk("rsa-a", json!({ "alg": "ES256" }))),
        ("hs-alg", "a public key that says HS256", jwk("rsa-a", json!({ "alg": "HS256" }))), ("empty-object", "an empty object is no JWK", json!({})), ("set-empty", "an empty set verifies nothing", json!({ "keys": [] })),
        ("set-type", "keys must be an array", json!({ "keys": {} })), ("der-garbage", "bytes that are no DER", bytes([1, 2, 3])), ("der-trailing", "bytes after the DER", bytes([keys().key("rsa-a").spki(), vec![0]].concat())), ("der-empty", "no bytes are no key", bytes([])),
        ("der-private", "a private key in DER", bytes(keys().key("p256-a").pkcs8())), ("secret-text", "a secret is no public key", used("hmac-32.secret")), ("ssh", "an SSH key is no PEM", used("rsa-a.ssh")),
    ] {
        s.config(&format!("public-key-{id}"), why, json!({ "publicKey": key }), "publicKey");
    }
    s.one("public-key-secret-key-object", "1", "a secret key object is no public key", |c| {
        c.requires("secret-key-object").options(json!({ "publicKey": { "$key": { "kind": "secret", "spki": "", "algorithm": null } } }));
        c.step(json!({ "now": crate::mint::T0, "expect": { "config": { "option": "publicKey" } } }));
    });

    // Algorithms.
    for (id, list, option) in [
        ("unknown", json!(["EdDSA", "RS257"]), "algorithms[1]"), ("none", json!(["none"]), "algorithms[0]"), ("none-case", json!(["EdDSA", "NONE"]), "algorithms[1]"), ("case", json!(["eddsa"]), "algorithms[0]"), ("space", json!(["EdDSA "]), "algorithms[0]"),
        ("ed448", json!(["Ed448"]), "algorithms[0]"), ("dir", json!(["dir"]), "algorithms[0]"), ("hs-public", json!(["EdDSA", "HS256"]), "algorithms"), ("hs-only-public", json!(["HS256"]), "algorithms"), ("no-fit", json!(["RS256", "ES256"]), "algorithms"),
    ] {
        s.config(&format!("algorithms-{id}"), "names must be known, and one must fit the key", with(json!({ "algorithms": list })), option);
    }
    s.config("algorithms-secret-no-fit", "no asymmetric name fits a secret", json!({ "secret": used("hmac-32.secret"), "algorithms": ["RS256"] }), "algorithms");
    s.config("algorithms-jwk-alg-no-fit", "no name fits a JWK that admits another", json!({ "publicKey": jwk("rsa-a", json!({ "alg": "RS256" })), "algorithms": ["RS512", "PS256"] }), "algorithms");
    s.config("algorithms-set-no-fit", "no name fits any key of the set", json!({ "publicKey": { "keys": [used("rsa-a.jwk"), used("ed-a.jwk")] }, "algorithms": ["ES256"] }), "algorithms");
    s.config("algorithms-remote-hs", "HS* with a remote source is refused", json!({ "jwksUri": "$jwks", "algorithms": ["HS256"] }), "algorithms");
    s.config("algorithms-remote-hs-mixed", "HS* beside others with a remote source is refused", json!({ "jwksUri": "$jwks", "algorithms": ["RS256", "HS512"] }), "algorithms");

    // discover.
    s.config("discover-with-jwks-uri", "discover and jwksUri contradict each other", json!({ "discover": true, "jwksUri": "$jwks", "issuer": "https://issuer.example" }), "discover");
    s.config("discover-without-issuer", "discover needs the issuer", json!({ "discover": true }), "discover");
    s.config("discover-two-issuers", "discover needs exactly one issuer", json!({ "discover": true, "issuer": ["https://a.example", "https://b.example"] }), "discover");

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
    for (id, url) in [("https", "https://idp.example/jwks?x=1"), ("loopback", "http://127.0.0.1:1/jwks"), ("localhost", "http://localhost:1/jwks"), ("ipv6", "http://[::1]:1/jwks"), ("loopback-other", "http://127.1.2.3:1/jwks")] {
        s.one(&format!("jwks-uri-good-{id}"), "1", "this URL is accepted at construction, and nothing is fetched yet", |c| {
            c.options(json!({ "jwksUri": url })).text(crate::mint::T0, "x", crate::case::err("ERR_TOKEN_MALFORMED"));
        });
    }
    s.one("jwks-uri-good-allow-http", "1", "allowHttp admits http to other hosts", |c| {
        c.options(json!({ "jwksUri": "http://idp.example/jwks", "jwks": { "allowHttp": true } })).text(crate::mint::T0, "x", crate::case::err("ERR_TOKEN_MALFORMED"));
    });
    for (id, secret) in [("brace", "{\"not\":\"a key, only a long secret text\"}".to_owned()), ("dashes", "-----".repeat(8)), ("word", "the word BEGIN is no key by itself, nor is ssh".to_owned()), ("base64", "c2VjcmV0".repeat(5))] {
        s.one(&format!("secret-good-{id}"), "1", "a text that merely looks unusual is a secret", |c| {
            let token = crate::mint::Token::new("hmac-32", "HS256").hmac(&secret);
            c.options(json!({ "secret": secret })).verify(crate::mint::T0, &token, crate::case::ok(&token));
        });
    }
    s
}
