// What the package exports, and that import and require share it.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { describe, it } from "node:test";
import * as connect from "@connectrpc/connect";
import * as esm from "bearergate";

const require = createRequire(import.meta.url);
const cjs = require("bearergate");
const imported = { ...esm };

const EXPORTS = [
  "AUTH_HEADERS",
  "AuthzDeniedError",
  "AuthzEffect",
  "ConfigError",
  "JwtAuthError",
  "JwtVerifier",
  "authContextStorage",
  "createAuthzInterceptor",
  "createClientBearerInterceptor",
  "createJwtAuthInterceptor",
  "createJwtRequestGate",
  "getAuthContext",
  "guardRequestListener",
  "jwtAuthContextKey",
  "matchesMethodPattern",
  "parseAuthHeaders",
  "requireAuthContext",
  "setAuthHeaders",
];
const THROW_CONNECT_ERRORS = [
  "AuthzDeniedError",
  "createAuthzInterceptor",
  "createClientBearerInterceptor",
  "createJwtAuthInterceptor",
  "createJwtRequestGate",
  "requireAuthContext",
];

describe("exports", () => {
  it("are the documented names in both formats", () => {
    assert.deepEqual(Object.keys(esm).sort(), EXPORTS);
    assert.deepEqual(Object.keys(cjs).sort(), EXPORTS);
  });

  it("are one implementation with one state", () => {
    for (const name of EXPORTS.filter((name) => !THROW_CONNECT_ERRORS.includes(name))) {
      assert.equal(imported[name], cjs[name], name);
    }
    const context = { subject: "a" };
    cjs.authContextStorage.run(context, () => {
      assert.equal(esm.getAuthContext(), context);
      assert.equal(esm.requireAuthContext(), context);
    });
  });

  it("throw the ConnectError that the same format imports", () => {
    for (const [bearergate, { ConnectError, Code }] of [
      [esm, connect],
      [cjs, require("@connectrpc/connect")],
    ]) {
      assert.throws(
        () => bearergate.requireAuthContext(),
        (error) => {
          assert.equal(error.constructor, ConnectError);
          assert.equal(error.code, Code.Unauthenticated);
          assert.equal(error.rawMessage, "Authentication required");
          return true;
        },
      );
    }
  });

  it("hold a key as createContextKey makes them", () => {
    const made = connect.createContextKey(undefined, { description: "x" });
    assert.deepEqual(Object.keys(esm.jwtAuthContextKey), Object.keys(made));
    const values = connect.createContextValues();
    assert.equal(values.get(esm.jwtAuthContextKey), undefined);
    values.set(esm.jwtAuthContextKey, "x");
    assert.equal(values.get(esm.jwtAuthContextKey), "x");
  });

  it("are the only way in", async () => {
    await assert.rejects(import("bearergate/lib/internal/clock.js"), { code: "ERR_PACKAGE_PATH_NOT_EXPORTED" });
    await assert.rejects(import("bearergate/lib/native.js"), { code: "ERR_PACKAGE_PATH_NOT_EXPORTED" });
  });
});
