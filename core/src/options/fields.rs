//! The members of an object of options: taken by name in the user's spelling, and none left over.

use super::error::snake_case;
use super::{ConfigError, OptionValue, Spelling};

/// What reading an option gives.
pub(crate) type Read<T> = Result<T, ConfigError>;

/// The members of one object of options, taken one by one; what is left over is unknown.
pub(crate) struct Fields {
    path: String,
    members: Vec<(String, OptionValue)>,
    asked: Vec<String>,
    /// Options that the bindings keep for themselves, known here for the sake of hints.
    hooks: &'static [&'static str],
    pub(super) spelling: Spelling,
}

impl Fields {
    pub(crate) fn of(path: &str, value: OptionValue, spelling: Spelling) -> Read<Self> {
        let name = if path.is_empty() { "options" } else { path };
        match value {
            OptionValue::Map(members) => {
                let hooks: &[&str] = if path.is_empty() { &["validate", "onReject"] } else { &[] };
                Ok(Self { path: path.to_owned(), members, asked: Vec::new(), hooks, spelling })
            }
            other => Err(wrong_type(name, "a plain object", &other)),
        }
    }

    /// The same with other hooks.
    pub(crate) fn with_hooks(self, hooks: &'static [&'static str]) -> Self {
        Self { hooks, ..self }
    }

    fn spelled(&self, name: &str) -> String {
        if self.spelling == Spelling::Snake { snake_case(name) } else { name.to_owned() }
    }

    fn path_of(&self, name: &str) -> String {
        if self.path.is_empty() { name.to_owned() } else { format!("{}.{name}", self.path) }
    }

    pub(super) fn take_even_null(&mut self, name: &'static str) -> Option<(String, OptionValue)> {
        let spelled = self.spelled(name);
        let found = self.members.iter().position(|(member, _)| *member == spelled);
        self.asked.push(spelled);
        found.map(|at| (self.path_of(name), self.members.swap_remove(at).1))
    }

    pub(super) fn take(&mut self, name: &'static str) -> Option<(String, OptionValue)> {
        self.take_even_null(name).filter(|(_, value)| !matches!(value, OptionValue::Null))
    }

    pub(crate) fn take_with<T>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(&str, OptionValue) -> Read<T>,
    ) -> Read<Option<T>> {
        self.take(name).map(|(path, value)| read(&path, value)).transpose()
    }

    /// The options of this object, with the hooks that the bindings keep for themselves.
    fn known(&self) -> Vec<String> {
        self.asked.iter().cloned().chain(self.hooks.iter().map(|hook| self.spelled(hook))).collect()
    }

    /// An option that nobody asked for is a mistake: it might be a check that was meant to be on.
    pub(crate) fn finish(self) -> Read<()> {
        let Some((name, _)) = self.members.first() else { return Ok(()) };
        let known = self.known();
        let close = known.iter().min_by_key(|known| distance(known, name));
        let hint = match close {
            Some(known) if distance(known, name) <= 1 + name.chars().count() / 4 => format!("did you mean `{known}`?"),
            _ => format!("known here: {}", self.known().join(", ")),
        };
        let parent = ConfigError::new(self.path.as_str(), "").spelled(self.spelling);
        let option = if self.path.is_empty() { shown(name) } else { format!("{}.{}", parent.option(), shown(name)) };
        Err(ConfigError::verbatim(option, format!("unknown option; {hint}")))
    }
}

/// Levenshtein distance, of names cut short enough for the cost not to matter.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().take(40).collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let substituted = diagonal + usize::from(x != *y);
            diagonal = row[j + 1];
            row[j + 1] = substituted.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

pub(super) fn wrong_type(path: &str, expected: &str, got: &OptionValue) -> ConfigError {
    ConfigError::new(path, format!("must be {expected}, got {}", got.type_name()))
}

/// A user's own text, cut for an error message.
pub(crate) fn shown(text: &str) -> String {
    text.chars().take(40).collect()
}
