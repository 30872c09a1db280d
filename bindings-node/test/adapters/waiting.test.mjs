// Clients that leave while keys are fetched: their places, of which there are 4096, are free again.
import assert from "node:assert/strict";
import { once } from "node:events";
import http from "node:http";
import http2 from "node:http2";
import { createRequire } from "node:module";
import { after, before, beforeEach, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import grpc from "@grpc/grpc-js";
import { JwtVerifier } from "bearergate";
import { createJwtAuthenticator } from "bearergate/fetch";
import { createJwtAuthInterceptor } from "bearergate/grpc";
import { rsaKey } from "../support/tokens.mjs";
import { bearer, bytesOf, Connection } from "./support/client.mjs";
import { ADAPTERS } from "./support/servers.mjs";

const { HttpGuard } = createRequire(import.meta.url)("../../lib/http.js");

const MOST = 4096;
const key = rsaKey("k");
const token = key.token({ sub: "alice" });

/** Ways to ask once, and to leave. */
async function overHttp1(port) {
  const connection = await Connection.open(port);
  connection.write(bytesOf({ headers: [bearer(token)] }));
  return () => connection.close();
}

async function overHttp2(port) {
  const session = http2.connect(`http://127.0.0.1:${port}`);
  session.on("error", () => {});
  const stream = session.request({ ":path": "/who", authorization: `Bearer ${token}` });
  stream.on("error", () => {});
  await once(session, "connect");
  return () => session.destroy();
}

const served = (adapter) => async (verifier) => {
  const { port, close } = await adapter.start({ verifier });
  return { leave: await (adapter.http2 ? overHttp2 : overHttp1)(port), close };
};

async function overGrpc(verifier) {
  const server = new grpc.Server({ interceptors: [createJwtAuthInterceptor(verifier)] });
  const bytes = (value) => value;
  const method = { path: "/a.B/Get", requestStream: false, responseStream: false };
  const codec = {
    requestSerialize: bytes,
    requestDeserialize: bytes,
    responseSerialize: bytes,
    responseDeserialize: bytes,
  };
  server.addService({ get: { ...method, ...codec } }, { get: () => assert.fail("the handler ran") });
  const port = await new Promise((resolve) => {
    server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (_error, bound) => resolve(bound));
  });
  const client = new grpc.Client(`127.0.0.1:${port}`, grpc.credentials.createInsecure());
  const metadata = new grpc.Metadata();
  metadata.set("authorization", `Bearer ${token}`);
  const call = client.makeUnaryRequest("/a.B/Get", bytes, bytes, Buffer.alloc(0), metadata, () => {});
  return {
    leave: () => call.cancel(),
    close() {
      client.close();
      server.forceShutdown();
    },
  };
}

async function aborted(verifier) {
  const controller = new AbortController();
  const request = new Request("http://x/", {
    signal: controller.signal,
    headers: { authorization: `Bearer ${token}` },
  });
  const answer = createJwtAuthenticator({ verifier })(request);
  return { leave: () => controller.abort(), close: async () => assert.ok((await answer) instanceof Response) };
}

const ASKERS = {
  ...Object.fromEntries(Object.entries(ADAPTERS).map(([name, adapter]) => [name, served(adapter)])),
  grpc: overGrpc,
};
// The client of a server on node:http is told of by the server; elsewhere the request's signal tells.
ASKERS.fetch = aborted;

describe("a client that leaves while keys are fetched", () => {
  const told = [];
  let jwks;
  let verifier;
  before(async () => {
    // It never answers.
    jwks = http.createServer(() => {});
    jwks.listen(0, "127.0.0.1");
    await once(jwks, "listening");
  });
  beforeEach(() => {
    const jwksUri = `http://127.0.0.1:${jwks.address().port}/jwks`;
    verifier = new JwtVerifier({ jwksUri, jwks: { timeout: 60 }, onReject: ({ code }) => told.push(code) });
  });
  after(() => {
    jwks.close();
    jwks.closeAllConnections();
  });

  const request = (waiting) => ({
    method: "GET",
    target: "/",
    header: (name) => (name === "authorization" ? `Bearer ${token}` : undefined),
    waiting,
  });

  /** Takes a place, and tells how to leave it; undefined where there is none. */
  function place(guard) {
    let leave;
    try {
      guard
        .check(
          request((giveUp) => {
            leave = giveUp;
          }),
        )
        .catch(() => {});
    } catch (error) {
      assert.equal(error.code, "ERR_KEYS_UNAVAILABLE");
    }
    return leave;
  }

  for (const [name, ask] of Object.entries(ASKERS)) {
    it(`${name}: leaves its place to others`, async () => {
      const guard = new HttpGuard(verifier);
      for (let taken = 0; taken < MOST - 1; taken += 1) {
        assert.ok(place(guard));
      }
      const { leave, close } = await ask(verifier);
      for (let waited = 0; ; waited += 1) {
        const free = place(guard);
        free?.();
        if (free === undefined) {
          break;
        }
        assert.ok(waited < 300, "the request does not wait");
        await sleep(10);
      }
      told.length = 0;
      leave();
      for (let waited = 0; place(guard) === undefined; waited += 1) {
        assert.ok(waited < 300, "its place is still taken");
        await sleep(10);
      }
      await sleep(20);
      // Nobody is told of a refusal that nobody got.
      assert.deepEqual(
        told.filter((code) => code !== "ERR_KEYS_UNAVAILABLE"),
        [],
      );
      verifier.close();
      await close();
    });
  }
});
