//! What the threads of a process share, model-checked: the core's own modules, compiled over loom's
//! primitives, and every order in which their steps can interleave.
//!
//! Run with `make test-loom`. A model is a test; loom runs it once for each interleaving.
#![cfg(test)]

#[path = "../../../core/src/cache.rs"]
#[allow(dead_code)] // counts and Debug are of no concern here
mod cache;
#[path = "../../../core/src/keyset/in_service.rs"]
mod in_service;
mod models;
mod sync;
