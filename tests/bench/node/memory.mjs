// What a library takes of memory: the resident size of a process that has loaded it and verified many different
// tokens, over that of one that has made the same tokens.
import { execFileSync } from "node:child_process";
import { median } from "./measure.mjs";
import { AUDIENCE, ISSUER } from "./tokens.mjs";

const TOKENS = 20_000;
const SECRET = "0123456789abcdef0123456789abcdef";
const asked = JSON.stringify({ issuer: ISSUER, audience: AUDIENCE });

const ours = (cache) =>
  `const { JwtVerifier } = require("../../../bindings-node");
   const verifier = new JwtVerifier({ secret, ...asked, cache: ${cache} });
   verify = (token) => verifier.verifySync(token);`;
const fast = (cache) =>
  `const { createVerifier } = require("fast-jwt");
   verify = createVerifier({ key: secret, allowedIss: asked.issuer, allowedAud: asked.audience, cache: ${cache} });`;

const LIBRARIES = {
  bearergate: ours("false"),
  "bearergate, with its cache": ours("undefined"),
  "fast-jwt": fast("false"),
  "fast-jwt, with its cache": fast("true"),
  jsonwebtoken: `const { verify: check } = require("jsonwebtoken"); verify = (token) => check(token, secret, asked);`,
  jose: `const { jwtVerify } = await import("jose");
    const key = new TextEncoder().encode(secret);
    verify = (token) => jwtVerify(token, key, asked);`,
};

const program = (setUp) => `
  import { createHmac } from "node:crypto";
  import { createRequire } from "node:module";
  import { subject } from "./tokens.mjs";
  const require = createRequire(process.cwd() + "/memory.mjs");
  const [secret, asked] = [${JSON.stringify(SECRET)}, ${asked}];
  let verify = () => {};
  ${setUp}
  for (let at = 0; at < ${TOKENS}; at += 1) {
    await verify(subject("HS256", { claims: { jti: String(at) } }).token);
  }
  gc();
  console.log(process.memoryUsage.rss());`;

function resident(setUp) {
  const args = ["--expose-gc", "--input-type=module", "-e", program(setUp)];
  return Number(execFileSync(process.execPath, args, { cwd: import.meta.dirname, encoding: "utf8" }));
}

export function memory({ rounds = 5 }) {
  const sizes = Object.fromEntries(Object.keys(LIBRARIES).map((name) => [name, []]));
  for (let round = 0; round < rounds; round += 1) {
    const none = resident("");
    for (const [name, setUp] of Object.entries(LIBRARIES)) {
      sizes[name].push(resident(setUp) - none);
    }
  }
  return Object.entries(sizes).map(([name, found]) => ({
    table: "memory",
    row: name,
    column: "process",
    bytes: median(found),
  }));
}
