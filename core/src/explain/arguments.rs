//! The arguments, taken apart. What their values mean is the options' matter.

use super::flags::{Flag, Takes, named};

/// What was asked for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Asked {
    Overview,
    Version,
    ExplainHelp,
    JwksHelp,
    Explain(Given),
    Jwks(Given),
}

/// The flags with their values, and what is no flag.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Given {
    pub(super) flags: Vec<(&'static str, String)>,
    pub(super) words: Vec<String>,
}

impl Given {
    pub(super) fn has(&self, name: &str) -> bool {
        self.flags.iter().any(|(given, _)| *given == name)
    }
}

/// Reads the arguments behind the program's name. The error is what is wrong with them.
pub(super) fn parse(arguments: &[String]) -> Result<Asked, String> {
    let Some((command, rest)) = arguments.split_first() else {
        return Err("what is to be done? Give explain or jwks".to_owned());
    };
    match command.as_str() {
        "--help" | "-h" | "help" => Ok(Asked::Overview),
        "--version" | "-V" => Ok(Asked::Version),
        "explain" => given(rest, |_| true).map(|given| match given {
            Some(given) => Asked::Explain(given),
            None => Asked::ExplainHelp,
        }),
        "jwks" => given(rest, |flag| flag.jwks).map(|given| match given {
            Some(given) => Asked::Jwks(given),
            None => Asked::JwksHelp,
        }),
        // Not shown: it may be a token.
        _ => Err("the first argument must be explain or jwks".to_owned()),
    }
}

/// The flags of one command; `None` where help is asked for.
fn given(arguments: &[String], takes: impl Fn(&Flag) -> bool) -> Result<Option<Given>, String> {
    let mut given = Given::default();
    let mut arguments = arguments.iter();
    let mut only_words = false;
    while let Some(argument) = arguments.next() {
        if only_words || argument == "-" || !argument.starts_with('-') {
            given.words.push(argument.clone());
            continue;
        }
        if argument == "--" {
            only_words = true;
            continue;
        }
        if argument == "-h" {
            return Ok(None);
        }
        let (name, joined) = match argument.split_once('=') {
            Some((name, value)) => (name, Some(value.to_owned())),
            None => (argument.as_str(), None),
        };
        let flag = named(name).filter(|flag| takes(flag)).ok_or_else(|| format!("unknown option {}", shown(name)))?;
        if flag.name == "--help" {
            return Ok(None);
        }
        let value = match (flag.takes, joined) {
            (Takes::Nothing, None) => String::new(),
            (Takes::Nothing, Some(_)) => return Err(format!("{name} takes no value")),
            (_, Some(value)) => value,
            (_, None) => arguments.next().cloned().ok_or_else(|| format!("{name} needs a value: {}", flag.value))?,
        };
        let again = matches!(flag.takes, Takes::Texts | Takes::Pairs);
        if !again && given.has(flag.name) {
            return Err(format!("{name} is given twice"));
        }
        given.flags.push((flag.name, value));
    }
    Ok(Some(given))
}

/// An unknown flag, cut so that no token that begins with a dash is shown whole.
fn shown(name: &str) -> String {
    super::shown::clean(&name.chars().take(30).collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<Asked, String> {
        parse(&line.split_whitespace().map(str::to_owned).collect::<Vec<_>>())
    }

    #[test]
    fn flags_with_their_values() {
        let Ok(Asked::Explain(given)) = parsed("explain --issuer a --issuer=b --json --audience c=d -- --typ") else {
            panic!("not read")
        };
        let flags = [("--issuer", "a"), ("--issuer", "b"), ("--json", ""), ("--audience", "c=d")];
        assert_eq!(given.flags, flags.map(|(name, value)| (name, value.to_owned())));
        assert_eq!(given.words, ["--typ"]);
        assert_eq!(parsed("explain -"), Ok(Asked::Explain(Given { flags: vec![], words: vec!["-".to_owned()] })));
        assert_eq!(parsed("jwks --json --help"), Ok(Asked::JwksHelp));
        assert_eq!(parsed("explain -h"), Ok(Asked::ExplainHelp));
        assert_eq!(parsed("--version"), Ok(Asked::Version));
    }

    #[test]
    fn what_cannot_be_read() {
        for (line, problem) in [
            ("", "what is to be done"),
            ("eyJhbGciOiJub25lIn0.e30.", "must be explain or jwks"),
            ("explain --issuers a", "unknown option --issuers"),
            ("jwks --audience a", "unknown option --audience"),
            ("explain --typ", "--typ needs a value: TYPE"),
            ("explain --json=1", "--json takes no value"),
            ("explain --typ a --typ b", "--typ is given twice"),
        ] {
            let error = parsed(line).expect_err(line);
            assert!(error.contains(problem), "{line}: {error}");
            assert!(!error.contains("eyJ"));
        }
    }
}
