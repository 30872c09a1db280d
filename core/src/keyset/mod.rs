//! Sets of keys: which key of a set a token names, and where sets come from.

mod crowd;
mod event;
mod fetch;
mod http;
mod in_service;
mod jitter;
mod machine;
mod membership;
#[cfg(test)]
mod model;
mod remote;
mod roots;
mod runtime;
mod shared;
mod snapshot;
mod ticket;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use serde::Serialize;

use crate::alg::{Alg, AlgSet};
use crate::json::{Document, Kind};
use crate::key::{KeyProblem, PreparedKey, from_jwk_set_member};

pub(crate) use event::Listener;
pub use event::{KeyEvent, KeyEventKind, KeySource};
#[cfg(feature = "fuzzing")]
pub(crate) use fetch::jwks_uri as discovered_jwks_uri;
pub(crate) use machine::Timing;
pub(crate) use membership::Membership;
pub(crate) use remote::{Current, Landed, NoWait, Readied, ReadyWait, RemoteSet, SetStats, Want};
pub(crate) use roots::{
    add_certificates_from_env, from_file as certificates_from_file, from_pem as certificates_from_pem,
};
pub(crate) use shared::Lease;
pub(crate) use ticket::Resolver;
pub use ticket::{Cancel, Ticket};

/// An immutable set of prepared keys.
#[derive(Debug, Default)]
pub(crate) struct KeySet {
    keys: Vec<Arc<PreparedKey>>,
    by_kid: HashMap<Box<str>, Vec<usize>>,
    skipped: Vec<SkippedKey>,
}

/// A key of a set that cannot be used, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SkippedKey {
    /// The key's `kid`, where it has one.
    pub kid: Option<String>,
    /// Why it is not used.
    pub reason: String,
    /// Whether it is broken, rather than merely for another purpose.
    #[serde(skip)]
    pub(crate) unusable: bool,
}

/// Which key of a set a token names.
#[derive(Debug)]
pub(crate) enum Choice<'a> {
    One(&'a Arc<PreparedKey>),
    None,
    Ambiguous,
}

/// Why a document is not a key set that can serve.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct BadSet(pub(crate) String);

impl KeySet {
    /// Reads a JWK Set (RFC 7517 section 5). Keys that cannot be used are skipped with their
    /// reason; at least one must be left.
    pub(crate) fn parse(bytes: Vec<u8>, max_keys: usize) -> Result<Self, BadSet> {
        let document = Document::parse(bytes).map_err(|_| BadSet("not strict JSON".to_owned()))?;
        let keys = document
            .root()
            .get("keys")
            .filter(|keys| keys.kind() == Kind::Array)
            .ok_or_else(|| BadSet("not a JWK Set: no array `keys`".to_owned()))?;
        let count = keys.items().count();
        if count > max_keys {
            return Err(BadSet(format!("{count} keys are more than `maxKeys` ({max_keys})")));
        }
        let mut usable = Vec::new();
        let mut skipped = Vec::new();
        for jwk in keys.items() {
            match from_jwk_set_member(jwk) {
                Ok(key) => usable.push(Arc::new(key)),
                Err((kid, problem)) => skipped.push(SkippedKey {
                    kid,
                    reason: problem.text().to_owned(),
                    unusable: matches!(problem, KeyProblem::Unusable(_)),
                }),
            }
        }
        if usable.is_empty() {
            let reasons: Vec<_> = skipped.iter().take(3).map(|key| key.reason.as_str()).collect();
            return Err(BadSet(format!("no usable key among {count} ({})", reasons.join("; "))));
        }
        Ok(Self::of(usable, skipped))
    }

    fn of(keys: Vec<Arc<PreparedKey>>, skipped: Vec<SkippedKey>) -> Self {
        let mut by_kid: HashMap<Box<str>, Vec<usize>> = HashMap::new();
        for (i, key) in keys.iter().enumerate() {
            if let Some(kid) = key.kid() {
                by_kid.entry(kid.into()).or_default().push(i);
            }
        }
        Self { keys, by_kid, skipped }
    }

    pub(crate) fn len(&self) -> usize {
        self.keys.len()
    }

    pub(crate) fn skipped(&self) -> &[SkippedKey] {
        &self.skipped
    }

    /// Every algorithm that some key of the set admits.
    pub(crate) fn admits(&self) -> AlgSet {
        self.keys.iter().fold(AlgSet::EMPTY, |set, key| set.or(key.admits()))
    }

    /// By `kid` where the token has one, and by what the key admits. The same key listed twice
    /// counts as one.
    pub(crate) fn choose(&self, kid: Option<&str>, alg: Alg) -> Choice<'_> {
        match kid {
            Some(kid) if !mutant!("kid") => {
                let named = self.by_kid.get(kid).map(Vec::as_slice).unwrap_or_default();
                only(named.iter().map(|i| &self.keys[*i]), alg)
            }
            _ => only(self.keys.iter(), alg),
        }
    }

    /// Names of the keys that another set does not hold.
    pub(crate) fn kids_beside(&self, other: Option<&Self>) -> Vec<Option<String>> {
        let known: HashSet<_> = other.iter().flat_map(|other| &other.keys).map(what_it_is).collect();
        let new = self.keys.iter().filter(|key| !known.contains(&what_it_is(key)));
        new.map(|key| key.kid().map(str::to_owned)).collect()
    }

    /// Whether both sets hold the same keys under the same names, in whatever order.
    pub(crate) fn same_keys(&self, other: &Self) -> bool {
        let ours: HashSet<_> = self.keys.iter().map(what_it_is).collect();
        ours == other.keys.iter().map(what_it_is).collect()
    }
}

/// All that a key decides by.
fn what_it_is(key: &Arc<PreparedKey>) -> (&[u8; 32], AlgSet, Option<&str>) {
    (key.identity(), key.admits(), key.kid())
}

fn only<'a>(keys: impl Iterator<Item = &'a Arc<PreparedKey>>, alg: Alg) -> Choice<'a> {
    let mut fitting = keys.filter(|key| key.admits().contains(alg));
    let Some(first) = fitting.next() else { return Choice::None };
    if fitting.any(|key| key.identity() != first.identity()) && !mutant!("ambiguous") {
        return Choice::Ambiguous;
    }
    Choice::One(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    const EC: &str = r#""kty":"EC","crv":"P-256","x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4","y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM""#;
    const ED: &str = r#""kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo""#;

    fn parse(keys: &[String]) -> Result<KeySet, BadSet> {
        KeySet::parse(format!("{{\"keys\":[{}]}}", keys.join(",")).into_bytes(), 4)
    }

    #[test]
    fn the_kid_names_the_key_and_the_alg_must_fit() {
        let set = parse(&[format!("{{{EC},\"kid\":\"a\"}}"), format!("{{{ED},\"kid\":\"a\"}}"), format!("{{{EC}}}")])
            .unwrap();
        assert!(matches!(set.choose(Some("a"), Alg::Es256), Choice::One(_)));
        assert!(matches!(set.choose(Some("a"), Alg::EdDsa), Choice::One(_)));
        assert!(matches!(set.choose(Some("a"), Alg::Rs256), Choice::None));
        assert!(matches!(set.choose(Some("b"), Alg::Es256), Choice::None));
        // The EC key stands twice, once with and once without a kid.
        assert!(matches!(set.choose(None, Alg::Es256), Choice::One(_)));
    }

    #[test]
    fn a_set_must_have_a_usable_key_and_not_too_many() {
        assert_eq!(parse(&[]).err().map(|e| e.0), Some("no usable key among 0 ()".to_owned()));
        assert!(parse(&[r#"{"kty":"oct","k":"AA"}"#.to_owned()]).is_err());
        assert!(parse(&vec![format!("{{{EC}}}"); 5]).is_err());
        let set = parse(&[format!("{{{EC}}}"), r#"{"kty":"oct","kid":"s"}"#.to_owned(), "7".to_owned()]).unwrap();
        assert_eq!((set.len(), set.skipped().len()), (1, 2));
        assert_eq!(set.skipped()[0].kid.as_deref(), Some("s"));
        for text in ["[]", "{}", r#"{"keys":null}"#, r#"{"keys":{}}"#, r#"{"keys":[],"keys":[]}"#] {
            assert!(KeySet::parse(text.into(), 4).is_err(), "{text}");
        }
    }
}
