// What the interceptor adds to a call in process, over one that does nothing.
import { createRequire } from "node:module";
import { bareSignature, SIGNATURE } from "./bare.mjs";
import { verifier } from "./libraries.mjs";
import { alternateRows, median, runAwaited } from "./measure.mjs";
import { subject } from "./tokens.mjs";

const require = createRequire(import.meta.url);
const { createJwtAuthInterceptor } = require("../../../bindings-node");

const ALGORITHMS = ["RS256", "ES256", "EdDSA", "HS256"];

const next = async (req) => ({ stream: false, message: req.message });
const empty = (next) => (req) => next(req);

function call(interceptor, token) {
  const run = interceptor(next);
  const header = new Headers({ authorization: `Bearer ${token}`, "content-type": "application/json" });
  const req = { stream: false, service: { typeName: "bench.v1.Echo" }, method: { name: "Say" }, header, message: {} };
  return () => run(req);
}

/** What is added to a call, and that without the signature: medians of the differences within a round. */
function added(column, times) {
  if (!column.startsWith("bearergate")) {
    return {};
  }
  const differences = times[column].map((time, round) => time - times["empty interceptor"][round]);
  const beside = differences.map((time, round) => time - times[SIGNATURE][round]);
  return { added: median(differences), beside: median(beside) };
}

/** @param {{rounds: number, bare: string}} options `bare` is the program that checks signatures alone */
export async function interceptor({ rounds, bare }) {
  const signature = bareSignature(bare);
  const alone = new Set();
  const calls = {};
  for (const alg of ALGORITHMS) {
    const signed = subject(alg);
    const guarded = (options) => call(createJwtAuthInterceptor(verifier(signed, options)), signed.token);
    calls[alg] = {
      [SIGNATURE]: (size) => signature.time(alg, size),
      "empty interceptor": call(empty, signed.token),
      bearergate: guarded({ cache: false }),
      "bearergate, cache hit": guarded({}),
    };
    alone.add(calls[alg][SIGNATURE]);
  }
  const run = (each, size) => (alone.has(each) ? each(size) : runAwaited(each, size));
  const measurements = await alternateRows("interceptor", calls, { rounds, run }, added);
  signature.end();
  return measurements;
}
