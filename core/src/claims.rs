//! The claims of a token (RFC 7519 section 4): the payload as strict JSON, and the checks of its
//! registered claims in their order.

use std::num::NonZeroU32;

use crate::error::{Code, Reason, Refusal};
use crate::header::Header;
use crate::json::{Document, Kind, NotStrictJson, Value};
use crate::options::Rules;

/// A payload that is a strict JSON object.
#[derive(Debug)]
pub(crate) struct Claims {
    document: Document,
    usual: Usual,
}

impl Claims {
    pub(crate) fn parse(payload: Vec<u8>) -> Result<Self, NotStrictJson> {
        let document = Document::parse_object(payload)?;
        let usual = Usual::of(document.root());
        Ok(Self { document, usual })
    }

    pub(crate) fn root(&self) -> Value<'_> {
        self.document.root()
    }

    pub(crate) fn text(&self) -> &str {
        self.document.text()
    }

    #[inline]
    pub(crate) fn get(&self, name: &str) -> Option<Value<'_>> {
        match Usual::slot(name.as_bytes()) {
            Some(slot) => self.usual.place(slot).map(|place| self.document.value(place)),
            None => self.root().get(name),
        }
    }

    /// `exp` in seconds since the epoch, where it is a number.
    pub(crate) fn exp(&self) -> Option<f64> {
        self.get("exp").and_then(Value::as_f64)
    }

    /// The token's issuer, which must be a string to route by.
    pub(crate) fn issuer(&self) -> Result<std::borrow::Cow<'_, str>, Refusal> {
        let iss = self.get("iss").ok_or_else(|| missing("iss"))?;
        iss.as_str().ok_or_else(|| wrong_type("iss"))
    }

    /// Everything the rules say about header and claims except the subject, first failure first.
    /// `now` is in whole seconds since the epoch.
    pub(crate) fn check(&self, header: &Header, rules: &Rules, now: i64) -> Result<(), Refusal> {
        check_typ(header, rules)?;
        self.check_presence(rules)?;
        self.check_issuer(rules)?;
        self.check_audience(rules)?;
        self.check_times(rules, now)?;
        if rules.refuses_bound_tokens && self.get("cnf").is_some() && !mutant!("cnf") {
            return Err(Refusal::new(Code::TokenBound));
        }
        Ok(())
    }

    fn check_presence(&self, rules: &Rules) -> Result<(), Refusal> {
        let registered = [
            ("iss", !rules.issuers.is_empty()),
            ("aud", !rules.audiences.is_empty()),
            ("iat", rules.max_token_age.is_some()),
        ];
        let registered = registered.iter().filter(|(_, needed)| *needed && !mutant!("presence")).map(|(name, _)| *name);
        let required = rules.required_claims.iter().map(|name| &**name).filter(|_| !mutant!("required-claims"));
        match registered.chain(required).find(|name| self.get(name).is_none()) {
            Some(name) => Err(missing(name)),
            None => Ok(()),
        }
    }

    /// Exact equality with any accepted issuer.
    fn check_issuer(&self, rules: &Rules) -> Result<(), Refusal> {
        let Some(iss) = self.get("iss") else { return Ok(()) };
        if iss.kind() != Kind::String {
            return Err(wrong_type("iss"));
        }
        let accepted = rules.issuers.is_empty() || rules.issuers.iter().any(|issuer| iss.is_str(issuer));
        if accepted || mutant!("issuer") { Ok(()) } else { Err(wrong_value("iss")) }
    }

    /// Any overlap with the accepted audiences.
    fn check_audience(&self, rules: &Rules) -> Result<(), Refusal> {
        let Some(aud) = self.get("aud") else { return Ok(()) };
        let accepts = |value: Value<'_>| rules.audiences.iter().any(|audience| value.is_str(audience));
        let overlaps = match aud.kind() {
            Kind::String => accepts(aud),
            Kind::Array if aud.items().all(|item| item.kind() == Kind::String) => aud.items().any(accepts),
            _ => return Err(wrong_type("aud")),
        };
        if overlaps || rules.audiences.is_empty() || mutant!("audience") { Ok(()) } else { Err(wrong_value("aud")) }
    }

    /// `iat`, `nbf` and `exp`, fractions as they are.
    #[allow(clippy::cast_precision_loss)] // whole seconds are exact far beyond any date
    fn check_times(&self, rules: &Rules, now: i64) -> Result<(), Refusal> {
        let (now, tolerance) = (now as f64, rules.clock_tolerance as f64);
        let iat = self.numeric_date("iat")?;
        let nbf = self.numeric_date("nbf")?;
        let exp = self.numeric_date("exp")?;
        if nbf.is_some_and(|nbf| nbf > now + tolerance) && !mutant!("nbf") {
            return Err(Refusal::new(Code::TokenNotYetValid));
        }
        if exp.is_some_and(|exp| exp <= now - tolerance) && !mutant!("exp") {
            return Err(Refusal::new(Code::TokenExpired));
        }
        if let (Some(iat), Some(max)) = (iat, rules.max_token_age) {
            if now - iat - tolerance > max as f64 && !mutant!("max-age") {
                return Err(Refusal::new(Code::TokenTooOld));
            }
            if now - iat < -tolerance && !mutant!("iat-future") {
                return Err(wrong_value("iat"));
            }
        }
        Ok(())
    }

    fn numeric_date(&self, name: &str) -> Result<Option<f64>, Refusal> {
        match self.get(name) {
            None => Ok(None),
            Some(value) => match value.as_f64() {
                Some(seconds) => Ok(Some(seconds)),
                None if mutant!("time-types") => Ok(None),
                None => Err(wrong_type(name)),
            },
        }
    }
}

/// Where the claims stand that nearly every token has and nearly every verification looks for, found by
/// one walk over the payload.
#[derive(Debug, Default)]
struct Usual([Option<NonZeroU32>; USUAL]);

const USUAL: usize = 10;

impl Usual {
    #[inline]
    fn slot(name: &[u8]) -> Option<usize> {
        Some(match name {
            b"iss" => 0,
            b"sub" => 1,
            b"aud" => 2,
            b"exp" => 3,
            b"nbf" => 4,
            b"iat" => 5,
            b"cnf" => 6,
            b"scope" => 7,
            b"scp" => 8,
            b"name" => 9,
            _ => return None,
        })
    }

    fn of(claims: Value<'_>) -> Self {
        let mut usual = Self::default();
        claims.each_member(|name, value| {
            if let Some(slot) = Self::slot(name) {
                usual.0[slot] = NonZeroU32::new(value.place());
            }
        });
        usual
    }

    fn place(&self, slot: usize) -> Option<u32> {
        self.0[slot].map(NonZeroU32::get)
    }
}

fn check_typ(header: &Header, rules: &Rules) -> Result<(), Refusal> {
    match &rules.typ {
        Some(typ) if !header.is_typ(typ) && !mutant!("typ") => Err(Refusal::new(Code::TypInvalid)),
        _ => Ok(()),
    }
}

fn missing(claim: &str) -> Refusal {
    Refusal::new(Code::ClaimMissing).with_claim(claim, Reason::Missing)
}

fn wrong_type(claim: &str) -> Refusal {
    Refusal::new(Code::ClaimInvalid).with_claim(claim, Reason::Invalid)
}

/// A claim whose value is well-formed and not accepted.
pub(crate) fn wrong_value(claim: &str) -> Refusal {
    Refusal::new(Code::ClaimInvalid).with_claim(claim, Reason::CheckFailed)
}
