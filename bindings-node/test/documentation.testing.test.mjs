// The example of docs/testing.md, under Node's own test runner.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { rm, writeFile } from "node:fs/promises";
import { after, describe, it } from "node:test";
import { fileURLToPath } from "node:url";

describe("docs/testing.md", () => {
  const file = new URL("./testing-docs.generated.mjs", import.meta.url);
  after(() => rm(file, { force: true }));

  it("shows tests that pass", async () => {
    const page = readFileSync(new URL("../../docs/testing.md", import.meta.url), "utf8");
    const [, code] = /<!-- testing-node -->\n```js\n([\s\S]*?)```/.exec(page);
    await writeFile(file, code);
    const { NODE_TEST_CONTEXT: _, ...env } = process.env;
    const child = spawn(process.execPath, ["--test", "--test-reporter=tap", fileURLToPath(file)], { env });
    let said = "";
    child.stdout.setEncoding("utf8").on("data", (text) => {
      said += text;
    });
    const [exitCode] = await once(child, "close");
    assert.equal(exitCode, 0, said);
    assert.match(said, /# pass 3\b/);
  });
});
