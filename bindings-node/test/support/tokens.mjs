// Tokens and key sets for the tests.
import { createHmac, generateKeyPairSync, sign } from "node:crypto";
import { once } from "node:events";
import http from "node:http";

export const SECRET = "a secret of the unit tests, thirty-two bytes and more";

const encode = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");

/** An HS256 token. */
export function hmacToken(claims, { secret = SECRET, header = {} } = {}) {
  const signed = `${encode({ alg: "HS256", ...header })}.${encode(claims)}`;
  return `${signed}.${createHmac("sha256", secret).update(signed).digest("base64url")}`;
}

/** An RSA key that signs RS256 tokens and tells its JWK. */
export function rsaKey(kid) {
  const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  return {
    publicKey,
    jwk: { ...publicKey.export({ format: "jwk" }), alg: "RS256", use: "sig", kid },
    token(claims, header = {}) {
      const signed = `${encode({ alg: "RS256", kid, ...header })}.${encode(claims)}`;
      return `${signed}.${sign("sha256", Buffer.from(signed), privateKey).toString("base64url")}`;
    },
  };
}

/** Seconds since the epoch, a while from now. */
export const inSeconds = (seconds) => Math.floor(Date.now() / 1000) + seconds;

/** A server of key sets on loopback. */
export async function serveJwks(...keys) {
  const state = { keys, requests: 0, delayMs: 0 };
  const server = http.createServer(async (_req, res) => {
    state.requests += 1;
    await new Promise((resolve) => setTimeout(resolve, state.delayMs));
    res.setHeader("content-type", "application/json");
    res.end(JSON.stringify({ keys: state.keys.map(({ jwk }) => jwk) }));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return Object.assign(state, {
    url: `http://127.0.0.1:${server.address().port}/.well-known/jwks.json`,
    close() {
      server.close();
      server.closeAllConnections();
    },
  });
}
