//! What an attack on size costs: time and peak memory of each, printed and held to a bound. Memory is
//! counted by the allocator; times are the least of many runs, which a busy machine cannot make less.

mod attacks;
mod measure;
mod slopes;

use std::process::ExitCode;

use peak_alloc::PeakAlloc;

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

fn main() -> ExitCode {
    let mut findings = Vec::new();
    println!("{:<58} {:>11} {:>12} {:>11} {:>12}", "", "input", "time", "bound", "memory");
    attacks::run(&mut findings);
    slopes::run(&mut findings);
    for finding in &findings {
        eprintln!("{finding}");
    }
    println!("bounds: {} findings", findings.len());
    if findings.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
