//! JWT authentication for Connect servers, decided once: everything that the `bearergate` packages
//! for Node and Python decide is decided here.
//!
//! A [`Gate`] judges requests, a [`Verifier`] judges bare tokens. Keys come from a remote JWK Set,
//! a public key or an HMAC secret.
//!
//! ```
//! use bearergate_core::{Options, Outcome, Secret, TrustOptions, Verifier};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let verifier = Verifier::new(Options {
//!     trust: TrustOptions {
//!         secret: Some(vec![Secret::new("0123456789abcdef0123456789abcdef")]),
//!         issuer: Some(vec!["my-service".to_owned()]),
//!         ..TrustOptions::default()
//!     },
//!     ..Options::default()
//! })?;
//! match verifier.verify("not.a.token") {
//!     Outcome::Ready(Ok(caller)) => println!("{}", caller.subject()),
//!     Outcome::Ready(Err(refusal)) => assert_eq!(refusal.code().as_str(), "ERR_TOKEN_MALFORMED"),
//!     Outcome::Wait(ticket) => println!("{:?}", ticket.wait().map(|caller| caller.subject().to_owned())),
//! }
//! # Ok(())
//! # }
//! ```
//!
//! Nothing here panics on any input, blocks on the network, or shows a secret or a token.
#![forbid(unsafe_code)]
#![warn(missing_docs)]

#[macro_use]
mod mutants_macro;

mod alg;
mod aside;
mod authz;
mod cache;
mod claims;
mod clock;
mod context;
mod credentials;
mod duration;
mod error;
pub mod explain;
#[cfg(feature = "fuzzing")]
#[doc(hidden)]
pub mod fuzzing;
mod gate;
mod header;
mod http;
mod json;
mod key;
mod keyset;
mod mapping;
mod method;
pub mod mint;
#[cfg(feature = "mutants")]
pub mod mutants;
#[cfg(all(feature = "mutants", not(debug_assertions)))]
compile_error!("`mutants` drops checks for the mutation test: no optimized build has it");
mod options;
mod process;
mod propagate;
mod stats;
mod sync;
mod texts;
mod token;
#[cfg(test)]
mod vectors;
mod verifier;

pub use authz::{AuthzDenial, AuthzEffect, AuthzPolicy, AuthzRule, AuthzVerdict, Caller};
pub use clock::{Clock, ManualClock};
pub use context::Verified;
pub use error::{Code, ConnectCode, Reason, Refusal};
pub use gate::{Decision, Gate, Request};
pub use http::{HttpAnswer, HttpRequest, SkipPaths, Told, http_answer, procedure_of};
pub use json::{ClaimItems, ClaimMembers, ClaimValue};
pub use keyset::{Cancel, KeyEvent, KeyEventKind, KeySource, SkippedKey, Ticket};
pub use method::matches_method_pattern;
pub use options::{
    CacheOption, ClaimPath, ClaimsMapping, ConfigError, Confirmation, CredentialsOptions, JwksOptions, KeyAlgorithm,
    KeyHandle, KeyKind, OptionValue, Options, PublicKey, Secret, Spelling, TrustOptions, parse_duration,
};
pub use propagate::{AUTH_HEADERS, ContextParts, HeaderError, decode_auth_headers, encode_auth_headers};
pub use stats::Stats;
pub use texts::Texts;
pub use verifier::{Outcome, Readiness, Verifier};

/// Trusts, beside the other roots, the PEM file that this environment variable names: how a host
/// runtime's own convention (Node's `NODE_EXTRA_CA_CERTS`) is kept. Only the first call counts.
#[doc(hidden)]
pub fn add_certificates_from_env(variable: &'static str) {
    keyset::add_certificates_from_env(variable);
}
