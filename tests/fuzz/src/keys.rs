//! Keys whose signatures are known: the published test keys of the conformance suite.

use std::path::Path;
use std::sync::LazyLock;

use bearergate_core::fuzzing::{Key, algorithms, key_of_jwk};

#[path = "../../conformance/generator/src/keys.rs"]
#[allow(dead_code)] // what only the generator needs
mod committed;

pub(crate) use committed::{Keys, b64, from_pem, hmac_with, pem, rsa_pkcs1, rsa_spki};

/// What every known signature is for.
pub(crate) const MESSAGE: &[u8] = b"eyJhbGciOiJ4In0.eyJzdWIiOiJ1c2VyLTEifQ";

/// Public keys of every type, by name.
pub(crate) const NAMES: [&str; 14] = [
    "rsa-a", "rsa-b", "rsa-3072", "p256-a", "p256-b", "p384", "p384-b", "p521", "p521-b", "k256", "ed-a", "mldsa-44",
    "mldsa-65", "mldsa-87",
];

pub(crate) static KEYS: LazyLock<Keys> =
    LazyLock::new(|| Keys::load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../conformance/keys")));

/// A signature of [`MESSAGE`].
struct Known {
    identity: [u8; 32],
    alg: &'static str,
    signature: Vec<u8>,
}

static SIGNATURES: LazyLock<Vec<Known>> = LazyLock::new(|| {
    let mut known = Vec::new();
    for name in NAMES {
        let key = KEYS.key(name);
        let taken = key_of_jwk(KEYS.form(&format!("{name}.jwk")).to_string().as_bytes()).expect("a good key");
        for alg in taken.admits() {
            known.push(Known { identity: taken.identity(), alg, signature: key.sign(alg, MESSAGE) });
        }
    }
    known
});

/// An accepted key verifies its own signatures under what it admits, and nothing else.
pub(crate) fn check_verifies(key: &Key) {
    let (admits, identity) = (key.admits(), key.identity());
    assert!(!admits.is_empty(), "a key that admits nothing");
    assert!(admits.iter().all(|alg| algorithms().contains(alg) && !alg.starts_with("HS")), "{admits:?}");
    for known in SIGNATURES.iter() {
        let due = known.identity == identity && admits.contains(&known.alg);
        if due || admits.contains(&known.alg) {
            assert_eq!(key.verifies(known.alg, MESSAGE, &known.signature), due, "{}", known.alg);
        } else {
            assert!(!key.verifies(known.alg, MESSAGE, &known.signature), "{} is not admitted", known.alg);
        }
        if due {
            let mut other = known.signature.clone();
            other[0] ^= 1;
            assert!(!key.verifies(known.alg, MESSAGE, &other), "{}", known.alg);
            assert!(!key.verifies(known.alg, &MESSAGE[1..], &known.signature), "{}", known.alg);
        }
    }
    for alg in admits {
        assert!(!key.verifies(alg, MESSAGE, &[]), "{alg}: an empty signature");
        assert!(!key.verifies(alg, MESSAGE, &[0; 64]), "{alg}: zeros");
    }
}
