//! Whole tokens, signed here so that mutations reach what lies behind the signature: each is judged
//! as a second reading of the rules judges it, with the cache and without, and no change of an
//! accepted token is accepted.

use std::sync::LazyLock;
use std::time::Duration;

use bearergate_core::{
    CacheOption, ClaimPath, ClaimsMapping, Clock, Code, Decision, Gate, ManualClock, Options, Outcome, Refusal,
    Request, Secret, TrustOptions, Verified, decode_auth_headers,
};
use serde_json::{Map, Value};

use super::header;
use crate::keys::{b64, hmac_with};
use crate::limits::bounded;
use crate::oracle::strict_object;
use crate::parts;

const NOW: f64 = 1_800_000_000.0;
const MAX_TOKEN: usize = 1 << 20;
const SECRET: &[u8] = b"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
const ISSUER: &str = "https://issuer.example";

/// What the rules of a verifier are.
struct Rules {
    strict: bool,
    /// With its cache, and without one.
    gates: [Gate; 2],
}

static RULES: LazyLock<[Rules; 2]> = LazyLock::new(|| [false, true].map(Rules::new));

impl Rules {
    fn new(strict: bool) -> Self {
        let texts = |texts: &[&str]| Some(texts.iter().map(ToString::to_string).collect());
        let mut trust = TrustOptions { secret: Some(vec![Secret::new(SECRET)]), ..TrustOptions::default() };
        if strict {
            trust.issuer = texts(&[ISSUER, "b"]);
            trust.audience = texts(&["api", "web"]);
            trust.max_token_age = Some(Duration::from_secs(3600));
            trust.clock_tolerance = Some(Duration::from_secs(5));
            trust.typ = Some("at+jwt".to_owned());
            trust.required_claims = texts(&["jti"]);
            trust.claims_mapping =
                ClaimsMapping { roles: Some(ClaimPath::Dotted("realm.roles".to_owned())), ..ClaimsMapping::default() };
        }
        let gate = |cache| {
            let options = Options {
                trust: trust.clone(),
                cache: Some(cache),
                max_token_bytes: Some(MAX_TOKEN as u64),
                propagate_headers: Some(true),
                ..Options::default()
            };
            Gate::with_clock(options, Clock::Manual(ManualClock::new(1_800_000_000_000, 0))).expect("good options")
        };
        Self { strict, gates: [gate(CacheOption::MaxEntries(64)), gate(CacheOption::Off)] }
    }
}

/// A byte that says which rules and what is done, then header and payload; or, where the byte's
/// second bit is set, a token as it is.
pub fn check(data: &[u8]) {
    let Some((how, rest)) = data.split_first() else { return };
    let rules = &RULES[usize::from(how & 1)];
    if how & 2 != 0 {
        let Ok(token) = std::str::from_utf8(rest) else { return };
        let answer = judge(rules, token);
        if answer.is_ok() {
            let (input, signature) = token.rsplit_once('.').expect("three segments");
            let signed = ["HS256", "HS384", "HS512"].map(|alg| b64(hmac_with(alg, SECRET, input.as_bytes())));
            assert!(signed.iter().any(|signed| signed == signature), "not our signature");
        }
        return;
    }
    let [header, payload] = parts(rest);
    let input = format!("{}.{}", b64(header), b64(payload));
    let members = strict_object(header);
    let alg = members.as_ref().and_then(|members| members.get("alg")).and_then(Value::as_str).unwrap_or_default();
    let signature = b64(hmac_with(alg, SECRET, input.as_bytes()));
    let token = format!("{input}.{signature}");
    let answer = judge(rules, &token);
    let due = second_reading(rules, header, members.as_ref(), payload, token.len());
    match (&answer, due) {
        (Ok(verified), Ok(subject)) => {
            assert_eq!(verified.subject(), subject);
            assert_eq!(verified.claims_json().as_bytes(), payload);
            check_propagated(&rules.gates[0], verified);
            check_changes(rules, &input, &signature);
        }
        (Err(refusal), Err(code)) => {
            assert_eq!(refusal.code(), code);
            check_silent(refusal, &signature);
        }
        (answer, due) => panic!("judged {answer:?}, due {due:?}"),
    }
}

/// The answer, which is the same however often and wherever it is asked for.
fn judge(rules: &Rules, token: &str) -> Result<Verified, Refusal> {
    let [cached, bare] = &rules.gates;
    let first = bounded(|| verdict(cached, token));
    for again in [verdict(cached, token), verdict(bare, token), through_gate(cached, token)] {
        match (&first, again) {
            (Ok(first), Ok(again)) => {
                assert_eq!(first.head_json(), again.head_json());
                assert_eq!(first.claims_json(), again.claims_json());
            }
            (Err(first), Err(again)) => assert_eq!(first.told_json(), again.told_json()),
            (first, again) => panic!("first {first:?}, then {again:?}"),
        }
    }
    first
}

fn verdict(gate: &Gate, token: &str) -> Result<Verified, Refusal> {
    match gate.verifier().verify(token) {
        Outcome::Ready(answer) => answer,
        Outcome::Wait(_) => panic!("nothing to wait for"),
    }
}

/// The same as a request's only header; what cannot be in one is judged bare.
fn through_gate(gate: &Gate, token: &str) -> Result<Verified, Refusal> {
    let fits = !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
    if !fits {
        return verdict(gate, token);
    }
    let value = format!("bEARER  {token}");
    match gate.check(&Request { service: "a.B", method: "C", credentials: &[value.as_bytes()] }) {
        Decision::Accept(verified) => Ok(verified),
        Decision::Refuse(refusal) => Err(refusal),
        Decision::Skip | Decision::Wait(_) => panic!("neither skipped nor waited for"),
    }
}

/// BEHAVIOUR 3, read once more.
fn second_reading(
    rules: &Rules,
    header: &[u8],
    members: Option<&Map<String, Value>>,
    payload: &[u8],
    length: usize,
) -> Result<String, Code> {
    if length > MAX_TOKEN {
        return Err(Code::TokenTooLarge);
    }
    if header.is_empty() || payload.is_empty() {
        return Err(Code::TokenMalformed);
    }
    let header = header::read(members, "at+jwt")?;
    if !["HS256", "HS384", "HS512"].contains(&header.alg.as_str()) {
        return Err(Code::AlgNotAllowed);
    }
    let claims = strict_object(payload).ok_or(Code::ClaimsMalformed)?;
    if rules.strict && !header.is_typ {
        return Err(Code::TypInvalid);
    }
    if rules.strict && ["iss", "aud", "iat", "jti"].iter().any(|name| !claims.contains_key(*name)) {
        return Err(Code::ClaimMissing);
    }
    let is_issuer = |iss: &Value| iss.as_str().is_some_and(|iss| !rules.strict || iss == ISSUER || iss == "b");
    let audiences = |aud: &Value| match aud {
        Value::String(one) => Some(vec![one.clone()]),
        Value::Array(all) => all.iter().map(|one| one.as_str().map(str::to_owned)).collect(),
        _ => None,
    };
    let overlaps = |aud: Vec<String>| !rules.strict || aud.iter().any(|one| one == "api" || one == "web");
    let valid = claims.get("iss").is_none_or(is_issuer)
        && claims.get("aud").is_none_or(|aud| audiences(aud).is_some_and(overlaps))
        && ["iat", "nbf", "exp"].iter().all(|name| claims.get(*name).is_none_or(Value::is_number));
    if !valid {
        return Err(Code::ClaimInvalid);
    }
    let time = |name: &str| claims.get(name).and_then(Value::as_f64);
    let tolerance = if rules.strict { 5.0 } else { 0.0 };
    if time("nbf").is_some_and(|nbf| nbf > NOW + tolerance) {
        return Err(Code::TokenNotYetValid);
    }
    if time("exp").is_some_and(|exp| exp <= NOW - tolerance) {
        return Err(Code::TokenExpired);
    }
    if let Some(age) = time("iat").map(|iat| NOW - iat).filter(|_| rules.strict) {
        if age - tolerance > 3600.0 {
            return Err(Code::TokenTooOld);
        }
        if age < -tolerance {
            return Err(Code::ClaimInvalid);
        }
    }
    if claims.contains_key("cnf") {
        return Err(Code::TokenBound);
    }
    let subject = claims.get("sub").and_then(Value::as_str).filter(|subject| !subject.is_empty());
    subject.map(str::to_owned).ok_or(Code::SubjectMissing)
}

fn check_propagated(gate: &Gate, verified: &Verified) {
    match gate.propagate(verified) {
        Ok(headers) => {
            let get = |wanted: &str| headers.iter().find(|(name, _)| *name == wanted).map(|(_, value)| value.clone());
            let parts = decode_auth_headers(get).expect("a subject");
            assert_eq!((parts.subject.as_str(), parts.r#type.as_str()), (verified.subject(), "jwt"));
        }
        Err(refusal) => assert_eq!(refusal.code(), Code::SubjectTooLong),
    }
}

/// Whatever is changed of an accepted token, it is refused.
fn check_changes(rules: &Rules, input: &str, signature: &str) {
    let other = if signature.starts_with('A') { "B" } else { "A" };
    let changed = [
        format!("{input}.{other}{}", &signature[1..]),
        format!("{input}.{}", &signature[1..]),
        format!("{input}.{}", &signature[..signature.len() - 1]),
        format!("{input}.{signature}A"),
        format!("{input}.{signature}="),
        format!("{input}."),
        input.to_owned(),
        format!("{input}.{signature}.{signature}"),
        format!(" {input}.{signature}"),
        format!("A{input}.{signature}"),
    ];
    for token in changed {
        assert!(verdict(&rules.gates[0], &token).is_err(), "{token}");
    }
}

/// Nothing that is shown of a refusal holds the signature.
fn check_silent(refusal: &Refusal, signature: &str) {
    let shown = format!("{refusal} {refusal:?} {} {}", refusal.told_json(), refusal.about_json());
    assert!(!shown.contains(signature), "{shown}");
}
