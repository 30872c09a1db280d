//! The ways in which a verifier can be given its keys. A rule that holds for all of them has one
//! case per source, each with an algorithm of its own.

use serde_json::{Value, json};

use crate::mint::Token;

/// One way, with the key and algorithm of its tokens.
pub struct Source {
    /// The last part of a case's id.
    pub name: &'static str,
    /// The key that signs.
    pub key: &'static str,
    /// The algorithm of the header.
    pub alg: &'static str,
}

/// Every source.
pub const ALL: &[Source] = &[
    Source { name: "jwks-uri", key: "rsa-a", alg: "RS256" },
    Source { name: "pem", key: "p256-a", alg: "ES256" },
    Source { name: "jwk", key: "ed-a", alg: "EdDSA" },
    Source { name: "jwk-set", key: "rsa-b", alg: "PS256" },
    Source { name: "secret", key: "hmac-32", alg: "HS256" },
    Source { name: "issuers", key: "p384", alg: "ES384" },
];

impl Source {
    /// The options that name the source.
    pub fn options(&self) -> Value {
        match self.name {
            "jwks-uri" => json!({ "jwksUri": "$jwks" }),
            "pem" => json!({ "publicKey": { "$use": "p256-a.pem" } }),
            "jwk" => json!({ "publicKey": { "$use": "ed-a.jwk" } }),
            "jwk-set" => json!({ "publicKey": { "keys": [
                { "$use": "p256-b.jwk" }, { "$use": "rsa-b.jwk" }, { "$use": "ed-b.jwk" },
            ] } }),
            "secret" => json!({ "secret": { "$use": "hmac-32.secret" } }),
            _ => json!({ "issuers": [
                { "issuer": "https://other.example", "publicKey": { "$use": "p256-b.jwk" } },
                { "issuer": "https://issuer.example", "publicKey": { "$use": "p384.jwk" } },
            ] }),
        }
    }

    /// What the scripted server answers, where there is one.
    pub fn serve(&self) -> Value {
        json!({ "jwks": { "keys": [{ "$use": "p256-b.jwk" }, { "$use": "rsa-a.jwk" }] } })
    }

    /// An ordinary token that this source verifies.
    pub fn token(&self) -> Token {
        Token::new(self.key, self.alg)
    }

    /// Another key of the same algorithm, which this source does not know.
    pub fn stranger(&self) -> &'static str {
        match self.key {
            "rsa-a" => "rsa-b",
            "rsa-b" => "rsa-a",
            "p256-a" => "p256-b",
            "ed-a" => "ed-b",
            "hmac-32" => "hmac-32-b",
            _ => "p384-b",
        }
    }
}
