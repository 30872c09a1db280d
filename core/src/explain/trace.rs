//! What became of a token, check by check. Nothing of the payload is said before the signature has
//! verified, and of the token, its signature and the keys nothing at all.

use serde::Serialize;

use super::rows::{ROWS, SIGNATURE, failed_row, order};
use super::{shown, time};
use crate::alg::Alg;
use crate::claims::Claims;
use crate::context::Verified;
use crate::error::{Code, Refusal};
use crate::json::Kind;
use crate::options::{Rules, Trust, Trusts};
use crate::token::Token;
use crate::verifier::Verifier;

/// What became of one check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Verdict {
    /// It was made and passed.
    Passed,
    /// It was made and failed: this is what the token was refused for.
    Failed,
    /// An earlier check failed.
    NotReached,
    /// The options do not ask for it.
    NotAsked,
}

/// One check of the table, in the order in which they are made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Check {
    /// Its number in the specification, 1 to 17.
    pub row: u8,
    /// What it is about, in a word or two.
    pub name: &'static str,
    /// What became of it.
    pub verdict: Verdict,
    /// What it found, for a person; empty where it was not reached.
    pub detail: String,
}

/// What became of a token, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Explanation {
    /// `accepted`, `refused` or `unavailable`.
    pub outcome: &'static str,
    /// The refusal's code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<&'static str>,
    /// The claim at fault.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub claim: Option<String>,
    /// Why, in one word.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<&'static str>,
    /// The refusal in words for the operator.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub summary: Option<&'static str>,
    /// HTTP status and message that a client would see.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client: Option<Client>,
    /// Every check.
    pub checks: Vec<Check>,
    /// What a verified token says about its caller.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub caller: Option<Caller>,
    /// What the options leave unchecked.
    pub notes: Vec<&'static str>,
}

/// What a client would see.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Client {
    /// HTTP status of a unary response.
    pub http_status: u16,
    /// The message.
    pub message: &'static str,
}

/// Who a verified token says is calling.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Caller {
    /// The subject.
    pub subject: String,
    /// The name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The roles.
    pub roles: Vec<String>,
    /// The scopes.
    pub scopes: Vec<String>,
    /// When the token expires, in ISO 8601.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<String>,
}

impl Explanation {
    /// What the outcome of [`Verifier::verify`] says about the checks of this token.
    #[must_use]
    pub fn of(verifier: &Verifier, token: &str, outcome: &Result<Verified, Refusal>) -> Self {
        let refusal = outcome.as_ref().err();
        let policy = verifier.policy();
        let by_issuer = matches!(policy.trusts, Trusts::ByIssuer(_));
        let about_issuer = refusal.is_some_and(|refusal| {
            refusal.claim() == Some("iss") && matches!(refusal.code(), Code::ClaimMissing | Code::ClaimInvalid)
        });
        let failed = refusal.map(|refusal| failed_row(refusal, token));
        let order = order(by_issuer, failed.flatten(), about_issuer);
        let stop = match failed {
            Some(Some(row)) => order.iter().position(|other| *other == row).unwrap_or(0),
            // What is refused outside of the table has begun none of it, or passed all of it.
            Some(None) if outside_before(refusal) => 0,
            None | Some(None) => order.len(),
        };
        let signed = order.iter().position(|row| *row == SIGNATURE).is_some_and(|at| at < stop);
        let claims = if signed { read_claims(token) } else { None };
        let facts = Facts {
            verifier,
            token,
            outcome,
            trust: trust_of(verifier, outcome),
            claims: claims.as_ref(),
            now: verifier.wall_seconds(),
        };
        let checks = order
            .iter()
            .enumerate()
            .map(|(at, row)| {
                let passed = at < stop;
                let verdict = match failed {
                    _ if passed && facts.is_asked(*row) => Verdict::Passed,
                    _ if passed => Verdict::NotAsked,
                    Some(Some(failed)) if failed == *row => Verdict::Failed,
                    _ => Verdict::NotReached,
                };
                let detail = match verdict {
                    Verdict::NotReached => String::new(),
                    Verdict::NotAsked => unasked(*row).to_owned(),
                    Verdict::Passed => facts.passed(*row),
                    Verdict::Failed => facts.failed(*row),
                };
                Check { row: *row, name: ROWS[usize::from(*row) - 1].1, verdict, detail }
            })
            .collect();
        Self {
            outcome: match refusal.map(Refusal::code) {
                None => "accepted",
                Some(Code::KeysUnavailable) => "unavailable",
                Some(_) => "refused",
            },
            code: refusal.map(|refusal| refusal.code().as_str()),
            claim: refusal.and_then(Refusal::claim).map(str::to_owned),
            reason: refusal.map(|refusal| refusal.reason().as_str()),
            summary: refusal.map(|refusal| refusal.code().summary()),
            client: refusal.map(|refusal| Client { http_status: refusal.http_status(), message: refusal.message() }),
            checks,
            caller: outcome.as_ref().ok().map(Caller::of),
            notes: notes(verifier),
        }
    }
}

impl Caller {
    fn of(verified: &Verified) -> Self {
        Self {
            subject: verified.subject().to_owned(),
            name: verified.name().map(str::to_owned),
            roles: verified.roles().map(str::to_owned).collect(),
            scopes: verified.scopes().map(str::to_owned).collect(),
            expires_at: verified.claims().exp().and_then(time::iso),
        }
    }
}

/// Whether a refusal came before any check of the token.
fn outside_before(refusal: Option<&Refusal>) -> bool {
    refusal.is_some_and(|refusal| matches!(refusal.code(), Code::CredentialsMissing | Code::Internal))
}

fn read_claims(token: &str) -> Option<Claims> {
    Token::parse(token).ok().and_then(|token| Claims::parse(token.payload).ok())
}

/// Whose rules a token was judged by, as far as its outcome tells.
fn trust_of<'a>(verifier: &'a Verifier, outcome: &Result<Verified, Refusal>) -> Option<&'a Trust> {
    let trusts = &verifier.policy().trusts;
    if let Trusts::One(trust) = trusts {
        return Some(trust);
    }
    let issuer = match outcome {
        Ok(caller) => caller.claims().issuer().ok().map(String::from),
        Err(refusal) => refusal.issuer().map(str::to_owned),
    };
    trusts.iter().find(|trust| issuer.is_some() && trust.rules.issuer() == issuer.as_deref())
}

fn notes(verifier: &Verifier) -> Vec<&'static str> {
    let unchecked = |of: fn(&Rules) -> bool| verifier.policy().trusts.iter().any(|trust| of(&trust.rules));
    let notes = [
        (
            unchecked(|rules| rules.issuers.is_empty()),
            "no issuer is given: tokens of any issuer that this key signs pass",
        ),
        (unchecked(|rules| rules.audiences.is_empty()), "no audience is given: tokens meant for other services pass"),
    ];
    notes.into_iter().filter(|(applies, _)| *applies).map(|(_, note)| note).collect()
}

/// What the details are made of.
struct Facts<'a> {
    verifier: &'a Verifier,
    token: &'a str,
    outcome: &'a Result<Verified, Refusal>,
    trust: Option<&'a Trust>,
    /// Present once the signature has verified.
    claims: Option<&'a Claims>,
    now: i64,
}

impl<'a> Facts<'a> {
    fn rules(&self) -> Option<&'a Rules> {
        self.trust.map(|trust| &trust.rules)
    }

    fn is_asked(&self, row: u8) -> bool {
        let Some(rules) = self.rules() else { return true };
        match row {
            9 => rules.typ.is_some(),
            10 => !needed(rules).is_empty(),
            15 => rules.max_token_age.is_some(),
            16 => rules.refuses_bound_tokens,
            _ => true,
        }
    }

    fn passed(&self, row: u8) -> String {
        match row {
            1 => self.length(),
            2 => "three segments of strict base64url".to_owned(),
            3 => self.header(),
            4 => "no crit, and no b64 other than true".to_owned(),
            5 => format!("{} is allowed", self.alg()),
            6 => self.keys(),
            7 => "verifies under the key".to_owned(),
            8 => "the payload is a strict JSON object".to_owned(),
            9 => {
                format!("is {}", shown::quoted(self.rules().and_then(|rules| rules.typ.as_deref()).unwrap_or_default()))
            }
            10 => format!("there: {}", self.rules().map(needed).unwrap_or_default().join(", ")),
            11 => self.issuer_and_audience(),
            12 => "those that are there are numbers".to_owned(),
            13 => self.moment("nbf").unwrap_or_else(|| "no nbf".to_owned()),
            14 => self.moment("exp").unwrap_or_else(|| "no exp: it never expires".to_owned()),
            15 => self.age(),
            16 => "not bound to a key".to_owned(),
            _ => match self.outcome {
                Ok(verified) => shown::quoted(verified.subject()),
                Err(_) => "a non-empty string".to_owned(),
            },
        }
    }

    fn failed(&self, row: u8) -> String {
        let refusal = self.outcome.as_ref().err();
        let claim = refusal.and_then(Refusal::claim).unwrap_or_default();
        let value = self.claims.and_then(|claims| claims.get(claim)).map(shown::claim);
        match row {
            1 => self.length(),
            2 => "not three non-empty segments of strict base64url without padding".to_owned(),
            3 => "not a strict JSON object with a string alg, or kid, typ or cty is no string".to_owned(),
            4 => "has a crit member, or b64 other than true".to_owned(),
            5 => {
                let allowed = self.rules().map(|rules| rules.algorithms.iter().map(Alg::name).collect::<Vec<_>>());
                format!("{} is not among {}", self.alg(), allowed.unwrap_or_default().join(", "))
            }
            6 => format!("{}; {}", self.header(), self.keys()),
            7 => format!("does not verify under the key that {} names", self.header()),
            8 => "the payload is not a strict JSON object".to_owned(),
            9 => {
                let wanted = self.rules().and_then(|rules| rules.typ.as_deref()).unwrap_or_default();
                format!("is not {}", shown::quoted(wanted))
            }
            10 => format!("{} is not there", shown::quoted(claim)),
            11 => self.mismatch(claim, value.as_deref()),
            12 => format!("{claim} is not a number"),
            13 | 14 => {
                let name = if row == 13 { "nbf" } else { "exp" };
                format!("{}{}", self.moment(name).unwrap_or_default(), self.tolerance())
            }
            15 => format!("{}{}", self.age(), self.tolerance()),
            16 => "bound to a key or certificate (cnf), which a bearer does not prove to have".to_owned(),
            _ => "no non-empty subject".to_owned(),
        }
    }

    fn length(&self) -> String {
        format!("{} of at most {} bytes", self.token.len(), self.verifier.policy().max_token_bytes)
    }

    /// The unverified `alg`, sanitized.
    fn alg(&self) -> String {
        match self.outcome {
            Ok(verified) => shown::clean(verified.header().alg()),
            Err(refusal) => refusal.alg().map_or_else(|| "the alg".to_owned(), shown::clean),
        }
    }

    /// The unverified `alg` and `kid`, sanitized.
    fn header(&self) -> String {
        let kid = match self.outcome {
            Ok(verified) => verified.header().kid(),
            Err(refusal) if refusal.alg().is_none() => return "a strict JSON object".to_owned(),
            Err(refusal) => refusal.kid(),
        };
        let kid = kid.map_or_else(|| "no kid".to_owned(), |kid| format!("kid {}", shown::quoted(kid)));
        format!("alg {}, {kid}", self.alg())
    }

    fn keys(&self) -> String {
        let stats = self.verifier.stats();
        let count = |count: usize, what: &str| format!("{count} {what}{}", if count == 1 { "" } else { "s" });
        let mut parts = vec![count(stats.keys, "usable key")];
        if let Some(url) = &stats.url {
            parts[0] = format!("{} at {}", parts[0], shown::clean(url));
            if !stats.skipped.is_empty() {
                parts.push(format!("{} skipped", stats.skipped.len()));
            }
            parts.extend(stats.last_error.as_deref().map(shown::clean));
        }
        parts.join(", ")
    }

    fn tolerance(&self) -> String {
        match self.rules().map_or(0, |rules| rules.clock_tolerance) {
            0 => String::new(),
            seconds => format!(", with a tolerance of {seconds} s"),
        }
    }

    fn issuer_and_audience(&self) -> String {
        let side = |name: &str, checked: bool| {
            let value = self.claims.and_then(|claims| claims.get(name)).map(shown::claim);
            let value = value.map_or_else(|| format!("no {name}"), |value| format!("{name} {value}"));
            if checked { value } else { format!("{value} (any will do)") }
        };
        let checked = |of: fn(&Rules) -> bool| self.rules().is_some_and(of);
        let issuer = side("iss", checked(|rules| !rules.issuers.is_empty()));
        let audience = side("aud", checked(|rules| !rules.audiences.is_empty()));
        format!("{issuer}, {audience}")
    }

    fn mismatch(&self, claim: &str, value: Option<&str>) -> String {
        let wanted = self.rules().map(|rules| if claim == "iss" { &rules.issuers } else { &rules.audiences });
        match (value, wanted) {
            (Some(value), Some(wanted)) if !wanted.is_empty() => {
                format!("{claim} is {value}, accepted: {}", shown::list(wanted))
            }
            (Some(value), _) => format!("{claim} is {value}, which is of the wrong type"),
            _ => format!("{claim} is not one that is accepted"),
        }
    }

    /// A time claim as a date and its distance from now.
    fn moment(&self, name: &str) -> Option<String> {
        let value = self.claims?.get(name)?;
        let Some(seconds) = value.as_f64().filter(|_| value.kind() == Kind::Number) else {
            return Some(format!("{name} {}", shown::claim(value)));
        };
        let date = time::iso(seconds).unwrap_or_else(|| shown::claim(value));
        Some(format!("{name} {date} ({})", time::distance(seconds, self.now)))
    }

    fn age(&self) -> String {
        let most = self.rules().and_then(|rules| rules.max_token_age).unwrap_or_default();
        let issued = self.moment("iat").unwrap_or_else(|| "no iat".to_owned());
        format!("{issued}, at most {most} s old")
    }
}

/// What it means that a check is not asked for.
fn unasked(row: u8) -> &'static str {
    match row {
        9 => "any typ will do",
        10 => "no claim must be there",
        15 => "any age will do",
        _ => "bound tokens are accepted",
    }
}

/// The claims that must be there, in the order in which they are looked for.
fn needed(rules: &Rules) -> Vec<String> {
    let registered = [
        ("iss", !rules.issuers.is_empty()),
        ("aud", !rules.audiences.is_empty()),
        ("iat", rules.max_token_age.is_some()),
    ];
    let registered = registered.iter().filter(|(_, needed)| *needed).map(|(name, _)| (*name).to_owned());
    registered.chain(rules.required_claims.iter().map(|name| shown::clean(name))).collect()
}
