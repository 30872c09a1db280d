// What the load scripts of Node share: the endpoint in its own process, tokens, figures.
import { spawn } from "node:child_process";
import { createPrivateKey, sign } from "node:crypto";
import { once } from "node:events";
import { createRequire } from "node:module";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const require = createRequire(import.meta.url);
export const { JwtVerifier } = require("../../../bindings-node/index.js");
export const { createVerifierOnClock } = require("../../../bindings-node/lib/internal/clock.js");

const encode = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");

/** Starts the endpoint. */
export async function startProvider() {
  const program = fileURLToPath(new URL("../provider.mjs", import.meta.url));
  const child = spawn(process.execPath, [program], { stdio: ["pipe", "pipe", "inherit"] });
  const [line] = await once(createInterface(child.stdout), "line");
  const { url, keys } = JSON.parse(line);
  const privateKeys = keys.map((key) => createPrivateKey({ format: "jwk", key }));
  return {
    url: (path) => `${url}${path}`,
    count: async (path) => (await fetch(`${url}/count${path}`)).json(),
    /** An ES256 token under the key of that index, which counts on beyond the pool. */
    token(index, kid, claims) {
      const signed = `${encode({ alg: "ES256", kid })}.${encode(claims)}`;
      const key = privateKeys[index % privateKeys.length];
      return `${signed}.${sign("sha256", signed, { key, dsaEncoding: "ieee-p1363" }).toString("base64url")}`;
    },
    close: () => child.stdin.end(),
  };
}

/** The value below which a share of the samples lies. */
export function quantile(samples, share) {
  const sorted = Float64Array.from(samples).sort();
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
}

export const median = (values) => quantile(values, 0.5);

/** Prints a figure, and fails the script where it is not as it must be. */
export function figure(text, holds) {
  console.log(`${holds ? "ok  " : "FAIL"} node: ${text}`);
  if (!holds) {
    process.exitCode = 1;
  }
}
