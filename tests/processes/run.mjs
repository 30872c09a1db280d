// The process tests on each Node and under the given CPythons, and the main path with the Node suite's
// own files on Bun and Deno: `node run.mjs [--python PATH]... [node20|node22|node24|node26|bun|deno ...]`.
// What is not there is skipped with its reason.
import { execFileSync, spawn } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const LIMIT_MS = 85_000;
/** Runs at a time: as many as the smallest machine has cores. */
const AT_ONCE = 2;

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

const PROCESS_TESTS = readdirSync(here("node"))
  .filter((name) => name.endsWith(".test.mjs"))
  .map((name) => here(`node/${name}`));

// What is left out of the Node suite tests npm, Node's own module loader and V8, not the package.
const LEFT_OUT = ["collected", "documentation", "exports", "native", "pack", "shapes"];
const MAIN_PATH = [
  here("runtimes/connect.test.mjs"),
  here("runtimes/fetch.test.mjs"),
  ...readdirSync(here("../../bindings-node/test"))
    .filter((name) => name.endsWith(".test.mjs") && !LEFT_OUT.includes(name.split(".")[0]))
    .map((name) => here(`../../bindings-node/test/${name}`)),
];

// Scripts for Node's -e, which Deno reads otherwise; and calls over HTTP/2, on which Deno aborts now and then
// with an assertion of its nghttp2.
const NOT_ON_DENO = ["events.test.mjs", "authz.test.mjs"];

const node = (name, connect) => ({
  name,
  program: here(`../e2e/node/${connect}/node_modules/${name}/bin/node`),
  arguments: ["--test", "--test-reporter=spec", "--test-timeout=60000", ...PROCESS_TESTS],
  count: /^ℹ pass (\d+)$/m,
});

const python = (path) => ({
  name: "python",
  program: resolve(path),
  arguments: ["-m", "pytest", "-q", here("python")],
  count: /^(\d+) passed/m,
});

const { values, positionals } = parseArgs({
  options: { python: { type: "string", multiple: true, default: [] } },
  allowPositionals: true,
});

const RUNS = [
  node("node20", "connect-2.1"),
  node("node22", "connect-2.2"),
  node("node24", "connect-2.2"),
  node("node26", "connect-2.2"),
  {
    name: "bun",
    program: here("runtimes/node_modules/.bin/bun"),
    arguments: ["test", ...MAIN_PATH],
    count: /^\s*(\d+) pass$/m,
  },
  {
    name: "deno",
    program: here("runtimes/node_modules/.bin/deno"),
    // Types are tsc's business.
    arguments: [
      ...["test", "-A", "--quiet", "--no-check", `--preload=${here("runtimes/timers.mjs")}`],
      ...MAIN_PATH.filter((file) => !NOT_ON_DENO.some((name) => file.endsWith(`/${name}`))),
    ],
    note: `left out: ${NOT_ON_DENO.join(", ")}`,
    count: /\| \d+ passed \((\d+) steps\)/,
  },
];

/** Carries out one run; gives a line for the summary, and whether it passed. */
async function carryOut({ name, program, arguments: given, count, note }) {
  if (!existsSync(program)) {
    return { skipped: true, line: `${name}: skipped, not installed: npm has no binary of it for this platform` };
  }
  const [version] = execFileSync(program, ["--version"], { encoding: "utf8" }).split("\n");
  const child = spawn(program, given, {
    // Where the Node suite finds the package by its own name.
    cwd: here("../../bindings-node"),
    env: { ...process.env, NO_COLOR: "1" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (chunk) => {
      output += chunk;
    });
  }
  const timer = setTimeout(() => child.kill("SIGKILL"), LIMIT_MS);
  const status = await new Promise((end) => child.on("close", (code, signal) => end(code ?? signal)));
  clearTimeout(timer);
  const tests = Number(count.exec(output)?.[1] ?? 0);
  // A run that counts no test has tested nothing.
  const passed = status === 0 && tests > 0;
  const told = `${name} (${version}): ${tests} tests${note === undefined ? "" : `; ${note}`}`;
  return { passed, line: passed ? told : `${output}\n${name} (${version}): ended with ${status}` };
}

const queue = [
  ...values.python.map(python),
  ...RUNS.filter(({ name }) => positionals.length === 0 || positionals.includes(name)),
];
const results = [];
async function work() {
  for (let run = queue.shift(); run !== undefined; run = queue.shift()) {
    const result = await carryOut(run);
    console.log(result.line);
    results.push(result);
  }
}
await Promise.all(Array.from({ length: AT_ONCE }, work));
const skipped = results.filter((result) => result.skipped).length;
const passed = results.filter((result) => result.passed).length;
const failed = results.length - passed - skipped;
console.log(`runs: ${passed} passed, ${failed} failed, ${skipped} skipped`);
process.exitCode = failed === 0 && passed > 0 ? 0 : 1;
