// gunicorn that loads the application, and with it the verifier, before it forks its workers.
import { spawn } from "node:child_process";
import { once } from "node:events";
import http from "node:http";
import net from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { environment, python } from "./driver.mjs";

/** A port that was free a moment ago. */
async function freePort() {
  const server = net.createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}

export async function openGunicorn({ url, token, workers }) {
  const port = await freePort();
  const folder = fileURLToPath(new URL("../drivers", import.meta.url));
  const args = ["-m", "gunicorn", "--preload", "--workers", workers, "--bind", `127.0.0.1:${port}`];
  const child = spawn(python(), [...args, "--chdir", folder, "--no-control-socket", "preloaded:app"].map(String), {
    env: { ...environment, FAULTS_JWKS_URI: url, FAULTS_TOKEN: token },
    stdio: ["ignore", "ignore", "pipe"],
    detached: true,
  });
  const ended = once(child, "close");
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (text) => {
    said += text;
  });
  const booted = async () => {
    while (said.split("Booting worker").length <= workers) {
      await once(child.stderr, "data");
    }
  };
  // The master and its workers, should they not end when they are told to.
  const kill = () => process.kill(-child.pid, "SIGKILL");
  const stop = async () => {
    child.kill("SIGTERM");
    const force = setTimeout(kill, 5000);
    await ended;
    clearTimeout(force);
  };
  try {
    await Promise.race([
      booted(),
      ended.then(() => Promise.reject(new Error(said))),
      pause(20_000, undefined, { ref: false }).then(() => Promise.reject(new Error(`gunicorn did not boot: ${said}`))),
    ]);
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    /** `[status, pid of the worker]` */
    get: (bearer) => ask(port, bearer),
    stop,
  };
}

function ask(port, bearer) {
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${bearer}`, connection: "close" };
    const request = http.get({ port, host: "127.0.0.1", headers, agent: false, timeout: 10_000 }, async (response) => {
      let body = "";
      for await (const chunk of response.setEncoding("utf8")) {
        body += chunk;
      }
      resolve([response.statusCode, body]);
    });
    request.on("timeout", () => request.destroy(new Error("a worker did not answer")));
    request.on("error", reject);
  });
}
