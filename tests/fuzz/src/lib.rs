//! The fuzz targets. Each hands bytes to one reader of the core and checks what must hold of the
//! answer: against a second reading of its own where there can be one, and within bounds of time and
//! memory always.

mod keys;
mod limits;
mod oracle;
pub mod seeds;
pub mod targets;

/// What a target does with an input: it panics where something does not hold.
pub type Check = fn(&[u8]);

/// Every target by name.
pub const TARGETS: &[(&str, Check)] = &[
    ("authorization", targets::authorization::check),
    ("authz", targets::authz::check),
    ("claims", targets::claims::check),
    ("discovery", targets::discovery::check),
    ("duration", targets::duration::check),
    ("header", targets::header::check),
    ("http", targets::http::check),
    ("jwk", targets::jwk::check),
    ("jwk_set", targets::jwk_set::check),
    ("key_import", targets::key_import::check),
    ("mapping", targets::mapping::check),
    ("options", targets::options::check),
    ("propagation", targets::propagation::check),
    ("token", targets::token::check),
];

/// What parts an input: a byte that no text in UTF-8 holds.
pub const SEPARATOR: u8 = 0xFF;

/// The parts of an input; those that are not there are empty, the last one takes the rest.
fn parts<const N: usize>(data: &[u8]) -> [&[u8]; N] {
    let mut parts = data.splitn(N, |byte| *byte == SEPARATOR);
    std::array::from_fn(|_| parts.next().unwrap_or_default())
}

fn text(bytes: &[u8]) -> Option<&str> {
    std::str::from_utf8(bytes).ok()
}
