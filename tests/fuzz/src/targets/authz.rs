//! Authorization: nothing unknown in a policy, and each call judged as the rules read once more say.

use bearergate_core::{AuthzPolicy, AuthzVerdict, Caller, ConnectCode, OptionValue, Spelling};
use serde_json::Value;

use crate::limits::bounded;
use crate::{parts, text};

/// What parts roles and scopes: another byte that no text holds.
const ITEM: u8 = 0xFE;

/// A byte (whether there is a caller, and what `authorize` says), the policy, roles, scopes, and the call
/// as `service/method`.
pub fn check(data: &[u8]) {
    let Some((how, rest)) = data.split_first() else { return };
    let [policy, roles, scopes, call] = parts(rest);
    let (Some(policy), Some((service, method))) = (text(policy), text(call).and_then(|call| call.split_once('/')))
    else {
        return;
    };
    let list = |bytes: &[u8]| -> Vec<String> {
        bytes.split(|byte| *byte == ITEM).filter_map(text).filter(|item| !item.is_empty()).map(str::to_owned).collect()
    };
    let (roles, scopes) = (list(roles), list(scopes));
    let caller = (how & 1 == 0).then_some(Caller { roles: &roles, scopes: &scopes });
    let authorized = [None, Some(true), Some(false)][usize::from(how >> 1) % 3];
    let Ok(value) = OptionValue::from_json(policy) else { return };
    let Ok(compiled) = bounded(|| AuthzPolicy::read(value, Spelling::Camel)) else { return };
    let json: Value = serde_json::from_str(policy).expect("it was read as JSON");
    check_known(&json);
    let verdict = bounded(|| compiled.check(caller.as_ref(), service, method));
    let verdict = match verdict {
        AuthzVerdict::Undecided => {
            assert_eq!(second_reading(&json, caller.as_ref(), service, method), None);
            let due = authorized.unwrap_or(json["defaultPolicy"] == "allow");
            let decided = compiled.decide(authorized);
            assert_eq!(matches!(decided, AuthzVerdict::Allowed), due);
            return;
        }
        AuthzVerdict::Allowed => true,
        AuthzVerdict::Denied(denial) => {
            let unauthenticated = denial.connect_code() == ConnectCode::Unauthenticated;
            assert_eq!(unauthenticated, caller.is_none());
            assert_eq!(denial.challenge().is_some(), unauthenticated);
            false
        }
    };
    assert_eq!(second_reading(&json, caller.as_ref(), service, method), Some(verdict));
}

/// Every member of an accepted policy is one that there is, and says what it may.
fn check_known(policy: &Value) {
    let among = |value: &Value, names: &[&str]| {
        let members = value.as_object().expect("an object");
        assert!(members.keys().all(|name| names.contains(&name.as_str())), "{members:?}");
    };
    among(policy, &["defaultPolicy", "rules", "skipMethods"]);
    assert!(
        policy["defaultPolicy"].is_null() || policy["defaultPolicy"] == "allow" || policy["defaultPolicy"] == "deny"
    );
    for rule in list(&policy["rules"]) {
        among(rule, &["name", "methods", "requires", "effect"]);
        assert!(rule["effect"] == "allow" || rule["effect"] == "deny");
        assert!(rule["name"].is_string() && !list(&rule["methods"]).is_empty());
        if !rule["requires"].is_null() {
            among(&rule["requires"], &["roles", "scopes"]);
            assert!(["roles", "scopes"].iter().any(|part| !list(&rule["requires"][part]).is_empty()));
        }
    }
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

/// Whether the call is allowed; `None` where no rule says.
fn second_reading(policy: &Value, caller: Option<&Caller<'_>>, service: &str, method: &str) -> Option<bool> {
    let covers = |pattern: &Value| {
        let pattern = pattern.as_str().expect("a pattern");
        let call = format!("{service}/{method}");
        match pattern.split_once('/') {
            None => pattern == "*",
            // The prefix ends behind the slash, so that it holds the whole service.
            Some(_) if pattern.ends_with('*') => {
                let (before, prefix) = pattern[..pattern.len() - 1].split_once('/').expect("a slash");
                before == service && method.starts_with(prefix)
            }
            Some(_) => pattern == call,
        }
    };
    if list(&policy["skipMethods"]).iter().any(covers) {
        return Some(true);
    }
    let Some(caller) = caller else { return Some(false) };
    let has = |names: &[String], name: &Value| names.iter().any(|held| Some(held.as_str()) == name.as_str());
    let rule = list(&policy["rules"]).iter().find(|rule| {
        let (roles, scopes) = (list(&rule["requires"]["roles"]), list(&rule["requires"]["scopes"]));
        list(&rule["methods"]).iter().any(covers)
            && (roles.is_empty() || roles.iter().any(|role| has(caller.roles, role)))
            && scopes.iter().all(|scope| has(caller.scopes, scope))
    });
    rule.map(|rule| rule["effect"] == "allow")
}
