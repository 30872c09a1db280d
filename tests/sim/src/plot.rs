//! The figures as SVG: a panel per policy, one above the other, over the hours of the day.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use crate::fleet::Record;
use crate::scenario::{HOUR, MINUTE, SECOND, Scenario};

const WIDTH: f64 = 960.0;
const PANEL: f64 = 170.0;
const LEFT: f64 = 64.0;
const RIGHT: f64 = 16.0;
const TOP: f64 = 58.0;
const GAP: f64 = 42.0;

/// Seconds per point.
const STEP: usize = 120;

/// One image: what it shows, where its scale ends, and which lines cross it.
struct Chart<'a> {
    title: &'a str,
    scenario: &'a Scenario,
    /// Value to share of the panel's height.
    scale: fn(f64) -> f64,
    ticks: &'a [(f64, &'a str)],
}

pub(crate) fn write(docs: &Path, scenario: &Scenario, records: &[(&str, Record)]) -> std::io::Result<()> {
    fs::create_dir_all(docs)?;
    let chart = Chart {
        title: "Requests per second at the identity provider: busiest second (line) and mean (area) of every 2 minutes",
        scenario,
        scale: |value| ((value.max(1.0)).log10() / 4.0).min(1.0),
        ticks: &[(1.0, "≤ 1"), (10.0, "10"), (100.0, "100"), (1000.0, "1,000"), (10_000.0, "10,000")],
    };
    let requests = chart.draw(records, |record, from, to| {
        let fetches = &record.fetches[from..to];
        let mean = fetches.iter().map(|&n| f64::from(n)).sum::<f64>() / fetches.len() as f64;
        (f64::from(fetches.iter().copied().max().unwrap_or(0)), mean)
    });
    fs::write(docs.join("fleet-requests.svg"), requests)?;

    let chart = Chart {
        title: "Valid requests refused: share in the worst minute of every 2",
        scenario,
        scale: |share| share.min(1.0),
        ticks: &[(0.0, "0 %"), (0.5, "50 %"), (1.0, "100 %")],
    };
    let refused = chart.draw(records, |record, from, to| {
        let share = |from: usize, to: usize| {
            let refused: f64 = record.refused[from..to].iter().map(|&n| f64::from(n)).sum();
            refused / record.valid[from..to].iter().sum::<f64>().max(1.0)
        };
        let middle = from + (MINUTE / SECOND) as usize;
        let worst = share(from, middle.min(to)).max(share(middle.min(to - 1), to));
        (worst, worst)
    });
    fs::write(docs.join("fleet-refused.svg"), refused)
}

impl Chart<'_> {
    /// `point` gives the line's and the area's value for a span of seconds.
    fn draw(&self, records: &[(&str, Record)], point: impl Fn(&Record, usize, usize) -> (f64, f64)) -> String {
        let height = TOP + records.len() as f64 * (PANEL + GAP);
        let mut svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" font-family=\"sans-serif\" \
             font-size=\"12\">\n<title>{0}</title>\n<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n\
             <text x=\"{LEFT}\" y=\"20\" font-size=\"14\">{0}</text>\n",
            self.title
        );
        for (row, (name, record)) in records.iter().enumerate() {
            let top = TOP + row as f64 * (PANEL + GAP);
            self.frame(&mut svg, name, top);
            let (mut line, mut area) = (String::new(), String::new());
            let seconds = record.fetches.len();
            for from in (0..seconds).step_by(STEP) {
                let to = (from + STEP).min(seconds);
                let (above, below) = point(record, from, to);
                let x = self.x(i64::try_from(from + to).unwrap_or(0) * SECOND / 2);
                let _ = write!(line, "{x:.1},{:.1} ", self.y(top, above));
                let _ = write!(area, "{x:.1},{:.1} ", self.y(top, below));
            }
            let (left, right, bottom) = (LEFT, WIDTH - RIGHT, top + PANEL);
            let _ = write!(
                svg,
                "<polygon points=\"{left},{bottom} {area}{right},{bottom}\" fill=\"#9cc3e6\"/>\n\
                 <polyline points=\"{line}\" fill=\"none\" stroke=\"#1f4e79\"/>\n"
            );
        }
        svg + "</svg>\n"
    }

    /// A panel's name, its axes, and what happens when.
    fn frame(&self, svg: &mut String, name: &str, top: f64) {
        let bottom = top + PANEL;
        let text = |svg: &mut String, x: f64, y: f64, anchor: &str, text: &str| {
            let _ = writeln!(svg, "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\">{text}</text>");
        };
        for (span, fill) in [(&self.scenario.outage, "#f8d7d7"), (&self.scenario.attack, "#fdebc8")] {
            let (from, to) = (self.x(span.start), self.x(span.end));
            let width = to - from;
            let _ = writeln!(
                svg,
                "<rect x=\"{from:.1}\" y=\"{top}\" width=\"{width:.1}\" height=\"{PANEL}\" fill=\"{fill}\"/>"
            );
        }
        text(svg, self.x(self.scenario.outage.start), top - 4.0, "start", "outage");
        text(svg, self.x(self.scenario.attack.start), top - 4.0, "start", "unknown kids");
        for rotation in &self.scenario.rotations {
            let (x, told) = (self.x(rotation.first_used), rotation.published < rotation.first_used);
            let (dash, stroke) = if told { ("2 4", "#888") } else { ("6 2", "#b00") };
            let _ = writeln!(
                svg,
                "<line x1=\"{x:.1}\" y1=\"{top}\" x2=\"{x:.1}\" y2=\"{bottom}\" stroke=\"{stroke}\" stroke-dasharray=\"{dash}\"/>"
            );
        }
        text(svg, self.x(self.scenario.surprise), top - 4.0, "start", "rotation without notice");
        let _ = writeln!(svg, "<text x=\"{LEFT}\" y=\"{:.1}\" font-weight=\"bold\">{name}</text>", top - 4.0);
        for &(value, label) in self.ticks {
            let y = self.y(top, value);
            let right = WIDTH - RIGHT;
            let _ = writeln!(svg, "<line x1=\"{LEFT}\" y1=\"{y:.1}\" x2=\"{right}\" y2=\"{y:.1}\" stroke=\"#ddd\"/>");
            text(svg, LEFT - 6.0, y + 4.0, "end", label);
        }
        for hour in (0..=self.scenario.end / HOUR).step_by(3) {
            text(svg, self.x(hour * HOUR), bottom + 16.0, "middle", &format!("{hour} h"));
        }
    }

    fn x(&self, at: i64) -> f64 {
        LEFT + at as f64 / self.scenario.end as f64 * (WIDTH - LEFT - RIGHT)
    }

    fn y(&self, top: f64, value: f64) -> f64 {
        top + PANEL * (1.0 - (self.scale)(value))
    }
}
