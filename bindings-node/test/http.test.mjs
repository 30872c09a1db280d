// Requests judged in front of a framework, and the answers that real clients read.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { after, before, describe, it } from "node:test";
import { Code, ConnectError } from "@connectrpc/connect";
import { connectNodeAdapter } from "@connectrpc/connect-node";
import { ConfigError, createJwtAuthInterceptor, JwtAuthError, JwtVerifier } from "bearergate";
import { CALLS, clientOf, Kinds, listen, TRANSPORTS } from "./support/service.mjs";
import { hmacToken, inSeconds, rsaKey, SECRET, serveJwks } from "./support/tokens.mjs";

const { HttpGuard, answerOf } = createRequire(import.meta.url)("../lib/http.js");

const ALICE = hmacToken({ sub: "alice" });

function request(target, headers = {}, method = "POST") {
  return { method, target, header: (name) => headers[name] };
}

const bearer = (token) => ({ authorization: `Bearer ${token}` });

describe("an HTTP guard", () => {
  it("tells the context, and the headers that carry it on", () => {
    const guard = new HttpGuard({ secret: SECRET, propagateHeaders: true });
    const { context, headers } = guard.check(request("/any", bearer(ALICE)));
    assert.equal(context.subject, "alice");
    assert.deepEqual(headers.slice(0, 4), ["x-auth-subject", "alice", "x-auth-type", "jwt"]);
    assert.ok(guard.verifier instanceof JwtVerifier);
  });

  it("lets preflights, skipped paths and skipped methods through without a context", () => {
    const guard = new HttpGuard({ secret: SECRET, skipMethods: ["a.B/*"] }, { skipPaths: ["/health", "/public/*"] });
    for (const target of ["/health", "/health?deep=1", "/public/a/b.css", "/a.B/Get"]) {
      assert.equal(guard.check(request(target, bearer("forged"))), undefined, target);
    }
    const asked = { "access-control-request-method": "POST" };
    assert.equal(guard.check(request("/any", asked, "OPTIONS")), undefined);
    for (const target of ["/public", "/public/../any", "/public/%2e%2E/any", "//public/a", "http://host/health", "*"]) {
      assert.throws(() => guard.check(request(target)), { code: "ERR_CREDENTIALS_MISSING" }, target);
    }
    assert.throws(() => guard.check(request("/any", asked, "GET")), { code: "ERR_CREDENTIALS_MISSING" });
    assert.throws(() => guard.check(request("/any", {}, "OPTIONS")), { code: "ERR_CREDENTIALS_MISSING" });
  });

  it("refuses what cannot be meant", () => {
    for (const [skipPaths, option] of [
      ["/a", "skipPaths"],
      [[1], "skipPaths[0]"],
      [["/ok", "/a/../b"], "skipPaths[1]"],
      [["a"], "skipPaths[0]"],
    ]) {
      assert.throws(
        () => new HttpGuard({ secret: SECRET }, { skipPaths }),
        (error) => error instanceof ConfigError && error.option === option,
      );
    }
    assert.throws(() => new HttpGuard({ secret: SECRET }, { skipPath: ["/a"] }), { option: "skipPath" });
    assert.throws(() => new HttpGuard({}), ConfigError);
  });

  it("waits for keys, and tells the operator which method was called", async () => {
    const key = rsaKey("k");
    const jwks = await serveJwks(key);
    const seen = [];
    const verifier = new JwtVerifier({ jwksUri: jwks.url, onReject: (rejection) => seen.push(rejection.procedure) });
    const guard = new HttpGuard(verifier);
    assert.equal(guard.verifier, verifier);
    const good = await guard.check(request("/a.B/Get", bearer(key.token({ sub: "alice" }))));
    assert.equal(good.context.subject, "alice");
    assert.throws(() => guard.check(request("/a.B/Get?x=1", bearer("a.b.c"))), JwtAuthError);
    assert.throws(() => guard.check(request("/not/a/method", bearer("a.b.c"))), JwtAuthError);
    assert.deepEqual(seen, ["a.B/Get", undefined]);
    verifier.close();
    jwks.close();
  });
});

describe("an answer", () => {
  const caught = (headers, options = {}) => {
    try {
      return new HttpGuard({ secret: SECRET, ...options }).check(request("/a", headers));
    } catch (error) {
      return error;
    }
  };

  it("is in the caller's protocol", () => {
    const error = caught({});
    const json = answerOf(error, "application/json; charset=utf-8");
    assert.deepEqual(
      [json.status, JSON.parse(json.body)],
      [401, { code: "unauthenticated", message: "Missing credentials" }],
    );
    assert.deepEqual(json.headers, [
      ["content-type", "application/json"],
      ["www-authenticate", "Bearer"],
    ]);
    const grpc = answerOf(error, "application/grpc+proto");
    assert.deepEqual([grpc.status, grpc.body.length], [200, 0]);
    assert.deepEqual(grpc.headers.slice(0, 3), [
      ["content-type", "application/grpc+proto"],
      ["grpc-status", "16"],
      ["grpc-message", "Missing%20credentials"],
    ]);
  });

  it("to anything but a refusal says nothing of it", () => {
    for (const error of [new Error("the database is down"), undefined, { code: "ERR_KEYS_UNAVAILABLE" }]) {
      const { status, headers, body } = answerOf(error, undefined);
      assert.equal(status, 401);
      assert.deepEqual(JSON.parse(body), { code: "unauthenticated", message: "Authentication failed" });
      assert.deepEqual(headers.at(-1), ["www-authenticate", 'Bearer error="invalid_token"']);
    }
  });

  it("is told by a text and by nothing else", () => {
    for (const type of [["application/grpc"], 1, null, { toString: () => "application/grpc" }]) {
      assert.equal(answerOf(caught({}), type).status, 401);
    }
  });
});

describe("a refusal in front of Connect", () => {
  const OUTAGE = "http://127.0.0.1:1/jwks";
  const token = rsaKey("k").token({ sub: "alice" });
  let plain;
  let real;

  before(async () => {
    // The same refusals by answers of this file, and by the interceptor inside of Connect.
    const options = (req) => (req.url.startsWith("/outage") ? { jwksUri: OUTAGE } : { secret: SECRET });
    plain = await listen(async (req, res) => {
      const answer = await Promise.resolve()
        .then(() =>
          new HttpGuard(options(req)).check({
            method: req.method,
            target: req.url,
            header: (name) => req.headers[name],
          }),
        )
        .then(
          () => assert.fail("accepted"),
          (error) => answerOf(error, req.headers["content-type"]),
        );
      res.writeHead(answer.status, Object.fromEntries(answer.headers));
      res.end(answer.body);
    });
    const adapter = (interceptor, requestPathPrefix) =>
      connectNodeAdapter({
        interceptors: [interceptor],
        requestPathPrefix,
        routes: (router) => router.service(Kinds, {}),
      });
    const inside = adapter(createJwtAuthInterceptor({ secret: SECRET }));
    const outage = adapter(createJwtAuthInterceptor({ jwksUri: OUTAGE }), "/outage");
    real = await listen((req, res) => (req.url.startsWith("/outage") ? outage : inside)(req, res));
  });

  after(() => {
    plain.close();
    real.close();
  });

  const told = (error) => {
    assert.ok(error instanceof ConnectError, String(error));
    const { code, rawMessage, metadata, details } = error;
    const header = (name) => metadata.get(name);
    // One number of seconds, which passes between two answers.
    const retries = /^[1-9][0-9]*$/.test(header("retry-after"));
    return { code, rawMessage, details, challenge: header("www-authenticate"), retries };
  };

  for (const protocol of Object.keys(TRANSPORTS)) {
    for (const [kind, call] of Object.entries(CALLS)) {
      it(`${protocol}, ${kind}: a client sees what the interceptor would have told it`, async () => {
        for (const [path, headers, code] of [
          ["", {}, Code.Unauthenticated],
          ["", bearer(hmacToken({ sub: "alice", exp: inSeconds(-60) })), Code.Unauthenticated],
          ["/outage", bearer(token), Code.Unavailable],
        ]) {
          const [here, there] = await Promise.all(
            [plain, real].map(({ url }) =>
              call(clientOf(protocol, url + path), { headers }).then(() => assert.fail("accepted"), told),
            ),
          );
          assert.deepEqual([here.code, here.retries], [code, code === Code.Unavailable]);
          assert.deepEqual(here, there);
        }
      });
    }
  }
});
