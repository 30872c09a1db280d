// The provider rotates its keys, goes down, comes back: requests go on.
import assert from "node:assert/strict";
import { after, before, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Code, ConnectError } from "@connectrpc/connect";
import { createJwtAuthInterceptor } from "bearergate";
import { startIdentityProvider } from "#idp";
import { bearer, callUnary, clientOf, serve } from "./server.mjs";

let idp;
let jwtAuth;
let served;
let client;

before(async () => {
  idp = await startIdentityProvider();
  jwtAuth = createJwtAuthInterceptor({
    jwksUri: idp.jwksUri,
    issuer: idp.issuer,
    audience: "my-api",
    jwks: { cooldown: 1 },
  });
  served = await serve({ interceptors: [jwtAuth] });
  client = clientOf("gRPC over HTTP/2", served);
});

after(async () => {
  served.close();
  jwtAuth.verifier.close();
  await idp.stop();
});

const accepted = async (token) => {
  const answer = await callUnary(client, bearer(token));
  assert.equal(answer.subject, "alice-service");
};

const refused = async (token, code) => {
  const error = await callUnary(client, bearer(token)).then(() => assert.fail("accepted"), ConnectError.from);
  assert.equal(error.code, code);
};

it("a cold start with many requests fetches the keys once", async () => {
  const token = await idp.token();
  await Promise.all(Array.from({ length: 20 }, () => accepted(token)));
  assert.equal(await idp.jwksRequests(), 1);
});

it("a rotated key is picked up by the request that brings it; the old one stops", async () => {
  const old = await idp.token();
  await idp.rotate("b");
  const token = await idp.token();
  await sleep(1100);
  await Promise.all(Array.from({ length: 20 }, () => accepted(token)));
  assert.equal(await idp.jwksRequests(), 2);
  await sleep(1100);
  await refused(old, Code.Unauthenticated);
});

it("a provider that is down does not stop requests under known keys", async () => {
  const token = await idp.token();
  const other = await idp.token({ alg: "ES256" });
  await idp.goDown();
  await accepted(token);
  await accepted(other);
  await idp.comeBack();
  await accepted(token);
});

it("a gate made while the provider is down starts to serve when it is back", async () => {
  const token = await idp.token();
  await idp.goDown();
  const cold = createJwtAuthInterceptor({ jwksUri: `${idp.jwksUri}?cold`, jwks: { cooldown: 1, timeout: 1 } });
  const coldServer = await serve({ interceptors: [cold] });
  try {
    const call = () => callUnary(clientOf("Connect over HTTP/1.1", coldServer), bearer(token));
    const error = await call().then(() => assert.fail("accepted"), ConnectError.from);
    assert.equal(error.code, Code.Unavailable);
    await idp.comeBack();
    await sleep(1000 * Number(error.metadata.get("retry-after")) + 500);
    const answer = await call();
    assert.equal(answer.subject, "alice-service");
  } finally {
    coldServer.close();
    cold.verifier.close();
  }
});
