//! Writes mutants as lines of JSON: `differential-generate --seed 1 --count 1000 --now SECONDS`.
//!
//! `{"config", "options", "peer"}` sets a verifier up, `{"config", "token", "kinds"}` is a mutant for
//! it, `{"drop"}` ends it. `--kinds` lists the names of all kinds instead.

mod draft;
mod kinds;
mod random;
mod world;

use std::io::{BufWriter, Write, stdout};
use std::path::Path;

use conformance_generator::keys::Keys;
use draft::Stage;
use kinds::{GROUPS, Kind};
use random::Random;
use serde_json::json;
use world::World;

/// Tokens for each key source of its own.
const TOKENS_PER_KEY: usize = 4;

fn main() -> std::io::Result<()> {
    let arguments: Vec<String> = std::env::args().collect();
    let out = &mut BufWriter::new(stdout().lock());
    if arguments.iter().any(|argument| argument == "--kinds") {
        for name in GROUPS.iter().flat_map(|group| group.iter()).map(|kind| kind.name) {
            writeln!(out, "{name}")?;
        }
        for kind in kinds::keys::KINDS {
            writeln!(out, "{}", kind.name)?;
        }
        return Ok(());
    }
    let number = |name: &str| -> Option<u64> {
        let at = arguments.iter().position(|argument| argument == name)?;
        arguments.get(at + 1)?.parse().ok()
    };
    let (Some(seed), Some(count), Some(now)) = (number("--seed"), number("--count"), number("--now")) else {
        eprintln!("usage: differential-generate --seed N --count N --now SECONDS | --kinds");
        std::process::exit(2);
    };
    let keys = Keys::load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../conformance/keys"));
    let now = i64::try_from(now).expect("a time");
    Generator { keys: &keys, now, random: Random::new(seed), out }.run(count)
}

struct Generator<'a, W: Write> {
    keys: &'a Keys,
    now: i64,
    random: Random,
    out: W,
}

impl<W: Write> Generator<'_, W> {
    fn run(mut self, count: u64) -> std::io::Result<()> {
        let worlds = World::all(self.keys);
        let mut turns = Vec::new();
        for (at, (_, line, weight)) in worlds.iter().enumerate() {
            writeln!(self.out, "{line}")?;
            turns.extend(std::iter::repeat_n(at, *weight));
        }
        let (mut made, mut sources) = (0, 0);
        while made < count {
            let (world, ..) = &worlds[self.random.choose(&turns)];
            if self.random.one_in(30) {
                let kind = self.random.pick(kinds::keys::KINDS);
                if let Some((world, line)) = world.with_key(format!("k{sources}"), self.keys, kind, &mut self.random) {
                    sources += 1;
                    writeln!(self.out, "{line}")?;
                    for turn in 0..TOKENS_PER_KEY {
                        self.mutant(&world, Some(kind.name), turn / 2)?;
                        made += 1;
                    }
                    writeln!(self.out, "{}", json!({ "drop": world.name }))?;
                }
                continue;
            }
            let mutations = self.random.choose(&[1, 1, 1, 1, 1, 1, 2, 2, 3]);
            self.mutant(world, None, mutations)?;
            made += 1;
        }
        self.out.flush()
    }

    fn mutant(&mut self, world: &World, key_kind: Option<&str>, mutations: usize) -> std::io::Result<()> {
        let mut chosen: Vec<&Kind> = Vec::new();
        for _ in 0..mutations {
            let group: &[Kind] = self.random.choose(&GROUPS);
            chosen.push(self.random.pick(group));
        }
        chosen.sort_by_key(|kind| kind.stage);
        let mut draft = world.draft(self.keys, self.now);
        for kind in &chosen {
            draft.advance(kind.stage);
            // Mutations before it may have left nothing to change.
            if kind.stage != Stage::Signature || !draft.signature.is_empty() {
                (kind.apply)(&mut draft, &mut self.random);
            }
        }
        draft.advance(Stage::Token);
        let names: Vec<_> = key_kind.into_iter().chain(chosen.iter().map(|kind| kind.name)).collect();
        writeln!(self.out, "{}", json!({ "config": world.name, "token": draft.token, "kinds": names }))
    }
}
