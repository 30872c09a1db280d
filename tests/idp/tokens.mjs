// Tokens over HTTP, as a machine client gets them, and ways to spoil one.
import { generateKeyPairSync, sign } from "node:crypto";
import { CLIENTS } from "./provider.mjs";

/**
 * Asks an identity provider for an access token.
 *
 * @param {string} issuer
 * @param {{client?: string, audience?: string, scope?: string, alg?: string, ttl?: number}} [request]
 *   `ttl` in seconds
 * @returns {Promise<string>}
 */
export async function fetchToken(issuer, request = {}) {
  const { client = "alice-service", audience = "my-api", scope = "read write", alg = "RS256", ttl = 300 } = request;
  const resource = new URL(`https://resource.test/${audience}`);
  resource.searchParams.set("alg", alg);
  resource.searchParams.set("ttl", String(ttl));
  const response = await fetch(`${issuer}/token`, {
    method: "POST",
    headers: { authorization: `Basic ${Buffer.from(`${client}:${CLIENTS[client].secret}`).toString("base64")}` },
    body: new URLSearchParams({ grant_type: "client_credentials", scope, resource: resource.href }),
  });
  const body = await response.json();
  if (!response.ok) {
    throw new Error(`no token: ${response.status} ${JSON.stringify(body)}`);
  }
  return body.access_token;
}

/** The same RS256 header and claims, signed by a key that the provider does not have. */
export function forge(token) {
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const signed = token.slice(0, token.lastIndexOf("."));
  const signature = sign("sha256", Buffer.from(signed), privateKey);
  return `${signed}.${signature.toString("base64url")}`;
}
