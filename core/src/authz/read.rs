//! From a host's values to a compiled policy. What could open a method by mistake is an error: a
//! misspelt member, an effect that is neither of the two, a requirement that requires nothing.

use std::collections::HashSet;

use super::{AuthzEffect, AuthzPolicy, AuthzRule};
use crate::method::MethodPattern;
use crate::options::{ConfigError, Fields, OptionValue, Read, Spelling, read_list, read_text, read_texts, shown};

impl AuthzPolicy {
    /// Compiles a host's options: `defaultPolicy`, `rules` and `skipMethods`, each in the given spelling.
    ///
    /// # Errors
    /// An unknown member at any depth, a value of the wrong type, an `effect` or `defaultPolicy` that is
    /// not exactly `allow` or `deny`, an empty list, a bad pattern, a rule without a name of its own.
    pub fn read(value: OptionValue, spelling: Spelling) -> Result<Self, ConfigError> {
        Self::read_fields(value, spelling).map_err(|error| error.spelled(spelling))
    }

    fn read_fields(value: OptionValue, spelling: Spelling) -> Read<Self> {
        let mut fields = Fields::of("", value, spelling)?.with_hooks(&["authorize"]);
        let policy = Self {
            default: fields.take_with("defaultPolicy", effect)?.unwrap_or(AuthzEffect::Deny),
            rules: fields.take_with("rules", |path, value| rules(path, value, spelling))?.unwrap_or_default(),
            skip_methods: fields.take_with("skipMethods", skip_methods)?.unwrap_or_default(),
        };
        fields.finish()?;
        Ok(policy)
    }
}

fn rules(path: &str, value: OptionValue, spelling: Spelling) -> Read<Vec<AuthzRule>> {
    let mut names = HashSet::new();
    let mut rules = Vec::new();
    for (i, value) in read_list(path, value)?.into_iter().enumerate() {
        let path = format!("{path}[{i}]");
        let rule = rule(&path, value, spelling)?;
        if !names.insert(rule.name.clone()) {
            let problem = format!("another rule is called \"{}\"; a name tells which rule denied", shown(&rule.name));
            return Err(ConfigError::new(format!("{path}.name"), problem));
        }
        rules.push(rule);
    }
    Ok(rules)
}

fn rule(path: &str, value: OptionValue, spelling: Spelling) -> Read<AuthzRule> {
    let needed = |name: &str, what: &str| ConfigError::new(format!("{path}.{name}"), format!("a rule needs {what}"));
    let mut fields = Fields::of(path, value, spelling)?;
    let name = fields.take_with("name", name)?.ok_or_else(|| needed("name", "a name"))?;
    let methods = fields.take_with("methods", methods)?.ok_or_else(|| needed("methods", "the methods it is about"))?;
    let (roles, scopes) =
        fields.take_with("requires", |path, value| requires(path, value, spelling))?.unwrap_or_default();
    let effect =
        fields.take_with("effect", effect)?.ok_or_else(|| needed("effect", "an effect: \"allow\" or \"deny\""))?;
    fields.finish()?;
    Ok(AuthzRule { name, methods, roles, scopes, effect })
}

fn name(path: &str, value: OptionValue) -> Read<String> {
    let name = read_text(path, value)?;
    if name.trim().is_empty() { Err(ConfigError::new(path, "must not be empty")) } else { Ok(name) }
}

fn methods(path: &str, value: OptionValue) -> Read<Vec<MethodPattern>> {
    let patterns = patterns(path, value, MethodPattern::parse)?;
    if patterns.is_empty() {
        return Err(ConfigError::new(path, "must not be an empty array: the rule would never match"));
    }
    Ok(patterns)
}

fn skip_methods(path: &str, value: OptionValue) -> Read<Vec<MethodPattern>> {
    patterns(path, value, MethodPattern::parse_skip)
}

fn patterns(
    path: &str,
    value: OptionValue,
    parse: impl Fn(&str) -> Result<MethodPattern, String>,
) -> Read<Vec<MethodPattern>> {
    let read =
        |(i, text): (usize, String)| parse(&text).map_err(|problem| ConfigError::new(format!("{path}[{i}]"), problem));
    read_texts(path, value)?.into_iter().enumerate().map(read).collect()
}

fn requires(path: &str, value: OptionValue, spelling: Spelling) -> Read<(Vec<String>, Vec<String>)> {
    let mut fields = Fields::of(path, value, spelling)?;
    let roles = fields.take_with("roles", required)?;
    let scopes = fields.take_with("scopes", required)?;
    fields.finish()?;
    if roles.is_none() && scopes.is_none() {
        return Err(ConfigError::new(path, "requires nothing; give `roles` or `scopes`, or leave it out"));
    }
    Ok((roles.unwrap_or_default(), scopes.unwrap_or_default()))
}

fn required(path: &str, value: OptionValue) -> Read<Vec<String>> {
    let names = read_texts(path, value)?;
    if names.is_empty() {
        return Err(ConfigError::new(path, "must not be an empty array; leave it out to require none"));
    }
    if let Some(i) = names.iter().position(String::is_empty) {
        return Err(ConfigError::new(format!("{path}[{i}]"), "must not be an empty string"));
    }
    Ok(names)
}

fn effect(path: &str, value: OptionValue) -> Read<AuthzEffect> {
    let text = read_text(path, value)?;
    AuthzEffect::ALL
        .into_iter()
        .find(|effect| effect.as_str() == text)
        .ok_or_else(|| ConfigError::new(path, format!("must be \"allow\" or \"deny\", got \"{}\"", shown(&text))))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at_fault(json: &str, spelling: Spelling) -> String {
        AuthzPolicy::read(OptionValue::from_json(json).unwrap(), spelling).expect_err(json).option().to_owned()
    }

    /// A policy of two rules, the second with these members more or instead.
    fn second(members: &str) -> String {
        let first = r#"{"name":"first","methods":["*"],"effect":"allow"}"#;
        format!(r#"{{"rules":[{first},{{{members}}}]}}"#)
    }

    #[test]
    fn what_cannot_be_meant_is_named() {
        let good = r#""name":"n","methods":["*"],"effect":"deny""#;
        for (json, option) in [
            (r#"{"defaultPolicy":"Allow"}"#.to_owned(), "defaultPolicy"),
            (r#"{"defaultPolicy":true}"#.to_owned(), "defaultPolicy"),
            (r#"{"rule":[]}"#.to_owned(), "rule"),
            (r#"{"rules":{}}"#.to_owned(), "rules"),
            (r#"{"rules":[1]}"#.to_owned(), "rules[0]"),
            (r#"{"skipMethods":["a.B/Get*"]}"#.to_owned(), "skipMethods[0]"),
            (r#"{"skipMethods":"*"}"#.to_owned(), "skipMethods"),
            (second(r#""methods":["*"],"effect":"deny""#), "rules[1].name"),
            (second(r#""name":"","methods":["*"],"effect":"deny""#), "rules[1].name"),
            (second(r#""name":"first","methods":["*"],"effect":"deny""#), "rules[1].name"),
            (second(r#""name":"n","effect":"deny""#), "rules[1].methods"),
            (second(r#""name":"n","methods":[],"effect":"deny""#), "rules[1].methods"),
            (second(r#""name":"n","methods":["*","a.B"],"effect":"deny""#), "rules[1].methods[1]"),
            (second(r#""name":"n","methods":["*"]"#), "rules[1].effect"),
            (second(r#""name":"n","methods":["*"],"effect":"ALLOW""#), "rules[1].effect"),
            (second(r#""name":"n","methods":["*"],"effect":"allowed""#), "rules[1].effect"),
            (second(&format!(r#"{good},"require":{{}}"#)), "rules[1].require"),
            (second(&format!(r#"{good},"requires":{{}}"#)), "rules[1].requires"),
            (second(&format!(r#"{good},"requires":{{"role":["a"]}}"#)), "rules[1].requires.role"),
            (second(&format!(r#"{good},"requires":{{"roles":[]}}"#)), "rules[1].requires.roles"),
            (second(&format!(r#"{good},"requires":{{"roles":["a"],"scopes":[]}}"#)), "rules[1].requires.scopes"),
            (second(&format!(r#"{good},"requires":{{"roles":"a"}}"#)), "rules[1].requires.roles"),
            (second(&format!(r#"{good},"requires":{{"roles":["a",""]}}"#)), "rules[1].requires.roles[1]"),
            (second(&format!(r#"{good},"requires":["a"]"#)), "rules[1].requires"),
            ("[]".to_owned(), "options"),
        ] {
            assert_eq!(at_fault(&json, Spelling::Camel), option, "{json}");
        }
        assert_eq!(at_fault(r#"{"default_policy":"x"}"#, Spelling::Snake), "default_policy");
        assert_eq!(at_fault(r#"{"skip_methods":["x"]}"#, Spelling::Snake), "skip_methods[0]");
        assert_eq!(at_fault(r#"{"defaultPolicy":"deny"}"#, Spelling::Snake), "defaultPolicy");
    }

    #[test]
    fn null_is_not_given() {
        let json = r#"{"defaultPolicy":null,"rules":null,"skipMethods":null}"#;
        assert!(AuthzPolicy::read(OptionValue::from_json(json).unwrap(), Spelling::Camel).is_ok());
        let rule = r#""name":"n","methods":["*"],"requires":null,"effect":"deny""#;
        let value = OptionValue::from_json(&second(rule)).unwrap();
        assert!(AuthzPolicy::read(value, Spelling::Camel).is_ok());
    }

    #[test]
    fn a_misspelt_hook_is_recognized() {
        let value = OptionValue::from_json(r#"{"authorise":1}"#).unwrap();
        let error = AuthzPolicy::read(value, Spelling::Camel).expect_err("unknown").to_string();
        assert!(error.contains("did you mean `authorize`?"), "{error}");
    }
}
