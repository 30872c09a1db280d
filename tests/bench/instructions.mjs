// Counts the instructions of a verification under callgrind, which no other work on the machine changes, and
// compares them with the committed baseline: node instructions.mjs [--write]
//
// Those of the signature itself, which callgrind's processor lacks its own instructions for, are taken off.
// More than three percent above the baseline fails. The counts belong to one compiler, one C library and one kind of processor:
// elsewhere, and where there is no valgrind, this says so and passes.
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const CASES = ["verified", "hit", "forged", "too-large"];
const SIGNED = ["verified", "forged"];
const ALLOWED = 1.03;
const [FEW, MANY] = [200, 1200];

const root = fileURLToPath(new URL("../..", import.meta.url));
const file = fileURLToPath(new URL("instructions.json", import.meta.url));

const compiler = execFileSync("rustc", ["-vV"], { encoding: "utf8" });
const [, host] = /^host: (.*)$/m.exec(compiler);
const [, release] = /^release: (.*)$/m.exec(compiler);
const libc = process.report.getReport().header.glibcVersionRuntime ?? "another libc";
const isWide = existsSync("/proc/cpuinfo") && /\bavx2\b/.test(readFileSync("/proc/cpuinfo", "utf8"));
const here = `rustc ${release}, ${host}, ${libc}, ${isWide ? "AVX2" : "no AVX2"}`;

if (spawnSync("valgrind", ["--version"]).status !== 0) {
  console.log("instructions: skipped, there is no valgrind here");
  process.exit(0);
}

const args = ["bench", "--locked", "--quiet", "--target", host, "-p", "bearergate-core", "--bench", "instructions"];
const built = execFileSync("cargo", [...args, "--no-run", "--message-format=json"], { cwd: root, encoding: "utf8" });
const artifacts = built
  .split("\n")
  .filter((line) => line.startsWith("{"))
  .map((line) => JSON.parse(line));
const { executable } = artifacts.find(({ target, executable: path }) => path && target?.name === "instructions");

/** Instructions of a whole run. */
function total(name, count) {
  const valgrind = ["--tool=callgrind", "--callgrind-out-file=/dev/null", executable, name, String(count)];
  const { status, stderr } = spawnSync("valgrind", valgrind, { encoding: "utf8" });
  const found = /Collected : (\d+)/.exec(stderr);
  if (status !== 0 || found === null) {
    throw new Error(`callgrind failed on ${name}: ${stderr}`);
  }
  return Number(found[1]);
}

const each = (name) => Math.round((total(name, MANY) - total(name, FEW)) / (MANY - FEW));
const bare = each("bare");
const counts = Object.fromEntries(CASES.map((name) => [name, each(name) - (SIGNED.includes(name) ? bare : 0)]));
if (process.argv.includes("--write")) {
  writeFileSync(file, `${JSON.stringify({ for: here, instructions: counts }, null, 2)}\n`);
}
const baseline = JSON.parse(readFileSync(file, "utf8"));
if (baseline.for !== here) {
  console.log(`instructions: skipped, the baseline is for ${baseline.for}, and this is ${here}`);
  process.exit(0);
}
let failed = 0;
for (const name of CASES) {
  const ratio = counts[name] / baseline.instructions[name];
  const verdict = ratio > ALLOWED ? "MORE THAN ALLOWED" : "ok";
  failed += ratio > ALLOWED ? 1 : 0;
  console.log(
    `${name.padEnd(10)} ${String(counts[name]).padStart(8)} instructions, ${ratio.toFixed(3)} of the baseline: ${verdict}`,
  );
}
process.exit(failed === 0 ? 0 : 1);
