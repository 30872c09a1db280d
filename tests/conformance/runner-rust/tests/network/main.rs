//! No connection and no look-up is caused by what a token says, shown in two ways: with a listener and a
//! proxy that record, and in a network of the test's own whose counters and only resolver are read.

#[cfg(target_os = "linux")]
mod namespace;
mod proxy;
mod tokens;
