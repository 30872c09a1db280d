// The package under Jest and Vitest, in each way that they isolate test files from one another.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";

const project = fileURLToPath(new URL("..", import.meta.url));

function run(program, args, env = {}) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [`${project}/node_modules/${program}`, ...args], {
    cwd: project,
    encoding: "utf8",
    env: { ...process.env, NO_COLOR: "1", CI: "1", ...env },
  });
  const output = `${stdout}${stderr}`;
  assert.equal(status, 0, output);
  return output;
}

const jest = (testMatch, more, env) =>
  run(
    "jest/bin/jest.js",
    ["--config", JSON.stringify({ rootDir: project, testMatch: [testMatch], transform: {}, maxWorkers: 2, ...more })],
    env,
  );

const vitest = (pool) =>
  run("vitest/vitest.mjs", [
    "run",
    "--globals",
    "--pool",
    pool,
    "--no-cache",
    "runners/one.test.mjs",
    "runners/two.test.mjs",
  ]);

describe("Jest", () => {
  it("CommonJS in processes", () => {
    assert.match(jest("**/runners/*.test.cjs", { workerThreads: false }), /Tests: +8 passed, 8 total/);
  });

  it("ES modules in worker threads", () => {
    const env = { NODE_OPTIONS: "--experimental-vm-modules" };
    assert.match(jest("**/runners/*.test.mjs", { workerThreads: true }, env), /Tests: +6 passed, 6 total/);
  });
});

describe("Vitest", () => {
  for (const pool of ["forks", "threads", "vmThreads"]) {
    it(pool, () => assert.match(vitest(pool), /Tests +6 passed \(6\)/));
  }
});
