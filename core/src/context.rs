//! What a verified token says about its caller. Only the verifier can make one.

use std::fmt;
use std::sync::Arc;

use crate::claims::Claims;
use crate::header::Header;
use crate::json::{ClaimValue, Said};
use crate::mapping::Mapping;
use crate::texts::{TextList, Texts};

/// The identity that a verified token proves. Cheap to clone.
///
/// There is no public constructor: whoever holds one knows that every check has passed.
#[derive(Clone)]
pub struct Verified(Arc<Parts>);

struct Parts {
    header: Header,
    claims: Claims,
    /// The subject, the name or nothing, the roles and the scopes.
    texts: TextList,
    has_name: bool,
    /// Where the scopes begin.
    scopes: usize,
    expires_at_ms: Option<i64>,
}

const SUBJECT: usize = 0;
const NAME: usize = 1;
const ROLES: usize = 2;
const NOTHING: Said = Said::At(0..0);

/// Last millisecond of the year 9999, beyond which a date cannot be expressed everywhere.
const LAST_MS: f64 = 253_402_300_799_999.0;

impl Verified {
    /// Maps claims that have passed every check but the subject's; without a subject, gives the
    /// header back.
    pub(crate) fn map(header: Header, claims: Claims, mapping: &Mapping) -> Result<Self, Header> {
        let mut texts = TextList::of(claims.text(), 16);
        match mapping.subject(&claims) {
            Some(subject) => texts.push(subject),
            None if mutant!("subject") => texts.push(NOTHING),
            None => return Err(header),
        }
        let name = mapping.name(&claims);
        let has_name = name.is_some();
        texts.push(name.unwrap_or(NOTHING));
        mapping.roles(&claims, &mut texts);
        let scopes = texts.len();
        mapping.scopes(&claims, &mut texts);
        let expires_at_ms = claims.exp().and_then(floor_ms);
        Ok(Self(Arc::new(Parts { header, claims, texts, has_name, scopes, expires_at_ms })))
    }

    pub(crate) fn header(&self) -> &Header {
        &self.0.header
    }

    pub(crate) fn claims(&self) -> &Claims {
        &self.0.claims
    }

    /// Tells this verification from every other one whose context is still held, in the bindings.
    #[doc(hidden)]
    #[must_use]
    pub fn identity(&self) -> usize {
        Arc::as_ptr(&self.0).addr()
    }

    /// The mapped subject or `sub`; never empty.
    #[must_use]
    pub fn subject(&self) -> &str {
        self.0.texts.get(self.claims_json(), SUBJECT)
    }

    /// The mapped name or the `name` claim.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.0.has_name.then(|| self.0.texts.get(self.claims_json(), NAME))
    }

    /// The mapped roles.
    #[must_use]
    pub fn roles(&self) -> Texts<'_> {
        self.0.texts.range(self.claims_json(), ROLES, self.0.scopes)
    }

    /// The mapped scopes, or those of `scope` or `scp`.
    #[must_use]
    pub fn scopes(&self) -> Texts<'_> {
        self.0.texts.range(self.claims_json(), self.0.scopes, self.0.texts.len())
    }

    /// The payload's text as received: a JSON object without duplicate members.
    #[must_use]
    pub fn claims_json(&self) -> &str {
        self.0.claims.text()
    }

    /// The payload as the check of the token has read it.
    #[must_use]
    pub fn claims_value(&self) -> ClaimValue<'_> {
        ClaimValue::of(self.0.claims.root())
    }

    /// The claim with this name, out of the same.
    #[must_use]
    pub fn claim(&self, name: &str) -> Option<ClaimValue<'_>> {
        self.0.claims.root().get(name).map(ClaimValue::of)
    }

    /// `exp` in milliseconds since the epoch, floored; `None` where there is none or it lies beyond
    /// the year 9999.
    #[must_use]
    pub fn expires_at_ms(&self) -> Option<i64> {
        self.0.expires_at_ms
    }

    /// The mapped fields as one line of JSON: `[subject, name, roles, scopes, expiresAtMs]`.
    #[must_use]
    pub fn head_json(&self) -> String {
        let head = (self.subject(), self.name(), self.roles(), self.scopes(), self.expires_at_ms());
        serde_json::to_string(&head).unwrap_or_default()
    }
}

/// Shows who, and not what else the token says.
impl fmt::Debug for Verified {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Verified").field("subject", &self.subject()).finish_non_exhaustive()
    }
}

#[allow(clippy::cast_possible_truncation)] // the range was checked
fn floor_ms(seconds: f64) -> Option<i64> {
    let ms = (seconds * 1000.0).floor();
    (-LAST_MS..=LAST_MS).contains(&ms).then_some(ms as i64)
}
