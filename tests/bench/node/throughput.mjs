// What a Connect server keeps of its requests per second: unary JSON over HTTP/1.1, the server on one core, the
// load from another, the open server getting the same headers. Servers take turns of a moment each.
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { startEnvoy } from "./envoy.mjs";
import { median } from "./measure.mjs";

/** The method that is called. */
export const PATH = "/test.v1.Kinds/Unary";
const CONNECTIONS = 32;
const SLICE_MS = 200;
const KINDS = [
  ["open", ["open"]],
  ["an interceptor that does nothing", ["empty interceptor"]],
  ["all but the verification", ["all but the verification", "RS256"]],
  ["RS256, native side and a context", ["native side and a context", "RS256"]],
  ["RS256", ["no cache", "RS256"]],
  ["ES256", ["no cache", "ES256"]],
  ["EdDSA", ["no cache", "EdDSA"]],
  ["HS256, native side and a context", ["native side and a context", "HS256"]],
  ["HS256", ["no cache", "HS256"]],
  ["cache hit, native side alone", ["native side, cache hit", "RS256"]],
  ["cache hit", ["cache hit", "RS256"]],
  ["jose, RS256", ["jose", "RS256"]],
];

const here = (name) => fileURLToPath(new URL(name, import.meta.url));
const pinned = spawnSync("taskset", ["-c", "0,1", "true"]).status === 0;

const on = (core, command) => (pinned ? ["taskset", "-c", String(core), ...command] : command);

function start(core, file, args) {
  const [program, ...rest] = on(core, [process.execPath, here(file), ...args]);
  return spawn(program, rest, { stdio: ["ignore", "pipe", "inherit"] });
}

async function output(child) {
  let text = "";
  for await (const chunk of child.stdout) {
    text += chunk;
    if (text.endsWith("\n")) {
      return text;
    }
  }
  throw new Error("a process ended without an answer");
}

/** A server of this kind, or a sidecar in front of one, and how to end it. */
export async function serve(name, kind, envoy) {
  const server = start(0, "server.mjs", kind);
  const { port, token, jwk } = JSON.parse(await output(server));
  const sidecar = envoy && (await startEnvoy(on(0, [envoy]), port, jwk));
  const stop = async () => {
    await sidecar?.stop();
    server.kill();
    await once(server, "exit");
  };
  return { server: { name, token, port: sidecar?.port ?? port }, stop };
}

/** Requests per second of each server in each round. */
export async function load(servers, { rounds, warmUp }) {
  const plan = {
    path: PATH,
    body: '"hello"',
    connections: CONNECTIONS,
    slice: SLICE_MS,
    warmUp,
    rounds,
    servers,
  };
  return JSON.parse(await output(start(1, "load.mjs", [JSON.stringify(plan)])));
}

/** @param {{rounds?: number, warmUp?: number, envoy?: string}} options `envoy` is the binary of a sidecar on the server's core */
export async function throughput({ rounds = 80, warmUp = 12, envoy }) {
  const kinds = [...KINDS, ...(envoy ? [["Envoy jwt_authn, RS256", ["open", "RS256"], envoy]] : [])];
  const served = [];
  for (const kind of kinds) {
    served.push(await serve(...kind));
  }
  const servers = served.map(({ server }) => server);
  const rates = await load(servers, { rounds, warmUp });
  for (const { stop } of served) {
    await stop();
  }
  return servers.map(({ name: row }) => ({
    table: "server",
    row,
    column: "requests",
    per_second: median(rates[row]),
    min: Math.min(...rates[row]),
    max: Math.max(...rates[row]),
    // Of the open server's in the same round.
    kept: median(rates[row].map((rate, round) => rate / rates.open[round])),
  }));
}
