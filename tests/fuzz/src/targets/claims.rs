//! The payload of a token as strict JSON: accepted is exactly what `serde_json` accepts under the
//! core's own rules, with the same value.

use bearergate_core::fuzzing;

use crate::limits::bounded;
use crate::oracle::{same, strict_object};

/// The input is the payload.
pub fn check(data: &[u8]) {
    let ours = bounded(|| fuzzing::Claims::parse(data));
    match (ours, strict_object(data)) {
        (None, None) => {}
        (Some(ours), Some(theirs)) => {
            assert!(same(&ours.tree(), &theirs.into()), "two values");
            assert_eq!(ours.text().as_bytes(), data, "not the text that came");
        }
        (ours, theirs) => panic!("accepted by us: {}, by serde_json: {}", ours.is_some(), theirs.is_some()),
    }
}
