// Contexts share one hidden class, which V8 would else keep for each of them, with the token's claims, until it next
// looks through the whole heap.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { describe, it } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInThisContext } from "node:vm";

setFlagsFromString("--allow-natives-syntax");
const areAlike = runInThisContext("(one, other) => %HaveSameMap(one, other)");

const require = createRequire(import.meta.url);

/** The package as it is loaded by each who depends on a version of its own, or by a test runner once more. */
function copy() {
  delete require.cache[require.resolve("../lib/context.js")];
  const { createContext } = require("../lib/context.js");
  const lists = { roles: Object.freeze(["admin"]), scopes: Object.freeze(["read"]) };
  return (subject) => createContext({ subject, name: undefined, ...lists, expiresAtMs: undefined }, "{}", "jwt");
}

describe("the hidden class of contexts", () => {
  it("is one for all", () => {
    const make = copy();
    assert.ok(areAlike(make("alice"), make("bob")));
  });

  it("is one for all of each copy of the package", () => {
    const copies = [copy(), copy()];
    for (const [at, make] of copies.entries()) {
      const made = make("alice");
      copies[1 - at]("carol");
      assert.ok(areAlike(made, make("bob")), `copy ${at}`);
    }
  });
});
