//! Whether a caller may call a method: rules over roles and scopes, compiled once. The host's
//! `authorize` function is asked where no rule matches; what its answer means is decided here.

mod denial;
mod read;

pub use denial::AuthzDenial;

use crate::method::MethodPattern;

/// What a rule, or the default policy, does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuthzEffect {
    /// The call goes on.
    Allow,
    /// The call is refused.
    Deny,
}

impl AuthzEffect {
    /// Every effect.
    pub const ALL: [Self; 2] = [Self::Allow, Self::Deny];

    /// The effect as options spell it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Deny => "deny",
        }
    }
}

/// Rules in their order, and what holds where none matches. Made by [`AuthzPolicy::read`].
#[derive(Debug)]
pub struct AuthzPolicy {
    default: AuthzEffect,
    rules: Vec<AuthzRule>,
    skip_methods: Vec<MethodPattern>,
}

/// One rule.
#[derive(Debug)]
pub struct AuthzRule {
    name: String,
    methods: Vec<MethodPattern>,
    roles: Vec<String>,
    scopes: Vec<String>,
    effect: AuthzEffect,
}

/// What rules see of a caller.
#[derive(Debug, Clone, Copy)]
pub struct Caller<'a> {
    /// Roles.
    pub roles: &'a [String],
    /// Scopes.
    pub scopes: &'a [String],
}

/// What is to happen to a call.
#[derive(Debug)]
pub enum AuthzVerdict<'a> {
    /// It goes on.
    Allowed,
    /// It is refused.
    Denied(AuthzDenial<'a>),
    /// No rule matches: the host asks its `authorize` function, where it has one, and then
    /// [`AuthzPolicy::decide`].
    Undecided,
}

impl AuthzPolicy {
    /// Judges a call. Without a caller it is refused as unauthenticated, unless its method is skipped.
    #[must_use]
    pub fn check(&self, caller: Option<&Caller<'_>>, service: &str, method: &str) -> AuthzVerdict<'_> {
        if self.skip_methods.iter().any(|pattern| pattern.matches(service, method)) {
            return AuthzVerdict::Allowed;
        }
        let Some(caller) = caller else {
            return AuthzVerdict::Denied(AuthzDenial::unauthenticated());
        };
        let mut matching = self.rules.iter().filter(|rule| rule.matches(caller, service, method));
        let rule = if mutant!("authz-order") { matching.next_back() } else { matching.next() };
        match rule {
            None => AuthzVerdict::Undecided,
            Some(rule) if rule.effect == AuthzEffect::Deny && !mutant!("authz-effect") => {
                AuthzVerdict::Denied(AuthzDenial::by(rule))
            }
            Some(_) => AuthzVerdict::Allowed,
        }
    }

    /// Judges a call that no rule matches, given what `authorize` answered: whether it allows the call,
    /// `None` where there is no such function. One that fails allows nothing.
    #[must_use]
    pub fn decide(&self, authorized: Option<bool>) -> AuthzVerdict<'_> {
        match (authorized, self.default) {
            (Some(true), _) | (None, AuthzEffect::Allow) => AuthzVerdict::Allowed,
            (None, AuthzEffect::Deny) if mutant!("authz-default") => AuthzVerdict::Allowed,
            (Some(false), _) => AuthzVerdict::Denied(AuthzDenial::plain()),
            (None, AuthzEffect::Deny) => AuthzVerdict::Denied(AuthzDenial::by_default()),
        }
    }
}

impl AuthzRule {
    /// Whether the rule is about the method, and the caller has one of its roles and all of its scopes.
    fn matches(&self, caller: &Caller<'_>, service: &str, method: &str) -> bool {
        let roles = self.roles.is_empty() || self.roles.iter().any(|role| caller.roles.contains(role));
        let scopes = self.scopes.iter().all(|scope| caller.scopes.contains(scope));
        self.methods.iter().any(|pattern| pattern.matches(service, method))
            && (roles || mutant!("authz-roles"))
            && (scopes || mutant!("authz-scopes"))
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Roles of which a caller needs any; none where it needs none.
    #[must_use]
    pub fn roles(&self) -> &[String] {
        &self.roles
    }

    /// Scopes of which a caller needs all.
    #[must_use]
    pub fn scopes(&self) -> &[String] {
        &self.scopes
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ConnectCode;
    use crate::options::{OptionValue, Spelling};

    const POLICY: &str = r#"{"rules":[
        {"name":"banned","methods":["*"],"requires":{"roles":["banned"]},"effect":"deny"},
        {"name":"admin","methods":["a.B/*"],"requires":{"roles":["admin","root"]},"effect":"allow"},
        {"name":"read","methods":["a.B/Get*"],"requires":{"scopes":["read","list"]},"effect":"allow"},
        {"name":"both","methods":["a.B/Set"],"requires":{"roles":["user"],"scopes":["write"]},"effect":"allow"},
        {"name":"rest","methods":["a.B/*"],"effect":"deny"}
      ],"skipMethods":["open.Service/*"]}"#;

    fn policy(json: &str) -> AuthzPolicy {
        AuthzPolicy::read(OptionValue::from_json(json).unwrap(), Spelling::Camel).unwrap()
    }

    fn check(policy: &AuthzPolicy, roles: &[&str], scopes: &[&str], service: &str, method: &str) -> String {
        let owned = |texts: &[&str]| texts.iter().map(ToString::to_string).collect::<Vec<_>>();
        let (roles, scopes) = (owned(roles), owned(scopes));
        let caller = Caller { roles: &roles, scopes: &scopes };
        match policy.check(Some(&caller), service, method) {
            AuthzVerdict::Allowed => "allowed".to_owned(),
            AuthzVerdict::Undecided => "undecided".to_owned(),
            AuthzVerdict::Denied(denial) => denial.rule().map_or(denial.message(), AuthzRule::name).to_owned(),
        }
    }

    #[test]
    fn the_first_rule_that_matches_decides() {
        let policy = policy(POLICY);
        for (roles, scopes, service, method, expected) in [
            (&["admin"][..], &[][..], "a.B", "Any", "allowed"),
            (&["other", "root"], &[], "a.B", "Any", "allowed"),
            (&["admin", "banned"], &[], "a.B", "Any", "banned"),
            (&["Admin"], &[], "a.B", "Any", "rest"),
            (&[], &["list", "x", "read"], "a.B", "GetAll", "allowed"),
            (&[], &["read"], "a.B", "GetAll", "rest"),
            (&[], &["list", "read"], "a.B", "Set", "rest"),
            (&["user"], &["write"], "a.B", "Set", "allowed"),
            (&["user"], &[], "a.B", "Set", "rest"),
            (&[], &["write"], "a.B", "Set", "rest"),
            (&["admin"], &[], "c.D", "Any", "undecided"),
            (&["banned"], &[], "open.Service", "Any", "allowed"),
        ] {
            assert_eq!(
                check(&policy, roles, scopes, service, method),
                expected,
                "{roles:?} {scopes:?} {service}/{method}"
            );
        }
    }

    #[test]
    fn a_call_without_a_caller_is_unauthenticated_whatever_the_rules() {
        let policy = policy(r#"{"rules":[{"name":"all","methods":["*"],"effect":"allow"}],"defaultPolicy":"allow"}"#);
        let AuthzVerdict::Denied(denial) = policy.check(None, "a.B", "Get") else { panic!("not denied") };
        assert_eq!(denial.connect_code(), ConnectCode::Unauthenticated);
        assert_eq!(denial.message(), "Authentication required for authorization");
        let skipping = self::policy(POLICY);
        assert!(matches!(skipping.check(None, "open.Service", "Get"), AuthzVerdict::Allowed));
    }

    #[test]
    fn what_authorize_says_comes_before_the_default() {
        for (json, authorized, message) in [
            ("{}", None, Some("Access denied by default policy")),
            ("{}", Some(true), None),
            ("{}", Some(false), Some("Access denied")),
            (r#"{"defaultPolicy":"allow"}"#, None, None),
            (r#"{"defaultPolicy":"allow"}"#, Some(false), Some("Access denied")),
            (r#"{"defaultPolicy":"deny"}"#, Some(true), None),
        ] {
            let policy = policy(json);
            let told = match policy.decide(authorized) {
                AuthzVerdict::Denied(denial) => {
                    assert_eq!(denial.connect_code(), ConnectCode::PermissionDenied);
                    Some(denial.message())
                }
                _ => None,
            };
            assert_eq!(told, message, "{json} {authorized:?}");
        }
    }
}
