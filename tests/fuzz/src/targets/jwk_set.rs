//! A JWK Set: every key is in service or skipped, each key in service is one that would be accepted
//! alone, and a choice is what the token asks for.

use bearergate_core::fuzzing::{Chosen, Keys, algorithms, key_of_jwk};
use serde_json::Value;

use crate::limits::bounded;
use crate::oracle::strict_object;

const MAX_KEYS: usize = 64;

/// The input is the set.
pub fn check(data: &[u8]) {
    let set = bounded(|| Keys::parse(data, MAX_KEYS));
    let Some(members) = strict_object(data) else {
        assert!(set.is_err(), "not strict JSON");
        return;
    };
    let Some(Value::Array(all)) = members.get("keys") else {
        assert!(set.is_err(), "no array `keys`");
        return;
    };
    let alone: Vec<_> = all.iter().filter_map(|jwk| key_of_jwk(jwk.to_string().as_bytes()).ok()).collect();
    assert_eq!(set.is_ok(), !alone.is_empty() && all.len() <= MAX_KEYS);
    let Ok(set) = set else { return };
    assert_eq!(set.counts(), (alone.len(), all.len() - alone.len()));

    let kids = alone.iter().map(|key| key.kid()).chain([None, Some("nobody's")]);
    for kid in kids {
        for alg in algorithms() {
            let mut fitting: Vec<_> = alone
                .iter()
                .filter(|key| kid.is_none_or(|kid| key.kid() == Some(kid)) && key.admits().contains(&alg))
                .map(|key| (key.identity(), key.kid()))
                .collect();
            fitting.dedup_by_key(|(identity, _)| *identity);
            let one = fitting.first().copied();
            let several = fitting.iter().any(|(identity, _)| one.is_some_and(|(first, _)| first != *identity));
            match (set.choose(kid, alg), one) {
                (Chosen::None, None) => {}
                (Chosen::Ambiguous, Some(_)) => assert!(several, "{alg} {kid:?}"),
                (Chosen::One { kid: chosen, admits, identity }, Some((due, due_kid))) => {
                    assert!(!several && identity == due && admits.contains(&alg), "{alg} {kid:?}");
                    assert_eq!(chosen.as_deref(), due_kid);
                }
                (chosen, due) => panic!("{chosen:?}, due {due:?}"),
            }
        }
    }
    check_order(&set, all);
}

/// The same keys in another order are the same set.
fn check_order(set: &Keys, all: &[Value]) {
    let reversed: Vec<&Value> = all.iter().rev().collect();
    let text = serde_json::json!({ "keys": reversed }).to_string();
    let other = Keys::parse(text.as_bytes(), MAX_KEYS).expect("the same keys");
    assert!(set.same_keys(&other) && other.same_keys(set) && set.same_keys(set));
}
