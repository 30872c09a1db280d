//! Section 10: what the client sees besides the Connect code.

use serde_json::{Value, json};

use crate::case::{Suite, err, used};
use crate::mint::{T0, Token};

fn told(mut expect: Value, challenge: Value) -> Value {
    expect["error"]["challenge"] = challenge;
    expect
}

pub fn suite() -> Suite {
    let mut s = Suite::new("wire", "10", "The challenge that a refusal carries");
    let invalid = "Bearer error=\"invalid_token\"";
    s.each("challenge-missing", "10", "without credentials the challenge is bare", |c, _| {
        c.request(json!([]), told(err("ERR_CREDENTIALS_MISSING"), json!("Bearer")));
    });
    s.each("challenge-invalid", "10", "every refusal of a token says invalid_token and no more", |c, k| {
        let bearer = |text: &str| json!([["authorization", format!("Bearer {text}")]]);
        c.request(bearer("x"), told(err("ERR_TOKEN_MALFORMED"), json!(invalid)));
        c.request(bearer(&k.token().claim("exp", T0).mint()), told(err("ERR_TOKEN_EXPIRED"), json!(invalid)));
        c.request(bearer(&k.token().without("sub").mint()), told(err("ERR_SUBJECT_MISSING"), json!(invalid)));
        c.request(
            bearer(&k.token().header_members("\"crit\":[]").mint()),
            told(err("ERR_TOKEN_CRITICAL"), json!(invalid)),
        );
    });
    s.one("challenge-unavailable", "10", "unavailable keys give no challenge", |c| {
        c.options(json!({ "jwksUri": "$jwks" })).serve(json!({ "status": 500 }));
        c.request(
            json!([["authorization", format!("Bearer {}", Token::new("rsa-a", "RS256").mint())]]),
            told(err("ERR_KEYS_UNAVAILABLE"), Value::Null),
        )
        .fetches(1);
    });
    s.one("challenge-resource-metadata", "10", "resourceMetadata is part of the challenge (RFC 9728)", |c| {
        let url = "https://api.example/.well-known/oauth-protected-resource";
        c.options(json!({ "publicKey": used("ed-a.jwk"), "resourceMetadata": url }));
        c.request(
            json!([]),
            told(err("ERR_CREDENTIALS_MISSING"), json!(format!("Bearer resource_metadata=\"{url}\""))),
        );
        c.request(
            json!([["authorization", "Bearer x"]]),
            told(err("ERR_TOKEN_MALFORMED"), json!(format!("{invalid}, resource_metadata=\"{url}\""))),
        );
    });
    s
}
