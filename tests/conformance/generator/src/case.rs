//! Cases: a construction, steps in time, and what must come of each.

use serde_json::{Map, Value, json};

use crate::mint::{T0, Token};
use crate::source::{self, Source};

/// The cases of one file.
pub struct Suite {
    pub name: &'static str,
    pub description: &'static str,
    pub spec: &'static str,
    pub cases: Vec<Value>,
}

impl Suite {
    pub fn new(name: &'static str, spec: &'static str, description: &'static str) -> Self {
        Self { name, description, spec, cases: Vec::new() }
    }

    /// One case that is about one source.
    pub fn one(&mut self, id: &str, spec: &str, why: &str, script: impl FnOnce(&mut Case)) {
        let mut case = Case::new(None);
        script(&mut case);
        self.cases.push(case.finish(id.to_owned(), spec, why));
    }

    /// One case per source.
    pub fn each(&mut self, id: &str, spec: &str, why: &str, script: impl Fn(&mut Case, &Source)) {
        self.some(id, spec, why, |_| true, script);
    }

    /// One case per source but `issuers`, for rules whose order or options differ there.
    pub fn single(&mut self, id: &str, spec: &str, why: &str, script: impl Fn(&mut Case, &Source)) {
        self.some(id, spec, why, |source| source.name != "issuers", script);
    }

    /// One case per source with a public key.
    pub fn public(&mut self, id: &str, spec: &str, why: &str, script: impl Fn(&mut Case, &Source)) {
        self.some(id, spec, why, |source| source.name != "secret", script);
    }

    /// One case per source that is asked for.
    pub fn some(
        &mut self,
        id: &str,
        spec: &str,
        why: &str,
        wanted: impl Fn(&Source) -> bool,
        script: impl Fn(&mut Case, &Source),
    ) {
        for source in source::ALL.iter().filter(|source| wanted(source)) {
            let mut case = Case::new(Some(source));
            script(&mut case, source);
            self.cases.push(case.finish(format!("{id}/{}", source.name), spec, why));
        }
    }

    /// One case that must fail at construction.
    pub fn config(&mut self, id: &str, why: &str, options: Value, option: &str) {
        self.one(id, "1", why, |case| {
            case.options(options).step(json!({ "now": T0, "expect": { "config": { "option": option } } }));
        });
    }
}

/// One case under construction.
pub struct Case {
    options: Map<String, Value>,
    requires: Vec<&'static str>,
    steps: Vec<Map<String, Value>>,
    serve: Option<Value>,
    /// Other members of the case.
    more: Map<String, Value>,
}

impl Case {
    fn new(source: Option<&Source>) -> Self {
        let mut case =
            Self { options: Map::new(), requires: Vec::new(), steps: Vec::new(), serve: None, more: Map::new() };
        if let Some(source) = source {
            case.options(source.options());
            if source.name == "jwks-uri" {
                case.serve = Some(source.serve());
            }
        }
        case
    }

    /// Adds options, or replaces them.
    pub fn options(&mut self, options: Value) -> &mut Self {
        let Value::Object(options) = options else { panic!("an object") };
        self.options.extend(options);
        self
    }

    /// Something that a runner may lack; it then skips the case and says so.
    pub fn requires(&mut self, feature: &'static str) -> &mut Self {
        self.requires.push(feature);
        self
    }

    /// From the next step on, the scripted server answers this.
    pub fn serve(&mut self, answer: Value) -> &mut Self {
        self.serve = Some(answer);
        self
    }

    /// From the next step on, the scripted server answers this key set.
    pub fn serve_keys(&mut self, names: &[&str]) -> &mut Self {
        let keys: Vec<Value> = names.iter().map(|name| used(name)).collect();
        self.serve(json!({ "jwks": { "keys": keys } }))
    }

    /// A step, as it stands in the file.
    pub fn step(&mut self, step: Value) -> &mut Self {
        let Value::Object(mut step) = step else { panic!("an object") };
        if let Some(serve) = self.serve.take() {
            step.insert("serve".into(), serve);
        }
        self.steps.push(step);
        self
    }

    /// A bare token, verified at a moment.
    pub fn verify(&mut self, now: impl Into<Value>, token: &Token, expect: Value) -> &mut Self {
        self.text(now, &token.mint(), expect)
    }

    /// A text given as a bare token.
    pub fn text(&mut self, now: impl Into<Value>, token: &str, expect: Value) -> &mut Self {
        self.step(json!({ "now": now.into(), "token": token, "expect": expect }))
    }

    /// A request with headers, through the interceptor.
    pub fn request(&mut self, headers: Value, expect: Value) -> &mut Self {
        self.call("pkg.Service", "Method", headers, expect)
    }

    /// A request for one method.
    pub fn call(&mut self, service: &str, method: &str, headers: Value, expect: Value) -> &mut Self {
        self.step(json!({
            "now": T0, "headers": headers, "service": service, "method": method, "expect": expect,
        }))
    }

    /// An HTTP request, in front of a framework.
    pub fn http(&mut self, method: &str, target: &str, headers: Value, expect: Value) -> &mut Self {
        let request = json!({ "method": method, "target": target, "headers": headers });
        self.step(json!({ "now": T0, "http": request, "expect": expect }))
    }

    /// Raw paths that go through without a context.
    pub fn skip_paths(&mut self, paths: Value) -> &mut Self {
        self.more.insert("skipPaths".into(), paths);
        self
    }

    /// Options of an authorization behind the interceptor.
    pub fn authz(&mut self, options: Value) -> &mut Self {
        self.more.insert("authz".into(), options);
        self
    }

    /// The number of HTTP requests of the step just added.
    pub fn fetches(&mut self, count: u32) -> &mut Self {
        self.last().insert("fetches".into(), count.into());
        self
    }

    /// The monotonic time of the step just added, in seconds.
    pub fn mono(&mut self, seconds: impl Into<Value>) -> &mut Self {
        self.last().insert("mono".into(), seconds.into());
        self
    }

    /// Any other member of the step just added.
    pub fn with(&mut self, name: &str, value: Value) -> &mut Self {
        self.last().insert(name.into(), value);
        self
    }

    fn last(&mut self) -> &mut Map<String, Value> {
        self.steps.last_mut().expect("a step")
    }

    fn finish(self, id: String, spec: &str, why: &str) -> Value {
        assert!(!self.steps.is_empty(), "{id} has no step");
        let mut case = json!({ "id": id, "spec": spec, "why": why, "options": self.options, "steps": self.steps });
        if !self.requires.is_empty() {
            case["requires"] = json!(self.requires);
        }
        case.as_object_mut().expect("an object").extend(self.more);
        case
    }
}

/// A reference to a key of the file's `keys`.
pub fn used(name: &str) -> Value {
    json!({ "$use": name })
}

/// A refusal without a claim, with the code's own reason.
pub fn err(code: &str) -> Value {
    let reason = match code {
        "ERR_CREDENTIALS_MISSING" | "ERR_KEY_NOT_FOUND" | "ERR_SUBJECT_MISSING" => "missing",
        "ERR_TOKEN_CRITICAL" | "ERR_ALG_NOT_ALLOWED" | "ERR_TOKEN_BOUND" => "unsupported",
        "ERR_SIGNATURE_INVALID"
        | "ERR_TYP_INVALID"
        | "ERR_TOKEN_NOT_YET_VALID"
        | "ERR_TOKEN_EXPIRED"
        | "ERR_TOKEN_TOO_OLD"
        | "ERR_REVOKED"
        | "ERR_VALIDATE_FAILED" => "check_failed",
        "ERR_KEYS_UNAVAILABLE" => "unavailable",
        _ => "invalid",
    };
    refusal(code, Value::Null, reason)
}

/// A claim that must be there and is not.
pub fn missing(claim: &str) -> Value {
    refusal("ERR_CLAIM_MISSING", claim.into(), "missing")
}

/// A claim of the wrong type.
pub fn mistyped(claim: &str) -> Value {
    refusal("ERR_CLAIM_INVALID", claim.into(), "invalid")
}

/// A claim whose value is not accepted.
pub fn rejected(claim: &str) -> Value {
    refusal("ERR_CLAIM_INVALID", claim.into(), "check_failed")
}

fn refusal(code: &str, claim: Value, reason: &str) -> Value {
    let connect = if code == "ERR_KEYS_UNAVAILABLE" { "unavailable" } else { "unauthenticated" };
    json!({ "error": { "code": code, "claim": claim, "reason": reason, "connectCode": connect } })
}

/// The context of an accepted token.
pub struct Context(Map<String, Value>, Option<Value>);

/// The context that a token gives when nothing is mapped: `sub`, `name`, `scope`.
pub fn ctx(token: &Token) -> Context {
    let claims = token.claims_value();
    let text = |name: &str| claims.get(name).and_then(Value::as_str).map(str::to_owned);
    let scopes: Vec<String> =
        text("scope").unwrap_or_default().split(' ').filter(|scope| !scope.is_empty()).map(str::to_owned).collect();
    let context = json!({
        "subject": text("sub"), "name": text("name"), "roles": [], "scopes": scopes, "claims": claims, "type": "jwt",
        "expiresAt": claims.get("exp").and_then(Value::as_f64).and_then(expires_at),
    });
    let Value::Object(context) = context else { unreachable!() };
    Context(context, None)
}

impl Context {
    #[must_use]
    pub fn subject(self, subject: &str) -> Self {
        self.with("subject", subject.into())
    }

    #[must_use]
    pub fn name(self, name: Option<&str>) -> Self {
        self.with("name", name.into())
    }

    #[must_use]
    pub fn roles(self, roles: &[&str]) -> Self {
        self.with("roles", json!(roles))
    }

    #[must_use]
    pub fn scopes(self, scopes: &[&str]) -> Self {
        self.with("scopes", json!(scopes))
    }

    #[must_use]
    pub fn expires(self, at: Option<&str>) -> Self {
        self.with("expiresAt", at.into())
    }

    #[must_use]
    pub fn with(mut self, member: &str, value: Value) -> Self {
        self.0.insert(member.into(), value);
        self
    }

    /// The `x-auth-*` headers that the handler's side sees.
    #[must_use]
    pub fn headers(mut self, headers: Value) -> Self {
        self.1 = Some(headers);
        self
    }

    /// The expectation.
    pub fn ok(self) -> Value {
        let mut expect = json!({ "context": self.0 });
        if let Some(headers) = self.1 {
            expect["headers"] = headers;
        }
        expect
    }
}

/// Shorthand: the token is accepted and nothing about its context is special.
pub fn ok(token: &Token) -> Value {
    ctx(token).ok()
}

/// An ISO 8601 time with milliseconds; none beyond the year 9999.
fn expires_at(exp: f64) -> Option<String> {
    let ms = (exp * 1000.0).floor();
    if !(0.0..253_402_300_800_000.0).contains(&ms) {
        return None;
    }
    let ms = ms as i64;
    let (days, rest) = (ms.div_euclid(86_400_000), ms.rem_euclid(86_400_000));
    // Days to a civil date, counted in eras of 400 years that begin on 1 March.
    let z = days + 719_468;
    let (era, doe) = (z.div_euclid(146_097), z.rem_euclid(146_097));
    let yoe = (doe - doe / 1460 + doe / 36_524 - doe / 146_096) / 365;
    let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    let mp = (5 * doy + 2) / 153;
    let (day, month) = (doy - (153 * mp + 2) / 5 + 1, if mp < 10 { mp + 3 } else { mp - 9 });
    let year = yoe + era * 400 + i64::from(month <= 2);
    let (h, m, s, milli) = (rest / 3_600_000, rest / 60_000 % 60, rest / 1000 % 60, rest % 1000);
    Some(format!("{year:04}-{month:02}-{day:02}T{h:02}:{m:02}:{s:02}.{milli:03}Z"))
}
