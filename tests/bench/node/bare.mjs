// The signature alone, as the core has it checked: a process that does nothing else, asked in turn with what is
// measured here. Both run on one processor, so that both see the same machine.
import { spawn, spawnSync } from "node:child_process";
import { cpus } from "node:os";
import { createInterface } from "node:readline";

/** The column of what it takes. */
export const SIGNATURE = "signature alone";

/** Keeps this thread on these processors, where the system can. */
const stay = (processors) => spawnSync("taskset", ["-cp", processors, String(process.pid)]).status === 0;

/** @param {string} program `bench-rust` of tests/bench/rust */
export function bareSignature(program) {
  // What is begun now stays there too.
  stay("0");
  const child = spawn(program, ["--bare"], { stdio: ["pipe", "pipe", "inherit"] });
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    /** Milliseconds of one of so many checks. */
    async time(alg, count) {
      child.stdin.write(`${alg} ${count}\n`);
      const { value } = await answers.next();
      return Number(value) / 1000;
    },
    end() {
      child.stdin.end();
      stay(`0-${cpus().length - 1}`);
    },
  };
}
