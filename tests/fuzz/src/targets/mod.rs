//! One target each: `check` takes the bytes of an input and panics where something does not hold.

pub mod authorization;
pub mod authz;
pub mod claims;
pub mod discovery;
pub mod duration;
pub mod header;
pub mod http;
pub mod jwk;
pub mod jwk_set;
pub mod key_import;
pub mod mapping;
pub mod options;
pub mod propagation;
pub mod token;
