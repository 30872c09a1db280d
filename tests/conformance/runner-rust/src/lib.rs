//! The conformance cases against the core: the Rust one of three runners. `cases` reads them,
//! `server` plays the key endpoint, `run` drives a gate through the steps of one case.

mod authz;
pub mod canonical;
pub mod cases;
mod http;
pub mod run;
pub mod server;

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use cases::Case;
use server::Server;

/// What became of one case.
pub struct Report {
    /// The line for the comparer.
    pub line: String,
    /// Where outcome and expectation part.
    pub failures: Vec<String>,
}

/// Runs cases on all processors, keeping their order.
pub fn run_all(cases: &[Case], modes: &[run::Cache]) -> Vec<Report> {
    let server = Server::start();
    let next = AtomicUsize::new(0);
    let reports: Mutex<Vec<Option<Report>>> = Mutex::new(cases.iter().map(|_| None).collect());
    let threads = std::thread::available_parallelism().map_or(2, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    let Some(case) = cases.get(at) else { break };
                    let report = run::run(case, &server, modes);
                    reports.lock().expect("no panic holds it")[at] = Some(report);
                }
            });
        }
    });
    reports.into_inner().expect("no panic holds it").into_iter().map(|report| report.expect("every case ran")).collect()
}
