//! The native half of the npm package `bearergate`: it carries options, credentials and decisions
//! across the language border and decides nothing itself. The JavaScript half is in `../lib`.
//!
//! Answers cross as one string each (see [`answer`]), since a JavaScript object built property by
//! property costs more than a string and `JSON.parse`.

mod answer;
mod authz;
mod clock;
mod codes;
mod command;
mod duration;
mod events;
mod gate;
mod headers;
mod http;
mod judge;
mod method;
mod options;
mod panic;
mod testing;
mod text;
mod told;
mod verifier;
mod wait;

/// Node trusts the file that this variable names, and so do fetches of key sets.
#[napi_derive::module_init]
fn trust_what_node_trusts() {
    bearergate_core::add_certificates_from_env("NODE_EXTRA_CA_CERTS");
}
