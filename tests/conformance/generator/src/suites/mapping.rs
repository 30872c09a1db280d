//! Section 6: claims mapping and the context.

use serde_json::{Value, json};

use crate::case::{Case, Suite, ctx, err, ok};
use crate::mint::{T0, Token};

fn map(case: &mut Case, mapping: Value) {
    case.options(json!({ "claimsMapping": mapping }));
}

pub fn suite() -> Suite {
    let mut s = Suite::new("mapping", "6", "Claims mapping and the context");
    let keycloak = json!({ "realm_access": { "roles": ["admin", "user"] }, "scope": "openid profile", "name": "Ada" });

    s.each("mapping-documented", "6", "the documented example: realm_access.roles and scope", |c, k| {
        map(c, json!({ "roles": "realm_access.roles", "scopes": "scope" }));
        let token = k.token().claims(keycloak.clone());
        c.verify(
            T0,
            &token,
            ctx(&token).roles(&["admin", "user"]).scopes(&["openid", "profile"]).name(Some("Ada")).ok(),
        );
    });
    s.each("mapping-none", "6", "without a mapping there are no roles, and scope and name are read", |c, k| {
        let token = k.token().claims(keycloak.clone()).claim("roles", json!(["admin"]));
        c.verify(T0, &token, ctx(&token).scopes(&["openid", "profile"]).name(Some("Ada")).roles(&[]).ok());
    });
    let with = |s: &mut Suite, id: &str, why: &str, mapping: Value, claims: Value, shape: &dyn Fn(&Token) -> Value| {
        s.each(id, "6", why, |c, k| {
            map(c, mapping.clone());
            let token = k.token().claims(claims.clone());
            c.verify(T0, &token, shape(&token));
        });
    };

    // Paths.
    let roles = |wanted: &'static [&'static str]| move |token: &Token| ctx(token).roles(wanted).ok();
    with(
        &mut s,
        "path-deep",
        "a dot path goes down as far as it says",
        json!({ "roles": "a.b.c.d" }),
        json!({ "a": { "b": { "c": { "d": ["x"] } } } }),
        &roles(&["x"]),
    );
    with(
        &mut s,
        "path-index",
        "a numeric segment indexes an array",
        json!({ "roles": "groups.1.roles" }),
        json!({ "groups": [{ "roles": ["x"] }, { "roles": ["y"] }] }),
        &roles(&["y"]),
    );
    with(
        &mut s,
        "path-index-out",
        "an index past the end finds nothing",
        json!({ "roles": "groups.2" }),
        json!({ "groups": [["x"], ["y"]] }),
        &roles(&[]),
    );
    with(
        &mut s,
        "path-index-forms",
        "only plain digits are an index",
        json!({ "roles": "groups.length" }),
        json!({ "groups": ["x"] }),
        &roles(&[]),
    );
    with(
        &mut s,
        "path-index-negative",
        "a negative index finds nothing",
        json!({ "roles": "groups.-1" }),
        json!({ "groups": [["x"]] }),
        &roles(&[]),
    );
    with(
        &mut s,
        "path-numeric-member",
        "a numeric segment names an object's member too",
        json!({ "roles": "a.0" }),
        json!({ "a": { "0": ["x"] } }),
        &roles(&["x"]),
    );
    with(
        &mut s,
        "path-names",
        "an array of names is exact",
        json!({ "roles": ["https://example.com/roles"] }),
        json!({ "https://example.com/roles": ["x"] }),
        &roles(&["x"]),
    );
    with(
        &mut s,
        "path-names-deep",
        "an array of names goes down",
        json!({ "roles": ["a.b", "c"] }),
        json!({ "a.b": { "c": ["x"] }, "a": { "b": { "c": ["y"] } } }),
        &roles(&["x"]),
    );
    with(
        &mut s,
        "path-names-one-string",
        "an array of one dotted name is not a dot path",
        json!({ "roles": ["a.b"] }),
        json!({ "a": { "b": ["y"] } }),
        &roles(&[]),
    );
    with(
        &mut s,
        "path-dotted-name",
        "a string that finds nothing as a path is a top-level name",
        json!({ "roles": "https://example.com/roles" }),
        json!({ "https://example.com/roles": ["x"] }),
        &roles(&["x"]),
    );
    with(
        &mut s,
        "path-before-name",
        "the dot path goes before the name",
        json!({ "roles": "a.b" }),
        json!({ "a": { "b": ["path"] }, "a.b": ["name"] }),
        &roles(&["path"]),
    );
    with(
        &mut s,
        "path-null-found",
        "a path that finds null has found something",
        json!({ "roles": "a.b" }),
        json!({ "a": { "b": null }, "a.b": ["name"] }),
        &roles(&[]),
    );
    with(
        &mut s,
        "path-through-string",
        "a path does not go into a string",
        json!({ "roles": "a.0" }),
        json!({ "a": "xyz" }),
        &roles(&[]),
    );
    with(
        &mut s,
        "path-through-null",
        "a path does not go through null",
        json!({ "roles": "a.b" }),
        json!({ "a": null }),
        &roles(&[]),
    );
    for (id, name) in [
        ("proto", "__proto__"),
        ("constructor", "constructor"),
        ("to-string", "toString"),
        ("has-own-property", "hasOwnProperty"),
        ("constructor-name", "constructor.name"),
        ("proto-name", "__proto__.constructor.name"),
    ] {
        with(
            &mut s,
            &format!("path-own-{id}"),
            "only own members count",
            json!({ "roles": name, "name": name, "scopes": name, "subject": name }),
            json!({}),
            &|token| ok(token),
        );
    }
    s.each("path-own-proto-member", "6", "a claim that is called __proto__ is a claim", |c, k| {
        map(c, json!({ "roles": "__proto__.roles" }));
        let token = k.token().raw_members(r#""__proto__":{"roles":["x"]}"#);
        c.verify(T0, &token, ctx(&token).roles(&["x"]).ok());
    });
    for (at, path) in
        [json!(""), json!("a."), json!(".a"), json!("a..b"), json!("."), json!([]), json!([""]), json!(["a", ""])]
            .into_iter()
            .enumerate()
    {
        for field in ["subject", "name", "roles", "scopes"] {
            s.config(
                &format!("path-empty-{at}-{field}"),
                "empty paths and segments are construction errors",
                json!({ "publicKey": { "$use": "ed-a.jwk" }, "claimsMapping": { field: path } }),
                &format!("claimsMapping.{field}"),
            );
        }
    }
    for (at, (path, option)) in [
        (json!(1), "claimsMapping.roles"),
        (json!(true), "claimsMapping.roles"),
        (json!({ "path": "x" }), "claimsMapping.roles"),
        (json!(["a", 1]), "claimsMapping.roles[1]"),
    ]
    .into_iter()
    .enumerate()
    {
        s.config(
            &format!("path-type-{at}"),
            "a path is a string or an array of names",
            json!({ "publicKey": { "$use": "ed-a.jwk" }, "claimsMapping": { "roles": path } }),
            option,
        );
    }

    // Subject.
    let subject = |wanted: &'static str| move |token: &Token| ctx(token).subject(wanted).ok();
    with(
        &mut s,
        "subject-mapped",
        "the mapped subject goes before sub",
        json!({ "subject": "client_id" }),
        json!({ "client_id": "app-1" }),
        &subject("app-1"),
    );
    for (id, value) in [("empty", json!("")), ("number", json!(7)), ("null", json!(null)), ("array", json!(["x"]))] {
        with(
            &mut s,
            &format!("subject-mapped-{id}"),
            "a mapped subject that is not a non-empty string gives way to sub",
            json!({ "subject": "client_id" }),
            json!({ "client_id": value }),
            &subject("user-1"),
        );
    }
    with(
        &mut s,
        "subject-mapped-absent",
        "a mapped subject that is not there gives way to sub",
        json!({ "subject": "client_id" }),
        json!({}),
        &subject("user-1"),
    );
    s.each("subject-mapped-without-sub", "6", "a mapped subject needs no sub", |c, k| {
        map(c, json!({ "subject": "client_id" }));
        let token = k.token().without("sub").claim("client_id", "app-1");
        c.verify(T0, &token, ctx(&token).subject("app-1").ok()).verify(
            T0,
            &k.token().without("sub").claim("client_id", 1),
            err("ERR_SUBJECT_MISSING"),
        );
    });
    s.each("subject-mapped-with-mistyped-sub", "6", "a mapped subject stands whatever sub is", |c, k| {
        map(c, json!({ "subject": "client_id" }));
        let token = k.token().claims(json!({ "sub": 1, "client_id": "app-1" }));
        c.verify(T0, &token, ctx(&token).subject("app-1").ok());
    });

    // Name.
    let name = |wanted: Option<&'static str>| move |token: &Token| ctx(token).name(wanted).ok();
    with(
        &mut s,
        "name-mapped",
        "the mapped name goes before name",
        json!({ "name": "preferred_username" }),
        json!({ "preferred_username": "ada", "name": "Ada" }),
        &name(Some("ada")),
    );
    with(
        &mut s,
        "name-fallback",
        "a mapped name that is not a string gives way to name",
        json!({ "name": "preferred_username" }),
        json!({ "preferred_username": 1, "name": "Ada" }),
        &name(Some("Ada")),
    );
    with(
        &mut s,
        "name-not-string",
        "a name that is not a string is absent",
        json!({}),
        json!({ "name": ["Ada"] }),
        &name(None),
    );
    with(&mut s, "name-null", "a name of null is absent", json!({}), json!({ "name": null }), &name(None));
    with(&mut s, "name-empty", "an empty name is a string", json!({}), json!({ "name": "" }), &name(Some("")));

    // Roles.
    with(
        &mut s,
        "roles-strings-only",
        "what is not a string among the roles is dropped",
        json!({ "roles": "r" }),
        json!({ "r": ["a", 1, null, "b", ["c"], {}, true, ""] }),
        &roles(&["a", "b", ""]),
    );
    with(
        &mut s,
        "roles-string",
        "a mapped string is one role, spaces and all",
        json!({ "roles": "r" }),
        json!({ "r": "admin user" }),
        &roles(&["admin user"]),
    );
    for (id, value) in [
        ("number", json!(1)),
        ("object", json!({ "0": "admin" })),
        ("null", json!(null)),
        ("boolean", json!(true)),
        ("empty", json!([])),
    ] {
        with(
            &mut s,
            &format!("roles-{id}"),
            "roles of another type are none",
            json!({ "roles": "r" }),
            json!({ "r": value }),
            &roles(&[]),
        );
    }
    with(
        &mut s,
        "roles-absent",
        "mapped roles that are not there are none",
        json!({ "roles": "r" }),
        json!({ "roles": ["admin"] }),
        &roles(&[]),
    );

    // Scopes.
    let scopes = |wanted: &'static [&'static str]| move |token: &Token| ctx(token).scopes(wanted).ok();
    with(
        &mut s,
        "scopes-split",
        "scopes split on spaces only, empties dropped",
        json!({}),
        json!({ "scope": "  a  b\tc,d  " }),
        &scopes(&["a", "b\tc,d"]),
    );
    with(&mut s, "scopes-empty", "an empty scope is no scopes", json!({}), json!({ "scope": "" }), &scopes(&[]));
    with(
        &mut s,
        "scopes-array",
        "a scope array gives its strings",
        json!({}),
        json!({ "scope": ["a", 1, "b c"] }),
        &scopes(&["a", "b c"]),
    );
    with(&mut s, "scopes-scp", "without scope, scp is read", json!({}), json!({ "scp": "a b" }), &scopes(&["a", "b"]));
    with(
        &mut s,
        "scopes-scp-array",
        "scp may be an array",
        json!({}),
        json!({ "scp": ["a", "b"] }),
        &scopes(&["a", "b"]),
    );
    with(
        &mut s,
        "scopes-scope-before-scp",
        "scope goes before scp",
        json!({}),
        json!({ "scope": "a", "scp": "b" }),
        &scopes(&["a"]),
    );
    with(
        &mut s,
        "scopes-scope-mistyped",
        "a scope of another type gives way to scp",
        json!({}),
        json!({ "scope": 1, "scp": "b" }),
        &scopes(&["b"]),
    );
    with(
        &mut s,
        "scopes-mapped",
        "mapped scopes go before scope",
        json!({ "scopes": "permissions" }),
        json!({ "permissions": ["p1", "p2"], "scope": "a" }),
        &scopes(&["p1", "p2"]),
    );
    with(
        &mut s,
        "scopes-mapped-string",
        "a mapped string is split",
        json!({ "scopes": "permissions" }),
        json!({ "permissions": "p1 p2", "scope": "a" }),
        &scopes(&["p1", "p2"]),
    );
    with(
        &mut s,
        "scopes-mapped-absent",
        "mapped scopes that are not there give way to scope",
        json!({ "scopes": "permissions" }),
        json!({ "scope": "a b" }),
        &scopes(&["a", "b"]),
    );
    with(
        &mut s,
        "scopes-mapped-mistyped",
        "mapped scopes of another type give way to scope",
        json!({ "scopes": "permissions" }),
        json!({ "permissions": 5, "scope": "a b" }),
        &scopes(&["a", "b"]),
    );
    with(
        &mut s,
        "scopes-mapped-to-scp",
        "and then to scp",
        json!({ "scopes": "permissions" }),
        json!({ "permissions": {}, "scope": {}, "scp": ["c"] }),
        &scopes(&["c"]),
    );
    with(
        &mut s,
        "scopes-no-break-space",
        "a no-break space separates nothing",
        json!({}),
        json!({ "scope": "a\u{a0}b" }),
        &scopes(&["a\u{a0}b"]),
    );

    // Escapes.
    s.each("mapping-escapes", "6", "what a string says counts, and not how it is written", |c, k| {
        map(c, json!({ "roles": "roles" }));
        let token = k.token().raw_members(
            r#""sub":"us\u0065r","name":"\u0041da","roles":["r1","\u0072\u0032","","r3"],"scope":"a\u0020b\u00e9 c""#,
        );
        c.verify(T0, &token, ctx(&token).roles(&["r1", "r2", "", "r3"]).ok());
        let token = k.token().raw_members(r#""roles":"\u0072","scope":["s1","\u0073 2"],"name":"""#);
        c.verify(T0, &token, ctx(&token).roles(&["r"]).scopes(&["s1", "s 2"]).ok());
        let token = k.token().raw_members(r#""roles":["\ud83d\ude00","😀"],"scope":"\u0020""#);
        c.verify(T0, &token, ctx(&token).roles(&["\u{1F600}", "\u{1F600}"]).scopes(&[]).ok());
    });
    s.each("subject-escapes", "6", "a mapped subject in escapes is one, and an empty one gives way to sub", |c, k| {
        map(c, json!({ "subject": "who" }));
        let token = k.token().raw_members(r#""who":"\u0077ho""#);
        c.verify(T0, &token, ctx(&token).subject("who").ok());
        let token = k.token().raw_members(r#""who":"","sub":"\u0000""#);
        c.verify(T0, &token, ctx(&token).subject("\0").ok());
    });

    // Claims.
    with(
        &mut s,
        "claims-whole",
        "claims is the whole object, whatever its members",
        json!({}),
        json!({ "n": null, "d": 1.5, "neg": -0.25, "u": "\u{1F600} é \u{0}", "l": [[], {}, [null]], "": "empty", "e": 1e21, "s": 1e-7 }),
        &|token| ok(token),
    );
    s
}
