//! The command line of both packages: `explain` says of a token which check it passes and which it
//! fails, `jwks` shows a key set as the core sees it. Everything is decided and written here, so that
//! the packages cannot differ: they hand over the arguments and write what comes back.
//!
//! Nothing is judged here. A token goes through [`Verifier::verify`](crate::Verifier::verify) like any
//! other, and what is said of it follows from the outcome: checks run in a fixed order, and the first
//! failure wins.

mod arguments;
mod command;
mod flags;
mod help;
mod inspect;
mod page;
mod rows;
mod shown;
mod sources;
mod time;
mod trace;

pub use command::{Report, Surroundings, Variables, run};
pub use trace::{Caller, Check, Client, Explanation, Verdict};
