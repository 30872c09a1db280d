//! A verification of each algorithm beside the bare check of its signature, by Criterion, which keeps what it measured
//! last and says what has changed: `cargo bench --manifest-path tests/bench/rust/Cargo.toml`

#[allow(dead_code)] // each program uses its share
#[path = "../src/subject.rs"]
mod subject;

use std::hint::black_box;
use std::time::Duration;

use bearergate_core::{CacheOption, Options, Outcome, TrustOptions, Verifier};
use criterion::{Criterion, criterion_group, criterion_main};
use subject::{AUDIENCE, CLAIMS, ISSUER, Subject};

fn verifier(subject: &Subject, cache: Option<CacheOption>) -> Verifier {
    let trust = TrustOptions {
        issuer: Some(vec![ISSUER.to_owned()]),
        audience: Some(vec![AUDIENCE.to_owned()]),
        ..subject.trust()
    };
    Verifier::new(Options { trust, cache, ..Options::default() }).expect("valid options")
}

fn accept(verifier: &Verifier, token: &str) {
    match verifier.verify(black_box(token)) {
        Outcome::Ready(Ok(caller)) => drop(black_box(caller)),
        other => panic!("{other:?}"),
    }
}

fn verify(criterion: &mut Criterion) {
    for subject in subject::all() {
        let (token, signature) = subject.token(CLAIMS);
        let (input, _) = token.rsplit_once('.').expect("a token");
        let (plain, cached) = (verifier(&subject, Some(CacheOption::Off)), verifier(&subject, None));
        let mut group = criterion.benchmark_group(subject.alg);
        group.measurement_time(Duration::from_secs(2)).warm_up_time(Duration::from_millis(500));
        group.bench_function("signature alone", |bencher| {
            bencher.iter(|| (subject.bare)(black_box(input.as_bytes()), &signature));
        });
        group.bench_function("bearergate", |bencher| bencher.iter(|| accept(&plain, &token)));
        group.bench_function("bearergate, cache hit", |bencher| bencher.iter(|| accept(&cached, &token)));
    }
}

criterion_group!(benches, verify);
criterion_main!(benches);
