//! What a refused call carries: a code and a message for the client, the rule for the operator.

use serde::Serialize;

use super::AuthzRule;
use crate::error::ConnectCode;

/// What a client is told whose call needs a caller and has none.
const UNAUTHENTICATED: &str = "Authentication required for authorization";
/// What a client is told whom a rule or `authorize` denies.
const DENIED: &str = "Access denied";
/// What a client is told whom nothing allows.
const DENIED_BY_DEFAULT: &str = "Access denied by default policy";

/// A refused call.
#[derive(Debug, Clone, Copy)]
pub struct AuthzDenial<'a> {
    code: ConnectCode,
    message: &'static str,
    rule: Option<&'a AuthzRule>,
}

impl<'a> AuthzDenial<'a> {
    /// The denial that a failure of the host is: what cannot be judged is not allowed.
    #[must_use]
    pub fn plain() -> Self {
        Self { code: ConnectCode::PermissionDenied, message: DENIED, rule: None }
    }

    pub(super) fn by(rule: &'a AuthzRule) -> Self {
        Self { rule: Some(rule), ..Self::plain() }
    }

    pub(super) fn by_default() -> Self {
        Self { message: DENIED_BY_DEFAULT, ..Self::plain() }
    }

    pub(super) fn unauthenticated() -> Self {
        Self { code: ConnectCode::Unauthenticated, message: UNAUTHENTICATED, ..Self::plain() }
    }

    /// Connect's code: unauthenticated or permission denied.
    #[must_use]
    pub fn connect_code(&self) -> ConnectCode {
        self.code
    }

    /// Value of `WWW-Authenticate`, where there is no caller.
    #[must_use]
    pub fn challenge(&self) -> Option<&'static str> {
        (self.code == ConnectCode::Unauthenticated).then_some("Bearer")
    }

    /// The client's message, which never names a rule.
    #[must_use]
    pub fn message(&self) -> &'static str {
        self.message
    }

    /// The rule that denied, for the operator.
    #[must_use]
    pub fn rule(&self) -> Option<&'a AuthzRule> {
        self.rule
    }

    /// What makes the error, as a JSON object for a language binding.
    #[must_use]
    pub fn told_json(&self) -> String {
        let told = Told {
            connect_code: self.code.as_str(),
            message: self.message,
            challenge: self.challenge(),
            rule: self.rule.map(|rule| Rule { name: rule.name(), roles: rule.roles(), scopes: rule.scopes() }),
        };
        serde_json::to_string(&told).unwrap_or_default()
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Told<'a> {
    connect_code: &'a str,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    challenge: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rule: Option<Rule<'a>>,
}

#[derive(Serialize)]
struct Rule<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    roles: &'a [String],
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    scopes: &'a [String],
}
