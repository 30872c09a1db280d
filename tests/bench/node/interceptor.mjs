// What the interceptor adds to a call in process, over one that does nothing.
import { createRequire } from "node:module";
import { bareSignature, SIGNATURE } from "./bare.mjs";
import { verifier } from "./libraries.mjs";
import { alternate, rows, runAwaited } from "./measure.mjs";
import { subject } from "./tokens.mjs";

const require = createRequire(import.meta.url);
const { createJwtAuthInterceptor } = require("../../../bindings-node");

const ALGORITHMS = ["RS256", "ES256", "EdDSA", "HS256"];

const next = async (req) => ({ stream: false, message: req.message });
const empty = (next) => async (req) => next(req);

function call(interceptor, token) {
  const run = interceptor(next);
  const header = new Headers({ authorization: `Bearer ${token}`, "content-type": "application/json" });
  const req = { stream: false, service: { typeName: "bench.v1.Echo" }, method: { name: "Say" }, header, message: {} };
  return () => run(req);
}

/** @param {{rounds: number, bare: string}} options `bare` is the program that checks signatures alone */
export async function interceptor({ rounds, bare }) {
  const measurements = [];
  const signature = bareSignature(bare);
  for (const alg of ALGORITHMS) {
    const signed = subject(alg);
    const guarded = (options) => call(createJwtAuthInterceptor(verifier(signed, options)), signed.token);
    const calls = {
      [SIGNATURE]: (size) => signature.time(alg, size),
      "empty interceptor": call(empty, signed.token),
      bearergate: guarded({ cache: false }),
      "bearergate, cache hit": guarded({}),
    };
    const run = (each, size) => (each === calls[SIGNATURE] ? each(size) : runAwaited(each, size));
    measurements.push(...rows("interceptor", alg, await alternate(calls, { rounds, run })));
  }
  signature.end();
  return measurements;
}
