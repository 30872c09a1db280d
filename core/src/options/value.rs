//! The shape in which a binding hands options over: the host's values, not yet believed. Text and
//! bytes are wiped when dropped, since any of them may be a secret.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use zeroize::Zeroizing;

use super::ConfigError;

/// A value of the host language.
#[derive(Clone)]
pub enum OptionValue {
    /// Not given.
    Null,
    /// A boolean.
    Bool(bool),
    /// Any number, finite or not.
    Number(f64),
    /// Text.
    Text(Zeroizing<String>),
    /// Bytes.
    Bytes(Zeroizing<Vec<u8>>),
    /// An array.
    List(Vec<OptionValue>),
    /// An object, in its order.
    Map(Vec<(String, OptionValue)>),
    /// A key object of the host's cryptography library.
    Key(KeyHandle),
    /// A URL object, as text.
    Url(String),
    /// A path object, as text.
    Path(String),
    /// A value of a type that no option takes, by the type's name.
    Foreign(String),
}

/// A key object of the host's cryptography library.
#[derive(Debug, Clone)]
pub struct KeyHandle {
    /// What the key is.
    pub kind: KeyKind,
    /// DER `SubjectPublicKeyInfo` of a public key; empty for any other kind.
    pub spki: Vec<u8>,
    /// The algorithm a `WebCrypto` key is bound to.
    pub algorithm: Option<KeyAlgorithm>,
}

/// What a key object is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyKind {
    /// A public key.
    Public,
    /// A private key.
    Private,
    /// A symmetric key.
    Secret,
}

/// A `WebCrypto` key's algorithm.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyAlgorithm {
    /// `RSASSA-PKCS1-v1_5`, `RSA-PSS`, `ECDSA`, `Ed25519`, `ML-DSA-65`, …
    pub name: String,
    /// Hash of an RSA key, such as `SHA-256`.
    pub hash: Option<String>,
    /// Curve of an ECDSA key, such as `P-256`.
    pub named_curve: Option<String>,
}

impl OptionValue {
    /// Reads JSON in which `{"$bytes": base64}`, `{"$key": {…}}`, `{"$url": text}` and
    /// `{"$foreign": type}` stand for what JSON cannot say.
    ///
    /// # Errors
    /// Text that is not JSON, or a tag with another content.
    pub fn from_json(text: &str) -> Result<Self, ConfigError> {
        let value: Self = serde_json::from_str(text).map_err(|_| ConfigError::new("options", "are not valid JSON"))?;
        value.resolve_tags().ok_or_else(|| ConfigError::new("options", "hold a malformed tag"))
    }

    fn resolve_tags(self) -> Option<Self> {
        Some(match self {
            Self::List(items) => Self::List(items.into_iter().map(Self::resolve_tags).collect::<Option<_>>()?),
            Self::Map(mut members) => match members.as_mut_slice() {
                [(tag, Self::Text(text))] if tag == "$bytes" => Self::Bytes(decode(text)?.into()),
                [(tag, Self::Text(text))] if tag == "$foreign" => Self::Foreign(text.to_string()),
                [(tag, Self::Text(text))] if tag == "$url" => Self::Url(text.to_string()),
                [(tag, Self::Map(key))] if tag == "$key" => Self::Key(KeyHandle::from_members(key)?),
                _ => Self::Map(
                    members
                        .into_iter()
                        .map(|(name, value)| Some((name, value.resolve_tags()?)))
                        .collect::<Option<_>>()?,
                ),
            },
            other => other,
        })
    }

    /// What the value is, for an error.
    pub(super) fn type_name(&self) -> &str {
        match self {
            Self::Null => "nothing",
            Self::Bool(_) => "a boolean",
            Self::Number(_) => "a number",
            Self::Text(_) => "a string",
            Self::Bytes(_) => "bytes",
            Self::List(_) => "an array",
            Self::Map(_) => "an object",
            Self::Key(_) => "a key object",
            Self::Url(_) => "a URL object",
            Self::Path(_) => "a path object",
            Self::Foreign(name) => name,
        }
    }

    /// The value as JSON, where it is one.
    pub(crate) fn to_json(&self) -> Option<serde_json::Value> {
        Some(match self {
            Self::Null => serde_json::Value::Null,
            Self::Bool(value) => (*value).into(),
            Self::Number(value) => serde_json::Number::from_f64(*value)?.into(),
            Self::Text(text) => text.as_str().into(),
            Self::List(items) => items.iter().map(Self::to_json).collect::<Option<Vec<_>>>()?.into(),
            Self::Map(members) => serde_json::Value::Object(
                members.iter().map(|(name, value)| Some((name.clone(), value.to_json()?))).collect::<Option<_>>()?,
            ),
            Self::Bytes(_) | Self::Key(_) | Self::Url(_) | Self::Path(_) | Self::Foreign(_) => return None,
        })
    }
}

fn decode(text: &str) -> Option<Vec<u8>> {
    STANDARD.decode(text).ok()
}

impl KeyHandle {
    fn from_members(members: &[(String, OptionValue)]) -> Option<Self> {
        let find = |members: &[(String, OptionValue)], name: &str| {
            members.iter().find(|(member, _)| member == name).and_then(|(_, value)| match value {
                OptionValue::Text(text) => Some(text.to_string()),
                _ => None,
            })
        };
        let kind = match find(members, "kind")?.as_str() {
            "public" => KeyKind::Public,
            "private" => KeyKind::Private,
            "secret" => KeyKind::Secret,
            _ => return None,
        };
        let algorithm = members.iter().find_map(|(name, value)| match value {
            OptionValue::Map(algorithm) if name == "algorithm" => Some(algorithm),
            _ => None,
        });
        let algorithm = match algorithm {
            None => None,
            Some(algorithm) => Some(KeyAlgorithm {
                name: find(algorithm, "name")?,
                hash: find(algorithm, "hash"),
                named_curve: find(algorithm, "namedCurve"),
            }),
        };
        let spki = find(members, "spki").as_deref().map_or(Some(Vec::new()), decode)?;
        Some(Self { kind, spki, algorithm })
    }
}

/// Shows the shape and no text: any text may be a secret.
impl fmt::Debug for OptionValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::List(items) => f.debug_list().entries(items).finish(),
            Self::Map(members) => f.debug_map().entries(members.iter().map(|(name, value)| (name, value))).finish(),
            other => f.write_str(other.type_name()),
        }
    }
}

impl<'de> Deserialize<'de> for OptionValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Values;
        impl<'de> Visitor<'de> for Values {
            type Value = OptionValue;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an option value")
            }
            fn visit_unit<E>(self) -> Result<OptionValue, E> {
                Ok(OptionValue::Null)
            }
            fn visit_bool<E>(self, value: bool) -> Result<OptionValue, E> {
                Ok(OptionValue::Bool(value))
            }
            #[allow(clippy::cast_precision_loss)] // the host's numbers are doubles
            fn visit_i64<E>(self, value: i64) -> Result<OptionValue, E> {
                Ok(OptionValue::Number(value as f64))
            }
            #[allow(clippy::cast_precision_loss)]
            fn visit_u64<E>(self, value: u64) -> Result<OptionValue, E> {
                Ok(OptionValue::Number(value as f64))
            }
            fn visit_f64<E>(self, value: f64) -> Result<OptionValue, E> {
                Ok(OptionValue::Number(value))
            }
            fn visit_str<E>(self, text: &str) -> Result<OptionValue, E> {
                Ok(OptionValue::Text(text.to_owned().into()))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<OptionValue, A::Error> {
                let mut list = Vec::new();
                while let Some(item) = items.next_element()? {
                    list.push(item);
                }
                Ok(OptionValue::List(list))
            }
            fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<OptionValue, A::Error> {
                let mut map = Vec::new();
                while let Some(member) = members.next_entry()? {
                    map.push(member);
                }
                Ok(OptionValue::Map(map))
            }
        }
        deserializer.deserialize_any(Values)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_stand_for_what_json_cannot_say() {
        let value = OptionValue::from_json(
            r#"{"secret":{"$bytes":"AQI="},"validate":{"$foreign":"function"},
                "publicKey":{"$key":{"kind":"public","spki":"AQ==","algorithm":{"name":"RSA-PSS","hash":"SHA-256"}}}}"#,
        );
        let OptionValue::Map(members) = value.unwrap() else { panic!("not a map") };
        assert!(matches!(&members[0].1, OptionValue::Bytes(bytes) if bytes.as_slice() == [1, 2]));
        assert!(matches!(&members[1].1, OptionValue::Foreign(name) if name == "function"));
        assert!(
            matches!(&members[2].1, OptionValue::Key(key) if key.spki == [1] && key.algorithm.as_ref().is_some_and(|a| a.name == "RSA-PSS"))
        );
        assert!(OptionValue::from_json(r#"{"$bytes":"*"}"#).is_err());
    }

    #[test]
    fn debug_shows_no_text() {
        let value = OptionValue::from_json(r#"{"secret":"hunter2"}"#).unwrap();
        assert!(!format!("{value:?}").contains("hunter2"));
    }
}
