// The pages about adapters show the examples as they are run. All else on them is compiled by the type
// tests.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";

const at = (path) => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const read = (path) => readFileSync(at(path), "utf8");

/** One page for every subpath, and one for Connect. */
const pages = readdirSync(at("adapters"))
  .filter((name) => name.endsWith(".d.ts"))
  .map((name) => name.replace(".d.ts", ".md"))
  .concat("connect.md");

describe("the pages about adapters", () => {
  for (const name of pages) {
    it(`${name} shows its programs as they are run`, () => {
      const text = read(`../docs/node/${name}`);
      const shown = [...text.matchAll(/<!-- (examples\/\w+\.mjs) -->\n```js\n([\s\S]*?)```\n/g)];
      assert.ok(shown.length > 0);
      assert.equal(text.match(/```(js|javascript)/g).length, shown.length, "every program is an example");
      for (const [, file, code] of shown) {
        assert.equal(code, read(file), file);
      }
    });
  }
});
