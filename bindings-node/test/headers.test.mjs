// Contexts as headers, without a gate.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { AUTH_HEADERS, JwtVerifier, parseAuthHeaders, setAuthHeaders } from "bearergate";
import { hmacToken, SECRET } from "./support/tokens.mjs";

const context = (more = {}) => ({ subject: "alice", roles: [], scopes: [], claims: {}, type: "jwt", ...more });

function written(...args) {
  const headers = new Headers();
  setAuthHeaders(headers, ...args);
  return headers;
}

describe("setAuthHeaders and parseAuthHeaders", () => {
  it("know the names", () => {
    assert.deepEqual(AUTH_HEADERS, {
      SUBJECT: "x-auth-subject",
      ROLES: "x-auth-roles",
      SCOPES: "x-auth-scopes",
      CLAIMS: "x-auth-claims",
      NAME: "x-auth-name",
      TYPE: "x-auth-type",
    });
    assert.ok(Object.isFrozen(AUTH_HEADERS));
  });

  it("carry a context over whole", () => {
    const full = context({
      name: "Ålice",
      roles: ["admin", "röle"],
      scopes: ["a", "b"],
      claims: { sub: "alice", n: 1.5, deep: [{ x: null }] },
      type: "session",
    });
    assert.deepStrictEqual(parseAuthHeaders(written(full)), {
      subject: "alice",
      name: "Ålice",
      roles: ["admin", "röle"],
      scopes: ["a", "b"],
      claims: { sub: "alice", n: 1.5, deep: [{ x: null }] },
      type: "session",
      expiresAt: undefined,
    });
  });

  it("carry a verified context over, all but its expiry", () => {
    const verified = new JwtVerifier({ secret: SECRET }).verifySync(hmacToken({ sub: "a", exp: 4102444800, x: "ü" }));
    assert.deepStrictEqual(parseAuthHeaders(written(verified)), { ...verified, expiresAt: undefined });
  });

  it("write only the claims that are asked for", () => {
    const claims = { sub: "alice", email: "a@example.com", secret: 1 };
    assert.equal(written(context({ claims }), ["email", "absent"]).get("x-auth-claims"), '{"email":"a@example.com"}');
    assert.equal(written(context({ claims }), []).get("x-auth-claims"), null);
  });

  it("write nothing for what is empty", () => {
    assert.deepEqual(
      [...written(context())],
      [
        ["x-auth-subject", "alice"],
        ["x-auth-type", "jwt"],
      ],
    );
  });

  it("leave nothing of what was sent before", () => {
    const sent = {
      "X-Auth-Roles": '["admin"]',
      "x-auth-subject": "root",
      "x-auth-scopes": "all",
      "x-auth-name": "Root",
    };
    const headers = new Headers({ ...sent, "x-auth-claims": '{"sub":"root"}', "x-auth-type": "mtls" });
    setAuthHeaders(headers, context());
    const parsed = parseAuthHeaders(headers);
    assert.deepEqual([parsed.subject, parsed.name, parsed.roles, parsed.scopes], ["alice", undefined, [], []]);
    assert.deepEqual([...headers.keys()], ["x-auth-subject", "x-auth-type"]);
    for (const unfit of [context({ subject: "a".repeat(513) }), context({ roles: "admin" })]) {
      const stale = new Headers(sent);
      assert.throws(() => setAuthHeaders(stale, unfit));
      assert.equal(parseAuthHeaders(stale), undefined);
      assert.deepEqual([...stale], []);
    }
  });

  it("throw for lists that are none", () => {
    for (const more of [{ roles: "admin" }, { scopes: "all" }, { roles: undefined }, { scopes: new Set(["a"]) }]) {
      assert.throws(() => written(context(more)), { name: "TypeError", message: /^(roles|scopes) must be an array$/ });
    }
    assert.throws(() => written(context(), "sub"), { name: "TypeError", message: "propagatedClaims must be an array" });
  });

  it("throw for a subject that does not fit, and write nothing", () => {
    const headers = new Headers();
    assert.throws(() => setAuthHeaders(headers, context({ subject: "a".repeat(513) })), RangeError);
    assert.deepEqual([...headers], []);
    setAuthHeaders(headers, context({ subject: "a".repeat(512) }));
    assert.equal(headers.get("x-auth-subject").length, 512);
  });

  it("read nothing without a subject, and what is malformed as absent", () => {
    assert.equal(parseAuthHeaders(new Headers()), undefined);
    assert.equal(parseAuthHeaders(new Headers({ "x-auth-subject": "" })), undefined);
    assert.equal(parseAuthHeaders(new Headers({ "x-auth-subject": "a".repeat(513) })), undefined);
    const read = parseAuthHeaders(
      new Headers({ "x-auth-subject": "a", "x-auth-roles": "{", "x-auth-claims": "[]", "x-auth-type": "jwt" }),
    );
    assert.deepEqual([read.roles, read.claims], [[], {}]);
    assert.ok(Object.isFrozen(read) && Object.isFrozen(read.claims) && Object.isFrozen(read.roles));
  });
});
