// What the native side answers is read back as it was, whatever characters are in it and however long it is.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { describe, it } from "node:test";
import { hmacToken, SECRET } from "./support/tokens.mjs";

const require = createRequire(import.meta.url);
const { Guard } = require("../lib/guard.js");
const { parseAuthHeaders } = require("../lib/headers.js");

// Rows of the format; what begins them; characters of one, two, three and four bytes; lengths of two and of three
// digits of six bits, and one that no three digits tell.
const TEXTS = [
  "a",
  "!a",
  "+",
  "[",
  "a\tb",
  "a\nb",
  "ü",
  "\uffee",
  "😀b",
  "x".repeat(63),
  "x".repeat(5000),
  "ü".repeat(9000),
];
const LONG = "x".repeat(262_144);
const NAMES = [undefined, "", "=", ...TEXTS];
const LISTS = [
  [[], []],
  [["a", "b"], ["c"]],
  [["a\tb"], ["c"]],
  [["ü", "😀", ""], []],
  [[], ["a"]],
];

const EXP = 4102444800;
const guardOf = (options) =>
  new Guard({ secret: SECRET, claimsMapping: { roles: "roles" }, maxTokenBytes: 1_048_576, ...options });

/** Claims of each kind. */
function* all() {
  for (const [index, name] of NAMES.entries()) {
    const [roles, scopes] = LISTS[index % LISTS.length];
    for (const sub of TEXTS) {
      yield { sub, name, roles, scope: scopes.join(" "), exp: index % 2 === 0 ? EXP : undefined };
    }
  }
  yield { sub: LONG, name: "ü", roles: ["a", "b"], scope: "c", exp: EXP };
  yield { sub: "a", name: LONG, roles: ["a\tb"], scope: "", exp: EXP };
}

/** What a context says, and what it should. */
const said = ({ subject, name, roles, scopes, claims, expiresAt }) => ({
  subject,
  name,
  roles,
  scopes,
  claims,
  exp: expiresAt?.getTime(),
});
const expected = (claims) => ({
  subject: claims.sub,
  name: claims.name,
  roles: claims.roles,
  scopes: claims.scope === "" ? [] : claims.scope.split(" "),
  claims: JSON.parse(JSON.stringify(claims)),
  exp: claims.exp && claims.exp * 1000,
});

const pairs = (list) => list.flatMap((name, index) => (index % 2 === 0 ? [[name, list[index + 1]]] : []));

describe("an answer", () => {
  for (const cache of [undefined, false]) {
    it(`to a token is read back as it was, ${cache === false ? "without a cache" : "kept or not"}`, () => {
      const guard = guardOf({ cache });
      for (const claims of all()) {
        const token = hmacToken(claims);
        for (const context of [guard.verifyNow(token), guard.verifyNow(token)]) {
          assert.deepEqual(said(context), expected(claims));
        }
      }
    });

    it(`to a request is read back with its headers and deadline, ${cache === false ? "without a cache" : "kept or not"}`, () => {
      const guard = guardOf({ cache, clockTolerance: 0, propagateHeaders: true, endStreamsAtExpiry: true });
      for (const claims of all()) {
        const ask = () => guard.check("a.B", "C", new Headers({ authorization: `Bearer ${hmacToken(claims)}` }));
        if (Buffer.byteLength(claims.sub) > 512) {
          // A refusal that stands where headers would.
          assert.throws(ask, { code: "ERR_SUBJECT_TOO_LONG" });
          continue;
        }
        for (const { context, headers, deadline } of [ask(), ask()]) {
          assert.deepEqual(said(context), expected(claims));
          assert.equal(parseAuthHeaders(new Headers(headers.length === 0 ? {} : pairs(headers)))?.subject, claims.sub);
          assert.equal(deadline, claims.exp && claims.exp * 1000);
        }
      }
    });
  }
});
