// A token that verifies again out of the cache crosses the border as a number: it stands for its own caller,
// or for nobody.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { describe, it } from "node:test";
import { createTestJwt, TEST_JWT_SECRET } from "../testing.mjs";

const require = createRequire(import.meta.url);
const { JwtVerifier } = require("../index.js");
const { Told } = require("../lib/told.js");

const PLACES = 1024;
const tokenOf = (sub) => createTestJwt({ sub });
const tokensOf = (subjects) => Promise.all(subjects.map(tokenOf));
const verifierOf = () => new JwtVerifier({ secret: TEST_JWT_SECRET });

/** Runs something while JavaScript keeps nothing of what it is told. */
function keepingNothing(t, run) {
  const keep = t.mock.method(Told.prototype, "keep", () => {});
  try {
    return run();
  } finally {
    keep.mock.restore();
  }
}

describe("what was told before", () => {
  it("is found under its own number only", () => {
    const told = new Told();
    told.keep(PLACES + 5, "a");
    assert.equal(told.find(PLACES + 5), "a");
    assert.equal(told.find(2 * PLACES + 5), undefined);
    told.keep(2 * PLACES + 5, "b");
    assert.deepEqual([told.find(PLACES + 5), told.find(2 * PLACES + 5), told.find(6)], [undefined, "b", undefined]);
  });

  it("is the same frozen context, out of the cache", async () => {
    const [verifier, token] = [verifierOf(), await tokenOf("a")];
    const first = verifier.verifySync(token);
    assert.equal(verifier.verifySync(token), first);
    assert.ok(Object.isFrozen(first) && Object.isFrozen(first.roles) && Object.isFrozen(first.claims));
    assert.deepEqual([verifier.stats().cacheHits, verifier.stats().cacheMisses], [1, 1]);
  });

  it("is asked for again where it was lost", async (t) => {
    const verifier = verifierOf();
    const tokens = await tokensOf(["a", "b"]);
    keepingNothing(t, () => tokens.map((token) => verifier.verifySync(token)));
    for (let round = 0; round < 3; round += 1) {
      assert.deepEqual(
        tokens.map((token) => verifier.verifySync(token).subject),
        ["a", "b"],
      );
    }
  });

  it("is never another caller, of more callers than there are places, lost or not", async (t) => {
    const verifier = new JwtVerifier({ secret: TEST_JWT_SECRET, cache: { maxEntries: 4 * PLACES } });
    const subjects = Array.from({ length: 2 * PLACES }, (_, at) => `caller-${at}`);
    const tokens = await tokensOf(subjects);
    const judged = () => tokens.map((token) => verifier.verifySync(token).subject);
    for (let round = 0; round < 3; round += 1) {
      assert.deepEqual(judged(), subjects);
      assert.deepEqual(keepingNothing(t, judged), subjects);
    }
    assert.ok(verifier.stats().cacheHits > PLACES, `${verifier.stats().cacheHits} hits`);
  });
});
