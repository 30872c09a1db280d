//! The mutation check: drops one check of the core after the other and demands that cases fail.
//! Each defect runs in a process of its own, chosen by `BEARERGATE_MUTANT`.

use std::process::{Command, ExitCode};

use conformance_runner::run::Cache;
use conformance_runner::{cases, run_all};

fn main() -> ExitCode {
    if std::env::args().any(|argument| argument == "--one") {
        let cases = cases::load();
        let reports = run_all(&cases, &[Cache::On]);
        let failed: Vec<&str> = cases
            .iter()
            .zip(&reports)
            .filter(|(_, report)| !report.failures.is_empty())
            .map(|(case, _)| case.id.as_str())
            .collect();
        println!("{} {}", failed.len(), failed.first().unwrap_or(&""));
        return ExitCode::SUCCESS;
    }
    let program = std::env::current_exe().expect("this program");
    let run = |mutant: Option<&str>| {
        let mut command = Command::new(&program);
        command.arg("--one").env_remove("BEARERGATE_MUTANT");
        if let Some(mutant) = mutant {
            command.env("BEARERGATE_MUTANT", mutant);
        }
        let output = command.output().expect("the program runs");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let mut words = text.split_whitespace().map(str::to_owned);
        let count: Option<usize> = words.next().and_then(|count| count.parse().ok());
        (count, words.next().unwrap_or_default())
    };
    let (unchanged, first) = run(None);
    println!("{:<24} {:>7}  first failing case", "mutant", "failing");
    println!("{:<24} {:>7}  {first}", "(none)", shown(unchanged));
    let mut alive = Vec::new();
    if unchanged != Some(0) {
        alive.push("(none)");
    }
    let mutants = bearergate_core::mutants::ALL;
    let workers = std::thread::available_parallelism().map_or(1, usize::from);
    for batch in mutants.chunks(workers) {
        let results: Vec<_> = std::thread::scope(|scope| {
            let running: Vec<_> = batch.iter().map(|mutant| scope.spawn(|| run(Some(mutant)))).collect();
            running.into_iter().map(|run| run.join().expect("a run reports")).collect()
        });
        for (mutant, (failing, first)) in batch.iter().zip(results) {
            println!("{mutant:<24} {:>7}  {first}", shown(failing));
            // A run that did not end well has noticed the defect as well.
            if failing == Some(0) {
                alive.push(mutant);
            }
        }
    }
    let total = mutants.len();
    println!("{} of {total} mutants noticed", total - alive.iter().filter(|name| **name != "(none)").count());
    if alive.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn shown(count: Option<usize>) -> String {
    count.map_or_else(|| "crashed".to_owned(), |count| count.to_string())
}
