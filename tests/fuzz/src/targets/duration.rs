//! Durations: accepted is what the grammar of npm `jose` allows, and what an option takes is finite,
//! not negative and bounded.

use std::sync::LazyLock;
use std::time::Duration;

use bearergate_core::{OptionValue, fuzzing, parse_duration};
use regex_lite::Regex;

use crate::limits::bounded;
use crate::text;

/// The grammar, with the space that only follows a sign.
static GRAMMAR: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(concat!(
        r"(?i)^((?:\+|-) ?)?([0-9]+|[0-9]+\.[0-9]+) ?",
        r"(seconds?|secs?|s|minutes?|mins?|m|hours?|hrs?|h|days?|d|weeks?|w|years?|yrs?|y)( ago| from now)?$"
    ))
    .expect("a pattern")
});

const LONGEST: f64 = 1000.0 * 31_557_600.0;

/// The input is the text, and its first eight bytes are a number too.
pub fn check(data: &[u8]) {
    if let Some(bytes) = data.first_chunk::<8>() {
        let number = f64::from_le_bytes(*bytes);
        let ours = parse_duration("timeout", &OptionValue::Number(number));
        assert_eq!(ours.is_ok(), (0.0..=LONGEST).contains(&number), "{number}");
        assert!(ours.is_ok_and(|ours| is_near(ours, number)) || !(0.0..=LONGEST).contains(&number), "{number}");
    }
    let Some(text) = text(data) else { return };
    let ours = bounded(|| fuzzing::seconds(text));
    assert_eq!(ours, second_reading(text), "{text:?}");
    let option = bounded(|| parse_duration("timeout", &OptionValue::Text(text.to_owned().into())));
    match (ours, option) {
        (Some(seconds), Ok(duration)) => {
            assert!((0.0..=LONGEST).contains(&seconds) && is_near(duration, seconds), "{text:?}");
        }
        (Some(seconds), Err(_)) => assert!(!(0.0..=LONGEST).contains(&seconds), "{text:?}"),
        (None, option) => assert!(option.is_err(), "{text:?}"),
    }
}

fn is_near(duration: Duration, seconds: f64) -> bool {
    (duration.as_secs_f64() - seconds).abs() <= 0.000_51
}

fn second_reading(text: &str) -> Option<f64> {
    let found = GRAMMAR.captures(text)?;
    let (sign, suffix) = (found.get(1), found.get(4));
    if sign.is_some() && suffix.is_some() {
        return None;
    }
    let unit = found[3].to_ascii_lowercase();
    let factor = match &unit[..1] {
        "s" => 1.0,
        "m" => 60.0,
        "h" => 3600.0,
        "d" => 86_400.0,
        "w" => 604_800.0,
        _ => 31_557_600.0,
    };
    let back = sign.is_some_and(|sign| sign.as_str().starts_with('-'))
        || suffix.is_some_and(|suffix| suffix.as_str().eq_ignore_ascii_case(" ago"));
    let seconds = found[2].parse::<f64>().ok()? * factor;
    seconds.is_finite().then_some(if back { -seconds } else { seconds })
}
