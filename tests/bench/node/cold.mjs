// What loading the package costs a process that has loaded Connect, and what it leaves running.
import { spawnSync } from "node:child_process";
import { readdirSync, statSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { median } from "./measure.mjs";

const root = fileURLToPath(new URL("../../../bindings-node/", import.meta.url));

const PROGRAM = `
  const { readdirSync } = require("node:fs");
  const threads = () => { try { return readdirSync("/proc/self/task").length; } catch { return NaN; } };
  require("@connectrpc/connect");
  const [before, begun] = [threads(), performance.now()];
  const { JwtVerifier } = require("./index.js");
  const loaded = performance.now();
  const verifier = new JwtVerifier({ secret: "0123456789abcdef0123456789abcdef" });
  const built = performance.now();
  verifier.stats();
  console.log(JSON.stringify([loaded - begun, built - loaded, threads() - before]));`;

export function cold({ rounds = 30 }) {
  const runs = Array.from({ length: rounds }, () => {
    const { stdout, stderr } = spawnSync(process.execPath, ["-e", PROGRAM], { cwd: root, encoding: "utf8" });
    if (stdout === "") {
      throw new Error(stderr);
    }
    return JSON.parse(stdout);
  });
  const of = (at) => runs.map((run) => run[at]);
  const ms = (row, at) => ({
    table: "cold",
    row,
    column: "bearergate",
    ms: median(of(at)),
    min: Math.min(...of(at)),
    max: Math.max(...of(at)),
  });
  const addon = readdirSync(root).find((name) => name.endsWith(".node"));
  return [
    ms("require", 0),
    ms("first verifier", 1),
    { table: "cold", row: "threads begun", column: "bearergate", count: Math.max(...of(2)) },
    { table: "cold", row: "native binary", column: "bearergate", bytes: statSync(`${root}${addon}`).size },
  ];
}
