//! Whether the time to refuse a MAC tells where its first wrong byte is: Welch's t-test in the manner
//! of dudect (Reparaz, Balasch, Verbauwhede, 2017), on a MAC that is wrong in its first byte against
//! one that is wrong in its last. `cargo bench -p bearergate-core --bench first_wrong_byte`.
//!
//! A comparison that stops early shows a |t| that grows without bound; one in constant time stays
//! under 4.5. The same test on a comparison that does stop early shows that it would be seen.

use std::hint::black_box;
use std::process::ExitCode;
use std::time::Instant;

use aws_lc_rs::hmac;
use aws_lc_rs::rand::{SecureRandom, SystemRandom};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bearergate_core::{CacheOption, Options, Outcome, Secret, TrustOptions, Verifier};

const SECRET: &[u8] = b"0123456789abcdef0123456789abcdef";
const SAMPLES: usize = 100_000;
const LIMIT: f64 = 4.5;
/// A machine that is busy with something else can disturb one run, not each of several.
const RUNS: usize = 3;

fn main() -> ExitCode {
    let input =
        format!("{}.{}", URL_SAFE_NO_PAD.encode(r#"{"alg":"HS256"}"#), URL_SAFE_NO_PAD.encode(r#"{"sub":"user-1"}"#));
    let mac = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, SECRET), input.as_bytes());
    let verifier = Verifier::new(Options {
        trust: TrustOptions { secret: Some(vec![Secret::new(SECRET)]), ..TrustOptions::default() },
        cache: Some(CacheOption::Off),
        ..Options::default()
    })
    .expect("valid options");
    let tokens = [0, mac.as_ref().len() - 1].map(|wrong| {
        let mut bent = mac.as_ref().to_vec();
        bent[wrong] ^= 1;
        format!("{input}.{}", URL_SAFE_NO_PAD.encode(bent))
    });
    let refuse = |token: &str| match verifier.verify(black_box(token)) {
        Outcome::Ready(Err(refusal)) => drop(black_box(refusal)),
        other => panic!("not refused: {other:?}"),
    };
    let t = (0..RUNS).map(|_| t_value(&tokens, refuse).abs()).fold(f64::INFINITY, f64::min);
    println!("HS256 refusals, first wrong byte against last: |t| = {t:.2} on {SAMPLES} samples (limit {LIMIT})");

    // The control: texts compared up to their first difference.
    let good = "x".repeat(4096);
    let texts = [0, good.len() - 1].map(|wrong| {
        let mut bent = good.clone();
        bent.replace_range(wrong..=wrong, "y");
        bent
    });
    let control = t_value(&texts, |text| {
        black_box(text.bytes().zip(good.bytes()).all(|(a, b)| black_box(a) == b));
    })
    .abs();
    println!("a comparison that stops at the first: |t| = {control:.2}");
    if t < LIMIT && control > LIMIT { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Welch's t of two texts, in random order and from one place in memory.
fn t_value(texts: &[String; 2], call: impl Fn(&str)) -> f64 {
    let mut order = vec![0; SAMPLES / 8 + 1];
    SystemRandom::new().fill(&mut order).expect("random bytes");
    let mut buffer = texts[0].clone();
    let mut times = [Vec::with_capacity(SAMPLES), Vec::with_capacity(SAMPLES)];
    for _ in 0..1000 {
        call(&buffer);
    }
    for sample in 0..SAMPLES {
        let class = usize::from(order[sample / 8] >> (sample % 8) & 1);
        buffer.clear();
        buffer.push_str(&texts[class]);
        let begun = Instant::now();
        call(&buffer);
        times[class].push(begun.elapsed().as_secs_f64() * 1e9);
    }
    // What an interrupt made long says nothing: the slowest tenth of both together is left out.
    let mut all: Vec<f64> = times.iter().flatten().copied().collect();
    all.sort_unstable_by(f64::total_cmp);
    let most = all[all.len() * 9 / 10];
    let [first, last] = times.map(|times| Moments::of(times.into_iter().filter(|time| *time <= most)));
    (first.mean - last.mean) / (first.variance / first.count + last.variance / last.count).sqrt()
}

struct Moments {
    count: f64,
    mean: f64,
    variance: f64,
}

impl Moments {
    /// Welford's running mean and variance.
    fn of(values: impl Iterator<Item = f64>) -> Self {
        let (mut count, mut mean, mut squares) = (0.0, 0.0, 0.0);
        for value in values {
            count += 1.0;
            let before = value - mean;
            mean += before / count;
            squares += before * (value - mean);
        }
        Self { count, mean, variance: squares / (count - 1.0) }
    }
}
