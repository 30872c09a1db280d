// Every row through every driver, and the table of what came of it.
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { readdirSync } from "node:fs";
import { after, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { DRIVERS } from "./lib/driver.mjs";
import { ROWS } from "./lib/row.mjs";
import { runRow } from "./lib/run.mjs";
import { table } from "./lib/table.mjs";

for (const file of readdirSync(new URL("rows", import.meta.url))) {
  await import(`./rows/${file}`);
}
ROWS.sort((a, b) => a.number - b.number);

/** Rows that may run beside each other. */
const BESIDE = 4;
const results = [];

after(() => console.log(table(results)));

test("every row of the table of faults is here once", () => {
  const numbers = Array.from({ length: 58 }, (_, at) => at + 1);
  assert.deepEqual(
    ROWS.map(({ number }) => number),
    numbers,
  );
});

describe("rows beside each other", { concurrency: BESIDE }, () => declare(ROWS.filter(({ alone }) => !alone)));
describe("rows that measure", { concurrency: 1 }, () => declare(ROWS.filter(({ alone }) => alone)));

function declare(rows) {
  for (const each of rows) {
    for (const driver of DRIVERS) {
      const name = `row ${String(each.number).padStart(2, "0")} ${each.fault} (${driver})`;
      test(name, { timeout: 120_000 }, async (t) => {
        const result = { number: each.number, fault: each.fault, driver };
        results.push(result);
        Object.assign(result, each.namespace === undefined ? await runRow(each, driver) : await inside(each, driver));
        if (result.skipped !== undefined) {
          t.skip(result.skipped);
        }
        if (result.failure !== undefined) {
          throw Object.assign(new Error(), { stack: result.failure });
        }
      });
    }
  }
}

/** Runs a row in a namespace of its own, where this machine allows one. */
async function inside({ number, namespace }, driver) {
  const flags = { net: "-rn", mount: "-rm" }[namespace];
  try {
    execFileSync("unshare", [flags, "true"], { stdio: "ignore" });
  } catch {
    return { outcomes: [], notes: [], skipped: `this machine allows no ${namespace} namespace (unshare ${flags})` };
  }
  const script = fileURLToPath(new URL("lib/inside.mjs", import.meta.url));
  const child = spawn("unshare", [flags, process.execPath, script, String(number), driver]);
  const said = { stdout: "", stderr: "" };
  for (const stream of ["stdout", "stderr"]) {
    child[stream].setEncoding("utf8").on("data", (text) => {
      said[stream] += text;
    });
  }
  await new Promise((closed) => child.on("close", closed));
  return said.stdout === "" ? { outcomes: [], notes: [], failure: said.stderr } : JSON.parse(said.stdout);
}
