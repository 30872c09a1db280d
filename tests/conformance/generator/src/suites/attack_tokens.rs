//! Published attacks on the form of a token: other serializations, `none`, extensions, encryption,
//! signatures that mathematics alone refuses, size and depth, and the header that carries it.

use serde_json::{Value, json};

use super::signatures::{K256_N, P256_N, P384_N, P521_N, hex};
use crate::case::{Context, Suite, ctx, err, ok, used};
use crate::keys::{b64, der};
use crate::mint::{T0, Token};

fn malformed() -> Value {
    err("ERR_TOKEN_MALFORMED")
}

pub fn suite() -> Suite {
    let mut s = Suite::new("attack-tokens", "3", "Published attacks on the form of a token and of its header");
    serializations(&mut s);
    unsigned(&mut s);
    extensions(&mut s);
    encrypted(&mut s);
    curves(&mut s);
    sizes(&mut s);
    smuggling(&mut s);
    s
}

/// JSON serializations and texts that are two things at once.
fn serializations(s: &mut Suite) {
    s.each("json-forms", "3.2", "no JSON serialization is a token, whatever it holds", |c, k| {
        let text = k.token().mint();
        let parts: Vec<&str> = text.split('.').collect();
        let (h, p, v) = (parts[0], parts[1], parts[2]);
        let evil = b64(r#"{"sub":"admin"}"#);
        let none = b64(r#"{"alg":"none"}"#);
        c.text(T0, &text, ok(&k.token()));
        for form in [
            format!(r#"{{"header":{{"alg":"none"}},"payload":"{evil}","signature":""}}"#),
            format!(r#"{{"protected":"{h}","header":{{"alg":"none"}},"payload":"{p}","signature":"{v}"}}"#),
            format!(r#"{{"payload":"{evil}","signatures":[{{"protected":"{h}","signature":"{v}"}}]}}"#),
            format!(r#"{{"payload":"{p}","signatures":[{{"protected":"{none}","signature":""}},{{"protected":"{h}","signature":"{v}"}}]}}"#),
            format!(r#"{{"payload":"{p}","signatures":[],"protected":"{h}","signature":"{v}"}}"#),
            format!(r#"{{"payload":"{p}","signatures":null}}"#),
            format!(r#"{{"payload":"{p}"}}"#),
            format!(r#"{{"payload":{{"sub":"admin"}},"protected":"{h}","signature":"{v}"}}"#),
            format!(r#"["{text}"]"#),
            format!(r#"["{h}","{p}","{v}"]"#),
            format!(r#""{text}""#),
            format!(" {{\"protected\":\"{h}\",\"payload\":\"{p}\",\"signature\":\"{v}\"}}"),
            "{}".to_owned(),
            "[]".to_owned(),
            "null".to_owned(),
        ] {
            c.text(T0, &form, malformed());
        }
    });
    s.each(
        "json-polyglots",
        "3.2",
        "a text that is a compact token to one parser and JSON to another is neither",
        |c, k| {
            let text = k.token().mint();
            let parts: Vec<&str> = text.split('.').collect();
            let (h, p, v) = (parts[0], parts[1], parts[2]);
            let evil = b64(r#"{"sub":"admin"}"#);
            c.text(T0, &text, ok(&k.token()));
            for form in [
                format!(r#"{{"  {h}.{evil}.{v}":"","protected":"{h}","payload":"{p}","signature":"{v}"}}"#),
                format!(r#"{{"protected":"{h}","payload":"{p}","signature":"{v}","x":".{evil}."}}"#),
                format!(r#"{h}.{p}.{v}{{"payload":"{evil}"}}"#),
                format!(r#"{{"a":"{h}.{p}.{v}"}}"#),
                format!("{h}.{evil}.{v}\n{text}"),
                format!("{text} {text}"),
                format!("{h}.{evil}.{p}.{v}"),
                format!("{h}.{evil}.{v}.{text}"),
                format!("{text}#.{evil}.{v}"),
                format!("{h}\u{0}.{p}.{v}"),
            ] {
                c.text(T0, &form, malformed());
            }
        },
    );
    s.each("json-in-a-header", "2.3", "nor does a request carry one", |c, k| {
        let text = k.token().mint();
        let parts: Vec<&str> = text.split('.').collect();
        let flat = format!(r#"{{"protected":"{}","payload":"{}","signature":"{}"}}"#, parts[0], parts[1], parts[2]);
        c.request(json!([["authorization", format!("Bearer {text}")]]), plain(ctx(&k.token())));
        c.request(json!([["authorization", format!("Bearer {flat}")]]), malformed());
        c.request(json!([["authorization", format!("Bearer \"{text}\"")]]), malformed());
        c.request(json!([["authorization", format!("Bearer {}", b64(&flat))]]), malformed());
    });
}

/// `none`, in any spelling and of any type, with every signature.
fn unsigned(s: &mut Suite) {
    for (id, alg) in [
        ("none", r#""none""#),
        ("mixed", r#""nOnE""#),
        ("title", r#""None""#),
        ("upper", r#""NONE""#),
        ("escaped", r#""n\u006fne""#),
        ("spaced", r#"" none ""#),
        ("nul", r#""none\u0000""#),
        ("empty", r#""""#),
        ("null-text", r#""null""#),
        ("null", "null"),
        ("array", "[]"),
        ("array-none", r#"["none"]"#),
        ("object", "{}"),
        ("zero", "0"),
        ("one", "1"),
        ("false", "false"),
        ("unknown", r#""XS256""#),
        ("plain", r#""plaintext""#),
    ] {
        s.each(
            &format!("alg-nothing-{id}"),
            "3.5",
            "an alg that is none, nothing or unknown is refused with every signature and without",
            |c, k| {
                let token = k.token().header(format!(r#"{{"typ":"JWT","alg":{alg},"kid":"%KID%"}}"#));
                let expect = if alg.starts_with('"') { err("ERR_ALG_NOT_ALLOWED") } else { malformed() };
                let input = token.clone().signature([0]).mint();
                let input = input.rsplit_once('.').expect("three segments").0;
                c.verify(T0, &token, expect.clone());
                c.verify(T0, &token.clone().signature([0]), expect.clone());
                c.verify(T0, &token.clone().hmac(""), expect);
                for bare in [format!("{input}."), input.to_owned(), format!("{input}..")] {
                    c.text(T0, &bare, malformed());
                }
            },
        );
    }
    s.each("alg-nothing-repeated", "3.3", "a second alg does not make up for the first", |c, k| {
        for members in [r#""alg":"none","alg":"%ALG%""#, r#""alg":"%ALG%","alg":"none""#, r#""alg":null,"alg":"%ALG%""#]
        {
            c.verify(T0, &k.token().header(format!(r#"{{{members},"kid":"%KID%"}}"#)), malformed());
        }
        c.verify(T0, &k.token().header(r#"{"Alg":"%ALG%","kid":"%KID%"}"#), malformed());
        c.verify(T0, &k.token().header(r#"{"alg ":"%ALG%","kid":"%KID%"}"#), malformed());
    });
}

/// `crit` and `b64`: RFC 7797 is not spoken.
fn extensions(s: &mut Suite) {
    s.each("crit-registered-names", "3.4", "naming what everybody understands in crit is refused too", |c, k| {
        for name in
            ["alg", "kid", "typ", "cty", "jwk", "jku", "x5u", "x5c", "crit", "b64", "exp", "iss", "zip", "url", ""]
        {
            let token = k.token().header_members(&format!("\"crit\":[\"{name}\"]"));
            c.verify(T0, &token, err("ERR_TOKEN_CRITICAL"));
        }
        for value in ["true", "0", "[null]", "[1]", "[[]]", "[{}]", "[\"x\",\"x\"]", "\"b64\""] {
            let token = k.token().header_members(&format!("\"crit\":{value},\"x\":true"));
            c.verify(T0, &token, err("ERR_TOKEN_CRITICAL"));
        }
    });
    s.each("b64-false-critical", "3.4", "an unencoded payload is refused in the form that its RFC gives it", |c, k| {
        let header = r#"{"alg":"%ALG%","kid":"%KID%","b64":false,"crit":["b64"]}"#;
        c.verify(T0, &k.token().header(header), err("ERR_TOKEN_CRITICAL"));
        for value in ["{}", "[]", "0", "\"\"", "[false]", "\"False\"", "-0"] {
            let token = k.token().header_members(&format!("\"b64\":{value}"));
            c.verify(T0, &token, err("ERR_TOKEN_CRITICAL"));
        }
    });
    s.each("b64-unencoded-payload", "3.4", "a payload in the clear is no payload, detached or in place", |c, k| {
        let header = r#"{"alg":"%ALG%","kid":"%KID%","b64":false,"crit":["b64"]}"#;
        let token = k.token().header(header).signature([1; 64]).mint();
        let parts: Vec<&str> = token.split('.').collect();
        let json = r#"{"sub":"admin"}"#;
        c.text(T0, &format!("{}..{}", parts[0], parts[2]), malformed());
        c.text(T0, &format!("{}.{json}.{}", parts[0], parts[2]), malformed());
        c.text(T0, &format!("{}.$.02.{}", parts[0], parts[2]), malformed());
        c.text(T0, &format!("{}.admin123.{}", parts[0], parts[2]), err("ERR_TOKEN_CRITICAL"));
    });
}

/// JWE where a JWS is asked for.
fn encrypted(s: &mut Suite) {
    s.each("jwe-five-segments", "3.2", "an encrypted token is malformed, whatever is inside", |c, k| {
        let nested = b64(k.token().mint());
        for (alg, enc) in [
            ("RSA-OAEP", "A256GCM"),
            ("dir", "A128CBC-HS256"),
            ("ECDH-ES", "A128GCM"),
            ("PBES2-HS256+A128KW", "A128GCM"),
            ("none", "none"),
        ] {
            let header = b64(format!(r#"{{"alg":"{alg}","enc":"{enc}","cty":"JWT","kid":"{}"}}"#, k.key));
            for token in [
                format!("{header}.{0}.{0}.{nested}.{0}", b64([7; 16])),
                format!("{header}..{0}.{nested}.{0}", b64([7; 16])),
                format!("{header}....",),
            ] {
                c.text(T0, &token, malformed());
            }
        }
    });
    s.each(
        "jwe-in-three-segments",
        "3.5",
        "the header of an encrypted token names no algorithm that verifies",
        |c, k| {
            for header in [
                r#"{"alg":"dir","enc":"A256GCM","kid":"%KID%"}"#,
                r#"{"alg":"RSA1_5","enc":"A128CBC-HS256","kid":"%KID%"}"#,
                r#"{"alg":"PBES2-HS512+A256KW","enc":"A256GCM","p2c":2147483647,"p2s":"AAAA","kid":"%KID%"}"#,
                r#"{"alg":"A256GCM","enc":"HS256","zip":"DEF","kid":"%KID%"}"#,
            ] {
                c.verify(T0, &k.token().header(header), err("ERR_ALG_NOT_ALLOWED"));
            }
        },
    );
    s.each("jwe-nested", "3.8", "a token inside a token is not unwrapped", |c, k| {
        let inner = k.token().mint();
        for payload in [inner.clone(), format!("\"{inner}\""), format!(r#"["{inner}"]"#), format!("{inner}.AA.AA")] {
            let token = k.token().header_members("\"cty\":\"JWT\"").payload(payload);
            c.verify(T0, &token, err("ERR_CLAIMS_MALFORMED"));
        }
        let members = k.token().header_members("\"enc\":\"A256GCM\",\"zip\":\"DEF\",\"cty\":\"JWT\"");
        c.verify(T0, &members, ok(&members));
    });
}

/// ECDSA values out of range, in every form and at every length.
fn curves(s: &mut Suite) {
    for (id, key, alg, order) in [
        ("es256", "p256-a", "ES256", P256_N),
        ("es384", "p384", "ES384", P384_N),
        ("es512", "p521", "ES512", P521_N),
        ("es256k", "k256", "ES256K", K256_N),
    ] {
        s.one(&format!("ecdsa-values-{id}"), "3.7", "r and s in {0, n, n+1}, in both forms, verify nothing", |c| {
            c.options(json!({ "publicKey": used(&format!("{key}.jwk")), "algorithms": [alg] }));
            let token = Token::new(key, alg);
            let bad = |bytes: Vec<u8>| token.clone().signature(bytes);
            c.verify(T0, &token, ok(&token));
            let n = hex(order);
            let mut above = n.clone();
            *above.last_mut().expect("a byte") += 1;
            let values = [vec![0; n.len()], n.clone(), above];
            for r in &values {
                for v in &values {
                    c.verify(T0, &bad([&r[..], v].concat()), err("ERR_SIGNATURE_INVALID"));
                    c.verify(T0, &bad(asn1(r, v)), err("ERR_SIGNATURE_INVALID"));
                }
            }
            let good = token.signature_bytes();
            let (r, v) = good.split_at(n.len());
            c.verify(T0, &bad(asn1(r, v)), err("ERR_SIGNATURE_INVALID"));
            for length in [0, 1, n.len(), 63, 64, 65, 66, 68, 70, 71, 72, 95, 97, 131, 133] {
                if length == 0 || length == good.len() {
                    continue;
                }
                let resized = |fill: usize| {
                    let mut bytes = vec![0; fill];
                    bytes.extend(&good);
                    bytes.resize(length.max(fill), 0);
                    bytes.truncate(length);
                    bytes
                };
                c.verify(T0, &bad(resized(0)), err("ERR_SIGNATURE_INVALID"));
                c.verify(T0, &bad(resized(length.saturating_sub(good.len()))), err("ERR_SIGNATURE_INVALID"));
            }
        });
    }
}

/// The DER form of two numbers.
fn asn1(r: &[u8], s: &[u8]) -> Vec<u8> {
    let integer = |bytes: &[u8]| {
        let from = bytes.iter().position(|byte| *byte != 0).unwrap_or(bytes.len() - 1);
        let lead: &[u8] = if bytes[from] & 0x80 == 0 { &[] } else { &[0] };
        der(2, &[lead, &bytes[from..]].concat())
    };
    der(0x30, &[integer(r), integer(s)].concat())
}

/// Size and depth.
fn sizes(s: &mut Suite) {
    const LARGE: usize = 65_536;
    s.one("size-dots", "3.2", "a text of dots is judged without taking it apart", |c| {
        c.options(json!({ "publicKey": used("ed-a.jwk"), "maxTokenBytes": LARGE }));
        c.text(T0, &".".repeat(LARGE), malformed());
        c.text(T0, &".".repeat(LARGE + 1), err("ERR_TOKEN_TOO_LARGE"));
    });
    s.one("size-segments", "3.2", "nor are segments without number", |c| {
        c.options(json!({ "publicKey": used("ed-a.jwk"), "maxTokenBytes": LARGE }));
        c.text(T0, &"e30.".repeat(LARGE / 4), malformed());
    });
    s.one("size-one-segment", "3.1", "a segment over the limit is refused by its length", |c| {
        c.options(json!({ "publicKey": used("ed-a.jwk") }));
        let token = Token::new("ed-a", "EdDSA").mint();
        c.text(T0, &format!("{}.{token}", "A".repeat(65_536)), err("ERR_TOKEN_TOO_LARGE"));
        c.text(T0, &format!("{token}{}", "A".repeat(65_536)), err("ERR_TOKEN_TOO_LARGE"));
    });
    s.each("size-dots-in-a-header", "2.3", "a request's dots are no token either", |c, _| {
        c.request(json!([["authorization", format!("Bearer {}", ".".repeat(8192))]]), malformed());
        c.request(json!([["authorization", format!("Bearer {}", ".".repeat(16_385))]]), err("ERR_TOKEN_TOO_LARGE"));
    });
    let nested = |levels: usize, open: &str, inner: &str, close: &str| {
        format!("{}{inner}{}", open.repeat(levels), close.repeat(levels))
    };
    let arrays = |levels: usize| nested(levels, "[", "", "]");
    let limit = || json!({ "maxTokenBytes": 524_288 });
    s.one("depth-header", "3.3", "depth 100,000 in the header is refused at the 33rd level", |c| {
        c.options(limit()).options(json!({ "publicKey": used("ed-a.jwk") }));
        let token = Token::new("ed-a", "EdDSA").header(format!(r#"{{"alg":"EdDSA","x":{}}}"#, arrays(100_000)));
        c.verify(T0, &token.signature([1; 64]), malformed());
    });
    for (id, text) in [("arrays", arrays(100_000)), ("objects", nested(20_000, "{\"a\":", "1", "}"))] {
        s.one(&format!("depth-claims-{id}"), "3.8", "great depth in the claims is refused at the 33rd level", |c| {
            c.options(limit()).options(json!({ "secret": used("hmac-32.secret") }));
            let token = Token::new("hmac-32", "HS256").payload(format!(r#"{{"sub":"user-1","x":{text}}}"#));
            c.verify(T0, &token, err("ERR_CLAIMS_MALFORMED"));
        });
    }
    s.one(
        "depth-claims-unsigned",
        "4 issuers",
        "with issuers too, where the claims are read before the signature",
        |c| {
            let entry = json!({ "issuer": "https://issuer.example", "publicKey": used("p384.jwk") });
            c.options(limit()).options(json!({ "issuers": [entry] }));
            let text = format!(r#"{{"iss":"https://issuer.example","x":{}}}"#, arrays(20_000));
            c.verify(T0, &Token::new("p384", "ES384").payload(text).signature([1; 96]), err("ERR_CLAIMS_MALFORMED"));
        },
    );
    s.each("size-many-members", "3", "as many members as fit are members and nothing more", |c, k| {
        let members: Vec<String> = (0..900).map(|at| format!("\"m{at:03}\":{at}")).collect();
        let token = k.token().raw_members(&members.join(","));
        c.verify(T0, &token, ok(&token));
        let twice = k.token().raw_members(&format!("{},\"m000\":0", members.join(",")));
        c.verify(T0, &twice, err("ERR_CLAIMS_MALFORMED"));
    });
    s.each("odd-tokens", "3.2", "odd texts are refused like any other", |c, k| {
        let text = k.token().mint();
        let parts: Vec<&str> = text.split('.').collect();
        c.text(T0, &text, ok(&k.token()));
        for odd in [
            "-",
            "_",
            ".",
            "...",
            "A.A.A",
            "AA.AA.AA",
            "e30.e30.AA",
            "bnVsbA.bnVsbA.AA",
            "W10.W10.AA",
            "\u{0}",
            "\u{fffd}",
            "\u{1f600}",
            "Bearer",
            "undefined",
            "null",
            "%00",
            "e30=.e30=.AA==",
        ] {
            c.text(T0, odd, malformed());
        }
        c.text(T0, &format!("{}.{}.{}", parts[1], parts[0], parts[2]), malformed());
        c.text(T0, &format!("{0}.{0}.{0}", parts[2]), malformed());
    });
}

fn plain(context: Context) -> Value {
    context.headers(json!({})).ok()
}

/// What surrounds the token in a request.
fn smuggling(s: &mut Suite) {
    s.each("smuggle-two-headers", "2.3", "of two Authorization headers neither is chosen", |c, k| {
        let (good, evil) = (k.token().mint(), k.token().claim("sub", "admin").signature([1; 64]).mint());
        let bearer = |token: &str| format!("Bearer {token}");
        c.request(json!([["authorization", bearer(&good)]]), plain(ctx(&k.token())));
        for pair in
            [[bearer(&good), bearer(&evil)], [bearer(&evil), bearer(&good)], [bearer(&good), "Basic dTpw".to_owned()]]
        {
            c.request(json!([["authorization", pair[0]], ["AUTHORIZATION", pair[1]]]), malformed());
        }
    });
    s.each("smuggle-comma", "2.3", "joined by a comma they are no token", |c, k| {
        let good = k.token().mint();
        for value in [
            format!("Bearer {good},Bearer {good}"),
            format!("Bearer {good} , Bearer {good}"),
            format!("Bearer {good}, Basic dTpw"),
            format!("Bearer {good};{good}"),
            format!("Bearer {good} {good}"),
            format!("Bearer realm=\"x\", token=\"{good}\""),
        ] {
            c.request(json!([["authorization", value]]), malformed());
        }
        for value in [format!("Basic dTpw, Bearer {good}"), format!(",Bearer {good}"), format!("x Bearer {good}")] {
            c.request(json!([["authorization", value]]), err("ERR_CREDENTIALS_MISSING"));
        }
    });
    s.each("smuggle-odd-scheme", "2.3", "bearer in odd cases is Bearer, likenesses of it are not", |c, k| {
        let good = k.token().mint();
        for scheme in ["bEARER", "BeArEr", "bearer"] {
            c.request(json!([["authorization", format!("{scheme} {good}")]]), plain(ctx(&k.token())));
        }
        for scheme in ["Bearer\u{a0}", "Bear\u{e9}r", "Bearer-", "Be arer", "Bearer\"", "B", "Bearers", "\u{df}earer"] {
            c.request(json!([["authorization", format!("{scheme} {good}")]]), err("ERR_CREDENTIALS_MISSING"));
        }
    });
    s.each("smuggle-inside", "2.3", "what does not belong inside a token makes it malformed", |c, k| {
        let good = k.token().mint();
        let (head, tail) = good.split_at(good.len() / 2);
        for odd in ["\t", " ", "\u{a0}", "\u{ff}", "%00", "%0d%0a", "\\r\\n", "\\u0000", "=", "\u{80}", "\u{85}"] {
            c.request(json!([["authorization", format!("Bearer {head}{odd}{tail}")]]), malformed());
        }
        for odd in ["\0", "\r\n", "\n", "\r", "\t", "\u{2028}", "\u{b}", "\u{7f}", "\u{e9}", "\u{ff21}"] {
            c.text(T0, &format!("{head}{odd}{tail}"), malformed());
            c.text(T0, &format!("{odd}{good}"), malformed());
            c.text(T0, &format!("{good}{odd}"), malformed());
        }
    });
}
