//! Every case, with the verified-signature cache and without. With `BEARERGATE_OUTCOMES` set to a
//! path, the outcomes are written there; `BEARERGATE_CASES` runs the cases whose id contains it.

use std::io::Write;
use std::sync::atomic::Ordering;

use conformance_runner::run::{Cache, HITS};
use conformance_runner::{cases, run_all};

#[test]
fn cases_have_the_outcome_that_the_specification_gives() {
    let filter = std::env::var("BEARERGATE_CASES").unwrap_or_default();
    let cases: Vec<_> = cases::load().into_iter().filter(|case| case.id.contains(&filter)).collect();
    let reports = run_all(&cases, &[Cache::On, Cache::Off]);
    if let Ok(path) = std::env::var("BEARERGATE_OUTCOMES") {
        let mut file = std::fs::File::create(path).expect("the outcomes file");
        for report in &reports {
            writeln!(file, "{}", report.line).expect("a line");
        }
    }
    let failed = reports.iter().filter(|report| !report.failures.is_empty()).count();
    for failure in reports.iter().flat_map(|report| &report.failures) {
        eprintln!("{failure}");
    }
    let hits = HITS.load(Ordering::Relaxed);
    assert!(!filter.is_empty() || hits > 1000, "only {hits} tokens were found in a cache");
    let steps: usize = cases.iter().map(|case| case.steps.len()).sum();
    println!("rust: {} cases, {steps} steps, {hits} cache hits, 0 skipped, {failed} failed", cases.len());
    assert_eq!(failed, 0, "cases failed");
}
