//! Where the vectors lie, and how their files are read.

use std::fs;
use std::path::{Path, PathBuf};

use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use base64::{Engine, alphabet};

pub(super) type Json = serde_json::Value;

/// The directory of vectors.
pub(super) struct Source(PathBuf);

impl Source {
    /// `None` where there is no directory. One that is asked for by name must be there.
    pub(super) fn find() -> Option<Self> {
        if let Some(named) = std::env::var_os("BEARERGATE_VECTORS") {
            let named = PathBuf::from(named);
            assert!(named.is_dir(), "BEARERGATE_VECTORS is {}, which is no directory", named.display());
            return Some(Self(named));
        }
        let beside = workspace().join("../shared/vectors");
        beside.is_dir().then_some(Self(beside))
    }

    pub(super) fn json(&self, path: &str) -> Result<Json, String> {
        let text = fs::read(self.0.join(path)).map_err(|error| format!("cannot be read: {error}"))?;
        serde_json::from_slice(&text).map_err(|error| format!("is not JSON: {error}"))
    }

    /// Every JSON file of the directory, by its path within.
    pub(super) fn files(&self) -> Vec<String> {
        let mut found = Vec::new();
        let mut left = vec![self.0.clone()];
        while let Some(directory) = left.pop() {
            for entry in fs::read_dir(&directory).into_iter().flatten().flatten() {
                let path = entry.path();
                if path.is_dir() {
                    left.push(path);
                } else if path.extension().is_some_and(|extension| extension == "json")
                    && let Ok(within) = path.strip_prefix(&self.0)
                {
                    found.push(within.to_string_lossy().replace('\\', "/"));
                }
            }
        }
        found.sort();
        found
    }
}

pub(super) fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the core lies in its workspace")
}

/// A member that must be text.
pub(super) fn text<'a>(json: &'a Json, name: &str) -> &'a str {
    json[name].as_str().unwrap_or_else(|| panic!("`{name}` is not text"))
}

/// A member that must be an array.
pub(super) fn list<'a>(json: &'a Json, name: &str) -> &'a [Json] {
    json[name].as_array().unwrap_or_else(|| panic!("`{name}` is not an array"))
}

/// A member that must be bytes in hexadecimal.
pub(super) fn hex(json: &Json, name: &str) -> Vec<u8> {
    let digits = text(json, name).as_bytes();
    assert!(digits.len().is_multiple_of(2), "`{name}` has half a byte");
    let value = |digit: u8| char::from(digit).to_digit(16).expect("a hexadecimal digit");
    digits
        .chunks(2)
        .map(|pair| u8::try_from(value(pair[0]) * 16 + value(pair[1])).expect("two digits are a byte"))
        .collect()
}

/// The bytes of a symmetric JWK, which a user decodes before this package sees them. One vector's last
/// character has bits to spare.
pub(super) fn symmetric_key(jwk: &Json) -> Vec<u8> {
    let config = GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::RequireNone);
    let lenient = GeneralPurpose::new(&alphabet::URL_SAFE, config);
    lenient.decode(text(jwk, "k")).expect("`k` is base64url")
}

/// A JWK without the members that only a private key has.
pub(super) fn public_part(jwk: &Json) -> Json {
    let mut public = jwk.clone();
    let members = public.as_object_mut().expect("a JWK is an object");
    members.retain(|name, _| !["d", "p", "q", "dp", "dq", "qi", "oth", "priv"].contains(&name.as_str()));
    public
}
