// With endStreamsAtExpiry a stream ends when its token does.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { Code, ConnectError } from "@connectrpc/connect";
import { createJwtAuthInterceptor } from "bearergate";
import { startIdentityProvider } from "#idp";
import { bearer, clientOf, serve } from "./server.mjs";

let idp;
const served = {};
const guards = [];

before(async () => {
  idp = await startIdentityProvider();
  for (const endStreamsAtExpiry of [true, false]) {
    const jwtAuth = createJwtAuthInterceptor({ jwksUri: idp.jwksUri, endStreamsAtExpiry });
    guards.push(jwtAuth);
    served[endStreamsAtExpiry] = await serve({ interceptors: [jwtAuth] });
  }
});

after(async () => {
  for (const server of Object.values(served)) {
    server.close();
  }
  for (const guard of guards) {
    guard.verifier.close();
  }
  await idp.stop();
});

/** When a token expires, in seconds since the epoch. */
const expiryOf = (token) => JSON.parse(Buffer.from(token.split(".")[1], "base64url")).exp;

/** Questions that never end by themselves. */
async function* endless(signal) {
  yield { text: "one" };
  await new Promise((resolve) => signal.addEventListener("abort", resolve));
}

const long = AbortSignal.timeout(60_000);

/** Calls of each streaming kind that outlive any token. */
const ENDLESS = {
  "server-streaming": async (client, options) => {
    for await (const _ of client.serverStream({ count: 1_000_000 }, options)) {
      // Read on.
    }
  },
  "client-streaming": (client, options) => client.clientStream(endless(long), options),
  "bidi-streaming": async (client, options) => {
    for await (const _ of client.bidi(endless(long), options)) {
      // Read on.
    }
  },
};

describe("a stream ends as unauthenticated when its token expires", { concurrency: true }, () => {
  for (const name of ["Connect over HTTP/2", "gRPC over HTTP/2", "gRPC-Web over HTTP/2"]) {
    for (const [kind, call] of Object.entries(ENDLESS)) {
      it(`${name}, ${kind}`, async () => {
        const token = await idp.token({ ttl: 3 });
        const exp = expiryOf(token);
        const error = await call(clientOf(name, served.true), bearer(token)).then(
          () => assert.fail("ended"),
          ConnectError.from,
        );
        assert.equal(error.code, Code.Unauthenticated);
        assert.equal(error.rawMessage, "Authentication failed");
        assert.equal(error.metadata.get("www-authenticate"), 'Bearer error="invalid_token"');
        const late = Date.now() - exp * 1000;
        assert.ok(late >= 0 && late < 3000, `ended ${late} ms after exp`);
      });
    }
  }
});

it("without the option a stream outlives its token", async () => {
  const token = await idp.token({ ttl: 2 });
  const client = clientOf("gRPC over HTTP/2", served.false);
  async function* slow() {
    yield { text: "one" };
    await new Promise((resolve) => setTimeout(resolve, expiryOf(token) * 1000 + 500 - Date.now()));
    yield { text: "two" };
  }
  const texts = [];
  for await (const { text, subject } of client.bidi(slow(), bearer(token))) {
    assert.equal(subject, "alice-service");
    texts.push(text);
  }
  assert.deepEqual(texts, ["one", "two"]);
});
