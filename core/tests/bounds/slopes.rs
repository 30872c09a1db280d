//! Nothing is quadratic: each shape at a size, at twice that size, and at twice that again. Linear work
//! takes four times as long in the end, and somewhat more where a cache ends in between; quadratic work
//! takes sixteen times as long.

use std::time::Duration;

use crate::measure::{cost, gate, header_verdict, signed, verdict};

/// Most that four times the size may cost.
const STEEPEST: f64 = 9.0;
/// What a run this short says of its slope is noise.
const TOO_QUICK: Duration = Duration::from_micros(3);
/// A machine that is busy with something else can disturb one measurement, not each of several.
const TRIES: usize = 4;

type Shape = (&'static str, fn(usize) -> String);

fn claims(rest: &str) -> String {
    signed(r#"{"alg":"HS256"}"#, &format!(r#"{{"sub":"x","aud":"api",{rest}}}"#))
}

fn repeated(unit: &str, size: usize) -> String {
    unit.repeat(size / unit.len())
}

fn list(item: &str, size: usize) -> String {
    vec![item; size / (item.len() + 1)].join(",")
}

fn members(size: usize) -> String {
    (0..size / 12).map(|at| format!("\"m{at:06}\":0")).collect::<Vec<_>>().join(",")
}

/// Shapes of about so many bytes of JSON or text.
const SHAPES: &[Shape] = &[
    ("dots", |size| repeated(".", size)),
    ("not base64url at its end", |size| format!("{}=.e30.AA", repeated("A", size))),
    ("brackets that open", |size| claims(&format!(r#""x":{}"#, repeated("[", size)))),
    ("members", |size| claims(&members(size))),
    ("members with escaped names", |size| claims(&members(size).replace("\"m", "\"\\u006d"))),
    ("members in the header", |size| signed(&format!(r#"{{"alg":"HS256",{}}}"#, members(size)), r#"{"sub":"x"}"#)),
    ("numbers", |size| claims(&format!(r#""x":[{}]"#, list("0", size)))),
    ("digits", |size| claims(&format!(r#""x":0.{}"#, repeated("7", size)))),
    ("digits of an exponent", |size| claims(&format!(r#""x":1e-{}"#, repeated("7", size)))),
    ("backslashes", |size| claims(&format!(r#""x":"{}""#, repeated("\\\\", size)))),
    ("a string of escapes as subject", |size| {
        signed(r#"{"alg":"HS256"}"#, &format!(r#"{{"sub":"{}","aud":"api"}}"#, repeated("\\u0041", size)))
    }),
    ("characters of three bytes", |size| claims(&format!(r#""x":"{}""#, repeated("\u{20ac}", size)))),
    ("letters and characters", |size| claims(&format!(r#""x":"{}""#, repeated("a\u{e9}", size)))),
    ("white space", |size| claims(&format!(r#""x":[{}0]"#, repeated(" \n", size)))),
    ("scopes in escapes", |size| claims(&format!(r#""scope":"\u0073 {}""#, repeated("s ", size)))),
    ("audiences in escapes", |size| {
        signed(r#"{"alg":"HS256"}"#, &format!(r#"{{"sub":"x","aud":[{}]}}"#, list(r#""\u0061""#, size)))
    }),
    ("audiences", |size| signed(r#"{"alg":"HS256"}"#, &format!(r#"{{"sub":"x","aud":[{}]}}"#, list(r#""x""#, size)))),
    ("roles", |size| claims(&format!(r#""roles":[{}]"#, list(r#""r""#, size)))),
    ("scopes", |size| claims(&format!(r#""scopes":"{}""#, repeated("s ", size)))),
    ("nested objects", |size| claims(&format!(r#""x":[{}]"#, list(r#"{"a":{"b":{}}}"#, size)))),
    ("a kid that is cut when it is shown", |size| {
        signed(&format!(r#"{{"alg":"RS256","kid":"{}"}}"#, repeated("\\u0001", size)), "{}")
    }),
];

/// Every shape; what is too steep is added to the findings.
pub fn run(findings: &mut Vec<String>) {
    let gate = gate(Some(1 << 20));
    println!("\n{:<40} {:>12} {:>12} {:>12} {:>9}", "", "128 kB", "256 kB", "512 kB", "slopes");
    for (what, shape) in SHAPES {
        let tokens = [1 << 17, 1 << 18, 1 << 19].map(shape);
        assert!(tokens.iter().all(|token| token.len() <= 1 << 20), "{what}");
        check(findings, what, &|at| cost(|| verdict(&gate, &tokens[at])).time);
    }
    let headers = [1 << 17, 1 << 18, 1 << 19].map(|size| format!("Bearer {}", " ".repeat(size)));
    check(findings, "spaces after a scheme", &|at| cost(|| header_verdict(&gate, &[headers[at].as_bytes()])).time);
    let many: Vec<&[u8]> = vec![b"Bearer x"; 1 << 19];
    check(findings, "header values", &|at| cost(|| header_verdict(&gate, &many[..1 << (17 + at)])).time);
}

fn check(findings: &mut Vec<String>, what: &str, time: &dyn Fn(usize) -> Duration) {
    let mut times = [Duration::MAX; 3];
    for attempt in 1.. {
        for (at, least) in times.iter_mut().enumerate() {
            *least = time(at).min(*least);
        }
        let slopes = [1, 2].map(|at| times[at].as_secs_f64() / times[at - 1].as_secs_f64());
        let steep = slopes[0] * slopes[1] > STEEPEST && times[2] > TOO_QUICK;
        if steep && attempt < TRIES {
            continue;
        }
        let [small, middle, large] = times;
        println!("{what:<40} {small:>12.2?} {middle:>12.2?} {large:>12.2?} {:>4.1} {:>4.1}", slopes[0], slopes[1]);
        if steep {
            findings.push(format!("{what}: twice the size costs {slopes:.1?} times as much"));
        }
        break;
    }
}
