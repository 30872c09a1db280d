// Runs the suite on each Node version with the Connect that supports it, against the package as it
// is packed: `node tests/e2e/node/run.mjs [node20|node22|node24 ...] [-- node --test arguments]`.
// Build the addon first (npm run build in bindings-node).
import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const RUNTIMES = { node20: "connect-2.1", node22: "connect-2.2", node24: "connect-2.2" };

const here = fileURLToPath(new URL(".", import.meta.url));
const root = join(here, "../../..");

/** Installs what a lock file names, unless that is what is there. */
function install(directory) {
  const read = (file) => (existsSync(file) ? readFileSync(file, "utf8") : undefined);
  const stamp = join(directory, "node_modules/.installed-lock");
  const lock = join(directory, "package-lock.json");
  if (read(stamp) !== read(lock)) {
    execFileSync("npm", ["ci", "--no-audit", "--no-fund"], { cwd: directory, stdio: "inherit" });
    cpSync(lock, stamp);
  }
}

/** The package as npm packs it; gives the file. */
function pack(into) {
  const output = execFileSync("npm", ["pack", "--json", "--pack-destination", into], {
    cwd: join(root, "bindings-node"),
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  });
  const packed = JSON.parse(output);
  const [{ filename, files }] = Array.isArray(packed) ? packed : Object.values(packed);
  if (!files.some(({ path }) => path.endsWith(".node"))) {
    throw new Error("the package holds no addon: build it first (npm run build in bindings-node)");
  }
  return join(into, filename);
}

/** Lays out the suite and the packed package for one Connect version. */
function prepare(directory, tarball) {
  install(directory);
  const target = join(directory, "node_modules/bearergate");
  rmSync(target, { recursive: true, force: true });
  mkdirSync(target, { recursive: true });
  execFileSync("tar", ["-xzf", tarball, "-C", target, "--strip-components=1"]);
  const run = join(directory, "run");
  rmSync(run, { recursive: true, force: true });
  cpSync(join(here, "suite"), run, { recursive: true });
  return run;
}

const separator = process.argv.indexOf("--");
const wanted = process.argv.slice(2, separator === -1 ? undefined : separator);
const extra = separator === -1 ? [] : process.argv.slice(separator + 1);
const packs = mkdtempSync(join(tmpdir(), "bearergate-e2e-"));
const failed = [];
try {
  install(join(root, "tests/idp"));
  const tarball = pack(packs);
  for (const [runtime, connect] of Object.entries(RUNTIMES)) {
    if (wanted.length > 0 && !wanted.includes(runtime)) {
      continue;
    }
    const directory = join(here, connect);
    const run = prepare(directory, tarball);
    const node = join(directory, "node_modules", runtime, "bin/node");
    console.log(`\n${runtime} (${execFileSync(node, ["--version"], { encoding: "utf8" }).trim()}), ${connect}`);
    const tests = readdirSync(run).filter((file) => file.endsWith(".test.mjs"));
    const { status } = spawnSync(node, ["--test", ...extra, ...tests.map((file) => join(run, file))], {
      stdio: "inherit",
      cwd: directory,
    });
    if (status !== 0) {
      failed.push(runtime);
    }
  }
} finally {
  rmSync(packs, { recursive: true, force: true });
}
if (failed.length > 0) {
  console.error(`failed on ${failed.join(", ")}`);
  process.exit(1);
}
