//! Durations as options spell them: seconds, or a string in the grammar of npm `jose`.

/// Seconds in a year, as `jose` counts them: 365.25 days.
const YEAR: f64 = 31_557_600.0;

/// Reads a duration string into seconds, unrounded and with its sign.
///
/// Optional sign and space, a number, optional space, a unit in any case, and optionally one space
/// and `ago` or `from now`. A sign and a suffix together are an error, and so is a value that is
/// not finite.
pub(crate) fn parse(text: &str) -> Option<f64> {
    let (sign, rest) = match text.as_bytes().first()? {
        b'+' => (Some(1.0), &text[1..]),
        b'-' => (Some(-1.0), &text[1..]),
        _ => (None, text),
    };
    let rest = if sign.is_some() { rest.strip_prefix(' ').unwrap_or(rest) } else { rest };
    let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
    let (number, rest) = rest.split_at(digits);
    let number = read_number(number)?;
    let rest = rest.strip_prefix(' ').unwrap_or(rest).to_ascii_lowercase();
    let (unit, suffix) = if let Some(unit) = rest.strip_suffix(" ago") {
        (unit, Some(-1.0))
    } else if let Some(unit) = rest.strip_suffix(" from now") {
        (unit, Some(1.0))
    } else {
        (&*rest, None)
    };
    if sign.is_some() && suffix.is_some() {
        return None;
    }
    let seconds = number * unit_seconds(unit)? * sign.or(suffix).unwrap_or(1.0);
    seconds.is_finite().then_some(seconds)
}

/// Digits, or digits, a point and digits.
fn read_number(text: &str) -> Option<f64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    if digits(whole) && digits(fraction) { text.parse().ok() } else { None }
}

fn unit_seconds(unit: &str) -> Option<f64> {
    Some(match unit {
        "s" | "sec" | "secs" | "second" | "seconds" => 1.0,
        "m" | "min" | "mins" | "minute" | "minutes" => 60.0,
        "h" | "hr" | "hrs" | "hour" | "hours" => 3600.0,
        "d" | "day" | "days" => 86_400.0,
        "w" | "week" | "weeks" => 604_800.0,
        "y" | "yr" | "yrs" | "year" | "years" => YEAR,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn every_unit_and_form() {
        for (text, seconds) in [
            ("1h", 3600.0),
            ("30 m", 1800.0),
            ("+ 2 days", 172_800.0),
            ("-1s", -1.0),
            ("1.5 hours", 5400.0),
            ("1 Week", 604_800.0),
            ("1y", super::YEAR),
            ("5 minutes ago", -300.0),
            ("5 minutes from now", 300.0),
        ] {
            assert_eq!(parse(text), Some(seconds), "{text}");
        }
    }

    #[test]
    fn what_is_not_a_duration() {
        let too_big = format!("{}y", "9".repeat(400));
        for text in [
            "",
            " ",
            "1",
            "3600",
            "1h30m",
            "1 month",
            "5ms",
            "1.s",
            ".5s",
            "1..5s",
            "-1s ago",
            "+1s from now",
            "1  s",
            " 1s",
            "1s ",
            "1s  ago",
            "--1s",
            "1e3s",
            "NaNs",
            "Infinity s",
            "１s",
            &too_big,
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
