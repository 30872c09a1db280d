//! Section 7, authorization: rules over the caller that a token has made known.

use serde_json::{Value, json};

use crate::case::{Suite, ctx, used};
use crate::mint::{T0, Token};

/// A caller with these roles and scopes.
fn caller(roles: &[&str], scope: &str) -> Token {
    Token::new("ed-a", "EdDSA").claim("roles", json!(roles)).claim("scope", scope)
}

fn bearer(token: &Token) -> Value {
    json!([["authorization", format!("Bearer {}", token.mint())]])
}

fn allowed(token: &Token) -> Value {
    let claims = token.claims_value();
    let roles: Vec<&str> = claims["roles"].as_array().unwrap().iter().map(|role| role.as_str().unwrap()).collect();
    ctx(token).roles(&roles).headers(json!({})).ok()
}

fn denied(message: &str, rule: Value) -> Value {
    json!({ "denied": { "connectCode": "permission_denied", "message": message, "rule": rule } })
}

fn by(name: &str, roles: &[&str], scopes: &[&str]) -> Value {
    denied("Access denied", json!({ "name": name, "roles": roles, "scopes": scopes }))
}

fn by_authorize() -> Value {
    denied("Access denied", Value::Null)
}

fn by_default() -> Value {
    denied("Access denied by default policy", Value::Null)
}

fn unauthenticated() -> Value {
    json!({ "denied": {
        "connectCode": "unauthenticated", "message": "Authentication required for authorization", "rule": null,
    } })
}

fn key() -> Value {
    json!({ "publicKey": used("ed-a.jwk"), "claimsMapping": { "roles": "roles" } })
}

fn rule(name: &str, methods: &[&str], effect: &str) -> Value {
    json!({ "name": name, "methods": methods, "effect": effect })
}

fn requiring(mut rule: Value, requires: Value) -> Value {
    rule["requires"] = requires;
    rule
}

/// Roles, scope, method of `pkg.Service`, and what becomes of the call: the name of the rule that denies.
type Calls<'a> = &'a [(&'a [&'a str], &'a str, &'a str, Option<Value>)];

/// One case of one policy.
fn case(s: &mut Suite, id: &str, why: &str, authz: &Value, calls: Calls<'_>) {
    s.one(&format!("authz-{id}"), "7 authorization", why, |c| {
        c.options(key()).authz(authz.clone());
        for (roles, scope, method, outcome) in calls {
            let token = caller(roles, scope);
            let expect = outcome.clone().unwrap_or_else(|| allowed(&token));
            c.call("pkg.Service", method, bearer(&token), expect);
        }
    });
}

pub fn suite() -> Suite {
    let mut s = Suite::new("authz", "7", "Authorization: rules over roles and scopes");
    rules(&mut s);
    requirements(&mut s);
    defaults(&mut s);
    callers(&mut s);
    config(&mut s);
    s
}

fn rules(s: &mut Suite) {
    case(
        s,
        "allow",
        "a rule that allows lets the call go on",
        &json!({ "rules": [rule("all", &["*"], "allow")] }),
        &[(&[], "", "Get", None)],
    );
    case(
        s,
        "deny",
        "a rule that denies refuses the call",
        &json!({ "rules": [rule("none", &["*"], "deny")], "defaultPolicy": "allow" }),
        &[(&["admin"], "all", "Get", Some(by("none", &[], &[])))],
    );
    case(
        s,
        "first-wins",
        "the first rule that matches decides, an allowing one too",
        &json!({ "rules": [rule("one", &["pkg.Service/Get"], "allow"), rule("all", &["*"], "deny")] }),
        &[(&[], "", "Get", None), (&[], "", "Set", Some(by("all", &[], &[])))],
    );
    case(
        s,
        "first-wins-denying",
        "the first rule that matches decides, a denying one too",
        &json!({ "rules": [rule("one", &["pkg.Service/Get"], "deny"), rule("all", &["*"], "allow")] }),
        &[(&[], "", "Get", Some(by("one", &[], &[]))), (&[], "", "Set", None)],
    );
    case(
        s,
        "patterns",
        "any pattern of a rule is enough, prefixes among them",
        &json!({ "rules": [rule("some", &["other.Service/*", "pkg.Service/Get*", "pkg.Service/List"], "allow")] }),
        &[
            (&[], "", "Get", None),
            (&[], "", "GetAll", None),
            (&[], "", "List", None),
            (&[], "", "ListAll", Some(by_default())),
            (&[], "", "get", Some(by_default())),
            (&[], "", "ForGet", Some(by_default())),
        ],
    );
    case(
        s,
        "prefix-of-service",
        "a prefix is one of methods, not of services",
        &json!({ "rules": [rule("some", &["pkg.Serv/Get*", "pkg.Service2/Get*"], "allow")] }),
        &[(&[], "", "Get", Some(by_default()))],
    );
}

fn requirements(s: &mut Suite) {
    let allow = |requires: Value| json!({ "rules": [requiring(rule("some", &["*"], "allow"), requires)] });
    case(
        s,
        "roles-any",
        "any of the roles is enough",
        &allow(json!({ "roles": ["admin", "root"] })),
        &[
            (&["admin"], "", "Get", None),
            (&["x", "root"], "", "Get", None),
            (&["admin", "root"], "", "Get", None),
            (&[], "", "Get", Some(by_default())),
            (&["user"], "admin root", "Get", Some(by_default())),
            (&["Admin"], "", "Get", Some(by_default())),
            (&["admins", "adm", "admin root", ""], "", "Get", Some(by_default())),
        ],
    );
    case(
        s,
        "scopes-all",
        "all of the scopes are needed",
        &allow(json!({ "scopes": ["read", "list"] })),
        &[
            (&[], "read list", "Get", None),
            (&[], "list x read", "Get", None),
            (&[], "read", "Get", Some(by_default())),
            (&[], "list", "Get", Some(by_default())),
            (&["read", "list"], "", "Get", Some(by_default())),
            (&[], "READ LIST", "Get", Some(by_default())),
            (&[], "readlist", "Get", Some(by_default())),
        ],
    );
    case(
        s,
        "roles-and-scopes",
        "roles and scopes are both needed",
        &allow(json!({ "roles": ["user", "admin"], "scopes": ["write"] })),
        &[
            (&["user"], "write", "Get", None),
            (&["user"], "read", "Get", Some(by_default())),
            (&["guest"], "write", "Get", Some(by_default())),
        ],
    );
    case(
        s,
        "requires-not-met",
        "a rule whose requirements are not met does not match, whatever its effect",
        &json!({ "rules": [
            requiring(rule("banned", &["*"], "deny"), json!({ "roles": ["banned"] })),
            requiring(rule("writers", &["pkg.Service/Set"], "allow"), json!({ "scopes": ["write"] })),
            rule("closed", &["pkg.Service/Set"], "deny"),
            rule("rest", &["*"], "allow"),
        ] }),
        &[
            (&[], "", "Get", None),
            (&["banned"], "", "Get", Some(by("banned", &["banned"], &[]))),
            (&["banned"], "write", "Set", Some(by("banned", &["banned"], &[]))),
            (&[], "write", "Set", None),
            (&[], "", "Set", Some(by("closed", &[], &[]))),
        ],
    );
    case(
        s,
        "denial-tells-requirements",
        "a denial by a rule names it and what it requires",
        &json!({ "rules": [
            requiring(rule("both", &["*"], "deny"), json!({ "roles": ["a", "b"], "scopes": ["c"] })),
        ], "defaultPolicy": "allow" }),
        &[(&["b"], "c", "Get", Some(by("both", &["a", "b"], &["c"]))), (&["b"], "", "Get", None)],
    );
}

fn defaults(s: &mut Suite) {
    case(
        s,
        "default",
        "without anything every call is denied",
        &json!({}),
        &[(&["admin"], "", "Get", Some(by_default()))],
    );
    case(
        s,
        "default-null",
        "null is not given",
        &json!({ "defaultPolicy": null, "rules": null, "authorize": null, "skipMethods": null }),
        &[(&[], "", "Get", Some(by_default()))],
    );
    let other = || json!([rule("other", &["other.Service/*"], "allow")]);
    case(
        s,
        "default-deny",
        "where no rule matches the default policy denies",
        &json!({ "rules": other(), "defaultPolicy": "deny" }),
        &[(&[], "", "Get", Some(by_default()))],
    );
    case(
        s,
        "default-allow",
        "where no rule matches the default policy allows if it says so",
        &json!({ "rules": other(), "defaultPolicy": "allow" }),
        &[(&[], "", "Get", None)],
    );
    for (does, allows) in
        [("true", true), ("false", false), ("nothing", false), ("zero", false), ("empty", false), ("throw", false)]
    {
        case(
            s,
            &format!("authorize-{does}"),
            "authorize comes after the rules and before the default policy; only what is true allows",
            &json!({
                "rules": [rule("no", &["pkg.Service/No"], "deny"), rule("yes", &["pkg.Service/Yes"], "allow")],
                "authorize": { "$hook": does },
                "defaultPolicy": if allows { "deny" } else { "allow" },
            }),
            &[
                (&[], "", "Get", if allows { None } else { Some(by_authorize()) }),
                (&[], "", "Yes", None),
                (&[], "", "No", Some(by("no", &[], &[]))),
            ],
        );
    }
}

fn callers(s: &mut Suite) {
    let open = || {
        json!({
            "rules": [rule("all", &["*"], "allow")], "authorize": { "$hook": "true" }, "defaultPolicy": "allow",
            "skipMethods": ["open.Service/*"],
        })
    };
    s.one("authz-nobody", "7 authorization", "a call without a caller is unauthenticated, whatever the rules", |c| {
        c.options(key()).options(json!({ "skipMethods": ["*"] })).authz(open());
        c.request(json!([]), unauthenticated());
        c.request(bearer(&caller(&["admin"], "")), unauthenticated());
    });
    s.one("authz-skip", "7 authorization", "what is skipped is not authorized, with a caller or without", |c| {
        c.options(key()).options(json!({ "skipMethods": ["open.Service/Nobody"] }));
        c.authz(json!({ "skipMethods": ["open.Service/*"] }));
        c.call("open.Service", "Nobody", json!([]), json!({ "skipped": true, "headers": {} }));
        let token = caller(&[], "");
        c.call("open.Service", "Somebody", bearer(&token), allowed(&token));
        c.call("closed.Service", "Somebody", bearer(&token), by_default());
    });
    s.one("authz-refused-token", "7 authorization", "a refused token is never authorized", |c| {
        c.options(key()).authz(open());
        c.request(json!([]), crate::case::err("ERR_CREDENTIALS_MISSING"));
        c.request(bearer(&caller(&["admin"], "").claim("exp", T0)), crate::case::err("ERR_TOKEN_EXPIRED"));
    });
    s.each("authz-each-source", "7 authorization", "rules do not depend on the key source", |c, k| {
        let rule = requiring(rule("readers", &["*"], "allow"), json!({ "scopes": ["read"] }));
        c.authz(json!({ "rules": [rule] }));
        let token = k.token().claim("scope", "read");
        c.request(bearer(&token), ctx(&token).headers(json!({})).ok());
        c.request(bearer(&k.token().claim("scope", "reads")), by_default());
    });
}

fn config(s: &mut Suite) {
    let good = || rule("good", &["*"], "allow");
    let with = |name: &str, value: Value| {
        let mut second = rule("second", &["*"], "deny");
        second[name] = value;
        json!({ "rules": [good(), second] })
    };
    let without = |name: &str| {
        let mut second = rule("second", &["*"], "deny");
        second.as_object_mut().unwrap().remove(name);
        json!({ "rules": [good(), second] })
    };
    let bad: Vec<(&str, Value, &str)> = vec![
        ("default-case", json!({ "defaultPolicy": "Allow" }), "defaultPolicy"),
        ("default-other", json!({ "defaultPolicy": "permit" }), "defaultPolicy"),
        ("default-empty", json!({ "defaultPolicy": "" }), "defaultPolicy"),
        ("default-boolean", json!({ "defaultPolicy": true }), "defaultPolicy"),
        ("unknown", json!({ "rule": [] }), "rule"),
        ("unknown-default", json!({ "default": "deny" }), "default"),
        ("rules-object", json!({ "rules": {} }), "rules"),
        ("rules-text", json!({ "rules": "*" }), "rules"),
        ("rule-text", json!({ "rules": ["*"] }), "rules[0]"),
        ("rule-null", json!({ "rules": [null] }), "rules[0]"),
        ("effect-case", with("effect", json!("ALLOW")), "rules[1].effect"),
        ("effect-other", with("effect", json!("allowed")), "rules[1].effect"),
        ("effect-space", with("effect", json!("allow ")), "rules[1].effect"),
        ("effect-empty", with("effect", json!("")), "rules[1].effect"),
        ("effect-boolean", with("effect", json!(true)), "rules[1].effect"),
        ("effect-missing", without("effect"), "rules[1].effect"),
        ("effect-null", with("effect", Value::Null), "rules[1].effect"),
        ("name-missing", without("name"), "rules[1].name"),
        ("name-empty", with("name", json!("")), "rules[1].name"),
        ("name-blank", with("name", json!(" ")), "rules[1].name"),
        ("name-twice", with("name", json!("good")), "rules[1].name"),
        ("name-number", with("name", json!(1)), "rules[1].name"),
        ("methods-missing", without("methods"), "rules[1].methods"),
        ("methods-empty", with("methods", json!([])), "rules[1].methods"),
        ("methods-text", with("methods", json!("*")), "rules[1].methods"),
        ("methods-no-slash", with("methods", json!(["*", "pkg.Service"])), "rules[1].methods[1]"),
        ("methods-leading-slash", with("methods", json!(["/pkg.Service/Get"])), "rules[1].methods[0]"),
        ("methods-infix", with("methods", json!(["pkg.Service/G*t"])), "rules[1].methods[0]"),
        ("methods-blank", with("methods", json!([""])), "rules[1].methods[0]"),
        ("methods-number", with("methods", json!([1])), "rules[1].methods[0]"),
        ("rule-unknown", with("require", json!({ "roles": ["a"] })), "rules[1].require"),
        ("requires-empty", with("requires", json!({})), "rules[1].requires"),
        ("requires-nulls", with("requires", json!({ "roles": null, "scopes": null })), "rules[1].requires"),
        ("requires-array", with("requires", json!(["admin"])), "rules[1].requires"),
        ("requires-text", with("requires", json!("admin")), "rules[1].requires"),
        ("requires-unknown", with("requires", json!({ "role": ["a"] })), "rules[1].requires.role"),
        ("roles-empty", with("requires", json!({ "roles": [] })), "rules[1].requires.roles"),
        ("roles-text", with("requires", json!({ "roles": "admin" })), "rules[1].requires.roles"),
        ("roles-blank", with("requires", json!({ "roles": ["a", ""] })), "rules[1].requires.roles[1]"),
        ("roles-number", with("requires", json!({ "roles": [1] })), "rules[1].requires.roles[0]"),
        ("scopes-empty", with("requires", json!({ "roles": ["a"], "scopes": [] })), "rules[1].requires.scopes"),
        ("scopes-text", with("requires", json!({ "scopes": "a b" })), "rules[1].requires.scopes"),
        ("skip-prefix", json!({ "skipMethods": ["*", "pkg.Service/Get*"] }), "skipMethods[1]"),
        ("skip-no-slash", json!({ "skipMethods": ["pkg.Service"] }), "skipMethods[0]"),
        ("skip-text", json!({ "skipMethods": "*" }), "skipMethods"),
        ("authorize-text", json!({ "authorize": "yes" }), "authorize"),
        ("authorize-boolean", json!({ "authorize": true }), "authorize"),
    ];
    for (id, authz, option) in bad {
        s.one(&format!("authz-bad-{id}"), "7 authorization", "what could open a method by mistake is an error", |c| {
            c.options(key()).authz(authz);
            c.step(json!({ "now": T0, "expect": { "config": { "option": option } } }));
        });
    }
}
