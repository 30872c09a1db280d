// The request gate of Connect 2.2: judged before the body is read, once.
import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import http2 from "node:http2";
import { createRequire } from "node:module";
import { after, before, describe, it } from "node:test";
import { Code, ConnectError } from "@connectrpc/connect";
import { createJwtAuthInterceptor, createJwtRequestGate } from "bearergate";
import { startIdentityProvider } from "#idp";
import { calls } from "./handlers.mjs";
import { bearer, clientOf, kindsOf, serve, TRANSPORTS } from "./server.mjs";
import { SKIPPED } from "./service.mjs";

const manifest = createRequire(import.meta.url)
  .resolve("@connectrpc/connect")
  .replace(/dist.*/, "package.json");
const [major, minor] = JSON.parse(readFileSync(manifest)).version.split(".").map(Number);
const hasGate = major > 2 || minor >= 2;

describe("request gate", { skip: !hasGate && "this Connect has no request gate" }, () => {
  let idp;
  let jwtAuth;
  let served;
  let validated = 0;

  before(async () => {
    idp = await startIdentityProvider();
    jwtAuth = createJwtAuthInterceptor({
      jwksUri: idp.jwksUri,
      issuer: idp.issuer,
      skipMethods: SKIPPED,
      claimsMapping: { roles: "realm_access.roles" },
      validate: () => {
        validated += 1;
      },
    });
    served = await serve({
      interceptors: [jwtAuth],
      requestGate: createJwtRequestGate(jwtAuth.verifier),
    });
  });

  after(async () => {
    served.close();
    jwtAuth.verifier.close();
    await idp.stop();
  });

  for (const name of Object.keys(TRANSPORTS)) {
    for (const [kind, call] of kindsOf(name)) {
      it(`${name}, ${kind}: verified once, and the handler sees the caller`, async () => {
        validated = 0;
        const answers = await call(clientOf(name, served), bearer(await idp.token()));
        assert.ok(answers.length > 0);
        for (const { subject, roles } of answers) {
          assert.deepEqual([subject, roles], ["alice-service", ["admin", "user"]]);
        }
        assert.equal(validated, 1);
      });

      it(`${name}, ${kind}: refused`, async () => {
        const ranBefore = calls.total;
        const error = await call(clientOf(name, served), {}).then(() => assert.fail("accepted"), ConnectError.from);
        assert.equal(error.code, Code.Unauthenticated);
        assert.equal(error.rawMessage, "Missing credentials");
        assert.equal(error.metadata.get("www-authenticate"), "Bearer");
        assert.equal(calls.total, ranBefore);
      });
    }

    it(`${name}: a skipped method passes both`, async () => {
      assert.equal((await clientOf(name, served).open({})).subject, "");
    });
  }

  it("a refused request is answered while its body is still to come", async () => {
    const session = http2.connect(served.http2Url);
    const request = session.request({
      ":method": "POST",
      ":path": "/bearergate.e2e.v1.IdentityService/Unary",
      "content-type": "application/proto",
      "content-length": "1000000",
    });
    // Nothing of the body is ever sent.
    const [head] = await once(request, "response");
    assert.equal(head[":status"], 401);
    request.close();
    session.destroy();
  });
});
