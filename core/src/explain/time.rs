//! Times as a person reads them: a UTC date, and how far it is from now.

/// First and last second that a calendar of four-digit years can say.
const CALENDAR: std::ops::RangeInclusive<f64> = -62_135_596_800.0..=253_402_300_799.0;

/// ISO 8601 in UTC, of seconds since the epoch; `None` beyond the years 1 to 9999.
#[allow(clippy::cast_possible_truncation)] // the range was checked
pub(super) fn iso(seconds: f64) -> Option<String> {
    if !CALENDAR.contains(&seconds) {
        return None;
    }
    let seconds = seconds.floor() as i64;
    let (days, rest) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    // Days to a civil date, counted in eras of 400 years that begin on 1 March.
    let z = days + 719_468;
    let (era, doe) = (z.div_euclid(146_097), z.rem_euclid(146_097));
    let yoe = (doe - doe / 1460 + doe / 36_524 - doe / 146_096) / 365;
    let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    let mp = (5 * doy + 2) / 153;
    let (day, month) = (doy - (153 * mp + 2) / 5 + 1, if mp < 10 { mp + 3 } else { mp - 9 });
    let year = yoe + era * 400 + i64::from(month <= 2);
    Some(format!("{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}Z", rest / 3600, rest / 60 % 60, rest % 60))
}

/// How far a moment is from now, in one unit, rounded down: `in 59 minutes`, `3 days ago`.
pub(super) fn distance(seconds: f64, now: i64) -> String {
    #[allow(clippy::cast_precision_loss)] // whole seconds are exact far beyond any date
    let away = seconds.floor() - now as f64;
    let (size, unit) = match away.abs() {
        size if size < 120.0 => (size, "second"),
        size if size < 7200.0 => (size / 60.0, "minute"),
        size if size < 172_800.0 => (size / 3600.0, "hour"),
        size if size < 63_115_200.0 => (size / 86_400.0, "day"),
        size => (size / 31_557_600.0, "year"),
    };
    let count = size.floor();
    let plural = if count < 2.0 { "" } else { "s" };
    if size < 1.0 {
        "now".to_owned()
    } else if away > 0.0 {
        format!("in {count} {unit}{plural}")
    } else {
        format!("{count} {unit}{plural} ago")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_of_the_calendar() {
        for (seconds, text) in [
            (0.0, "1970-01-01T00:00:00Z"),
            (1_800_000_000.9, "2027-01-15T08:00:00Z"),
            (-1.0, "1969-12-31T23:59:59Z"),
            (951_782_400.0, "2000-02-29T00:00:00Z"),
            (253_402_300_799.0, "9999-12-31T23:59:59Z"),
            (-62_135_596_800.0, "0001-01-01T00:00:00Z"),
        ] {
            assert_eq!(iso(seconds).as_deref(), Some(text));
        }
        for beyond in [253_402_300_800.0, -62_135_596_801.0, 1e300, f64::INFINITY, f64::NAN] {
            assert_eq!(iso(beyond), None);
        }
    }

    #[test]
    fn distances_in_one_unit() {
        for (seconds, text) in [
            (1000.5, "now"),
            (1001.0, "in 1 second"),
            (881.0, "119 seconds ago"),
            (4599.0, "in 59 minutes"),
            (1000.0 - 7200.0, "2 hours ago"),
            (1000.0 + 86_400.0 * 3.9, "in 3 days"),
            (1000.0 + 31_557_600.0 * 73.5, "in 73 years"),
        ] {
            assert_eq!(distance(seconds, 1000), text);
        }
        assert!(distance(1e300, 0).ends_with("years"));
    }
}
