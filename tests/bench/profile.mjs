// Where the time of a verification goes, by the kernel's profiler, HS256, no cache:
// node profile.mjs --out FILE --bare PROGRAM --node BINARY --python BINARY [--quick]
//
// Without `perf` there is no profile, and the page says so.
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const { values } = parseArgs({
  options: {
    out: { type: "string" },
    bare: { type: "string" },
    node: { type: "string" },
    python: { type: "string" },
    quick: { type: "boolean", default: false },
  },
});
const SECONDS = values.quick ? "1" : "10";
const here = (name) => fileURLToPath(new URL(name, import.meta.url));

/** What the functions of the core's process are for; the first that fits counts. */
const PURPOSES = [
  ["HMAC", /sha256|hmac|^aws_lc|crypto_/i],
  ["seeing that header and payload are strict JSON, and where what is in them stands", /json::parse|from_utf8/],
  ["finding, checking and mapping claims", /bearergate_core::(claims|mapping|context|json)/],
  ["base64url", /base64/],
  ["memory", /malloc|free|mem(move|set|cpy|cmp)|drop_slow/],
  ["splitting the token, its header, the key, the clock, and all else", /./],
];

/** What the files of a process with an engine are. */
const PARTS = [
  ["the core and the border", /bearergate|_native/],
  ["the engine or interpreter, and the objects it makes", /^node$|python/],
  ["the C library", /^libc\.|^libm\.|^ld-/],
  ["compiled code, kernel", /./],
];

/** Shares of a process's time by what they are spent on. */
function profile(command, field, kinds) {
  const folder = mkdtempSync(join(tmpdir(), "profile-"));
  const data = join(folder, "perf.data");
  try {
    execFileSync("perf", ["record", "-q", "-e", "cpu-clock", "-F", "4000", "-o", data, "--", ...command]);
    const report = ["report", "-i", data, "--stdio", "--no-children", "-F", `overhead,${field}`, "-t", ";"];
    const text = execFileSync("perf", report, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
    const shares = Object.fromEntries(kinds.map(([kind]) => [kind, 0]));
    for (const [, percent, name] of text.matchAll(/^ *([\d.]+)% *;(?:\[.\] )?(.*?) *$/gm)) {
      const [kind] = kinds.find(([, pattern]) => pattern.test(name));
      shares[kind] += Number(percent) / 100;
    }
    return shares;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const measurements = [];
const add = (table, row, shares) =>
  measurements.push(...Object.entries(shares).map(([column, share]) => ({ table, row, column, share })));

if (spawnSync("perf", ["record", "-q", "-e", "cpu-clock", "-o", "/dev/null", "--", "true"]).status === 0) {
  add("core", "the core", profile([values.bare, "--loop", SECONDS], "sym", PURPOSES));
  add("processes", "Node 24", profile([values.node, here("node/loop.mjs"), SECONDS], "dso", PARTS));
  const python = [values.python, here("python/loop.py"), SECONDS];
  add("processes", "CPython, a claim read", profile(python, "dso", PARTS));
} else {
  console.log("profile: skipped, perf does not work here");
}
writeFileSync(values.out, `${JSON.stringify({ suite: "profile", versions: {}, measurements }, null, 1)}\n`);
