//! Authorization: a compiled policy, and its verdicts as strings.
//!
//! `"+"` lets the call go on, `"?"` asks for what `authorize` says, and anything else is a denial, as a
//! JSON object.

use std::panic::{AssertUnwindSafe, catch_unwind};

use bearergate_core::{AuthzDenial, AuthzEffect, AuthzPolicy, AuthzVerdict, Caller, OptionValue, Spelling};
use napi::bindgen_prelude::Either;
use napi_derive::napi;

use crate::options::describe;
use crate::panic::throwing;

/// A compiled policy.
#[napi]
pub struct NativeAuthzPolicy {
    policy: AuthzPolicy,
}

/// Compiles the options of an authorization, or tells what is wrong with them.
#[napi]
pub fn create_authz_policy(options_json: String) -> napi::Result<Either<NativeAuthzPolicy, String>> {
    throwing(|| {
        let policy = OptionValue::from_json(&options_json).and_then(|value| AuthzPolicy::read(value, Spelling::Camel));
        match policy {
            Ok(policy) => Either::A(NativeAuthzPolicy { policy }),
            Err(error) => Either::B(describe(&error)),
        }
    })
}

/// The effects that rules may have.
#[napi]
pub fn authz_effects() -> Vec<String> {
    AuthzEffect::ALL.iter().map(|effect| effect.as_str().to_owned()).collect()
}

#[napi]
impl NativeAuthzPolicy {
    /// Judges a call; `roles` and `scopes` are both there where there is a caller.
    #[napi]
    pub fn check(
        &self,
        service: String,
        method: String,
        roles: Option<Vec<String>>,
        scopes: Option<Vec<String>>,
    ) -> String {
        denying(|| {
            let caller = roles.as_deref().zip(scopes.as_deref()).map(|(roles, scopes)| Caller { roles, scopes });
            told(&self.policy.check(caller.as_ref(), &service, &method))
        })
    }

    /// Judges a call that no rule matches, given what `authorize` says, if there is such a function.
    #[napi]
    pub fn decide(&self, authorized: Option<bool>) -> String {
        denying(|| told(&self.policy.decide(authorized)))
    }
}

/// The denial that a failure of the host is.
#[napi]
pub fn authz_failure() -> String {
    AuthzDenial::plain().told_json()
}

fn told(verdict: &AuthzVerdict<'_>) -> String {
    match verdict {
        AuthzVerdict::Allowed => "+".to_owned(),
        AuthzVerdict::Undecided => "?".to_owned(),
        AuthzVerdict::Denied(denial) => denial.told_json(),
    }
}

/// A panic denies.
fn denying(work: impl FnOnce() -> String) -> String {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| AuthzDenial::plain().told_json())
}
