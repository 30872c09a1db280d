//! The pages that a person reads, coloured where that is wanted.

use std::fmt::Write as _;

use super::inspect::{Inspection, Key};
use super::shown;
use super::trace::{Caller, Explanation, Verdict};

/// Colours, or none.
#[derive(Debug, Clone, Copy)]
pub(super) struct Paint(pub(super) bool);

impl Paint {
    fn with(self, colour: &str, text: &str) -> String {
        if self.0 { format!("\u{1b}[{colour}m{text}\u{1b}[0m") } else { text.to_owned() }
    }

    fn good(self, text: &str) -> String {
        self.with("32", text)
    }

    fn bad(self, text: &str) -> String {
        self.with("1;31", text)
    }

    fn dim(self, text: &str) -> String {
        self.with("2", text)
    }
}

/// The page of a token.
pub(super) fn token(explanation: &Explanation, paint: Paint) -> String {
    let mut page = String::new();
    for check in &explanation.checks {
        let head = format!("{:>2}  {:<17}", check.row, check.name);
        let line = match check.verdict {
            Verdict::Passed => format!("{head}{}{}", paint.good("passed       "), check.detail),
            Verdict::Failed => format!("{head}{}{}", paint.bad("FAILED       "), check.detail),
            Verdict::NotReached => paint.dim(&format!("{head}not reached")),
            Verdict::NotAsked => paint.dim(&format!("{head}not asked    {}", check.detail)),
        };
        let _ = writeln!(page, "{line}");
    }
    page.push('\n');
    match (&explanation.caller, explanation.code) {
        (Some(caller), _) => {
            let _ = writeln!(page, "{}", paint.good("accepted"));
            page.push_str(&who(caller));
        }
        (None, code) => {
            let code = code.unwrap_or_default();
            let claim = explanation.claim.as_deref().map(|claim| format!(" {}", shown::clean(claim)));
            let _ = writeln!(
                page,
                "{}: {code}{} ({}): {}",
                paint.bad(explanation.outcome),
                claim.unwrap_or_default(),
                explanation.reason.unwrap_or_default(),
                explanation.summary.unwrap_or_default(),
            );
        }
    }
    if let Some(client) = &explanation.client {
        let _ = writeln!(page, "the client sees {}: {}", client.http_status, client.message);
    }
    for note in &explanation.notes {
        let _ = writeln!(page, "{} {note}", paint.bad("note:"));
    }
    page
}

fn who(caller: &Caller) -> String {
    let mut lines = vec![("subject", shown::quoted(&caller.subject))];
    lines.extend(caller.name.as_deref().map(|name| ("name", shown::quoted(name))));
    lines.push(("roles", shown::list(&caller.roles)));
    lines.push(("scopes", shown::list(&caller.scopes)));
    lines.push(("expires", caller.expires_at.clone().unwrap_or_else(|| "never".to_owned())));
    lines.iter().fold(String::new(), |mut page, (name, value)| {
        let _ = writeln!(page, "  {name:<8}{value}");
        page
    })
}

/// The page of a key set.
pub(super) fn keys(inspection: &Inspection, paint: Paint) -> String {
    let mut page = format!("{}\n", shown::clean(&inspection.url));
    for key in &inspection.keys {
        let _ = writeln!(page, "  {}", one_key(key, paint));
    }
    let usable = inspection.keys.iter().filter(|key| key.usable).count();
    let skipped = inspection.keys.len() - usable;
    let _ = match &inspection.error {
        None => writeln!(page, "{}: {usable} of {} keys, {skipped} skipped", paint.good("usable"), usable + skipped),
        Some(error) => writeln!(page, "{}: {}", paint.bad("not usable"), shown::clean(error)),
    };
    page
}

fn one_key(key: &Key, paint: Paint) -> String {
    let kid = key.kid.as_deref().map_or_else(|| "no kid".to_owned(), |kid| format!("kid {}", shown::quoted(kid)));
    let mut what = key.kty.as_deref().map_or_else(|| "no kty".to_owned(), shown::clean);
    if let Some(crv) = &key.crv {
        let _ = write!(what, " {}", shown::clean(crv));
    }
    if let Some(bits) = key.bits {
        let _ = write!(what, " {bits} bits");
    }
    match &key.reason {
        None => format!("{}  {kid}  {what}  {}", paint.good("usable "), key.algorithms.join(" ")),
        Some(reason) => format!("{}  {kid}  {what}  {}", paint.bad("skipped"), shown::clean(reason)),
    }
}
