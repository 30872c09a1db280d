//! From flags to the options of a verifier, with the files and variables that they name.

use zeroize::Zeroizing;

use super::arguments::Given;
use super::command::Surroundings;
use super::flags::{Flag, Takes, named, of_option, respell};
use super::shown::clean;
use crate::options::{ConfigError, OptionValue, Options, Spelling};

/// Longest file that is read for a key or a secret.
const LONGEST: u64 = 1 << 20;

/// The options that the flags stand for, `jwks_uri` given apart. The error names the flag.
pub(super) fn options(given: &Given, jwks_uri: Option<&str>, surroundings: &Surroundings) -> Result<Options, String> {
    let mut members: Vec<(String, OptionValue)> = Vec::new();
    let mut jwks = Vec::new();
    if let Some(url) = jwks_uri {
        members.push(("jwksUri".to_owned(), text(url)));
    }
    for (name, value) in &given.flags {
        let Some(flag) = named(name).filter(|flag| !flag.option.is_empty()) else { continue };
        let value = read(flag, value, surroundings).map_err(|problem| format!("{name}: {problem}"))?;
        match flag.option.strip_prefix("jwks.") {
            Some(option) => jwks.push((option.to_owned(), value)),
            None => add(&mut members, flag, value),
        }
    }
    // One issuer is a text: `discover` takes no list.
    for (name, value) in &mut members {
        if let (true, OptionValue::List(items)) = (name == "issuer", &mut *value)
            && items.len() == 1
            && let Some(issuer) = items.pop()
        {
            *value = issuer;
        }
    }
    if !jwks.is_empty() {
        members.push(("jwks".to_owned(), OptionValue::Map(jwks)));
    }
    Options::read(OptionValue::Map(members), Spelling::Camel).map_err(|error| in_flags(&error, given))
}

/// A construction error as the command line would say it.
pub(super) fn in_flags(error: &ConfigError, given: &Given) -> String {
    let name = of_option(error.option(), |name| given.has(name)).unwrap_or(error.option());
    format!("{}: {}", clean(name), clean(&respell(error.problem())))
}

/// Adds to what a flag has given before, where it may be given again.
fn add(members: &mut Vec<(String, OptionValue)>, flag: &Flag, value: OptionValue) {
    let before = members.iter_mut().find(|(name, _)| name == flag.option).map(|(_, value)| value);
    match (before, value) {
        (Some(OptionValue::List(items)), OptionValue::List(more)) => items.extend(more),
        (Some(OptionValue::Map(pairs)), OptionValue::Map(more)) => pairs.extend(more),
        (_, value) => members.push((flag.option.to_owned(), value)),
    }
}

fn text(value: &str) -> OptionValue {
    OptionValue::Text(Zeroizing::new(value.to_owned()))
}

fn read(flag: &Flag, value: &str, surroundings: &Surroundings) -> Result<OptionValue, String> {
    Ok(match flag.takes {
        Takes::Nothing => OptionValue::Bool(true),
        Takes::Text => text(value),
        Takes::Number => match value.parse::<f64>() {
            Ok(number) if value.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') => {
                OptionValue::Number(number)
            }
            _ => text(value),
        },
        Takes::Texts => OptionValue::List(vec![text(value)]),
        Takes::List => OptionValue::List(value.split(',').map(|item| text(item.trim())).collect()),
        Takes::Pairs => {
            let (field, path) = value.split_once('=').ok_or("must be FIELD=PATH, such as roles=realm_access.roles")?;
            let path = if path.starts_with('[') {
                OptionValue::from_json(path).map_err(|_| "the path is not a JSON array of names")?
            } else {
                text(path)
            };
            OptionValue::Map(vec![(field.to_owned(), path)])
        }
        Takes::File if flag.option == "secret" => {
            let mut bytes = file(value)?;
            if bytes.ends_with(b"\n") {
                bytes.pop();
            }
            OptionValue::Bytes(bytes)
        }
        Takes::File => public_key(file(value)?)?,
        Takes::Variable => match (surroundings.variable)(value) {
            Some(secret) => OptionValue::Text(Zeroizing::new(secret)),
            None => return Err("no such environment variable, or it is not text".to_owned()),
        },
    })
}

fn file(path: &str) -> Result<Zeroizing<Vec<u8>>, String> {
    use std::io::Read;
    let mut bytes = Zeroizing::new(Vec::new());
    std::fs::File::open(path)
        .and_then(|file| file.take(LONGEST).read_to_end(&mut bytes))
        .map_err(|error| format!("cannot read the file: {error}"))?;
    Ok(bytes)
}

/// A JWK or JWK Set where the text is JSON, else PEM or DER.
fn public_key(bytes: Zeroizing<Vec<u8>>) -> Result<OptionValue, String> {
    match std::str::from_utf8(&bytes) {
        Ok(json) if json.trim_start().starts_with('{') => {
            OptionValue::from_json(json).map_err(|_| "the file is not valid JSON".to_owned())
        }
        Ok(pem) if pem.contains("-----BEGIN ") => Ok(text(pem)),
        _ => Ok(OptionValue::Bytes(bytes)),
    }
}
