//! Whose tokens are believed, and what they must say.

use std::time::Duration;

use super::check::{Checked, no_empty_text, not_empty};
use super::key_source::{Keys, Sources};
use super::{ClaimsMapping, ConfigError, Confirmation, JwksOptions, Options, TrustOptions};
use crate::alg::{Alg, AlgSet};
use crate::clock::Clock;
use crate::mapping::Mapping;

/// Whose tokens are believed.
#[derive(Debug)]
pub(crate) enum Trusts {
    One(Box<Trust>),
    /// Chosen by the token's `iss`, which each entry's rules name.
    ByIssuer(Vec<Trust>),
}

impl Trusts {
    pub(crate) fn iter(&self) -> std::slice::Iter<'_, Trust> {
        match self {
            Self::One(trust) => std::slice::from_ref(&**trust).iter(),
            Self::ByIssuer(trusts) => trusts.iter(),
        }
    }

    pub(crate) fn get(&self, index: usize) -> Option<&Trust> {
        self.iter().as_slice().get(index)
    }
}

/// One key source and the rules for the tokens it signs.
#[derive(Debug)]
pub(crate) struct Trust {
    pub(crate) keys: Keys,
    pub(crate) rules: Rules,
}

/// What a token must say.
#[derive(Debug)]
pub(crate) struct Rules {
    pub(crate) algorithms: AlgSet,
    /// Empty when `iss` is not checked.
    pub(crate) issuers: Vec<Box<str>>,
    /// Empty when `aud` is not checked.
    pub(crate) audiences: Vec<Box<str>>,
    pub(crate) max_token_age: Option<i64>,
    pub(crate) clock_tolerance: i64,
    pub(crate) typ: Option<Box<str>>,
    pub(crate) required_claims: Vec<Box<str>>,
    pub(crate) mapping: Mapping,
    pub(crate) refuses_bound_tokens: bool,
}

impl Rules {
    /// The one configured issuer, for the operator.
    pub(crate) fn issuer(&self) -> Option<&str> {
        if let [issuer] = self.issuers.as_slice() { Some(issuer) } else { None }
    }
}

impl Trusts {
    pub(super) fn check(options: &Options, clock: &Clock) -> Checked<Self> {
        let Some(entries) = &options.issuers else {
            return Trust::check("", &options.trust, clock, Sources::Priority).map(|trust| Self::One(Box::new(trust)));
        };
        let top = &options.trust;
        let beside = [
            ("issuer", top.issuer.is_some()),
            ("jwksUri", top.jwks_uri.is_some()),
            ("discover", top.discover == Some(true)),
            ("publicKey", top.public_key.is_some()),
            ("secret", top.secret.is_some()),
            ("jwks", top.jwks.is_given()),
        ];
        if let Some((name, _)) = beside.iter().find(|(_, given)| *given) {
            return Err(ConfigError::new(*name, "cannot be given beside `issuers`; give it in each entry"));
        }
        if entries.is_empty() {
            return Err(ConfigError::new("issuers", "must have at least one entry"));
        }
        let mut trusts: Vec<Trust> = Vec::with_capacity(entries.len());
        for (i, entry) in entries.iter().enumerate() {
            let path = format!("issuers[{i}]");
            let Some([issuer]) = entry.issuer.as_deref() else {
                let problem = "each entry needs exactly one issuer, as a string";
                return Err(ConfigError::new(format!("{path}.issuer"), problem));
            };
            if trusts.iter().any(|trust| trust.rules.issuer() == Some(issuer)) {
                return Err(ConfigError::new(format!("{path}.issuer"), format!("\"{issuer}\" has an entry already")));
            }
            if let Some(file) = &entry.jwks.snapshot_file
                && entries[..i].iter().any(|other| other.jwks.snapshot_file.as_ref() == Some(file))
            {
                let problem = "is the file of another entry already; each set of keys needs its own";
                return Err(ConfigError::new(format!("{path}.jwks.snapshotFile"), problem));
            }
            trusts.push(Trust::check(&path, &entry.with_defaults(top), clock, Sources::ExactlyOne)?);
        }
        Ok(Self::ByIssuer(trusts))
    }
}

impl JwksOptions {
    fn is_given(&self) -> bool {
        let Self {
            timeout,
            cache_max_age,
            cooldown,
            refresh_ahead,
            stale_if_error,
            max_bytes,
            max_keys,
            headers,
            ca_file,
            ca,
            proxy,
            allow_http,
            initial,
            snapshot_file,
        } = self;
        timeout.or(*cache_max_age).or(*cooldown).or(*stale_if_error).is_some()
            || refresh_ahead.is_some()
            || max_bytes.or(*max_keys).is_some()
            || headers.is_some()
            || ca_file.is_some()
            || ca.is_some()
            || proxy.is_some()
            || allow_http.is_some()
            || initial.is_some()
            || snapshot_file.is_some()
    }
}

impl ClaimsMapping {
    fn is_given(&self) -> bool {
        [&self.subject, &self.name, &self.roles, &self.scopes].iter().any(|path| path.is_some())
    }
}

impl TrustOptions {
    /// This entry of `issuers`, with the top level's members where it has none of its own.
    fn with_defaults(&self, top: &Self) -> Self {
        let mut entry = self.clone();
        entry.audience = entry.audience.or_else(|| top.audience.clone());
        entry.algorithms = entry.algorithms.or_else(|| top.algorithms.clone());
        entry.max_token_age = entry.max_token_age.or(top.max_token_age);
        entry.clock_tolerance = entry.clock_tolerance.or(top.clock_tolerance);
        entry.typ = entry.typ.or_else(|| top.typ.clone());
        entry.required_claims = entry.required_claims.or_else(|| top.required_claims.clone());
        entry.confirmation = entry.confirmation.or(top.confirmation);
        if !entry.claims_mapping.is_given() {
            entry.claims_mapping = top.claims_mapping.clone();
        }
        entry
    }
}

impl Trust {
    fn check(path: &str, options: &TrustOptions, clock: &Clock, sources: Sources) -> Checked<Self> {
        let within = |error: ConfigError| error.within(path);
        no_empty_text("issuer", options.issuer.as_deref()).map_err(within)?;
        not_empty("issuer", options.issuer.as_deref()).map_err(within)?;
        let listed = listed_algorithms(options.algorithms.as_deref()).map_err(within)?;
        let (keys, able) = Keys::check(options, listed, clock, sources).map_err(within)?;
        let algorithms = allowed_algorithms(listed, able, matches!(keys, Keys::Remote(_))).map_err(within)?;
        let rules = Rules::check(options, algorithms).map_err(within)?;
        Ok(Self { keys, rules })
    }
}

impl Rules {
    fn check(options: &TrustOptions, algorithms: AlgSet) -> Checked<Self> {
        for (name, texts) in [("audience", &options.audience), ("requiredClaims", &options.required_claims)] {
            no_empty_text(name, texts.as_deref())?;
        }
        not_empty("audience", options.audience.as_deref())?;
        if options.typ.as_deref() == Some("") {
            return Err(ConfigError::new("typ", "must not be empty; leave it out to accept any `typ`"));
        }
        let max_token_age = options.max_token_age.map(whole_seconds);
        if max_token_age == Some(0) {
            return Err(ConfigError::new("maxTokenAge", "must be at least 1 second"));
        }
        let tolerance = options.clock_tolerance.unwrap_or_default();
        if tolerance > Duration::from_secs(600) {
            return Err(ConfigError::new(
                "clockTolerance",
                format!("must be 0 to 600 seconds, got {} seconds", tolerance.as_secs()),
            ));
        }
        let mapping = Mapping::parse(&options.claims_mapping)
            .map_err(|(field, problem)| ConfigError::new(format!("claimsMapping.{field}"), problem))?;
        let boxed = |texts: &Option<Vec<String>>| {
            texts.as_deref().unwrap_or_default().iter().map(|text| text.as_str().into()).collect()
        };
        Ok(Self {
            algorithms,
            issuers: boxed(&options.issuer),
            audiences: boxed(&options.audience),
            max_token_age,
            clock_tolerance: whole_seconds(tolerance),
            typ: options.typ.as_deref().map(Into::into),
            required_claims: boxed(&options.required_claims),
            mapping,
            refuses_bound_tokens: options.confirmation.unwrap_or_default() == Confirmation::Reject,
        })
    }
}

fn whole_seconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_secs()).unwrap_or(i64::MAX)
}

/// The names of `algorithms`, each known and none of them `none`.
fn listed_algorithms(names: Option<&[String]>) -> Checked<Option<AlgSet>> {
    let Some(names) = names else { return Ok(None) };
    not_empty("algorithms", Some(names))?;
    let known = || Alg::ALL.iter().map(|alg| alg.name()).collect::<Vec<_>>().join(", ");
    names
        .iter()
        .enumerate()
        .map(|(i, name)| {
            Alg::from_name(name).ok_or_else(|| {
                let path = format!("algorithms[{i}]");
                if name.eq_ignore_ascii_case("none") {
                    ConfigError::new(path, "\"none\" is never accepted: such tokens are not signed")
                } else {
                    ConfigError::new(
                        path,
                        format!("unsupported algorithm \"{name}\"; names are case-sensitive and one of {}", known()),
                    )
                }
            })
        })
        .collect::<Checked<AlgSet>>()
        .map(Some)
}

/// The allow-list, given what the source can do. ES256K must be asked for by name.
fn allowed_algorithms(listed: Option<AlgSet>, able: AlgSet, remote: bool) -> Checked<AlgSet> {
    let Some(listed) = listed else {
        let allowed = able.without(AlgSet::one(Alg::Es256k));
        if allowed.is_empty() {
            return Err(ConfigError::new(
                "algorithms",
                "the key is for ES256K, which is used only when `algorithms` lists it",
            ));
        }
        return Ok(allowed);
    };
    if !able.and(AlgSet::HMAC).is_empty() {
        return if listed.and(able).is_empty() { Err(no_fitting(able)) } else { Ok(listed) };
    }
    if !listed.and(AlgSet::HMAC).is_empty() {
        return Err(ConfigError::new(
            "algorithms",
            "an HMAC algorithm (HS256, HS384, HS512) cannot be combined with public keys: whoever knows the key could sign tokens",
        ));
    }
    if !remote && listed.and(able).is_empty() {
        return Err(no_fitting(able));
    }
    Ok(listed)
}

fn no_fitting(able: AlgSet) -> ConfigError {
    let names: Vec<_> = able.iter().map(Alg::name).collect();
    ConfigError::new("algorithms", format!("no name fits the key, which can do {}", names.join(", ")))
}
