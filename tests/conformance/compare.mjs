// Compares the outcome files of the runners: node compare.mjs rust.jsonl node.jsonl python.jsonl
// The same cases, byte-identical outcomes; a case that a runner says it skipped is compared among
// the others, and must have run in at least two.
import { readFileSync } from "node:fs";
import { basename } from "node:path";

const paths = process.argv.slice(2);
if (paths.length < 2) {
  console.error("usage: node compare.mjs OUTCOMES OUTCOMES...");
  process.exit(2);
}

const runs = paths.map((path) => {
  const lines = readFileSync(path, "utf8")
    .split("\n")
    .filter((line) => line !== "");
  const outcomes = new Map(lines.map((line) => [JSON.parse(line).id, line]));
  return { name: basename(path).replace(/\.[^.]*$/, ""), lines, outcomes };
});

const problems = [];
const skipped = (line) => "skipped" in JSON.parse(line);
for (const { name, lines, outcomes } of runs) {
  if (lines.length !== outcomes.size) {
    problems.push(`${name}: a case was run twice`);
  }
}

const ids = new Set(runs.flatMap(({ outcomes }) => [...outcomes.keys()]));
for (const id of ids) {
  const absent = runs.filter(({ outcomes }) => !outcomes.has(id)).map(({ name }) => name);
  if (absent.length > 0) {
    problems.push(`${id}: not run by ${absent.join(", ")}`);
    continue;
  }
  const ran = runs.map(({ name, outcomes }) => [name, outcomes.get(id)]).filter(([, line]) => !skipped(line));
  if (ran.length < 2) {
    problems.push(`${id}: run by fewer than two`);
  }
  if (new Set(ran.map(([, line]) => line)).size > 1) {
    problems.push(
      [`${id}: outcomes differ`, ...ran.map(([name, line]) => `  ${name}: ${line.slice(0, 2000)}`)].join("\n"),
    );
  }
}

for (const { name, lines } of runs) {
  const parsed = lines.map((line) => JSON.parse(line));
  const steps = parsed.reduce((sum, { steps = [] }) => sum + steps.length, 0);
  const left = parsed.filter((outcome) => "skipped" in outcome);
  console.log(`${name}: ${lines.length} cases, ${steps} steps, ${left.length} skipped`);
  for (const { id, skipped: why } of left) {
    console.log(`  skipped ${id}: ${why}`);
  }
}
for (const problem of problems) {
  console.error(problem);
}
console.log(problems.length === 0 ? `${ids.size} cases, identical outcomes` : `${problems.length} differences`);
process.exit(problems.length === 0 ? 0 : 1);
