// The examples of the documentation that this package mirrors, word for word but for imports and
// URLs, run against real keys and a real server. They are type-checked too (test/types).
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { Code, createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { ConfigError, createJwtAuthInterceptor, getAuthContext } from "bearergate";
import { request } from "./support/requests.mjs";
import { hmacToken, inSeconds, rsaKey, SECRET, serveJwks } from "./support/tokens.mjs";

const key = rsaKey("k");
const CLAIMS = {
  iss: "https://auth.example.com/",
  aud: "my-api",
  sub: "alice",
  iat: inSeconds(-10),
  exp: inSeconds(60),
  realm_access: { roles: ["admin"] },
  scope: "read write",
};
let jwks;

before(async () => {
  jwks = await serveJwks(key);
  process.env.JWKS_URL = jwks.url;
  process.env.JWT_SECRET = SECRET;
  process.env.KEY_DATA = key.publicKey.export({ type: "spki", format: "der" }).toString("base64");
});
after(() => jwks.close());

const who = async () => getAuthContext();

describe("documented examples", () => {
  it("JWKS", async () => {
    const { jwtAuth } = await import("./documentation/jwks.mjs");
    const context = await jwtAuth(who)(request(key.token(CLAIMS)));
    assert.deepStrictEqual(context, {
      subject: "alice",
      name: undefined,
      roles: ["admin"],
      scopes: ["read", "write"],
      claims: CLAIMS,
      type: "jwt",
      expiresAt: new Date(CLAIMS.exp * 1000),
    });
    await assert.rejects(jwtAuth(who)(request(key.token({ ...CLAIMS, iat: inSeconds(-3700) }))), (error) => {
      assert.equal(error.cause.code, "ERR_TOKEN_TOO_OLD");
      return true;
    });
    jwtAuth.verifier.close();
  });

  it("HMAC secret", async () => {
    const { jwtAuth } = await import("./documentation/hmac.mjs");
    const context = await jwtAuth(who)(request(hmacToken({ sub: "alice", iss: "my-service" })));
    assert.equal(context.subject, "alice");
    await assert.rejects(jwtAuth(who)(request(hmacToken({ sub: "alice", iss: "other" }))));
  });

  it("HMAC secret that the environment lacks", () => {
    assert.throws(() => createJwtAuthInterceptor({ secret: process.env.NO_SUCH_SECRET, issuer: "my-service" }), {
      constructor: ConfigError,
      message: /requires one of: jwksUri, secret, or publicKey/,
    });
  });

  it("public key", async () => {
    const { jwtAuth } = await import("./documentation/public-key.mjs");
    assert.equal((await jwtAuth(who)(request(key.token({ sub: "alice" })))).subject, "alice");
    await assert.rejects(jwtAuth(who)(request(rsaKey("k").token({ sub: "alice" }))));
  });

  it("key resolution priority: jwksUri > publicKey > secret", async () => {
    const other = rsaKey("other");
    const { publicKey } = other;
    const accepts = async (options, token) => {
      const jwtAuth = createJwtAuthInterceptor(options);
      assert.equal((await jwtAuth(who)(request(token))).subject, "alice");
      jwtAuth.verifier.close();
    };
    const sub = "alice";
    await accepts({ jwksUri: jwks.url, publicKey, secret: SECRET }, key.token({ sub }));
    await accepts({ publicKey, secret: SECRET }, other.token({ sub }));
    await accepts({ secret: SECRET }, hmacToken({ sub }));
    await assert.rejects(accepts({ jwksUri: jwks.url, publicKey }, other.token({ sub })));
    await assert.rejects(accepts({ publicKey, secret: SECRET }, hmacToken({ sub })));
  });

  it("full server", async () => {
    const { server, jwtAuth } = await import("./documentation/full.mjs");
    const { WhoService } = await import("./documentation/routes.mjs");
    const baseUrl = `http://127.0.0.1:${server.port}`;
    const client = createClient(WhoService, createConnectTransport({ baseUrl, httpVersion: "1.1" }));
    const answer = await client.who({}, { headers: { authorization: `Bearer ${key.token(CLAIMS)}` } });
    assert.equal(answer.value, "alice admin read write");
    await assert.rejects(client.who({}), { code: Code.Unauthenticated, rawMessage: "Missing credentials" });
    server.stop();
    jwtAuth.verifier.close();
  });
});
