//! The figures of a run, phase by phase, and what is required of ours.

use std::fmt::Write;
use std::ops::Range;

use crate::fleet::Record;
use crate::scenario::{HOUR, SECOND, Scenario};

/// How long after an upheaval the steady state begins: replicas that fetched together drift apart
/// meanwhile, each at its own pace.
const UPHEAVAL: i64 = HOUR;

/// The default of the option `cooldown`, in seconds.
const COOLDOWN: i64 = 30;

/// A part of the day, in seconds.
struct Phase {
    name: &'static str,
    spans: Vec<Range<usize>>,
    /// The most repeated fetches per second, where that is required.
    limit: Option<f64>,
}

struct Figures {
    mean: f64,
    peak: u32,
    /// The peak of the fetches that are not their replica's first since the last upheaval.
    repeat_peak: u32,
    total: u64,
    refused: u64,
    refused_share: f64,
}

fn phases(scenario: &Scenario) -> Vec<Phase> {
    let part = |from: i64, to: i64| (from / SECOND) as usize..(to / SECOND) as usize;
    let (outage, attack, surprise) = (&scenario.outage, &scenario.attack, scenario.surprise);
    let limit = Some(1.5 * scenario.replicas as f64 / COOLDOWN as f64);
    // Rotations with notice are part of the steady state: nobody should notice them.
    let steady = vec![
        part(UPHEAVAL, outage.start),
        part(outage.end + UPHEAVAL, attack.start),
        part(attack.end, surprise),
        part(surprise + UPHEAVAL, scenario.end),
    ];
    let phase = |name, span, limit| Phase { name, spans: vec![span], limit };
    vec![
        Phase { name: "steady state", spans: steady, limit: None },
        phase("joint start, 1 h", part(0, UPHEAVAL), limit),
        phase("outage, 30 min", part(outage.start, outage.end), None),
        phase("after the outage, 1 h", part(outage.end, outage.end + UPHEAVAL), limit),
        phase("attack by unknown kids", part(attack.start, attack.end), None),
        phase("rotation without notice, 30 s", part(surprise, surprise + COOLDOWN * SECOND), limit),
        phase("whole run", part(0, scenario.end), None),
    ]
}

impl Phase {
    fn figures(&self, record: &Record) -> Figures {
        let seconds = || self.spans.iter().cloned().flatten();
        let total: u64 = seconds().map(|second| u64::from(record.fetches[second])).sum();
        let refused: u64 = seconds().map(|second| u64::from(record.refused[second])).sum();
        let valid: f64 = seconds().map(|second| record.valid[second]).sum();
        Figures {
            mean: total as f64 / seconds().count() as f64,
            peak: seconds().map(|second| record.fetches[second]).max().unwrap_or(0),
            repeat_peak: seconds().map(|second| record.repeats[second]).max().unwrap_or(0),
            total,
            refused,
            refused_share: refused as f64 / valid,
        }
    }
}

/// All figures as a Markdown table.
pub(crate) fn table(scenario: &Scenario, records: &[(&str, Record)]) -> String {
    let mut table = String::from(
        "| policy | phase | mean/s | peak/s | peak/s, not the first of each | fetches | valid requests refused |\n\
         |---|---|---:|---:|---:|---:|---:|\n",
    );
    for (name, record) in records {
        for phase in phases(scenario) {
            let Figures { mean, peak, repeat_peak, total, refused, refused_share } = phase.figures(record);
            let (phase, percent) = (phase.name, 100.0 * refused_share);
            let _ = writeln!(
                table,
                "| {name} | {phase} | {mean:.1} | {peak} | {repeat_peak} | {total} | {refused} ({percent:.3} %) |"
            );
        }
    }
    table
}

/// What does not hold of a run that it should.
///
/// - Steady state (all but the outage, the attack, and an hour after the joint start, the outage and
///   the rotation without notice): the busiest second has at most 3 times the mean.
/// - After the joint start, the outage, and in the cooldown after the rotation without notice: at most
///   1.5 x replicas / cooldown fetches in any second, each replica's own first fetch since the joint
///   start, the end of the outage, or the rotation not counted.
/// - But for the cooldown after the rotation without notice no valid request is refused, ever.
pub(crate) fn broken(scenario: &Scenario, record: &Record) -> Vec<String> {
    let mut broken = Vec::new();
    let phases = phases(scenario);
    let steady = phases[0].figures(record);
    if f64::from(steady.peak) > 3.0 * steady.mean {
        broken.push(format!("steady state: peak {} is more than 3 x the mean {:.1}", steady.peak, steady.mean));
    }
    for phase in &phases {
        let peak = phase.figures(record).repeat_peak;
        if let Some(limit) = phase.limit.filter(|&limit| f64::from(peak) > limit) {
            broken.push(format!("{}: {peak} repeated fetches in a second, more than {limit:.0}", phase.name));
        }
    }
    let surprise = (scenario.surprise / SECOND) as usize;
    let surprised = surprise..surprise + COOLDOWN as usize;
    let refused = (0..record.refused.len()).filter(|second| !surprised.contains(second));
    let refused: u64 = refused.map(|second| u64::from(record.refused[second])).sum();
    if refused > 0 {
        broken.push(format!("{refused} valid requests refused though their keys were published in time"));
    }
    broken
}
