//! One case: a gate on a clock that only the steps move, and the outcome of each step.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use bearergate_core::{
    AUTH_HEADERS, Clock, Code, ConfigError, Decision, Gate, ManualClock, OptionValue, Options, Outcome, Refusal,
    Request, SkipPaths, Spelling, Verified,
};
use serde_json::{Map, Value, json};

use crate::Report;
use crate::authz::Authz;
use crate::canonical::canonical;
use crate::cases::{Case, is_remote, place};
use crate::http;
use crate::server::Server;

/// Whether the verified-signature cache is on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Cache {
    /// As the case says; on by default.
    On,
    /// Off, unless the case itself says something.
    Off,
}

/// Tokens that were found in a cache.
pub static HITS: AtomicU64 = AtomicU64::new(0);

/// Longest wait for keys or for a background fetch to end.
const PATIENCE: Duration = Duration::from_secs(20);

/// Runs a case once per mode; outcomes must not depend on the mode.
pub fn run(case: &Case, server: &Server, modes: &[Cache]) -> Report {
    let mut report = Report { line: String::new(), failures: Vec::new() };
    for mode in modes {
        let steps = run_once(case, server, *mode);
        for (at, (step, outcome)) in case.steps.iter().zip(&steps).enumerate() {
            if let Some(problem) = differs(step, outcome) {
                report.failures.push(format!("{} step {at} (cache {mode:?}): {problem}", case.id));
            }
        }
        if steps.len() != case.steps.len() {
            report.failures.push(format!("{}: {} of {} steps ran", case.id, steps.len(), case.steps.len()));
        }
        let line = canonical(&json!({ "id": case.id, "steps": steps }));
        if !report.line.is_empty() && report.line != line {
            report.failures.push(format!("{}: the cache changes the outcome\n  {}\n  {line}", case.id, report.line));
        }
        report.line = line;
    }
    report
}

fn run_once(case: &Case, server: &Server, mode: Cache) -> Vec<Value> {
    let folder = server.folder();
    let origin = server.origin(&folder);
    server.lead(&format!("{}.test", case.id), &folder);
    let mut options = case.options.clone();
    if mode == Cache::Off && options.get("cache").is_none_or(Value::is_null) {
        options.insert("cache".into(), false.into());
    }
    // Hooks live in the host languages; here the runner is the host.
    let hook = options.get("validate").and_then(|hook| hook["$hook"].as_str()).map(str::to_owned);
    if hook.is_some() {
        options.remove("validate");
    }
    let options = Value::Object(options);
    let remote = is_remote(&options);
    let first = case.steps.first().and_then(|step| step["now"].as_f64()).expect("now");
    let clock = ManualClock::new(ms(first), 0);
    let made = build(&place(&options, &origin), &clock)
        .and_then(|gate| OptionValue::from_json(&case.skip_paths.to_string()).map(|paths| (gate, paths)))
        .and_then(|(gate, paths)| SkipPaths::read(paths, Spelling::Camel).map(|paths| (gate, paths)))
        .and_then(|(gate, skip_paths)| Authz::of(&case.authz).map(|authz| Guarded { gate, skip_paths, authz }));
    let guarded = match made {
        Ok(made) => made,
        Err(error) => return vec![json!({ "config": { "option": error.option() } })],
    };
    let mut outcomes = Vec::new();
    let mut mono = 0;
    for step in &case.steps {
        if let Some(answer) = step.get("serve") {
            server.serve(&folder, place(answer, &origin));
        }
        let now = step["now"].as_f64().expect("now");
        mono = match step["mono"].as_f64() {
            Some(seconds) => ms(seconds),
            None => mono.max(ms(now - first)),
        };
        clock.set(ms(now), u64::try_from(mono).expect("a monotonic time"));
        let before = server.requests(&folder);
        let mut outcome = act(&guarded, step, hook.as_deref());
        if mode == Cache::On && outcome.get("context").is_some() {
            // Out of the cache it is the same.
            let again = act(&guarded, step, hook.as_deref());
            if again != outcome {
                outcome = json!({ "first": outcome, "again": again });
            }
        }
        settle(&guarded.gate);
        if remote {
            outcome["fetches"] = (server.requests(&folder) - before).into();
        }
        outcomes.push(outcome);
    }
    HITS.fetch_add(guarded.gate.verifier().stats().cache_hits, Ordering::Relaxed);
    guarded.gate.verifier().close();
    outcomes
}

fn build(options: &Value, clock: &ManualClock) -> Result<Gate, ConfigError> {
    let value = OptionValue::from_json(&options.to_string())?;
    Gate::with_clock(Options::read(value, Spelling::Camel)?, Clock::Manual(clock.clone()))
}

#[allow(clippy::cast_possible_truncation)]
fn ms(seconds: f64) -> i64 {
    (seconds * 1000.0).round() as i64
}

/// Waits until no fetch is under way, so that the count of requests stands.
fn settle(gate: &Gate) {
    let started = Instant::now();
    while gate.verifier().stats().fetching {
        assert!(started.elapsed() < PATIENCE, "a fetch never ended");
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// What a case is played against.
struct Guarded {
    gate: Gate,
    skip_paths: SkipPaths,
    authz: Option<Authz>,
}

fn act(guarded: &Guarded, step: &Value, hook: Option<&str>) -> Value {
    let Guarded { gate, skip_paths, authz } = guarded;
    if let Some(asked) = step.get("http") {
        return http::request(gate, skip_paths, asked, hook);
    }
    match step["token"].as_str() {
        Some(token) => {
            let result = match gate.verifier().verify(token) {
                Outcome::Ready(result) => result,
                Outcome::Wait(ticket) => match ticket.wait_timeout(PATIENCE) {
                    Some(result) => result,
                    None => return json!({ "hang": true }),
                },
            };
            bare(result.and_then(|verified| validate(gate, verified, hook)))
        }
        None if step.get("headers").is_some() => request(gate, authz.as_ref(), step, hook),
        None => json!({ "constructed": true }),
    }
}

/// What a binding makes of the answer of a `validate` hook.
fn validate(gate: &Gate, verified: Verified, hook: Option<&str>) -> Result<Verified, Refusal> {
    match hook {
        None | Some("true" | "nothing") => Ok(verified),
        Some("throw") => Err(gate.refuse(Code::ValidateFailed)),
        Some(_) => Err(gate.refuse(Code::Revoked)),
    }
}

fn bare(result: Result<Verified, Refusal>) -> Value {
    match result {
        Ok(verified) => json!({ "context": context(&verified) }),
        Err(refusal) => json!({ "error": error(&refusal) }),
    }
}

/// A request's headers, names in lower case.
pub(crate) fn headers_of(request: &Value) -> impl Iterator<Item = (String, String)> {
    request["headers"].as_array().expect("headers").iter().map(|pair| {
        let text = |at: usize| pair[at].as_str().expect("a header name and value");
        (text(0).to_ascii_lowercase(), text(1).to_owned())
    })
}

/// The bytes of the credentials headers.
pub(crate) fn credentials(gate: &Gate, headers: &[(String, String)]) -> Vec<Vec<u8>> {
    let latin_1 = |value: &String| value.chars().map(|c| u8::try_from(u32::from(c)).expect("Latin-1")).collect();
    headers.iter().filter(|(name, _)| name == gate.credentials_header()).map(|(_, value)| latin_1(value)).collect()
}

/// What came of a decision: `None` where the request is skipped.
pub(crate) type Settled = Option<Result<(Verified, Vec<(&'static str, String)>), Refusal>>;

/// What a binding does once the gate has decided: wait, ask the hook, propagate.
pub(crate) fn settled(gate: &Gate, decision: Decision, hook: Option<&str>) -> Settled {
    let result = match decision {
        Decision::Skip => return None,
        Decision::Accept(verified) => Ok(verified),
        Decision::Refuse(refusal) => Err(refusal),
        Decision::Wait(ticket) => ticket.wait_timeout(PATIENCE).expect("an answer"),
    };
    let result = result.and_then(|verified| validate(gate, verified, hook));
    Some(result.and_then(|verified| gate.propagate(&verified).map(|headers| (verified, headers))))
}

/// A request as the interceptors treat it: strip, ask the gate, propagate, authorize.
fn request(gate: &Gate, authz: Option<&Authz>, step: &Value, hook: Option<&str>) -> Value {
    let stripped = |name: &str| AUTH_HEADERS.iter().any(|(_, ours)| *ours == name);
    let sent: Vec<(String, String)> = headers_of(step).filter(|(name, _)| !stripped(name)).collect();
    let credentials = credentials(gate, &sent);
    let credentials: Vec<&[u8]> = credentials.iter().map(Vec::as_slice).collect();
    let service = step["service"].as_str().expect("a service");
    let method = step["method"].as_str().expect("a method");
    let settled = settled(gate, gate.check(&Request { service, method, credentials: &credentials }), hook);
    let caller = match &settled {
        Some(Err(_)) => None,
        Some(Ok((verified, _))) => Some(Some(verified)),
        None => Some(None),
    };
    if let (Some(authz), Some(caller)) = (authz, caller)
        && let Some(denied) = authz.denied(caller, service, method)
    {
        return denied;
    }
    match settled {
        None => json!({ "skipped": true, "headers": identity(&sent, &[]) }),
        Some(Ok((verified, headers))) => json!({ "context": context(&verified), "headers": identity(&sent, &headers) }),
        Some(Err(refusal)) => {
            let mut error = error(&refusal);
            error["challenge"] = refusal.challenge().into();
            json!({ "error": error })
        }
    }
}

/// The `x-auth-*` headers that the handler's side sees.
pub(crate) fn identity(sent: &[(String, String)], propagated: &[(&'static str, String)]) -> Value {
    let mut headers = Map::new();
    for (name, value) in sent.iter().filter(|(name, _)| name.starts_with("x-auth-")) {
        headers.insert(name.clone(), value.as_str().into());
    }
    for (name, value) in propagated {
        headers.insert((*name).to_owned(), value.as_str().into());
    }
    Value::Object(headers)
}

pub(crate) fn context(verified: &Verified) -> Value {
    let claims: Value = serde_json::from_str(verified.claims_json()).expect("claims that were checked");
    json!({
        "subject": verified.subject(), "name": verified.name(), "roles": verified.roles(), "scopes": verified.scopes(),
        "claims": claims, "type": "jwt", "expiresAt": verified.expires_at_ms().map(iso),
    })
}

fn error(refusal: &Refusal) -> Value {
    json!({
        "code": refusal.code().as_str(), "claim": refusal.claim(), "reason": refusal.reason().as_str(),
        "connectCode": refusal.connect_code().as_str(),
    })
}

/// Whether an outcome is another than the step expects, and how.
pub fn differs(step: &Value, outcome: &Value) -> Option<String> {
    let mut expect = step["expectByLanguage"].get("rust").unwrap_or(&step["expect"]).clone();
    let mut got = outcome.clone();
    // What a step does not say is for the comparer alone.
    if let Some(members) = got.as_object_mut() {
        match step.get("fetches") {
            Some(fetches) => expect["fetches"] = fetches.clone(),
            None => drop(members.remove("fetches")),
        }
        if let Some(error) = members.get_mut("error").and_then(Value::as_object_mut)
            && expect["error"].get("challenge").is_none()
        {
            error.remove("challenge");
        }
    }
    let (expect, got) = (canonical(&expect), canonical(&got));
    (expect != got).then(|| {
        let from = expect.chars().zip(got.chars()).take_while(|(a, b)| a == b).count().saturating_sub(80);
        format!("\n  expected {}\n  got      {}", cut(&expect, from), cut(&got, from))
    })
}

/// The part of a long text that matters: from shortly before the first difference.
fn cut(text: &str, from: usize) -> String {
    if text.chars().count() <= 400 {
        text.to_owned()
    } else {
        format!("…{}…", text.chars().skip(from).take(300).collect::<String>())
    }
}

/// ISO 8601 in UTC with milliseconds.
fn iso(ms: i64) -> String {
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
    format!("{year:04}-{month:02}-{day:02}T{h:02}:{m:02}:{s:02}.{milli:03}Z")
}
