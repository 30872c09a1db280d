// Authorization: the rules' verdicts as errors, through real servers and by hand.
import assert from "node:assert/strict";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { after, before, describe, it } from "node:test";
import * as connect from "@connectrpc/connect";
import { connectNodeAdapter } from "@connectrpc/connect-node";
import {
  AuthzDeniedError,
  AuthzEffect,
  authContextStorage,
  ConfigError,
  createAuthzInterceptor,
  createJwtAuthInterceptor,
  getAuthContext,
} from "bearergate";
import { request } from "./support/requests.mjs";
import { CALLS, clientOf, Kinds, listen, TRANSPORTS } from "./support/service.mjs";
import { hmacToken, rsaKey, SECRET, serveJwks } from "./support/tokens.mjs";

const require = createRequire(import.meta.url);
const cjs = require("bearergate");
const { answerOf } = require("../lib/http.js");
const { Code, ConnectError } = connect;

const jwtAuth = () => createJwtAuthInterceptor({ secret: SECRET, claimsMapping: { roles: "roles" } });
const token = (roles, scope = "") => hmacToken({ sub: "alice", roles, scope });

const RULES = [
  { name: "banned", methods: ["*"], requires: { roles: ["banned"] }, effect: "deny" },
  { name: "admins", methods: ["a.B/*"], requires: { roles: ["admin", "root"] }, effect: "allow" },
  { name: "readers", methods: ["a.B/Get*"], requires: { scopes: ["read", "list"] }, effect: "allow" },
  { name: "rest", methods: ["a.B/*"], effect: "deny" },
];

/** Runs both interceptors over a handler, as a server would. */
const call = (options, req, before = [jwtAuth()]) =>
  [...before, createAuthzInterceptor(options)].reduceRight(
    (next, each) => each(next),
    async () => "answered",
  )(req);

const refused = (promise) =>
  promise.then(
    () => assert.fail("accepted"),
    (error) => error,
  );

describe("an authorization interceptor", () => {
  it("lets the first rule that matches decide", async () => {
    const options = { rules: RULES };
    assert.equal(await call(options, request(token(["admin"]))), "answered");
    assert.equal(await call(options, request(token([], "list read"), { method: "GetAll" })), "answered");
    for (const [req, rule] of [
      [request(token(["admin", "banned"])), "banned"],
      [request(token([], "read"), { method: "GetAll" }), "rest"],
      [request(token([], "list read"), { method: "Set" }), "rest"],
      [request(token(["admins"])), "rest"],
    ]) {
      assert.equal((await refused(call(options, req))).ruleName, rule);
    }
  });

  it("tells the client nothing of the rule, and the operator all", async () => {
    const error = await refused(call({ rules: RULES }, request(token(["banned"]))));
    assert.ok(error instanceof ConnectError && error instanceof AuthzDeniedError);
    assert.equal(Object.getPrototypeOf(AuthzDeniedError), ConnectError);
    assert.deepEqual([error.code, error.rawMessage], [Code.PermissionDenied, "Access denied"]);
    assert.deepEqual([error.ruleName, error.clientMessage], ["banned", "Access denied"]);
    assert.deepEqual(error.authzDetails, { ruleName: "banned", requiredRoles: ["banned"] });
    assert.deepEqual(error.serverDetails, {
      ruleName: "banned",
      requiredRoles: ["banned"],
      requiredScopes: undefined,
    });
    assert.deepEqual(error.details, []);
    assert.deepEqual([...error.metadata], []);
    assert.equal(ConnectError.from(error), error);
  });

  it("denies by default, and allows where that is the policy", async () => {
    const error = await refused(call({}, request(token([]))));
    assert.deepEqual([error.code, error.rawMessage], [Code.PermissionDenied, "Access denied by default policy"]);
    assert.equal(error.ruleName, undefined);
    assert.equal((await refused(call(undefined, request(token([]))))).code, Code.PermissionDenied);
    assert.equal(
      (await refused(call({ rules: RULES, defaultPolicy: "deny" }, request(token([]), { service: "c.D" })))).rawMessage,
      "Access denied by default policy",
    );
    assert.equal(await call({ defaultPolicy: AuthzEffect.ALLOW }, request(token([]))), "answered");
    assert.deepEqual({ ...AuthzEffect }, { ALLOW: "allow", DENY: "deny" });
  });

  it("refuses a call without a caller as unauthenticated, whatever the rules", async () => {
    const open = {
      defaultPolicy: "allow",
      rules: [{ name: "all", methods: ["*"], effect: "allow" }],
      authorize: () => true,
    };
    const error = await refused(call(open, request(), []));
    assert.equal(error.constructor, ConnectError);
    assert.equal(error instanceof AuthzDeniedError, false);
    assert.deepEqual(
      [error.code, error.rawMessage],
      [Code.Unauthenticated, "Authentication required for authorization"],
    );
    assert.equal(error.metadata.get("www-authenticate"), "Bearer");
    assert.equal(await call({ skipMethods: ["a.B/*"] }, request(), []), "answered");
  });

  it("judges whom another package has authenticated", async () => {
    const run = (context) => authContextStorage.run(context, () => call({ rules: RULES }, request(), []));
    assert.equal(
      await run({ subject: "gateway", roles: ["root"], scopes: [], claims: {}, type: "gateway" }),
      "answered",
    );
    // What is no list of texts must not slip past a rule that denies.
    for (const roles of ["banned", [["banned"]], undefined, { 0: "banned" }]) {
      const error = await refused(run({ subject: "x", roles, scopes: [] }));
      assert.equal(error.code, Code.PermissionDenied);
      assert.ok(error.cause instanceof TypeError);
    }
  });

  for (const [answers, allowed] of [
    [true, true],
    [1, false],
    [{ allowed: false }, false],
    ["true", false],
    [false, false],
    [undefined, false],
    [null, false],
    [0, false],
    ["", false],
  ]) {
    it(`takes ${JSON.stringify(answers)} of authorize, now or later, as ${allowed ? "" : "not "}allowed`, async () => {
      for (const authorize of [() => answers, async () => answers]) {
        const outcome = call({ authorize, defaultPolicy: "allow" }, request(token([])));
        if (allowed) {
          assert.equal(await outcome, "answered");
        } else {
          const error = await refused(outcome);
          assert.deepEqual([error.code, error.rawMessage], [Code.PermissionDenied, "Access denied"]);
        }
      }
    });
  }

  it("asks authorize only where no rule matches, with the context and the call", async () => {
    const asked = [];
    const authorize = (context, called) => {
      asked.push([context.subject, called]);
      return true;
    };
    const options = { rules: RULES, authorize };
    await call(options, request(token(["admin"])));
    await refused(call(options, request(token(["banned"]))));
    assert.deepEqual(asked, []);
    assert.equal(await call(options, request(token([]), { service: "c.D" })), "answered");
    assert.deepEqual(asked, [["alice", { service: "c.D", method: "Get" }]]);
  });

  it("denies where authorize fails, with the failure as cause", async () => {
    const failure = new ConnectError("the database is down", Code.Unavailable);
    const throws = () => {
      throw failure;
    };
    const late = async () => throws();
    const hostile = () => ({
      // biome-ignore lint/suspicious/noThenProperty: what a promise may be
      get then() {
        throw failure;
      },
    });
    for (const authorize of [throws, late, hostile]) {
      const error = await refused(call({ authorize, defaultPolicy: "allow" }, request(token([]))));
      assert.ok(error instanceof AuthzDeniedError);
      assert.deepEqual([error.code, error.rawMessage, error.cause], [Code.PermissionDenied, "Access denied", failure]);
    }
  });

  it("is not built of what cannot be meant", () => {
    const rule = { name: "n", methods: ["*"], effect: "allow" };
    for (const [options, option] of [
      [{ defaultPolicy: "ALLOW" }, "defaultPolicy"],
      [{ rules: [rule, { ...rule, name: "m", effect: "Deny" }] }, "rules[1].effect"],
      [{ rules: [{ ...rule, requires: {} }] }, "rules[0].requires"],
      [{ rules: [{ ...rule, requires: { roles: [] } }] }, "rules[0].requires.roles"],
      [{ rules: [{ ...rule, requires: { role: ["a"] } }] }, "rules[0].requires.role"],
      [{ rules: [{ ...rule, methods: [] }] }, "rules[0].methods"],
      [{ rules: [{ ...rule, methods: ["a.B"] }] }, "rules[0].methods[0]"],
      [{ rules: [rule, rule] }, "rules[1].name"],
      [{ rules: [{ ...rule, name: "" }] }, "rules[0].name"],
      [{ skipMethods: ["a.B/Get*"] }, "skipMethods[0]"],
      [{ authorise: () => true }, "authorise"],
      [{ authorize: "yes" }, "authorize"],
      [null, "options"],
      [[], "options"],
    ]) {
      assert.throws(
        () => createAuthzInterceptor(options),
        (error) => error instanceof ConfigError && error.code === "ERR_CONFIG" && error.option === option,
        option,
      );
    }
  });
});

describe("AuthzDeniedError", () => {
  it("is an error of the copy of Connect that the same format imports", () => {
    for (const [bearergate, copy] of [
      [{ AuthzDeniedError }, connect],
      [cjs, require("@connectrpc/connect")],
    ]) {
      assert.equal(Object.getPrototypeOf(bearergate.AuthzDeniedError), copy.ConnectError);
      const error = new bearergate.AuthzDeniedError({ ruleName: "mine", requiredScopes: ["a"] });
      assert.ok(error instanceof copy.ConnectError && error instanceof bearergate.AuthzDeniedError);
      assert.deepEqual([error.code, error.rawMessage, error.ruleName], [7, "Access denied", "mine"]);
      assert.equal(new copy.ConnectError("x", 7) instanceof bearergate.AuthzDeniedError, false);
      // One thrown in the other format is known here.
      assert.ok(error instanceof AuthzDeniedError && error instanceof cjs.AuthzDeniedError);
    }
    class Mine extends AuthzDeniedError {}
    assert.ok(new Mine() instanceof Mine && !(new AuthzDeniedError() instanceof Mine));
    assert.equal("x" instanceof AuthzDeniedError, false);
  });

  it("has an answer in front of a framework", () => {
    const error = new AuthzDeniedError({ ruleName: "mine" });
    const plain = answerOf(error, "application/json");
    assert.deepEqual(
      [plain.status, plain.body.toString()],
      [403, '{"code":"permission_denied","message":"Access denied"}'],
    );
    assert.deepEqual(answerOf(error, "application/grpc").headers[1], ["grpc-status", "7"]);
  });
});

describe("authorization on a real server", () => {
  let served;

  before(async () => {
    const answer = () => ({ value: getAuthContext()?.subject ?? "nobody" });
    const handlers = {
      unary: answer,
      async client(messages) {
        for await (const _ of messages);
        return answer();
      },
      async *server() {
        yield answer();
        yield answer();
      },
      async *bidi(messages) {
        for await (const _ of messages) {
          yield answer();
        }
      },
    };
    const options = {
      rules: [{ name: "secret rule", methods: ["test.v1.Kinds/*"], requires: { roles: ["no"] }, effect: "deny" }],
      authorize: async ({ roles }) => roles.includes("admin"),
    };
    served = await listen(
      connectNodeAdapter({
        interceptors: [jwtAuth(), createAuthzInterceptor(options)],
        routes: (router) => router.service(Kinds, handlers),
      }),
    );
  });

  after(() => served.close());

  const bearer = (...roles) => ({ headers: { authorization: `Bearer ${token(roles)}` } });

  for (const protocol of Object.keys(TRANSPORTS)) {
    for (const [kind, run] of Object.entries(CALLS)) {
      it(`${protocol}, ${kind}`, async () => {
        const client = clientOf(protocol, served.url);
        const answers = await run(client, bearer("admin"));
        assert.ok(answers.length > 0 && answers.every((subject) => subject === "alice"), String(answers));
        for (const roles of [["no", "admin"], ["user"]]) {
          const error = await refused(run(client, bearer(...roles)));
          assert.deepEqual([error.code, error.rawMessage], [Code.PermissionDenied, "Access denied"]);
          assert.doesNotMatch(JSON.stringify([...error.metadata, error.details]), /rule/);
        }
        assert.equal((await refused(run(client, {}))).code, Code.Unauthenticated);
      });
    }
  }
});

describe("the documentation's example", () => {
  const file = new URL("./authorization.generated.mjs", import.meta.url);
  const key = rsaKey("k");
  let jwks;
  let interceptors;

  before(async () => {
    const page = readFileSync(new URL("../../docs/authorization.md", import.meta.url), "utf8");
    const [, code] = /<!-- authorization-node -->\n```js\n([\s\S]*?)```/.exec(page);
    jwks = await serveJwks(key);
    process.env.JWKS_URI = jwks.url;
    writeFileSync(file, code);
    ({ interceptors } = await import(file));
  });

  after(() => {
    rmSync(file);
    interceptors[0].verifier.close();
    jwks.close();
  });

  const run = (claims, service, method) => {
    const req = request(claims && key.token({ sub: "alice", ...claims }), { service, method });
    return interceptors.reduceRight(
      (next, each) => each(next),
      async () => "answered",
    )(req);
  };
  const roles = (...names) => ({ realm_access: { roles: names } });

  it("allows what it says", async () => {
    for (const [claims, service, method] of [
      [roles("owner"), "shop.v1.Stock", "Delete"],
      [{ scope: "orders:read" }, "shop.v1.Orders", "GetAll"],
      [{ tier: "gold" }, "shop.v1.Orders", "Cancel"],
      [undefined, "grpc.health.v1.Health", "Check"],
    ]) {
      assert.equal(await run(claims, service, method), "answered");
    }
    for (const [claims, service, method, code] of [
      [roles("owner", "suspended"), "shop.v1.Orders", "GetAll", Code.PermissionDenied],
      [{ scope: "orders:read" }, "shop.v1.Orders", "Delete", Code.PermissionDenied],
      [{ tier: "silver" }, "shop.v1.Orders", "Cancel", Code.PermissionDenied],
      [{ tier: "gold" }, "shop.v1.Stock", "Cancel", Code.PermissionDenied],
      [undefined, "shop.v1.Orders", "GetAll", Code.Unauthenticated],
    ]) {
      assert.equal((await refused(run(claims, service, method))).code, code);
    }
  });
});
