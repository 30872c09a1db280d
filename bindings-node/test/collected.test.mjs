// A verifier that nobody holds any more is closed: none of the functions that judge keeps its gate open.
import assert from "node:assert/strict";
import { once } from "node:events";
import http from "node:http";
import { createRequire } from "node:module";
import { describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { hmacToken } from "./support/tokens.mjs";

const require = createRequire(import.meta.url);
const { HttpGuard } = require("../lib/http.js");
const { createJwtAuthInterceptor, JwtVerifier } = require("../index.js");

setFlagsFromString("--expose-gc");
const gc = runInNewContext("gc");

const TOKEN = hmacToken({ sub: "a" }, { header: { alg: "RS256" } });
const HEADERS = { authorization: `Bearer ${TOKEN}` };

/** An endpoint that fails, so that whoever wants its keys asks again and again; and who has asked how often. */
async function failing() {
  const asked = new Map();
  const server = http.createServer((req, res) => {
    asked.set(req.url, (asked.get(req.url) ?? 0) + 1);
    res.writeHead(500).end();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return { url: `http://127.0.0.1:${server.address().port}`, asked, close: () => server.close().closeAllConnections() };
}

/** Every way to have a token judged, each by a verifier of its own that is gone when this ends. */
async function judgeEverywhere(url) {
  const request = { service: { typeName: "a.B" }, method: { name: "C" }, header: new Headers(HEADERS), stream: false };
  const header = (name) => HEADERS[name];
  const ways = {
    verify: (options) => new JwtVerifier(options).verify(TOKEN),
    verifySync: async (options) => new JwtVerifier(options).verifySync(TOKEN),
    interceptor: (options) => createJwtAuthInterceptor(options)(() => assert.fail("ran"))(request),
    http: async (options) => new HttpGuard(options).check({ method: "GET", target: "/", header }),
  };
  for (const [way, judge] of Object.entries(ways)) {
    await assert.rejects(judge({ jwksUri: `${url}/${way}` }));
  }
  return Object.keys(ways).map((way) => `/${way}`);
}

describe("a verifier that is not held", () => {
  it("asks for keys no more once it is collected", { timeout: 20_000 }, async (t) => {
    const { url, asked, close } = await failing();
    const held = new JwtVerifier({ jwksUri: `${url}/held` });
    t.after(() => {
      held.close();
      close();
    });
    await assert.rejects(held.verify(TOKEN));
    const ways = await judgeEverywhere(url);
    for (let turn = 0; turn < 5; turn += 1) {
      gc();
      await sleep(20);
    }
    const before = Object.fromEntries(asked);
    assert.deepEqual(
      ways.filter((way) => !(before[way] >= 1)),
      [],
    );
    while (asked.get("/held") < before["/held"] + 2) {
      await sleep(20);
    }
    assert.deepEqual({ ...Object.fromEntries(asked), "/held": 0 }, { ...before, "/held": 0 });
  });
});
