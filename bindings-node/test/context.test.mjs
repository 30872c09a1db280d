// The shape of AuthContext: a plain, frozen object with seven members.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { inspect } from "node:util";
import { JwtVerifier } from "bearergate";
import { hmacToken, SECRET } from "./support/tokens.mjs";

const verifier = new JwtVerifier({ secret: SECRET, claimsMapping: { roles: "realm_access.roles" } });
const EXP = 4102444800;
const CLAIMS = {
  sub: "alice",
  name: "Alice",
  scope: "read write",
  exp: EXP,
  realm_access: { roles: ["admin", "user"] },
  deep: { a: { b: { c: { d: 1 } } } },
};
const LITERAL = {
  subject: "alice",
  name: "Alice",
  roles: ["admin", "user"],
  scopes: ["read", "write"],
  claims: CLAIMS,
  type: "jwt",
  expiresAt: new Date(EXP * 1000),
};
const context = () => verifier.verifySync(hmacToken(CLAIMS));

describe("AuthContext", () => {
  it("has the lists of its own token, whatever others had before", () => {
    const lists = [
      [["a"], ["b"]],
      [["a", "b"], []],
      [[], ["a", "b"]],
      [["b"], ["a"]],
      [["ab"], []],
      [[""], ["b"]],
      [["é"], ["b"]],
      [["x".repeat(2000)], ["b"]],
      [["y".repeat(2000)], ["b"]],
      [["a\tb"], []],
      [[], []],
    ];
    for (const [roles, scopes] of [...lists, ...lists, ...lists.toReversed()]) {
      const made = verifier.verifySync(hmacToken({ sub: "a", scope: scopes.join(" "), realm_access: { roles } }));
      assert.deepEqual([made.roles, made.scopes], [roles, scopes]);
      assert.ok(Object.isFrozen(made.roles) && Object.isFrozen(made.scopes));
    }
  });

  it("has its seven own members in their order, present or not", () => {
    const members = ["subject", "name", "roles", "scopes", "claims", "type", "expiresAt"];
    const bare = verifier.verifySync(hmacToken({ sub: "bob" }));
    for (const made of [context(), bare]) {
      assert.deepEqual(Object.keys(made), members);
      assert.deepEqual(Object.getOwnPropertyNames(made), members);
      assert.equal(Object.getPrototypeOf(made), Object.prototype);
    }
    assert.equal(bare.name, undefined);
    assert.equal(bare.expiresAt, undefined);
    assert.deepEqual([bare.roles, bare.scopes], [[], []]);
  });

  it("equals, spreads, serializes and clones like the literal", () => {
    assert.deepStrictEqual(context(), LITERAL);
    assert.deepStrictEqual(LITERAL, context());
    assert.deepStrictEqual({ ...context() }, LITERAL);
    assert.deepStrictEqual(Object.entries(context()), Object.entries(LITERAL));
    assert.equal(JSON.stringify(context()), JSON.stringify(LITERAL));
    assert.deepStrictEqual(structuredClone(context()), LITERAL);
  });

  it("prints like the literal, nested and to any depth, before and after claims are read", () => {
    for (const options of [{}, { depth: 0 }, { depth: null }, { colors: true }, { compact: false, depth: 6 }]) {
      assert.equal(inspect(context(), options), inspect(LITERAL, options));
      assert.equal(inspect({ a: [context()] }, options), inspect({ a: [LITERAL] }, options));
      const read = context();
      assert.ok(read.claims);
      assert.equal(inspect(read, options), inspect(LITERAL, options));
    }
  });

  it("is frozen all the way down", () => {
    const made = context();
    assert.throws(() => {
      made.subject = "root";
    }, TypeError);
    assert.throws(() => made.roles.push("root"), TypeError);
    assert.throws(() => made.scopes.push("root"), TypeError);
    assert.throws(() => {
      made.claims.sub = "root";
    }, TypeError);
    assert.throws(() => {
      made.claims = {};
    }, TypeError);
    assert.throws(() => made.claims.realm_access.roles.push("root"), TypeError);
    assert.ok(Object.isFrozen(made.claims.deep.a.b.c));
  });

  it("gives the same claims each time, and a date that nobody shares", () => {
    const made = context();
    assert.equal(made.claims, made.claims);
    made.expiresAt.setTime(0);
    assert.equal(made.expiresAt.getTime(), EXP * 1000);
    assert.ok(made.expiresAt instanceof Date);
  });

  it("keeps claims that are named like members of Object.prototype", () => {
    const claims = JSON.parse('{"sub":"eve","__proto__":{"admin":true},"constructor":1,"toString":"x"}');
    const made = verifier.verifySync(hmacToken(claims));
    assert.deepEqual(Object.keys(made.claims), ["sub", "__proto__", "constructor", "toString"]);
    assert.equal(made.claims.admin, undefined);
    assert.equal({}.admin, undefined);
  });

  for (const name of ["subject", "name", "roles", "scopes", "type"]) {
    it(`is none where Object.prototype has an accessor \`${name}\``, () => {
      // Of claims of its own: a context that was made before would be found in the cache.
      const token = hmacToken({ ...CLAIMS, jti: name });
      Object.defineProperty(Object.prototype, name, { get: () => "root", set() {}, configurable: true });
      try {
        assert.throws(() => verifier.verifySync(token), /Object\.prototype has an accessor/);
      } finally {
        delete Object.prototype[name];
      }
    });
  }
});
