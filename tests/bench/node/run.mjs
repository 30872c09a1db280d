// Everything that is measured of the Node package:
// node run.mjs --out FILE --bare PROGRAM [--quick] [--only PART] [--envoy BINARY]
//
// PROGRAM is what tests/bench/rust builds. With `--only`, what FILE says of the other parts stays.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { cold } from "./cold.mjs";
import { eventLoop } from "./eventloop.mjs";
import { interceptor } from "./interceptor.mjs";
import { memory } from "./memory.mjs";
import { requests } from "./requests.mjs";
import { throughput } from "./throughput.mjs";
import { verify } from "./verify.mjs";
import { workers } from "./workers.mjs";

const { values } = parseArgs({
  options: {
    out: { type: "string" },
    quick: { type: "boolean", default: false },
    only: { type: "string", multiple: true },
    bare: { type: "string" },
    envoy: { type: "string" },
  },
});
const { quick, bare, envoy } = values;

const PARTS = {
  verify: () => verify({ rounds: quick ? 6 : 60 }),
  interceptor: () => interceptor({ bare, rounds: quick ? 6 : 60 }),
  throughput: () => throughput({ envoy, ...(quick ? { rounds: 2, warmUp: 1 } : {}) }),
  requests: () => requests(quick ? { rounds: 2, warmUp: 1 } : {}),
  workers: () => workers({ rounds: quick ? 1 : 9 }),
  "event loop": () => eventLoop({ seconds: quick ? 0.5 : 4 }),
  memory: () => memory({ rounds: quick ? 1 : 5 }),
  cold: () => cold({ rounds: quick ? 3 : 30 }),
};

const measurements = [];
for (const [name, part] of Object.entries(PARTS)) {
  if (values.only !== undefined && !values.only.includes(name)) {
    continue;
  }
  console.log(`node: ${name}`);
  measurements.push(...(await part()));
}
if (values.only !== undefined && existsSync(values.out)) {
  const tables = new Set(measurements.map(({ table }) => table));
  const before = JSON.parse(readFileSync(values.out, "utf8")).measurements;
  measurements.push(...before.filter(({ table }) => !tables.has(table)));
}
const { dependencies } = JSON.parse(readFileSync(new URL("package.json", import.meta.url), "utf8"));
const { node24, ...versions } = dependencies;
writeFileSync(
  values.out,
  `${JSON.stringify({ suite: "node", runtime: `Node ${process.versions.node}`, versions, measurements }, null, 1)}\n`,
);
