//! Authorization behind the interceptor, as a binding does it.

use bearergate_core::{AuthzPolicy, AuthzVerdict, Caller, ConfigError, OptionValue, Spelling, Verified};
use serde_json::{Value, json};

/// A compiled policy, and what the `authorize` hook does.
pub(crate) struct Authz {
    policy: AuthzPolicy,
    hook: Option<String>,
}

impl Authz {
    /// The authorization of a case that has one.
    pub(crate) fn of(options: &Value) -> Result<Option<Self>, ConfigError> {
        if options.is_null() {
            return Ok(None);
        }
        // A hook lives in the host language; here the runner is the host.
        let mut options = options.clone();
        let hook = options["authorize"]["$hook"].as_str().map(str::to_owned);
        if let Some(members) = options.as_object_mut()
            && (hook.is_some() || members.get("authorize").is_none_or(Value::is_null))
        {
            members.remove("authorize");
        }
        let policy = AuthzPolicy::read(OptionValue::from_json(&options.to_string())?, Spelling::Camel)?;
        Ok(Some(Self { policy, hook }))
    }

    /// The outcome of a call that may not go on.
    pub(crate) fn denied(&self, caller: Option<&Verified>, service: &str, method: &str) -> Option<Value> {
        let names: Option<[Vec<String>; 2]> =
            caller.map(|caller| [caller.roles(), caller.scopes()].map(|texts| texts.map(str::to_owned).collect()));
        let caller = names.as_ref().map(|[roles, scopes]| Caller { roles, scopes });
        let verdict = match self.policy.check(caller.as_ref(), service, method) {
            AuthzVerdict::Undecided => self.policy.decide(self.hook.as_deref().map(|hook| hook == "true")),
            verdict => verdict,
        };
        match verdict {
            AuthzVerdict::Allowed => None,
            AuthzVerdict::Undecided => Some(json!({ "undecided": true })),
            AuthzVerdict::Denied(denial) => {
                let rule = denial
                    .rule()
                    .map(|rule| json!({ "name": rule.name(), "roles": rule.roles(), "scopes": rule.scopes() }));
                let code = denial.connect_code().as_str();
                Some(json!({ "denied": { "connectCode": code, "message": denial.message(), "rule": rule } }))
            }
        }
    }
}
