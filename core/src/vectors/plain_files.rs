//! The files about primitives that these tests know.

use super::File;
use super::plain::{macs, signatures};

pub(super) const FILES: &[File] = &[
    File { path: "wycheproof/plain/ecdsa_secp256r1_sha256_p1363_test.json", tests: 262, run: signatures },
    File { path: "wycheproof/plain/ecdsa_secp256r1_sha512_p1363_test.json", tests: 332, run: signatures },
    File { path: "wycheproof/plain/ecdsa_secp384r1_sha384_p1363_test.json", tests: 280, run: signatures },
    File { path: "wycheproof/plain/ecdsa_secp521r1_sha512_p1363_test.json", tests: 318, run: signatures },
    File { path: "wycheproof/plain/ed25519_test.json", tests: 151, run: signatures },
    File { path: "wycheproof/plain/ed448_test.json", tests: 87, run: signatures },
    File { path: "wycheproof/plain/hmac_sha256_test.json", tests: 174, run: macs },
    File { path: "wycheproof/plain/hmac_sha384_test.json", tests: 174, run: macs },
    File { path: "wycheproof/plain/hmac_sha512_test.json", tests: 174, run: macs },
    File { path: "wycheproof/plain/mldsa_44_verify_test.json", tests: 180, run: signatures },
    File { path: "wycheproof/plain/mldsa_65_verify_test.json", tests: 210, run: signatures },
    File { path: "wycheproof/plain/mldsa_87_verify_test.json", tests: 241, run: signatures },
    File { path: "wycheproof/plain/rsa_pss_2048_sha256_mgf1_0_test.json", tests: 103, run: signatures },
    File { path: "wycheproof/plain/rsa_pss_2048_sha256_mgf1_32_test.json", tests: 108, run: signatures },
    File { path: "wycheproof/plain/rsa_pss_2048_sha256_mgf1sha1_20_test.json", tests: 108, run: signatures },
    File { path: "wycheproof/plain/rsa_pss_2048_sha384_mgf1_48_test.json", tests: 141, run: signatures },
    File { path: "wycheproof/plain/rsa_pss_3072_sha256_mgf1_32_test.json", tests: 108, run: signatures },
    File { path: "wycheproof/plain/rsa_pss_4096_sha256_mgf1_32_test.json", tests: 108, run: signatures },
    File { path: "wycheproof/plain/rsa_pss_4096_sha384_mgf1_48_test.json", tests: 141, run: signatures },
    File { path: "wycheproof/plain/rsa_pss_4096_sha512_mgf1_64_test.json", tests: 179, run: signatures },
    File { path: "wycheproof/plain/rsa_signature_2048_sha256_test.json", tests: 259, run: signatures },
    File { path: "wycheproof/plain/rsa_signature_2048_sha384_test.json", tests: 258, run: signatures },
    File { path: "wycheproof/plain/rsa_signature_2048_sha512_test.json", tests: 259, run: signatures },
    File { path: "wycheproof/plain/rsa_signature_3072_sha256_test.json", tests: 259, run: signatures },
    File { path: "wycheproof/plain/rsa_signature_3072_sha384_test.json", tests: 259, run: signatures },
    File { path: "wycheproof/plain/rsa_signature_3072_sha512_test.json", tests: 260, run: signatures },
    File { path: "wycheproof/plain/rsa_signature_4096_sha256_test.json", tests: 258, run: signatures },
    File { path: "wycheproof/plain/rsa_signature_4096_sha384_test.json", tests: 259, run: signatures },
    File { path: "wycheproof/plain/rsa_signature_4096_sha512_test.json", tests: 259, run: signatures },
];
