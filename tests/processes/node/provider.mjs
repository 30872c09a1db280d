// A key endpoint on loopback whose answers can be held back, and children that talk to it.
import { spawn } from "node:child_process";
import { once } from "node:events";
import http from "node:http";
import { fileURLToPath } from "node:url";

/** Serves `keys`. While held, answers wait for `release()`; `asked(n)` waits for the n-th request. */
export async function provide(...keys) {
  const held = [];
  const state = { keys, requests: 0, isHeld: false, delayMs: () => 0 };
  let notify = () => {};
  const server = http.createServer((_, response) => {
    state.requests += 1;
    notify();
    const answer = () => {
      response.setHeader("content-type", "application/json");
      response.end(JSON.stringify({ keys: state.keys.map(({ jwk }) => jwk) }));
    };
    if (state.isHeld) {
      held.push(answer);
    } else {
      setTimeout(answer, state.delayMs());
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return Object.assign(state, {
    url: `http://127.0.0.1:${server.address().port}/jwks`,
    hold() {
      state.isHeld = true;
    },
    release() {
      state.isHeld = false;
      for (const answer of held.splice(0)) {
        answer();
      }
    },
    async asked(count) {
      while (state.requests < count) {
        await new Promise((resolve) => {
          notify = resolve;
        });
      }
    },
    close() {
      server.close();
      server.closeAllConnections();
    },
  });
}

const LIMIT_MS = 40_000;

/**
 * Starts a program of `programs/` under the Node that runs the test. `ended` gives how it ended; a
 * program that does not end is killed, and its signal tells.
 */
export function start(program, options = {}) {
  const path = fileURLToPath(new URL(`programs/${program}`, import.meta.url));
  // Fifty workers have fifty verifiers of one source, of which the package warns.
  const quiet = "--disable-warning=BEARERGATE_VERIFIER_PER_REQUEST";
  const child = spawn(process.execPath, [quiet, path, JSON.stringify(options)], { stdio: ["pipe", "pipe", "pipe"] });
  const said = { stdout: "", stderr: "" };
  for (const stream of ["stdout", "stderr"]) {
    child[stream].setEncoding("utf8").on("data", (chunk) => {
      said[stream] += chunk;
      child.emit("said");
    });
  }
  const timer = setTimeout(() => child.kill("SIGKILL"), LIMIT_MS);
  const ended = new Promise((resolve) => {
    child.on("close", (code, signal) => {
      clearTimeout(timer);
      resolve({ code, signal, at: performance.now(), ...said });
    });
  });
  return {
    child,
    ended,
    /** Waits for a line of the program. */
    async hears(line) {
      while (!said.stdout.split("\n").includes(line)) {
        await Promise.race([
          once(child, "said"),
          ended.then(() => {
            throw new Error(`ended before it said ${line}: ${said.stdout}${said.stderr}`);
          }),
        ]);
      }
    },
  };
}
