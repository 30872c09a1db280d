// The key endpoint of the load scripts, a process of its own so that what is measured is the verifier.
// Says its URL and its private keys in one line, then serves until its input ends:
//   /fixed/NAME     the first key, always
//   /rotating/NAME  another kid at each request: rN at the N-th, with key N modulo the pool
//   /count/PATH     how often PATH has been asked
import { generateKeyPairSync } from "node:crypto";
import http from "node:http";

const POOL = 16;
/** An answer takes as long as one from another machine. */
const DELAY_MS = 20;

const pairs = Array.from({ length: POOL }, () => generateKeyPairSync("ec", { namedCurve: "P-256" }));
const keys = pairs.map(({ privateKey }) => privateKey.export({ format: "jwk" }));
const jwkOf = (index, kid) => {
  const { kty, crv, x, y } = keys[index % POOL];
  return { kty, crv, x, y, kid, alg: "ES256", use: "sig" };
};

const counts = new Map();

const server = http.createServer((request, response) => {
  const [, kind] = request.url.split("/");
  const send = (value) => {
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify(value));
  };
  if (kind === "count") {
    send(counts.get(request.url.slice("/count".length)) ?? 0);
    return;
  }
  const count = (counts.get(request.url) ?? 0) + 1;
  counts.set(request.url, count);
  if (kind === "rotating") {
    send({ keys: [jwkOf(count, `r${count}`)] });
  } else {
    setTimeout(send, DELAY_MS, { keys: [jwkOf(0, "fixed")] });
  }
});

server.listen(0, "127.0.0.1", () => {
  console.log(JSON.stringify({ url: `http://127.0.0.1:${server.address().port}`, keys }));
});
process.stdin.resume().on("end", () => process.exit(0));
