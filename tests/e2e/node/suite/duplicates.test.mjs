// Header lines that a client repeats, and identities that a client claims.
import assert from "node:assert/strict";
import { once } from "node:events";
import net from "node:net";
import { after, before, it } from "node:test";
import { createJwtAuthInterceptor } from "bearergate";
import { startIdentityProvider } from "#idp";
import { bearer, clientOf, serve } from "./server.mjs";

let idp;
let jwtAuth;
let served;
let seen;

before(async () => {
  idp = await startIdentityProvider();
  jwtAuth = createJwtAuthInterceptor({ jwksUri: idp.jwksUri, propagateHeaders: true });
  const recorder = (next) => (req) => {
    seen = Object.fromEntries([...req.header].filter(([name]) => name.startsWith("x-auth-")));
    return next(req);
  };
  served = await serve({ interceptors: [jwtAuth, recorder] });
});

after(async () => {
  served.close();
  jwtAuth.verifier.close();
  await idp.stop();
});

/** Status of a raw HTTP/1.1 request with these Authorization lines. */
async function status(...authorizations) {
  const socket = net.connect(new URL(served.http1Url).port, "127.0.0.1");
  const lines = authorizations.map((value) => `Authorization: ${value}\r\n`).join("");
  socket.write(
    "POST /bearergate.e2e.v1.IdentityService/Unary HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n" +
      `Content-Length: 2\r\nConnection: close\r\n${lines}\r\n{}`,
  );
  const [first] = await once(socket, "data");
  socket.destroy();
  return Number(String(first).split(" ")[1]);
}

it("Node's HTTP/1.1 parser keeps the first of two Authorization headers", async () => {
  const good = `Bearer ${await idp.token()}`;
  const bad = `Bearer ${await idp.forgedToken()}`;
  assert.equal(await status(good), 200);
  assert.equal(await status(good, bad), 200);
  assert.equal(await status(bad, good), 401);
});

it("two tokens in one header are refused", async () => {
  const good = `Bearer ${await idp.token()}`;
  assert.equal(await status(`${good}, ${good}`), 401);
});

it("x-auth headers of a client are replaced by the verified context", async () => {
  const spoof = { "x-auth-subject": "root", "x-auth-roles": '["root"]', "x-auth-name": "Root" };
  await clientOf("Connect over HTTP/1.1", served).unary({}, bearer(await idp.token(), spoof));
  assert.equal(seen["x-auth-subject"], "alice-service");
  assert.equal(seen["x-auth-type"], "jwt");
  assert.equal(seen["x-auth-scopes"], "read write");
  assert.equal(JSON.parse(seen["x-auth-claims"]).sub, "alice-service");
  assert.ok(!("x-auth-roles" in seen) && !("x-auth-name" in seen));
});
