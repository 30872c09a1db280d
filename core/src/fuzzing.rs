//! Doors into the private rooms for the fuzz targets of `tests/fuzz`. Only a build with the `fuzzing`
//! feature has this module; nothing in it decides anything.
#![allow(missing_docs)]

use crate::alg::Alg;
use crate::credentials;
use crate::duration;
use crate::error::Code;
use crate::header::Header;
use crate::json::{Document, Kind, Value};
use crate::key::{KeyProblem, PreparedKey, from_jwk, from_pem, from_spki};
use crate::keyset::{Choice, KeySet, discovered_jwks_uri};
use crate::mapping::{Mapping, Path};
use crate::options::{ClaimPath, ClaimsMapping, Credentials, FetchPolicy, check_remote_url};
use crate::texts::TextList;

/// A JSON value as the strict parser sees it; numbers keep their text.
#[derive(Debug, Clone, PartialEq)]
pub enum Json {
    Null,
    Bool(bool),
    Number(String, f64),
    Text(String),
    List(Vec<Json>),
    Map(Vec<(String, Json)>),
}

fn tree(value: Value<'_>) -> Json {
    match value.kind() {
        Kind::Null => Json::Null,
        Kind::True => Json::Bool(true),
        Kind::False => Json::Bool(false),
        Kind::Number => Json::Number(value.raw().to_owned(), value.as_f64().expect("a number")),
        Kind::String => Json::Text(value.as_str().expect("a string").into_owned()),
        Kind::Array => Json::List(value.items().map(tree).collect()),
        Kind::Object => Json::Map(value.members().map(|(name, value)| (name.into_owned(), tree(value))).collect()),
    }
}

/// Claims that were accepted.
pub struct Claims(crate::claims::Claims);

impl Claims {
    #[must_use]
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        crate::claims::Claims::parse(bytes.to_vec()).ok().map(Self)
    }

    #[must_use]
    pub fn tree(&self) -> Json {
        tree(self.0.root())
    }

    #[must_use]
    pub fn text(&self) -> &str {
        self.0.text()
    }
}

/// What is read of a header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeaderMembers {
    pub alg: String,
    pub kid: Option<String>,
    /// Whether `typ` is the media type that was asked about.
    pub is_typ: bool,
}

/// Reads a JOSE header.
///
/// # Errors
/// The code of the refusal.
pub fn header(bytes: &[u8], typ: &str) -> Result<HeaderMembers, Code> {
    let header = Header::parse(bytes.to_vec())?;
    let is_typ = header.is_typ(typ);
    Ok(HeaderMembers { alg: header.alg().to_owned(), kid: header.kid().map(str::to_owned), is_typ })
}

/// Reads a duration into seconds, with its sign.
#[must_use]
pub fn seconds(text: &str) -> Option<f64> {
    duration::parse(text)
}

/// Every algorithm name.
#[must_use]
pub fn algorithms() -> Vec<&'static str> {
    Alg::ALL.iter().map(|alg| alg.name()).collect()
}

/// A key that was taken in.
pub struct Key(PreparedKey);

impl Key {
    #[must_use]
    pub fn admits(&self) -> Vec<&'static str> {
        admitted(&self.0)
    }

    #[must_use]
    pub fn kid(&self) -> Option<&str> {
        self.0.kid()
    }

    #[must_use]
    pub fn identity(&self) -> [u8; 32] {
        *self.0.identity()
    }

    #[must_use]
    pub fn verifies(&self, alg: &str, message: &[u8], signature: &[u8]) -> bool {
        Alg::from_name(alg).is_some_and(|alg| self.0.verifies(alg, message, signature))
    }
}

fn admitted(key: &PreparedKey) -> Vec<&'static str> {
    key.admits().iter().map(Alg::name).collect()
}

fn imported(key: Result<PreparedKey, KeyProblem>) -> Result<Key, String> {
    key.map(Key).map_err(|problem| problem.text().to_owned())
}

/// Takes in a JWK.
///
/// # Errors
/// Why not.
pub fn key_of_jwk(bytes: &[u8]) -> Result<Key, String> {
    let document = Document::parse(bytes.to_vec()).map_err(|_| "not strict JSON".to_owned())?;
    imported(from_jwk(document.root()))
}

/// Takes in a PEM text.
///
/// # Errors
/// Why not.
pub fn key_of_pem(text: &[u8]) -> Result<Key, String> {
    imported(from_pem(text))
}

/// Takes in a DER `SubjectPublicKeyInfo`.
///
/// # Errors
/// Why not.
pub fn key_of_spki(der: &[u8]) -> Result<Key, String> {
    imported(from_spki(der))
}

/// A key set that was taken in.
pub struct Keys(KeySet);

/// Which key of a set was chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Chosen {
    None,
    Ambiguous,
    One { kid: Option<String>, admits: Vec<&'static str>, identity: [u8; 32] },
}

impl Keys {
    /// Takes in a JWK Set.
    ///
    /// # Errors
    /// Why not.
    pub fn parse(bytes: &[u8], max_keys: usize) -> Result<Self, String> {
        KeySet::parse(bytes.to_vec(), max_keys).map(Self).map_err(|bad| bad.0)
    }

    /// Keys in service, and keys skipped.
    #[must_use]
    pub fn counts(&self) -> (usize, usize) {
        (self.0.len(), self.0.skipped().len())
    }

    #[must_use]
    pub fn choose(&self, kid: Option<&str>, alg: &str) -> Chosen {
        let Some(alg) = Alg::from_name(alg) else { return Chosen::None };
        match self.0.choose(kid, alg) {
            Choice::None => Chosen::None,
            Choice::Ambiguous => Chosen::Ambiguous,
            Choice::One(key) => {
                Chosen::One { kid: key.kid().map(str::to_owned), admits: admitted(key), identity: *key.identity() }
            }
        }
    }

    #[must_use]
    pub fn same_keys(&self, other: &Self) -> bool {
        self.0.same_keys(&other.0)
    }
}

/// The `jwks_uri` of an issuer's metadata; `None` where the issuer itself cannot be discovered from.
///
/// # Errors
/// What is wrong with the document.
#[must_use]
pub fn jwks_uri(document: &[u8], issuer: &str, allow_http: bool) -> Option<Result<String, String>> {
    let url = check_remote_url(issuer, allow_http).ok()?;
    let policy = FetchPolicy { allow_http, ..FetchPolicy::default() };
    Some(discovered_jwks_uri(document.to_vec(), issuer, &url, &policy).map(|url| url.to_string()))
}

/// Where a token is.
#[derive(Debug, Clone, Copy)]
pub struct Place {
    pub header: &'static str,
    pub scheme: Option<&'static str>,
    pub cookie: Option<&'static str>,
}

impl Place {
    fn credentials(self) -> Credentials {
        let Self { header, scheme, cookie } = self;
        Credentials { header: header.into(), scheme: scheme.map(Into::into), cookie: cookie.map(Into::into) }
    }
}

/// Finds the token in the values of a header.
///
/// # Errors
/// The code of the refusal.
pub fn token_of<'a>(values: &[&'a [u8]], place: Place, max_bytes: usize) -> Result<&'a str, Code> {
    credentials::extract(values, &place.credentials(), max_bytes)
}

/// The subprotocols of a handshake that carry no token.
#[must_use]
pub fn without_token(values: &[&[u8]], place: Place) -> Option<Vec<String>> {
    credentials::without_token(values, &place.credentials())
}

/// What a path finds in claims: `None` where the path or the claims are refused.
#[must_use]
pub fn find(bytes: &[u8], path: &ClaimPath) -> Option<Option<Json>> {
    let claims = Claims::parse(bytes)?;
    Some(Path::parse(path).ok()?.find(&claims.0).map(tree))
}

/// The fields that a mapping finds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mapped {
    pub subject: Option<String>,
    pub name: Option<String>,
    pub roles: Vec<String>,
    pub scopes: Vec<String>,
}

/// Maps claims: `None` where a path or the claims are refused.
#[must_use]
pub fn map(bytes: &[u8], mapping: &ClaimsMapping) -> Option<Mapped> {
    let claims = Claims::parse(bytes)?;
    let (mapping, claims) = (Mapping::parse(mapping).ok()?, claims.0);
    let texts = |fill: &dyn Fn(&mut TextList)| {
        let mut texts = TextList::of(claims.text(), 0);
        fill(&mut texts);
        texts.range(claims.text(), 0, texts.len()).map(str::to_owned).collect::<Vec<_>>()
    };
    Some(Mapped {
        subject: texts(&|texts| mapping.subject(&claims).into_iter().for_each(|said| texts.push(said))).pop(),
        name: texts(&|texts| mapping.name(&claims).into_iter().for_each(|said| texts.push(said))).pop(),
        roles: texts(&|texts| mapping.roles(&claims, texts)),
        scopes: texts(&|texts| mapping.scopes(&claims, texts)),
    })
}
