//! Section 2: stripping, skipping, and finding the token in a request.

use serde_json::{Value, json};

use crate::case::{Case, Context, Suite, ctx, err};
use crate::mint::T0;
use crate::mint::Token;

fn accepted(token: &Token) -> Value {
    plain(ctx(token))
}

fn plain(context: Context) -> Value {
    context.headers(json!({})).ok()
}

fn try_all(case: &mut Case, name: &str, values: &[String], expect: &Value) {
    for value in values {
        case.request(json!([[name, value]]), expect.clone());
    }
}

pub fn suite() -> Suite {
    let mut s = Suite::new("credentials", "2", "Stripping, skipping, and finding the token in a request");
    let none = || err("ERR_CREDENTIALS_MISSING");
    let malformed = || err("ERR_TOKEN_MALFORMED");
    let forged = || {
        json!([
            ["x-auth-subject", "admin"],
            ["X-Auth-Roles", "[\"admin\"]"],
            ["x-auth-scopes", "all"],
            ["x-auth-claims", "{}"],
            ["x-auth-name", "Admin"],
            ["x-auth-type", "jwt"],
        ])
    };
    let and = |headers: Value, name: &str, value: &str| {
        let mut headers = headers;
        headers.as_array_mut().unwrap().push(json!([name, value]));
        headers
    };

    s.each("request-good", "2.4", "a Bearer token is verified and gives the context", |c, k| {
        let token = k.token();
        c.request(json!([["authorization", format!("Bearer {}", token.mint())]]), accepted(&token));
        c.request(json!([["Authorization", format!("Bearer {}", token.mint())]]), accepted(&token));
    });
    s.each("strip-accepted", "2.1", "x-auth-* headers of the request are removed when the token is good", |c, k| {
        let token = k.token();
        c.request(and(forged(), "authorization", &format!("Bearer {}", token.mint())), accepted(&token));
    });
    s.each("strip-skipped", "2.1", "x-auth-* headers are removed on skipped methods too", |c, _| {
        c.options(json!({ "skipMethods": ["*"] })).request(forged(), json!({ "skipped": true, "headers": {} }));
    });
    s.each("strip-only-ours", "2.1", "other x-auth-* headers stay", |c, k| {
        let token = k.token();
        let mut headers = and(forged(), "x-auth-tenant", "t1");
        headers = and(headers, "x-auth-subjects", "s");
        headers = and(headers, "authorization", &format!("Bearer {}", token.mint()));
        c.request(headers, ctx(&token).headers(json!({ "x-auth-tenant": "t1", "x-auth-subjects": "s" })).ok());
    });
    s.each("strip-no-credentials", "2.1", "a forged identity does not replace credentials", |c, _| {
        c.request(forged(), none());
    });
    s.each(
        "skip-good-token",
        "2.2",
        "a skipped method goes through with whatever token, and makes no context",
        |c, k| {
            c.options(json!({ "skipMethods": ["pkg.Service/Method"] }));
            for value in [format!("Bearer {}", k.token().mint()), "Bearer nonsense".to_owned(), "Basic x".to_owned()] {
                c.request(json!([["authorization", value]]), json!({ "skipped": true, "headers": {} }));
            }
            c.request(json!([]), json!({ "skipped": true, "headers": {} }));
        },
    );

    s.each("bearer-any-case", "2.3", "the scheme is accepted in any case, with one or more spaces", |c, k| {
        let token = k.token();
        let values: Vec<String> = ["Bearer ", "bearer ", "BEARER ", "bEaReR ", "Bearer  ", "Bearer          "]
            .iter()
            .map(|scheme| format!("{scheme}{}", token.mint()))
            .collect();
        try_all(c, "authorization", &values, &accepted(&token));
    });
    s.each("credentials-absent", "2.3", "without the header there are no credentials", |c, _| {
        c.request(json!([]), none()).request(json!([["x-other", "1"]]), none());
    });
    s.each("credentials-other-scheme", "2.3", "another scheme is no credentials", |c, k| {
        let token = k.token().mint();
        let values: Vec<String> = ["Basic ", "DPoP ", "Token ", "Bearer2 ", "xBearer ", "Bear ", "JWT "]
            .iter()
            .map(|scheme| format!("{scheme}{token}"))
            .collect();
        try_all(c, "authorization", &values, &none());
    });
    s.each("credentials-bare-token", "2.3", "a token without a scheme is no credentials", |c, k| {
        c.request(json!([["authorization", k.token().mint()]]), none());
    });
    s.each("credentials-scheme-alone", "2.3", "a scheme without a token is no credentials", |c, _| {
        try_all(c, "authorization", &["Bearer".into(), "Bearer ".into(), "Bearer    ".into(), String::new()], &none());
    });
    s.each(
        "credentials-no-space",
        "2.3",
        "a scheme that runs into the token, or ends in a tab, is another scheme",
        |c, k| {
            let token = k.token().mint();
            try_all(
                c,
                "authorization",
                &[
                    format!("Bearer{token}"),
                    format!("Bearer\t{token}"),
                    format!("Bearer:{token}"),
                    format!("Bearer={token}"),
                ],
                &none(),
            );
        },
    );
    s.each("credentials-tab-after-space", "2.3", "a tab after the space is outside the token's alphabet", |c, k| {
        c.request(json!([["authorization", format!("Bearer \t{}", k.token().mint())]]), malformed());
    });
    s.each("credentials-two-headers", "2.3", "two headers are malformed, the same token twice too", |c, k| {
        let good = format!("Bearer {}", k.token().mint());
        c.request(json!([["authorization", good], ["authorization", good]]), malformed());
        c.request(json!([["authorization", good], ["Authorization", "Bearer x"]]), malformed());
    });
    s.each("credentials-comma", "2.3", "a comma-joined pair is malformed", |c, k| {
        let token = k.token().mint();
        let values = [
            format!("Bearer {token}, Bearer {token}"),
            format!("Bearer {token},"),
            format!("Bearer {token},{token}"),
            format!("Bearer ,{token}"),
        ];
        try_all(c, "authorization", &values, &malformed());
    });
    s.each("credentials-alphabet", "2.3", "a character outside the token's alphabet is malformed", |c, k| {
        let token = k.token().mint();
        for extra in ["=", "+", "/", "~", " x", ";", "\"", "%20", "\u{e9}", "\\", "?", "#", "{}"] {
            c.request(json!([["authorization", format!("Bearer {token}{extra}")]]), malformed());
        }
        c.request(json!([["authorization", format!("Bearer \"{token}\"")]]), malformed());
    });
    s.each("credentials-length-first", "2.3", "the length is checked before the characters", |c, _| {
        c.options(json!({ "maxTokenBytes": 256 }));
        c.request(json!([["authorization", format!("Bearer {}", "=".repeat(257))]]), err("ERR_TOKEN_TOO_LARGE"));
        c.request(json!([["authorization", format!("Bearer {}", "=".repeat(256))]]), malformed());
    });

    s.each("credentials-header", "2.3", "the token may be in another header", |c, k| {
        let token = k.token();
        c.options(json!({ "credentials": { "header": "X-Forwarded-Access-Token" } }));
        c.request(json!([["x-forwarded-access-token", format!("Bearer {}", token.mint())]]), accepted(&token));
        c.request(json!([["authorization", format!("Bearer {}", token.mint())]]), none());
    });
    s.each("credentials-scheme", "2.3", "the scheme may be another", |c, k| {
        let token = k.token();
        c.options(json!({ "credentials": { "scheme": "Token" } }));
        c.request(json!([["authorization", format!("token {}", token.mint())]]), accepted(&token));
        c.request(json!([["authorization", format!("Bearer {}", token.mint())]]), none());
    });
    s.each("credentials-bare-value", "2.3", "scheme null means the bare value", |c, k| {
        let token = k.token();
        c.options(json!({ "credentials": { "header": "x-token", "scheme": null } }));
        c.request(json!([["x-token", token.mint()]]), accepted(&token));
        c.request(json!([["x-token", format!("Bearer {}", token.mint())]]), malformed());
        c.request(json!([["x-token", ""]]), none());
        c.request(json!([["x-token", token.mint()], ["x-token", token.mint()]]), malformed());
    });
    s.each("credentials-cookie", "2.3", "the token may be in a cookie", |c, k| {
        let token = k.token();
        c.options(json!({ "credentials": { "cookie": "session", "scheme": null } }));
        c.request(json!([["cookie", format!("a=b; session={}; c=d", token.mint())]]), accepted(&token));
        c.request(json!([["cookie", format!("session={}", token.mint())]]), accepted(&token));
        c.request(json!([["cookie", format!("xsession={0}; sessions={0}; Session={0}", token.mint())]]), none());
        c.request(json!([["authorization", format!("Bearer {}", token.mint())]]), none());
        c.request(json!([["cookie", "session="]]), none());
    });
    s.each("credentials-cookie-twice", "2.3", "a cookie given twice is malformed", |c, k| {
        c.options(json!({ "credentials": { "cookie": "session", "scheme": null } }));
        c.request(json!([["cookie", format!("session={0}; session={0}", k.token().mint())]]), malformed());
    });
    s.each("credentials-subprotocol", "2.3", "the token may be an offered subprotocol of a WebSocket", |c, k| {
        let token = k.token();
        let offers = |offer: String| json!([["sec-websocket-protocol", offer]]);
        c.options(json!({ "credentials": { "header": "Sec-WebSocket-Protocol" } }));
        c.request(offers(format!("chat, bearer.{}", token.mint())), accepted(&token));
        c.request(offers(format!("Bearer.{},chat", token.mint())), accepted(&token));
        c.request(offers("chat, bearer".to_owned()), none());
        c.request(offers("bearer.".to_owned()), none());
        c.request(offers(format!("Bearer {}", token.mint())), none());
        c.request(offers(token.mint()), none());
        c.request(json!([["authorization", format!("Bearer {}", token.mint())]]), none());
    });
    s.each("credentials-subprotocol-twice", "2.3", "a token offered twice as a subprotocol is malformed", |c, k| {
        c.options(json!({ "credentials": { "header": "sec-websocket-protocol" } }));
        let offer = format!("bearer.{}", k.token().mint());
        c.request(json!([["sec-websocket-protocol", format!("{offer}, {offer}")]]), malformed());
        c.request(json!([["sec-websocket-protocol", offer], ["sec-websocket-protocol", offer]]), malformed());
        c.request(json!([["sec-websocket-protocol", format!("{offer}, bearer.")]]), malformed());
    });
    s.each("request-expired", "2.4", "a refused token refuses the request", |c, k| {
        c.request(
            json!([["authorization", format!("Bearer {}", k.token().claim("exp", T0).mint())]]),
            err("ERR_TOKEN_EXPIRED"),
        );
    });
    s
}
