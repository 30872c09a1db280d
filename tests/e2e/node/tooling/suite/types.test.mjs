// What type checkers and package linters say of the packed package, every entry of its `exports` included.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { it } from "node:test";
import { fileURLToPath } from "node:url";

const tool = (name, ...args) => {
  const program = fileURLToPath(new URL(`../node_modules/.bin/${name}`, import.meta.url));
  const { status, stdout, stderr } = spawnSync(program, args, {
    encoding: "utf8",
    env: { ...process.env, NO_COLOR: "1" },
  });
  return { status, output: `${stdout}${stderr}` };
};

// The resolution of TypeScript before `exports`, which TypeScript 7 does not have any more, is left out.
it("are the types wrong? No, for ES modules, CommonJS and bundlers", () => {
  const { status, output } = tool("attw", process.env.BEARERGATE_TARBALL, "--profile", "node16", "--format", "ascii");
  assert.equal(status, 0, output);
  const verdicts = output.split("\n").filter((line) => /^(node16 |bundler)/.test(line));
  assert.ok(verdicts.length > 0, output);
  assert.deepEqual(
    verdicts.filter((line) => !line.includes("🟢")),
    [],
    output,
  );
});

it("publint finds nothing, suggestions included", () => {
  const { status, output } = tool("publint", "run", process.env.BEARERGATE_TARBALL, "--strict");
  assert.equal(status, 0, output);
  assert.match(output, /All good!/);
});
