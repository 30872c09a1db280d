//! The examples of RFC 7515 and RFC 7519, retyped from their text without its line breaks. They are
//! tokens of 2011 without a subject, so what each comes to here is said beside it.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bearergate_core::{
    ClaimPath, ClaimsMapping, Clock, ManualClock, Options, Outcome, PublicKey, Secret, TrustOptions, Verified, Verifier,
};

/// RFC 7515 appendix A.1.1, the JWS that RFC 7519 section 3.1 shows as its example JWT.
const A1: &str = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

/// RFC 7515 appendix A.1.1, `k` of the JWK.
const A1_KEY: &str = "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow";

/// RFC 7515 appendix A.2.1.
const A2: &str = "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw";

/// RFC 7515 appendix A.2.1, the public members of the JWK.
const A2_JWK: &str = r#"{"kty":"RSA","n":"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ","e":"AQAB"}"#;

/// RFC 7515 appendix A.3.1.
const A3: &str = "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";

/// RFC 7515 appendix A.3.1, the public members of the JWK.
const A3_JWK: &str = r#"{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}"#;

/// RFC 7515 appendix A.4.1.
const A4: &str = "eyJhbGciOiJFUzUxMiJ9.UGF5bG9hZA.AdwMgeerwtHoh-l192l60hp9wAHZFVJbLfD_UxMi70cwnZOYaRI1bKPWROc-mZZqwqT2SI-KGDKB34XO0aw_7XdtAG8GaSwFKdCAPZgoXD2YBJZCPEX3xKpRwcdOO8KpEHwJjyqOgzDO7iKvU8vcnwNrmxYbSW9ERBXukOXolLzeO_Jn";

/// RFC 7515 appendix A.4.1, the public members of the JWK.
const A4_JWK: &str = r#"{"kty":"EC","crv":"P-521","x":"AekpBQ8ST8a8VcfVOTNl353vSrDCLLJXmPk06wTjxrrjcBpXp5EOnYG_NjFZ6OvLFV1jSfS9tsz4qUxcWceqwQGk","y":"ADSmRA43Z1DSNx_RvcLI87cdL07l6jQyyBXMoxVg_l2Th-x3S1WDhjDly79ajL4Kkd0AZMaZmh9ubmf63e3kyMj2"}"#;

/// RFC 7515 appendix A.5, the JWS that RFC 7519 section 6.1 shows as its example unsecured JWT.
const A5: &str = "eyJhbGciOiJub25lIn0.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.";

/// RFC 7515 appendix A.6.4.
const A6: &str = r#"{"payload":"eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ","signatures":[{"protected":"eyJhbGciOiJSUzI1NiJ9","header":{"kid":"2010-12-29"},"signature":"cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw"},{"protected":"eyJhbGciOiJFUzI1NiJ9","header":{"kid":"e9bc097a-ce51-4036-9562-d2ade882db0d"},"signature":"DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"}]}"#;

/// RFC 7515 appendix A.7.
const A7: &str = r#"{"payload":"eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ","protected":"eyJhbGciOiJFUzI1NiJ9","header":{"kid":"e9bc097a-ce51-4036-9562-d2ade882db0d"},"signature":"DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"}"#;

/// RFC 7515 appendix E, the negative test case for `crit`.
const E: &str = "eyJhbGciOiJub25lIiwNCiAiY3JpdCI6WyJodHRwOi8vZXhhbXBsZS5jb20vVU5ERUZJTkVEIl0sDQogImh0dHA6Ly9leGFtcGxlLmNvbS9VTkRFRklORUQiOnRydWUNCn0.RkFJTA.";

/// RFC 7519 appendix A.1, an encrypted JWT.
const ENCRYPTED: &str = "eyJhbGciOiJSU0ExXzUiLCJlbmMiOiJBMTI4Q0JDLUhTMjU2In0.QR1Owv2ug2WyPBnbQrRARTeEk9kDO2w8qDcjiHnSJflSdv1iNqhWXaKH4MqAkQtMoNfABIPJaZm0HaA415sv3aeuBWnD8J-Ui7Ah6cWafs3ZwwFKDFUUsWHSK-IPKxLGTkND09XyjORj_CHAgOPJ-Sd8ONQRnJvWn_hXV1BNMHzUjPyYwEsRhDhzjAD26imasOTsgruobpYGoQcXUwFDn7moXPRfDE8-NoQX7N7ZYMmpUDkR-Cx9obNGwJQ3nM52YCitxoQVPzjbl7WBuB7AohdBoZOdZ24WlN1lVIeh8v1K4krB8xgKvRU8kgFrEn_a1rZgN5TiysnmzTROF869lQ.AxY8DCtDaGlsbGljb3RoZQ.MKOle7UQrG6nSxTLX6Mqwt0orbHvAKeWnDYvpIAeZ72deHxz3roJDXQyhxx0wKaMHDjUEOKIwrtkHthpqEanSBNYHZgmNOV7sln1Eu9g3J8.fiK51VwhsxJ-siBMR-YFiA";

/// RFC 7519 appendix A.2, a nested JWT: the token of RFC 7515 appendix A.2, encrypted.
const NESTED: &str = "eyJhbGciOiJSU0ExXzUiLCJlbmMiOiJBMTI4Q0JDLUhTMjU2IiwiY3R5IjoiSldUIn0.g_hEwksO1Ax8Qn7HoN-BVeBoa8FXe0kpyk_XdcSmxvcM5_P296JXXtoHISr_DD_MqewaQSH4dZOQHoUgKLeFly-9RI11TG-_Ge1bZFazBPwKC5lJ6OLANLMd0QSL4fYEb9ERe-epKYE3xb2jfY1AltHqBO-PM6j23Guj2yDKnFv6WO72tteVzm_2n17SBFvhDuR9a2nHTE67pe0XGBUS_TK7ecA-iVq5COeVdJR4U4VZGGlxRGPLRHvolVLEHx6DYyLpw30Ay9R6d68YCLi9FYTq3hIXPK_-dmPlOUlKvPr1GgJzRoeC9G5qCvdcHWsqJGTO_z3Wfo5zsqwkxruxwA.UmVkbW9uZCBXQSA5ODA1Mg.VwHERHPvCNcHHpTjkoigx3_ExK0Qc71RMEParpatm0X_qpg-w8kozSjfNIPPXiTBBLXR65CIPkFqz4l1Ae9w_uowKiwyi9acgVztAi-pSL8GQSXnaamh9kX1mdh3M_TT-FZGQFQsFhu0Z72gJKGdfGE-OE7hS1zuBD5oEUfk0Dmb0VzWEzpxxiSSBbBAzP10l56pPfAtrjEYw-7ygeMkwBl6Z_mLS6w6xUgKlvW6ULmkV-uLC4FUiyKECK4e3WZYKw1bpgIqGYsw2v_grHjszJZ-_I5uM-9RA8ycX9KqPRp9gc6pXmoU_-27ATs9XCvrZXUtK2902AUzqpeEUJYjWWxSNsS-r1TJ1I-FMJ4XyAiGrfmo9hQPcNBYxPz3GQb28Y5CLSQfNgKSGt0A4isp1hBUXBHAndgtcslt7ZoQJaKe_nNJgNliWtWpJ_ebuOpEl8jdhehdccnRMIwAmU1n7SPkmhIl1HlSOpvcvDfhUN5wuqU955vOBvfkBOh5A11UzBuo2WlgZ6hYi9-e3w29bR0C2-pp3jbqxEDw3iWaf2dc5b-LnR0FEYXvI_tYk5rd_J9N0mg0tQ6RbpxNEMNoA9QWk5lgdPvbh9BaO195abQ.AVO9iT5AV4CzvDJCdhSFlQ";

/// `exp` of every example with claims (RFC 7519 section 3.1).
const EXP: i64 = 1_300_819_380;

fn jwk(text: &str) -> TrustOptions {
    TrustOptions { public_key: Some(PublicKey::Jwk(text.to_owned())), ..TrustOptions::default() }
}

fn secret(bytes: &[u8]) -> TrustOptions {
    TrustOptions { secret: Some(vec![Secret::new(bytes)]), ..TrustOptions::default() }
}

fn a1_key() -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(A1_KEY).unwrap()
}

/// The key source of each example that is signed, with its token.
fn signed() -> [(&'static str, TrustOptions, &'static str); 4] {
    [("A.1", secret(&a1_key()), A1), ("A.2", jwk(A2_JWK), A2), ("A.3", jwk(A3_JWK), A3), ("A.4", jwk(A4_JWK), A4)]
}

fn judge(trust: TrustOptions, seconds: i64, token: &str) -> Result<Verified, &'static str> {
    let clock = Clock::Manual(ManualClock::new(seconds * 1000, 0));
    let verifier = Verifier::with_clock(Options { trust, ..Options::default() }, clock).unwrap();
    match verifier.verify(token) {
        Outcome::Ready(decision) => decision.map_err(|refusal| refusal.code().as_str()),
        Outcome::Wait(_) => panic!("a fixed key is there"),
    }
}

fn code(trust: TrustOptions, seconds: i64, token: &str) -> &'static str {
    judge(trust, seconds, token).err().unwrap_or("accepted")
}

/// A.1, A.2 and A.3 have the claims of RFC 7519 section 3.1: `iss`, `exp` and one of their own, and no
/// `sub`. Their subject can be had from `iss`.
#[test]
fn signed_claims_are_accepted_until_exp_with_a_subject() {
    for (name, trust, token) in signed().into_iter().take(3) {
        assert_eq!(code(trust.clone(), EXP - 1, token), "ERR_SUBJECT_MISSING", "{name}");
        let claims_mapping =
            ClaimsMapping { subject: Some(ClaimPath::Dotted("iss".to_owned())), ..ClaimsMapping::default() };
        let trust = TrustOptions { claims_mapping, ..trust };
        let caller = judge(trust.clone(), EXP - 1, token).unwrap();
        assert_eq!(caller.subject(), "joe", "{name}");
        // The line breaks are the RFC's own: its payload has CR LF and a space.
        let claims = "{\"iss\":\"joe\",\r\n \"exp\":1300819380,\r\n \"http://example.com/is_root\":true}";
        assert_eq!(caller.claims_json(), claims, "{name}");
        assert_eq!(code(trust, EXP, token), "ERR_TOKEN_EXPIRED", "{name}");
    }
}

/// A.4 signs the text "Payload": a good JWS, and no claims.
#[test]
fn a_signed_text_is_no_jwt() {
    assert_eq!(code(jwk(A4_JWK), EXP - 1, A4), "ERR_CLAIMS_MALFORMED");
}

#[test]
fn each_signature_is_checked() {
    for (name, trust, token) in signed() {
        let (input, signature) = token.rsplit_once('.').unwrap();
        let first = if signature.starts_with('A') { 'B' } else { 'A' };
        let forged = format!("{input}.{first}{}", &signature[1..]);
        assert_eq!(code(trust, EXP - 1, &forged), "ERR_SIGNATURE_INVALID", "{name}");
    }
}

/// No example's key verifies, or is so much as asked about, another's algorithm.
#[test]
fn each_key_is_for_its_own_algorithm() {
    for (key, trust, _) in signed() {
        for (name, _, token) in signed() {
            if name != key {
                assert_eq!(code(trust.clone(), EXP - 1, token), "ERR_ALG_NOT_ALLOWED", "{name} under the key of {key}");
            }
        }
    }
}

/// The 64 bytes of A.1 are enough for HS256; RFC 7518 section 3.2 wants 32 at least.
#[test]
fn a_shorter_secret_than_the_hash_is_refused() {
    let build = |length: usize| {
        Verifier::new(Options { trust: secret(&a1_key()[..length]), ..Options::default() }).map_err(|e| e.to_string())
    };
    assert!(build(32).is_ok());
    assert!(build(31).unwrap_err().contains("RFC 7518 section 3.2"));
}

/// A.5 (RFC 7519 section 6.1) has an empty signature; with one that is not empty, its alg is refused.
#[test]
fn unsecured_tokens_are_refused() {
    for (name, trust, _) in signed() {
        assert_eq!(code(trust.clone(), EXP - 1, A5), "ERR_TOKEN_MALFORMED", "under the key of {name}");
        assert_eq!(code(trust, EXP - 1, &format!("{A5}AA")), "ERR_ALG_NOT_ALLOWED", "under the key of {name}");
    }
}

/// A.6 and A.7 carry the good signatures of A.2 and A.3, in the JSON serialization.
#[test]
fn json_serializations_are_refused() {
    for (name, trust, _) in signed() {
        assert_eq!(code(trust.clone(), EXP - 1, A6), "ERR_TOKEN_MALFORMED", "A.6 under the key of {name}");
        assert_eq!(code(trust, EXP - 1, A7), "ERR_TOKEN_MALFORMED", "A.7 under the key of {name}");
    }
}

/// Appendix E must be refused for its `crit`; here its empty signature comes first.
#[test]
fn critical_headers_are_refused() {
    assert_eq!(code(jwk(A2_JWK), EXP - 1, E), "ERR_TOKEN_MALFORMED");
    assert_eq!(code(jwk(A2_JWK), EXP - 1, &format!("{E}AA")), "ERR_TOKEN_CRITICAL");
}

/// Appendix F takes the payload out of A.1, for it to travel elsewhere.
#[test]
fn detached_content_is_refused() {
    let (header, rest) = A1.split_once('.').unwrap();
    let (_, signature) = rest.split_once('.').unwrap();
    assert_eq!(code(secret(&a1_key()), EXP - 1, &format!("{header}..{signature}")), "ERR_TOKEN_MALFORMED");
}

/// Five segments are no signed token, whatever they hold.
#[test]
fn encrypted_and_nested_tokens_are_refused() {
    for token in [ENCRYPTED, NESTED] {
        assert_eq!(token.split('.').count(), 5);
        for (name, trust, _) in signed() {
            assert_eq!(code(trust, EXP - 1, token), "ERR_TOKEN_MALFORMED", "under the key of {name}");
        }
    }
}
