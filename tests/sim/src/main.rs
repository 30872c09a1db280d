//! Simulates a fleet of replicas over a day, with the shipped state machine and with the policies of two
//! other libraries, and checks what is required of ours. See README.md.
#![allow(clippy::cast_possible_truncation, clippy::cast_precision_loss, clippy::cast_sign_loss)] // bounded figures

mod clients;
mod figures;
mod fleet;
mod plot;
mod random;
mod scenario;
mod shipped;

use std::io;
use std::path::Path;
use std::process::ExitCode;

use clients::Client;
use clients::bearergate::Bearergate;
use clients::jose::Jose;
use clients::pyjwt::PyJwt;
use scenario::{HOUR, Scenario};

/// The seed of the figures and plots.
const SEED: u64 = 20_260_101;

/// Between these lines of `docs/fleet.md` stand the figures.
const MARKS: [&str; 2] = ["<!-- figures -->\n", "<!-- end of figures -->\n"];

struct Arguments {
    /// Ours alone, and nothing is written.
    quick: bool,
    /// Of the second run.
    seed: u64,
}

fn main() -> ExitCode {
    let Some(Arguments { quick, seed }) = arguments() else {
        eprintln!("usage: fleet-sim [--quick] [--seed N]");
        return ExitCode::from(2);
    };
    let scenario = Scenario::new();
    println!("{} replicas, {} hours, seed {SEED}\n", scenario.replicas, scenario.end / HOUR);
    let mut records = vec![(Bearergate::NAME, fleet::run::<Bearergate>(&scenario, SEED))];
    if !quick {
        records.push((Jose::NAME, fleet::run::<Jose>(&scenario, SEED)));
        records.push((PyJwt::NAME, fleet::run::<PyJwt>(&scenario, SEED)));
    }
    let table = figures::table(&scenario, &records);
    println!("{table}");
    let mut broken = figures::broken(&scenario, &records[0].1);
    if !quick {
        let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs");
        let written = plot::write(&docs, &scenario, &records).and_then(|()| write_figures(&docs, &table));
        if let Err(error) = written {
            broken.push(format!("docs cannot be written: {error}"));
        }
    }

    // Once more with a seed that nobody chose.
    println!("seed {seed} (again with --seed {seed})\n");
    let record = fleet::run::<Bearergate>(&scenario, seed);
    broken.extend(figures::broken(&scenario, &record));
    println!("{}", figures::table(&scenario, &[(Bearergate::NAME, record)]));

    for what in &broken {
        println!("FAILED {what}");
    }
    if broken.is_empty() {
        println!("all requirements hold");
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn arguments() -> Option<Arguments> {
    let mut arguments = Arguments { quick: false, seed: fresh_seed() };
    let mut given = std::env::args().skip(1);
    while let Some(argument) = given.next() {
        match argument.as_str() {
            "--quick" => arguments.quick = true,
            "--seed" => arguments.seed = given.next()?.parse().ok()?,
            _ => return None,
        }
    }
    Some(arguments)
}

fn write_figures(docs: &Path, table: &str) -> io::Result<()> {
    let path = docs.join("fleet.md");
    let text = std::fs::read_to_string(&path)?;
    let [begin, end] = MARKS;
    let parts = text.split_once(begin).and_then(|(head, rest)| Some((head, rest.split_once(end)?.1)));
    let (head, tail) = parts.ok_or_else(|| io::Error::other("fleet.md has lost its marks"))?;
    std::fs::write(path, format!("{head}{begin}{table}{end}{tail}"))
}

fn fresh_seed() -> u64 {
    use std::hash::{BuildHasher, RandomState};
    RandomState::new().hash_one(0)
}
