// A package at work in a process of its own, spoken to in JSON lines.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

/** What a shell may set and a fetch would heed. */
const HEEDED = /^(all|https?|no)_proxy$|^SSL_CERT_|^NODE_EXTRA_CA_CERTS$|^NODE_OPTIONS$|^NODE_TEST_CONTEXT$/i;

/** The environment without it. */
export const environment = Object.fromEntries(Object.entries(process.env).filter(([name]) => !HEEDED.test(name)));

/** The interpreter that the package is built for. */
export function python() {
  const named = process.env.BEARERGATE_PYTHON;
  const built = ["3.11", "3.12", "3.13"].map((version) => here(`../../../bindings-python/.venv-${version}/bin/python`));
  return named ?? built.find((path) => existsSync(path)) ?? built[0];
}

const COMMANDS = {
  node: () => [process.execPath, [here("../drivers/node.mjs")]],
  python: () => [python(), [here("../drivers/python.py")]],
};

/** The names of the drivers. */
export const DRIVERS = Object.keys(COMMANDS);

/** Longest wait for any answer, in milliseconds: who takes longer hangs. */
const PATIENCE = 30_000;

export class Driver {
  #child;
  #next = 1;
  #pending = new Map();
  /** Why it can answer nothing any more. */
  #over;
  /** Everything it wrote to standard error. */
  stderr = "";

  /**
   * @param {string} name
   * @param {object} [env] more of the environment
   * @param {string[]} [under] a command to run it under
   */
  constructor(name, env = {}, under = []) {
    const [command, ...args] = [...under, ...COMMANDS[name]()].flat();
    this.#child = spawn(command, args, { env: { ...environment, ...env }, stdio: ["pipe", "pipe", "pipe"] });
    this.exited = new Promise((exited) => {
      this.#child.on("error", (error) => exited({ code: String(error) }));
      this.#child.on("close", (code, signal) => exited({ code, signal }));
    });
    this.exited.then(({ code, signal }) =>
      this.#abandon(new Error(`driver ended (${code ?? signal}): ${this.stderr}`)),
    );
    this.#child.stdin.on("error", () => {});
    this.#child.stderr.setEncoding("utf8").on("data", (text) => {
      this.stderr += text;
    });
    createInterface({ input: this.#child.stdout }).on("line", (line) => this.#settle(JSON.parse(line)));
  }

  /** The result of an operation. */
  call(op, given = {}) {
    if (this.#over !== undefined) {
      return Promise.reject(this.#over);
    }
    const id = this.#next;
    this.#next += 1;
    return new Promise((resolve, reject) => {
      const late = setTimeout(() => reject(new Error(`${op} was not answered: ${this.stderr}`)), PATIENCE);
      this.#pending.set(id, { resolve, reject, late });
      this.#child.stdin.write(`${JSON.stringify({ id, op, ...given })}\n`);
    });
  }

  #settle({ id, result, error }) {
    const { resolve, reject, late } = this.#pending.get(id);
    this.#pending.delete(id);
    clearTimeout(late);
    if (error === undefined) {
      resolve(result);
    } else {
      reject(new Error(error));
    }
  }

  #abandon(error) {
    this.#over = error;
    for (const { reject, late } of this.#pending.values()) {
      clearTimeout(late);
      reject(error);
    }
    this.#pending.clear();
  }

  /** Ends the process, by force if it does not end by itself. */
  async end() {
    this.#child.stdin.end();
    const force = setTimeout(() => {
      this.#child.kill("SIGKILL");
      // A child of its own may outlive it with the same pipes open.
      this.#child.stdout.destroy();
      this.#child.stderr.destroy();
    }, 3000);
    const { code, signal } = await this.exited;
    clearTimeout(force);
    return code ?? signal;
  }
}
