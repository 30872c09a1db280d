// The identity provider for tests written in JavaScript: starts the child process and steers it.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

/** Starts an identity provider; `stop()` it (or end the process) to be rid of it. */
export async function startIdentityProvider(args = []) {
  const script = fileURLToPath(new URL("./server.mjs", import.meta.url));
  const child = spawn(process.execPath, [script, ...args], { stdio: ["pipe", "pipe", "inherit"] });
  const lines = createInterface(child.stdout);
  const [line] = await Promise.race([
    once(lines, "line"),
    once(child, "exit").then(([code]) => {
      throw new Error(`the identity provider ended with ${code}`);
    }),
  ]);
  const { control, ...ready } = JSON.parse(line);

  const call = async (method, path, query = {}) => {
    const response = await fetch(`${control}${path}?${new URLSearchParams(query)}`, { method });
    const body = await response.json();
    if (!response.ok) {
      throw new Error(`${path}: ${body.error}`);
    }
    return body;
  };
  return {
    ...ready,
    rotate: (keys) => call("POST", "/rotate", { keys }),
    goDown: () => call("POST", "/stop"),
    comeBack: () => call("POST", "/start"),
    token: async (request) => (await call("POST", "/token", request)).token,
    forgedToken: async (request) => (await call("POST", "/forge", request)).token,
    jwksRequests: async () => (await call("GET", "/counts")).jwks,
    async stop() {
      const exited = once(child, "exit");
      child.stdin.end();
      await exited;
    },
  };
}
