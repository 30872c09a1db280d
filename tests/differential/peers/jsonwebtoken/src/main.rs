//! What the `jsonwebtoken` crate makes of each mutant, on its pure Rust backend. It has no clock that
//! could be set, no maximum age, no required `typ`, and keys by `kid` only from a set.

use std::collections::HashMap;
use std::io::{BufRead, BufWriter, Write, stdin, stdout};
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook};

use jsonwebtoken::jwk::{Jwk, JwkSet};
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use serde_json::{Value, from_value};

#[path = "../../../../conformance/runner-rust/src/canonical.rs"]
mod canonical;

enum Source {
    One(Box<DecodingKey>),
    Pem(String),
    Set(JwkSet),
    Unusable(String),
}

struct Config {
    source: Source,
    peer: Value,
}

fn main() -> std::io::Result<()> {
    set_hook(Box::new(|_| ()));
    let mut configs: HashMap<String, Config> = HashMap::new();
    let out = &mut BufWriter::new(stdout().lock());
    for line in stdin().lock().lines() {
        let line: Value = serde_json::from_str(&line?)?;
        if line.is_null() {
            out.flush()?;
        } else if let Some(name) = line["drop"].as_str() {
            configs.remove(name);
        } else if let Some(token) = line["token"].as_str() {
            let config = &configs[line["config"].as_str().expect("a config")];
            // It panics on keys of an odd length.
            let verdict = catch_unwind(AssertUnwindSafe(|| verdict(config, token)));
            match verdict.unwrap_or_else(|_| Err("R\tpanics".to_owned())) {
                Ok(claims) => writeln!(out, "A\t{}", canonical::canonical(&claims))?,
                Err(why) => writeln!(out, "{}", why.replace('\n', " "))?,
            }
        } else {
            let name = line["config"].as_str().expect("a config").to_owned();
            let peer = line["peer"].clone();
            configs.insert(name, Config { source: source(&peer["key"]), peer });
        }
    }
    out.flush()
}

fn source(key: &Value) -> Source {
    if let Some(secret) = key["secret"].as_str() {
        return Source::One(Box::new(DecodingKey::from_secret(secret.as_bytes())));
    }
    if let Some(pem) = key["pem"].as_str() {
        return Source::Pem(pem.to_owned());
    }
    let jwk = &key["jwk"];
    if jwk.get("keys").is_some() {
        return from_value(jwk.clone()).map_or_else(|error| Source::Unusable(error.to_string()), Source::Set);
    }
    match from_value::<Jwk>(jwk.clone()).map_err(|error| error.to_string()) {
        Ok(jwk) => match DecodingKey::from_jwk(&jwk) {
            Ok(key) => Source::One(Box::new(key)),
            Err(error) => Source::Unusable(error.to_string()),
        },
        Err(error) => Source::Unusable(error),
    }
}

fn verdict(config: &Config, token: &str) -> Result<Value, String> {
    let refused = |error: jsonwebtoken::errors::Error| format!("R\t{error}");
    let header = decode_header(token).map_err(refused)?;
    let key = match &config.source {
        Source::One(key) => (**key).clone(),
        Source::Pem(pem) => from_pem(header.alg, pem).map_err(refused)?,
        Source::Set(set) => {
            let kid = header.kid.as_deref().ok_or("U\tchooses keys by kid only")?;
            let jwk = set.find(kid).ok_or("R\tno such kid")?;
            DecodingKey::from_jwk(jwk).map_err(refused)?
        }
        Source::Unusable(why) => return Err(format!("R\t{why}")),
    };
    let text = |value: &Value| match value {
        Value::Array(items) => items.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        one => one.as_str().map(str::to_owned).into_iter().collect::<Vec<_>>(),
    };
    // A key's family must fit every listed algorithm, so the list is the header's one if it is listed.
    let listed = text(&config.peer["algorithms"]).iter().any(|name| name.parse() == Ok(header.alg));
    if !listed {
        return Err("R\talgorithm not allowed".to_owned());
    }
    let mut validation = Validation::new(header.alg);
    validation.leeway = config.peer["clockTolerance"].as_u64().unwrap_or(0);
    validation.validate_nbf = true;
    let mut required = text(&config.peer["requiredClaims"]);
    match &config.peer["issuer"] {
        Value::Null => {}
        issuer => {
            validation.set_issuer(&text(issuer));
            required.push("iss".to_owned());
        }
    }
    match &config.peer["audience"] {
        Value::Null => validation.validate_aud = false,
        audience => {
            validation.set_audience(&text(audience));
            required.push("aud".to_owned());
        }
    }
    validation.set_required_spec_claims(&required);
    decode::<Value>(token, &key, &validation).map(|data| data.claims).map_err(refused)
}

fn from_pem(alg: Algorithm, pem: &str) -> Result<DecodingKey, jsonwebtoken::errors::Error> {
    match alg {
        Algorithm::ES256 | Algorithm::ES384 => DecodingKey::from_ec_pem(pem.as_bytes()),
        Algorithm::EdDSA => DecodingKey::from_ed_pem(pem.as_bytes()),
        _ => DecodingKey::from_rsa_pem(pem.as_bytes()),
    }
}
