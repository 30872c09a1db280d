// What a Connect server keeps of its requests per second: unary JSON over HTTP/1.1, the server on one core, the
// load from another, the open server getting the same headers. Servers take turns.
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { median } from "./measure.mjs";

const CONNECTIONS = 32;
const KINDS = [
  ["open", ["open"]],
  ["an interceptor that does nothing", ["empty interceptor"]],
  ["RS256", ["no cache", "RS256"]],
  ["ES256", ["no cache", "ES256"]],
  ["EdDSA", ["no cache", "EdDSA"]],
  ["HS256", ["no cache", "HS256"]],
  ["cache hit", ["cache hit", "RS256"]],
  ["jose, RS256", ["jose", "RS256"]],
];

const here = (name) => fileURLToPath(new URL(name, import.meta.url));
const pinned = spawnSync("taskset", ["-c", "0,1", "true"]).status === 0;

function start(core, file, args) {
  const command = [process.execPath, here(file), ...args];
  const [program, ...rest] = pinned ? ["taskset", "-c", String(core), ...command] : command;
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

async function perSecond(kind, seconds) {
  const server = start(0, "server.mjs", kind);
  try {
    const { port, token } = JSON.parse(await output(server));
    const load = start(1, "load.mjs", [port, token, CONNECTIONS, seconds]);
    return Number(await output(load));
  } finally {
    server.kill();
    await once(server, "exit");
  }
}

export async function throughput({ rounds = 7, seconds = 4 }) {
  const rates = Object.fromEntries(KINDS.map(([name]) => [name, []]));
  for (let round = 0; round < rounds; round += 1) {
    for (const [name, kind] of KINDS) {
      rates[name].push(await perSecond(kind, seconds));
    }
  }
  return KINDS.map(([row]) => ({
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
