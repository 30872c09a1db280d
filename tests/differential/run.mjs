// Differential testing: mutants of valid tokens, judged by our verifier in three languages and by three
// others: node run.mjs --python PYTHON [--count N] [--seed N --now SECONDS]
//
// Half of the mutants come from a fixed seed and half from a fresh one, unless a seed is given. What we
// accept `jose` accepts with the same claims; ours agree to the letter; whatever another verifier
// accepts and ours refuses has a name in differences.mjs.
import { spawn } from "node:child_process";
import { randomInt } from "node:crypto";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { Comparison } from "./compare.mjs";
import { linesOf } from "./peers/lines.mjs";

const { values: given } = parseArgs({
  options: {
    python: { type: "string" },
    count: { type: "string", default: "20000" },
    seed: { type: "string" },
    now: { type: "string", default: String(Math.floor(Date.now() / 1000)) },
    binaries: { type: "string", default: "target/debug" },
    jsonwebtoken: { type: "string", default: "target/peer-jsonwebtoken/debug/peer-jsonwebtoken" },
  },
});

/** Mutants that are handed out at once. */
const BATCH = 1000;
/** Batches that are under way at a time. */
const AHEAD = 3;
const FIXED_SEED = "1";
const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const root = (path) => here(`../../${path}`);
const generator = root(`${given.binaries}/differential-generate`);

const VERIFIERS = {
  rust: [root(`${given.binaries}/differential-ours`), given.now],
  node: [process.execPath, "--disable-warning=ExperimentalWarning", here("peers/ours.mjs"), given.now],
  python: [given.python, here("peers/ours.py"), given.now],
  jose: [process.execPath, "--disable-warning=ExperimentalWarning", here("peers/jose.mjs"), given.now],
  pyjwt: [given.python, here("peers/pyjwt.py"), given.now],
  jsonwebtoken: [root(given.jsonwebtoken)],
};

/** A process that answers batches of lines. */
class Verifier {
  #waiting = [];
  #lines = [];

  constructor(name, [program, ...args]) {
    this.process = spawn(program, args, { stdio: ["pipe", "pipe", "inherit"] });
    this.process.on("exit", (code) => {
      if (code !== 0 || this.#waiting.length > 0) {
        console.error(`${name} ended with ${code}`);
        process.exit(1);
      }
    });
    this.#read();
  }

  async #read() {
    for await (const line of linesOf(this.process.stdout)) {
      this.#lines.push(line);
      const [first] = this.#waiting;
      if (this.#lines.length === first.count) {
        this.#waiting.shift();
        first.resolve(this.#lines);
        this.#lines = [];
      }
    }
  }

  ask(lines, count) {
    this.process.stdin.write(`${lines.join("\n")}\nnull\n`);
    return new Promise((resolve) => {
      this.#waiting.push({ count, resolve });
    });
  }
}

async function* batches(seed, count) {
  const args = ["--seed", seed, "--count", String(count), "--now", given.now];
  const source = spawn(generator, args, { stdio: ["ignore", "pipe", "inherit"] });
  const ended = once(source, "exit");
  let [lines, tokens] = [[], 0];
  for await (const line of linesOf(source.stdout)) {
    lines.push(line);
    tokens += line.includes('"token":') ? 1 : 0;
    if (tokens === BATCH) {
      yield { lines, tokens };
      [lines, tokens] = [[], 0];
    }
  }
  yield { lines, tokens };
  const [code] = await ended;
  if (code !== 0) {
    console.error(`the generator ended with ${code}`);
    process.exit(1);
  }
}

async function run(seed, count, comparison) {
  const verifiers = Object.entries(VERIFIERS).map(([name, command]) => [name, new Verifier(name, command)]);
  const configs = new Map();
  const underWay = [];
  for await (const { lines, tokens } of batches(seed, count)) {
    if (underWay.length === AHEAD) {
      await underWay.shift();
    }
    if (tokens > 0) {
      const answers = verifiers.map(async ([name, verifier]) => [name, await verifier.ask(lines, tokens)]);
      underWay.push(Promise.all(answers).then((verdicts) => settle(lines, verdicts, configs, comparison)));
    }
  }
  await Promise.all(underWay);
  for (const [, verifier] of verifiers) {
    verifier.process.stdin.end();
  }
}

/** Compares the verdicts on a batch. */
function settle(lines, verdicts, configs, comparison) {
  let at = 0;
  for (const text of lines) {
    const line = JSON.parse(text);
    if (line.drop !== undefined) {
      configs.delete(line.drop);
    } else if (line.token === undefined) {
      configs.set(line.config, line);
    } else {
      const of = Object.fromEntries(verdicts.map(([name, answers]) => [name, answers[at]]));
      comparison.add(line, configs.get(line.config), of);
      at += 1;
    }
  }
}

if (given.python === undefined || !existsSync(generator)) {
  console.error("build the crate `differential` first, and name a Python: node run.mjs --python PYTHON");
  process.exit(2);
}
const count = Number(given.count);
const half = Math.floor(count / 2);
const parts =
  given.seed === undefined
    ? [
        [FIXED_SEED, half],
        [String(randomInt(2 ** 40)), count - half],
      ]
    : [[given.seed, count]];
const comparison = new Comparison(Number(given.now));
for (const [seed, part] of parts) {
  console.log(`seed ${seed}, now ${given.now}: ${part} mutants`);
  await run(seed, part, comparison);
}
const passed = comparison.report(count);
process.exit(passed ? 0 : 1);
