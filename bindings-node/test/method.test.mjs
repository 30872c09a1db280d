// Method patterns.
import assert from "node:assert/strict";
import { it } from "node:test";
import { ConfigError, matchesMethodPattern } from "bearergate";

it("matchesMethodPattern matches any of the patterns", () => {
  const matches = (...patterns) => matchesMethodPattern("a.B", "GetOne", patterns);
  assert.equal(matches(), false);
  assert.equal(matches("*"), true);
  assert.equal(matches("a.B/*"), true);
  assert.equal(matches("a.B/GetOne"), true);
  assert.equal(matches("a.B/Get*"), true);
  assert.equal(matches("x.Y/*", "a.B/GetOne"), true);
  assert.equal(matches("a.b/*", "a.B/getOne", "a.B/GetOneMore", "a.B/Set*"), false);
});

it("a bad pattern is an error wherever it stands", () => {
  for (const patterns of [["GetOne"], ["/a.B/GetOne"], [""], ["*", "a.B"], ["a.B/GetOne", "a.*/x"]]) {
    assert.throws(() => matchesMethodPattern("a.B", "GetOne", patterns), ConfigError);
  }
});
