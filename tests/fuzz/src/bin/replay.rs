//! Every target without libFuzzer: its seeds, inputs of a MiB, and mutations of the seeds, for as many
//! seconds each as the argument says.

use std::time::{Duration, Instant};

use bearergate_fuzz::{Check, TARGETS, seeds};

fn main() {
    let seconds = std::env::args().nth(1).and_then(|text| text.parse().ok()).unwrap_or(0);
    every_seed_passes();
    a_mebibyte_is_bounded();
    if seconds > 0 {
        mutations_of_the_seeds_pass(Duration::from_secs(seconds));
    }
}

/// A small generator; its seed is printed, so that a finding can be had again.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 16).unwrap_or(0) % limit.max(1)
    }
}

/// Runs a target on an input, and shows the input of a finding.
fn run(target: &str, check: Check, input: &[u8]) {
    if let Err(finding) = std::panic::catch_unwind(|| check(input)) {
        let shown: String = input.escape_ascii().to_string().chars().take(2000).collect();
        eprintln!("{target}: {} bytes: {shown}", input.len());
        std::panic::resume_unwind(finding);
    }
}

fn every_seed_passes() {
    for (target, check) in TARGETS {
        let seeds = seeds::of(target);
        assert!(seeds.len() >= 4, "{target} has {} seeds", seeds.len());
        for seed in &seeds {
            run(target, *check, seed);
        }
        println!("{target}: {} seeds", seeds.len());
    }
}

/// What an input of each kind begins with before its longest part.
fn openings(target: &str) -> &'static [&'static [u8]] {
    match target {
        "authorization" => &[b"\0", b"\0Bearer ", b"\x04", b"\x20"],
        "authz" => &[b"\0"],
        "discovery" => &[b"\x01", b"\x01https://a.example\xff"],
        "header" => &[b"", b"jwt\xff"],
        "http" => &[b"", b"/*\xffGET\xff/", b"/*\xffGET\xff//\xffapplication/"],
        "key_import" => &[b"p\xff", b"d\xff", b"s\xff"],
        "mapping" => &[b"", b"a.b\xff"],
        "options" => &[b"\0", b"\x01"],
        "propagation" => {
            &[b"e\xff", b"e\xffs\xff\xff\xff", b"e\xffs\xff\xff\xff\xff\xff", b"d\xffs\xff\xff\xff\xff\xff"]
        }
        "token" => &[b"\x01", b"\0{\"alg\":\"HS256\"}\xff", b"\x02"],
        _ => &[b""],
    }
}

/// Texts of a MiB: one piece over and over, alone and in a JSON string, and documents of many members.
fn long_texts() -> Vec<String> {
    const SIZE: usize = 1 << 20;
    let pieces = [
        ".",
        "A",
        "[",
        "{\"a\":",
        "\"",
        "\\u0041",
        "9",
        " ",
        "{}",
        "\\",
        "a.",
        "[],",
        "1,",
        "\"a\",",
        "é",
        "%41",
        "; token=a",
        "-----BEGIN PUBLIC KEY-----\n",
        "ssh-rsa ",
    ];
    let filled = pieces.iter().map(|piece| piece.repeat(SIZE / piece.len()));
    let quoted = ["A", "é", "\\u0041", "\\ud83d\\ude00"]
        .map(|piece| format!("{{\"a\":\"{}\"}}", piece.repeat(SIZE / piece.len())));
    let joined = |open: &str, items: Vec<String>, close: &str| format!("{open}{}{close}", items.join(","));
    let documents = [
        joined("{", (0..SIZE / 15).map(|i| format!("\"k{i:05}\":{i}")).collect(), "}"),
        joined("{", vec!["\"k\":1".to_owned(); SIZE / 6], "}"),
        joined("{\"a\":[", vec!["\"b\"".to_owned(); SIZE / 4], "]}"),
        joined("{\"keys\":[", vec!["{\"kty\":\"RSA\",\"n\":\"AQAB\",\"e\":\"AQAB\"}".to_owned(); SIZE / 40], "]}"),
        format!("{{\"a\":{}", "9".repeat(SIZE)),
    ];
    filled.chain(quoted).chain(documents).collect()
}

/// A second of processor time and 64 MiB at most, whatever a MiB of input holds.
fn a_mebibyte_is_bounded() {
    let texts = long_texts();
    for (target, check) in TARGETS {
        for opening in openings(target) {
            for text in &texts {
                run(target, *check, &[opening, text.as_bytes()].concat());
            }
        }
    }
    println!("{} texts of a MiB for each part of an input", texts.len());
}

fn mutations_of_the_seeds_pass(moment: Duration) {
    let seed = std::time::SystemTime::UNIX_EPOCH.elapsed().map_or(1, |since| since.subsec_nanos().into());
    let seed = std::env::var("SEED").ok().and_then(|text| text.parse().ok()).unwrap_or(seed);
    println!("SEED={seed}");
    for (target, check) in TARGETS {
        let mut random = Random(seed | 1);
        let seeds = seeds::of(target);
        let (end, mut runs) = (Instant::now() + moment, 0);
        while Instant::now() < end {
            run(target, *check, &mutated(&seeds, &mut random));
            runs += 1;
        }
        println!("{target}: {runs} mutations");
        assert!(runs > 100, "{target}: {runs} mutations are too few to say anything");
    }
}

fn mutated(seeds: &[Vec<u8>], random: &mut Random) -> Vec<u8> {
    let mut input = seeds[random.below(seeds.len())].clone();
    for _ in 0..=random.below(4) {
        let at = random.below(input.len() + 1);
        match random.below(6) {
            0 if at < input.len() => input[at] ^= 1 << random.below(8),
            1 if at < input.len() => input[at] = b"\"{}[],:.\\ \0\xff\xfe-+_=/%09aZ"[random.below(25)],
            2 => input.insert(at, u8::try_from(random.below(256)).unwrap_or(0)),
            3 if at < input.len() => {
                let end = (at + 1 + random.below(16)).min(input.len());
                input.drain(at..end);
            }
            4 if at < input.len() => {
                let end = (at + 1 + random.below(64)).min(input.len());
                let piece = input[at..end].to_vec();
                let to = random.below(input.len());
                input.splice(to..to, piece);
            }
            _ => {
                let other = &seeds[random.below(seeds.len())];
                let from = random.below(other.len());
                input.truncate(at);
                input.extend_from_slice(&other[from..]);
            }
        }
    }
    input
}
