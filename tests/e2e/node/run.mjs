// Runs the suite on each Node version with the Connect that supports it, and the tooling's tests, against
// the package as it is packed: `node tests/e2e/node/run.mjs [node20|node22|node24|node26|tooling ...]
// [-- node --test arguments]`. Build the addon first (npm run build in bindings-node).
import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { install, pack, unpack } from "./packed.mjs";

const RUNTIMES = { node20: "connect-2.1", node22: "connect-2.2", node24: "connect-2.2", node26: "connect-2.2" };
const TOOLING = "tooling";

const here = fileURLToPath(new URL(".", import.meta.url));
const root = join(here, "../../..");

/** Lays out the suite and the packed package for one Connect version. */
function prepare(directory, tarball) {
  install(directory);
  unpack(tarball, directory);
  const run = join(directory, "run");
  rmSync(run, { recursive: true, force: true });
  cpSync(join(here, "suite"), run, { recursive: true });
  return run;
}

/** Runs all test files of a folder; tells whether they pass. */
function test(node, folder, cwd, env = {}) {
  const files = readdirSync(folder).filter((file) => file.endsWith(".test.mjs"));
  const { status } = spawnSync(node, ["--test", ...extra, ...files.map((file) => join(folder, file))], {
    stdio: "inherit",
    cwd,
    env: { ...process.env, ...env },
  });
  return status === 0;
}

const separator = process.argv.indexOf("--");
const wanted = process.argv.slice(2, separator === -1 ? undefined : separator);
const extra = separator === -1 ? [] : process.argv.slice(separator + 1);
const isWanted = (name) => wanted.length === 0 || wanted.includes(name);
const packs = mkdtempSync(join(tmpdir(), "bearergate-e2e-"));
const failed = [];
try {
  install(join(root, "tests/idp"));
  const tarball = pack(packs);
  for (const [runtime, connect] of Object.entries(RUNTIMES).filter(([name]) => isWanted(name))) {
    const directory = join(here, connect);
    const run = prepare(directory, tarball);
    const node = join(directory, "node_modules", runtime, "bin/node");
    console.log(`\n${runtime} (${execFileSync(node, ["--version"], { encoding: "utf8" }).trim()}), ${connect}`);
    if (!test(node, run, directory)) {
      failed.push(runtime);
    }
  }
  if (isWanted(TOOLING)) {
    const directory = join(here, TOOLING);
    install(directory);
    unpack(tarball, directory);
    // Test runners ask for a newer Node than the package does.
    const node = join(root, "tests/idp/node_modules/node24/bin/node");
    console.log(`\n${TOOLING}`);
    if (!test(node, join(directory, "suite"), directory, { BEARERGATE_TARBALL: tarball })) {
      failed.push(TOOLING);
    }
  }
} finally {
  rmSync(packs, { recursive: true, force: true });
}
if (failed.length > 0) {
  console.error(`failed on ${failed.join(", ")}`);
  process.exit(1);
}
