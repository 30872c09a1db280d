//! Every target without libFuzzer: its seeds, inputs of a MiB, and mutations of the seeds, for as many
//! seconds each as the argument says.

use std::time::{Duration, Instant};

use bearergate_fuzz::{Check, SEPARATOR, TARGETS, seeds};

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

/// A second and 64 MiB at most, whatever a MiB of input holds.
fn a_mebibyte_is_bounded() {
    const SIZE: usize = 1 << 20;
    let mut runs = 0;
    let mut run = |target: &str, check: Check, input: &[u8]| {
        runs += 1;
        run(target, check, input);
    };
    let pieces: [&str; 24] = [
        ".",
        "A",
        "[",
        "{\"a\":",
        "\"",
        "\\u0041",
        "0",
        "9",
        " ",
        "=",
        ";token=a",
        "{}",
        "\n",
        "\\",
        "a.",
        "-----BEGIN PUBLIC KEY-----\n",
        "-----BEGIN ",
        "[],",
        "1,",
        "\"a\",",
        "é",
        "%41",
        "/",
        "ssh-rsa ",
    ];
    for (target, check) in TARGETS {
        for piece in pieces {
            let filling = piece.repeat(SIZE / piece.len());
            for (before, after) in [("", ""), ("\0", ""), ("\u{2}", ""), ("{\"a\":\"", "\"}"), ("[", "0]"), ("p", "")] {
                run(target, *check, format!("{before}{filling}{after}").as_bytes());
            }
            // As each of the first parts of an input.
            for parts in 1..=3 {
                let mut input = b"e".to_vec();
                input.extend(std::iter::repeat_n(SEPARATOR, parts));
                input.extend(filling.as_bytes());
                run(target, *check, &input);
            }
        }
        let names = |i: usize| format!("\"k{i:05}\":{i}");
        let wide = format!("{{{}}}", (0..SIZE / 15).map(names).collect::<Vec<_>>().join(","));
        let same = format!("{{{}}}", vec!["\"k\":1"; SIZE / 6].join(","));
        let keys =
            format!("{{\"keys\":[{}]}}", vec!["{\"kty\":\"RSA\",\"n\":\"AQAB\",\"e\":\"AQAB\"}"; SIZE / 40].join(","));
        for document in [wide, same, keys] {
            for before in ["", "\0", "\u{1}", "a.b\u{0}"] {
                run(target, *check, format!("{before}{document}").as_bytes());
            }
            run(target, *check, &[b"a", &[SEPARATOR][..], document.as_bytes()].concat());
        }
    }
    println!("{runs} inputs of a MiB");
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
