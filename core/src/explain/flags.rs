//! What may be said on the command line, and which option of the verifier it is.

/// One flag.
pub(super) struct Flag {
    pub(super) name: &'static str,
    /// Path of the verifier's option; empty for what is about the command itself.
    pub(super) option: &'static str,
    pub(super) takes: Takes,
    /// What the help calls its value.
    pub(super) value: &'static str,
    pub(super) help: &'static str,
    /// Whether `jwks` takes it too.
    pub(super) jwks: bool,
}

/// What follows a flag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Takes {
    Nothing,
    /// One text.
    Text,
    /// A number, or text such as `1h`.
    Number,
    /// Text that may be given several times.
    Texts,
    /// Texts with commas between them.
    List,
    /// `FIELD=PATH`, several times.
    Pairs,
    /// The name of a file that holds the value.
    File,
    /// The name of an environment variable that holds the value.
    Variable,
}

const fn flag(name: &'static str, option: &'static str, takes: Takes, value: &'static str, help: &'static str) -> Flag {
    Flag { name, option, takes, value, help, jwks: false }
}

const fn of_both(
    name: &'static str,
    option: &'static str,
    takes: Takes,
    value: &'static str,
    help: &'static str,
) -> Flag {
    Flag { name, option, takes, value, help, jwks: true }
}

/// Every flag, in the order of the help.
pub(super) const FLAGS: &[Flag] = &[
    flag("--jwks-uri", "jwksUri", Takes::Text, "URL", "the keys: a JWK Set"),
    of_both("--discover", "discover", Takes::Nothing, "", "the keys: found from --issuer"),
    flag("--public-key", "publicKey", Takes::File, "FILE", "the keys: PEM, DER, a JWK or a JWK Set"),
    flag("--secret-file", "secret", Takes::File, "FILE", "the key: an HMAC secret; one line feed at the end is cut"),
    flag("--secret-env", "secret", Takes::Variable, "NAME", "the key: an HMAC secret in an environment variable"),
    of_both("--issuer", "issuer", Takes::Texts, "TEXT", "accepted iss; again for more"),
    flag("--audience", "audience", Takes::Texts, "TEXT", "accepted aud; again for more"),
    flag("--algorithms", "algorithms", Takes::List, "A,B", "allow-list of algorithms"),
    flag("--max-token-age", "maxTokenAge", Takes::Number, "TIME", "upper bound on now - iat"),
    flag("--clock-tolerance", "clockTolerance", Takes::Number, "TIME", "leeway for exp, nbf and iat"),
    flag("--typ", "typ", Takes::Text, "TYPE", "required header typ"),
    flag("--required-claim", "requiredClaims", Takes::Texts, "NAME", "a claim that must be there; again for more"),
    flag(
        "--claims-mapping",
        "claimsMapping",
        Takes::Pairs,
        "FIELD=PATH",
        "where subject, name, roles or scopes are: a dot path, or a JSON array of names",
    ),
    flag("--confirmation", "confirmation", Takes::Text, "WHAT", "reject (default) or ignore tokens bound by cnf"),
    flag("--max-token-bytes", "maxTokenBytes", Takes::Number, "N", "longest token"),
    of_both("--allow-http", "jwks.allowHttp", Takes::Nothing, "", "fetch keys over http: from any host"),
    of_both("--ca-file", "jwks.caFile", Takes::Text, "FILE", "PEM roots to trust beside the system's"),
    of_both("--proxy", "jwks.proxy", Takes::Text, "URL", "HTTP proxy, before that of the environment"),
    of_both("--timeout", "jwks.timeout", Takes::Number, "TIME", "deadline of a fetch"),
    of_both("--json", "", Takes::Nothing, "", "one line of JSON instead of a page"),
    of_both("--help", "", Takes::Nothing, "", "this page"),
];

/// The flag of this name.
pub(super) fn named(name: &str) -> Option<&'static Flag> {
    FLAGS.iter().find(|flag| flag.name == name)
}

/// The flag behind an option that an error names, one that was given before any other: `--timeout` for
/// `jwks.timeout`.
pub(super) fn of_option(path: &str, was_given: impl Fn(&str) -> bool) -> Option<&'static str> {
    let path = path.split('[').next().unwrap_or(path);
    let covers = |flag: &&Flag| {
        let rest = path.strip_prefix(flag.option).filter(|_| !flag.option.is_empty());
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    };
    let named = || FLAGS.iter().filter(covers).map(|flag| flag.name);
    named().find(|name| was_given(name)).or_else(|| named().next())
}

/// An error's text with flags where it names options.
pub(super) fn respell(text: &str) -> String {
    FLAGS.iter().filter(|flag| !flag.option.is_empty()).fold(text.to_owned(), |text, flag| {
        let option = flag.option.rsplit('.').next().unwrap_or(flag.option);
        text.replace(&format!("`{option}`"), &format!("`{}`", flag.name))
    })
}
