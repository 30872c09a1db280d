// What is each framework's own: mount points, scopes, decorators, and what stands in for servers.
import assert from "node:assert/strict";
import { once } from "node:events";
import http from "node:http";
import { after, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { serve } from "@hono/node-server";
import { ConfigError, guardRequestListener, JwtVerifier } from "bearergate";
import { createJwtAuthMiddleware as expressAuth, getAuthContext } from "bearergate/express";
import { jwtAuthPlugin } from "bearergate/fastify";
import { createJwtAuthenticator } from "bearergate/fetch";
import { createJwtAuthMiddleware as honoAuth } from "bearergate/hono";
import express from "express";
import fastify from "fastify";
import { Hono } from "hono";
import { hmacToken, SECRET } from "../support/tokens.mjs";
import { bearer, send } from "./support/client.mjs";

const OTHER = "the secret of another tenant, thirty-two bytes and more";
const authorization = `Bearer ${hmacToken({ sub: "alice" })}`;
const ofOther = `Bearer ${hmacToken({ sub: "bob" }, { secret: OTHER })}`;

async function listening(listener) {
  const server = http.createServer(listener);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: server.address().port,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

describe("options of every adapter", () => {
  const CREATE = {
    guardRequestListener: (options) => guardRequestListener(() => {}, options),
    express: expressAuth,
    hono: honoAuth,
    fetch: createJwtAuthenticator,
  };
  for (const [name, create] of Object.entries(CREATE)) {
    it(`${name}: are checked at once`, () => {
      const verifier = new JwtVerifier({ secret: SECRET });
      for (const [options, option] of [
        [undefined, "options"],
        [null, "options"],
        [{}, "options"],
        [{ skipPaths: ["/a"] }, "options"],
        [{ secret: SECRET, audiance: "api" }, "audiance"],
        [{ secret: SECRET, skipPaths: "/a" }, "skipPaths"],
        [{ secret: SECRET, skipPaths: ["a"] }, /^skipPaths/],
        [{ secret: SECRET, skipPaths: ["/a*"] }, /^skipPaths/],
        [{ verifier: {} }, "verifier"],
        [{ verifier, audience: "api" }, "audience"],
        [{ verifier, [Symbol("x")]: 1 }, /x/],
      ]) {
        assert.throws(
          () => create(options),
          (error) => {
            assert.ok(error instanceof ConfigError, `${error}`);
            assert.match(
              error.option,
              option instanceof RegExp ? option : new RegExp(`^(${option}|publicKey|secret|jwksUri|keys)?`),
            );
            return true;
          },
        );
      }
    });
  }

  it("need a listener to guard", () => {
    assert.throws(() => guardRequestListener({ secret: SECRET }), TypeError);
  });

  it("may be a verifier, bare or beside skipPaths, which the adapter shares", () => {
    const verifier = new JwtVerifier({ secret: SECRET });
    for (const options of [verifier, { verifier }, { verifier, skipPaths: ["/a"], audience: undefined }]) {
      assert.equal(expressAuth(options).verifier, verifier);
      assert.equal(honoAuth(options).verifier, verifier);
      assert.equal(createJwtAuthenticator(options).verifier, verifier);
      assert.equal(guardRequestListener(() => {}, options).verifier, verifier);
    }
  });
});

describe("express", () => {
  let served;
  before(async () => {
    const app = express();
    const tell = (req, res) => res.json({ auth: req.auth?.subject ?? null, who: getAuthContext()?.subject ?? null });
    app.use("/api", expressAuth({ secret: SECRET, skipPaths: ["/api/open"] }));
    app.use("/api/strict", expressAuth({ secret: SECRET, audience: "strict" }));
    app.use("/api/twice", expressAuth({ secret: SECRET, skipPaths: ["/api/twice"] }));
    const router = express.Router();
    router.use(expressAuth({ secret: OTHER }));
    router.use(tell);
    app.use("/other", router);
    app.use("/api/body", express.json());
    app.use((req, res) => (req.body ? res.json({ body: req.body, who: getAuthContext()?.subject }) : tell(req, res)));
    served = await listening(app);
  });
  after(() => served.close());
  const get = async (path, value = authorization) => {
    const response = await fetch(`http://127.0.0.1:${served.port}${path}`, {
      headers: value ? { authorization: value } : {},
    });
    return response.ok ? response.json() : response.status;
  };

  it("skips by the whole path, wherever it is mounted", async () => {
    assert.deepEqual(await get("/api/open", undefined), { auth: null, who: null });
    assert.equal(await get("/api/open/", null), 401);
    assert.equal(await get("/API/open", null), 401);
  });

  it("guards what it is mounted on, and nothing else", async () => {
    assert.deepEqual(await get("/api/x"), { auth: "alice", who: "alice" });
    assert.equal(await get("/api/x", null), 401);
    assert.deepEqual(await get("/free", null), { auth: null, who: null });
    assert.deepEqual(await get("/other", ofOther), { auth: "bob", who: "bob" });
    assert.equal(await get("/other"), 401);
  });

  it("applies each of several, and keeps the context through one that skips", async () => {
    assert.equal(await get("/api/strict"), 401);
    assert.deepEqual(await get("/api/twice"), { auth: "alice", who: "alice" });
  });

  it("keeps the context behind a parser of bodies", async () => {
    const body = JSON.stringify({ text: "a".repeat(50_000) });
    const { port } = served;
    const headers = { authorization, "content-type": "application/json" };
    const response = await fetch(`http://127.0.0.1:${port}/api/body`, { method: "POST", headers, body });
    assert.deepEqual(await response.json(), { body: JSON.parse(body), who: "alice" });
  });

  it("answers itself: no error handler sees a refusal", async () => {
    const app = express();
    app.use(expressAuth({ secret: SECRET }));
    app.use((_error, _req, _res, next) => next());
    app.use((_req, res) => res.json("in"));
    const own = await listening(app);
    assert.equal((await fetch(`http://127.0.0.1:${own.port}/`)).status, 401);
    own.close();
  });
});

describe("fastify", () => {
  const who = async (request) => ({ auth: request.auth?.subject ?? null, who: getAuthContext()?.subject ?? null });

  it("guards the scope that registers it, and no other", async () => {
    const app = fastify();
    app.get("/free", who);
    app.register(async (scope) => {
      scope.register(jwtAuthPlugin, { secret: SECRET, skipPaths: ["/a/open"] });
      scope.get("/a/who", who);
      scope.get("/a/open", who);
      scope.register(async (inner) => {
        await inner.register(jwtAuthPlugin, { secret: SECRET, audience: "strict" });
        inner.get("/a/strict", who);
        assert.notEqual(inner.jwtVerifier, scope.jwtVerifier);
      });
    });
    app.register(async (scope) => {
      scope.register(jwtAuthPlugin, { secret: OTHER });
      scope.get("/b/who", who);
    });
    const get = async (url, value) => {
      const answer = await app.inject({ url, headers: value ? { authorization: value } : {} });
      return answer.statusCode === 200 ? answer.json() : answer.statusCode;
    };
    assert.deepEqual(await get("/free"), { auth: null, who: null });
    assert.deepEqual(await get("/a/who", authorization), { auth: "alice", who: "alice" });
    assert.deepEqual(await get("/a/open"), { auth: null, who: null });
    assert.deepEqual(await get("/b/who", ofOther), { auth: "bob", who: "bob" });
    for (const [url, value] of [
      ["/a/who"],
      ["/a/who", ofOther],
      ["/b/who", authorization],
      ["/a/strict", authorization],
    ]) {
      assert.equal(await get(url, value), 401, url);
    }
    await app.close();
  });

  it("guards routes of its scope that were there before, and unknown ones", async () => {
    const app = fastify();
    app.get("/early", who);
    app.register(jwtAuthPlugin, { secret: SECRET });
    assert.equal((await app.inject("/early")).statusCode, 401);
    assert.equal((await app.inject("/unknown")).statusCode, 401);
    assert.equal((await app.inject({ url: "/unknown", headers: { authorization } })).statusCode, 404);
    await app.close();
  });

  it("keeps the context through parsed bodies, validation, every hook and the response", async () => {
    const app = fastify();
    const seen = {};
    app.register(jwtAuthPlugin, { secret: SECRET });
    app.after(() => {
      for (const hook of ["preParsing", "preValidation", "preHandler", "preSerialization", "onSend", "onResponse"]) {
        app.addHook(hook, async () => {
          seen[hook] = getAuthContext()?.subject;
        });
      }
    });
    const schema = { body: { type: "object", required: ["text"], properties: { text: { type: "string" } } } };
    app.post("/", { schema }, async (request) => ({
      length: request.body.text.length,
      who: getAuthContext()?.subject,
    }));
    await app.listen({ port: 0, host: "127.0.0.1" });
    const response = await fetch(`http://127.0.0.1:${app.server.address().port}/`, {
      method: "POST",
      headers: { authorization, "content-type": "application/json" },
      body: JSON.stringify({ text: "a".repeat(200_000) }),
    });
    assert.deepEqual(await response.json(), { length: 200_000, who: "alice" });
    await app.close();
    assert.deepEqual([...new Set(Object.values(seen))], ["alice"]);
    assert.equal(Object.keys(seen).length, 6);
  });

  it("tells where an option is wrong, and closes its own verifier only", async () => {
    const wrong = fastify();
    wrong.register(jwtAuthPlugin, { secret: SECRET, audiance: "api" });
    await assert.rejects(async () => wrong.ready(), ConfigError);
    const verifier = new JwtVerifier({ jwksUri: "http://127.0.0.1:1/jwks.json" });
    for (const [options, state] of [
      [{ verifier }, "cold"],
      [{ jwksUri: "http://127.0.0.1:1/jwks.json" }, "closed"],
    ]) {
      const app = fastify();
      app.register(jwtAuthPlugin, options);
      await app.ready();
      const { jwtVerifier } = app;
      await app.close();
      assert.equal(jwtVerifier.stats().state, state);
    }
    verifier.close();
  });
});

describe("hono", () => {
  const app = new Hono();
  app.use("/api/*", honoAuth({ secret: SECRET, skipPaths: ["/api/open"] }));
  app.all("*", (c) => c.json({ auth: c.get("auth")?.subject ?? null, xauth: c.req.header("x-auth-subject") ?? null }));

  it("works without a server of node:http", async () => {
    const get = (path, headers) => app.request(path, { headers });
    assert.equal((await get("/api/x")).status, 401);
    assert.deepEqual(await (await get("/api/x", { authorization, "x-auth-subject": "root" })).json(), {
      auth: "alice",
      xauth: null,
    });
    assert.deepEqual(await (await get("/api/open", { "x-auth-subject": "root" })).json(), { auth: null, xauth: null });
    assert.deepEqual(await (await get("/free")).json(), { auth: null, xauth: null });
    assert.equal(
      (
        await get("/api/x", [
          ["authorization", authorization],
          ["authorization", authorization],
        ])
      ).status,
      401,
    );
  });

  it("leaves the length and the headers of plain responses as they are", async () => {
    const plain = new Hono();
    plain.use(honoAuth({ secret: SECRET }));
    plain.get("/", (c) => c.text("hello", 201, { "x-own": "1" }));
    const server = await new Promise((resolve) => {
      const started = serve({ fetch: plain.fetch, port: 0, hostname: "127.0.0.1" }, () => resolve(started));
    });
    const { status, headers, body } = await send(
      {},
      { port: server.address().port },
      { path: "/", headers: [["authorization", authorization]] },
    );
    assert.deepEqual([status, headers["content-length"], headers["x-own"], body], [201, "5", "1", "hello"]);
    server.close();
  });
});

describe("fetch", () => {
  const authenticate = createJwtAuthenticator({ secret: SECRET, skipPaths: ["/open"] });
  const request = (headers, url = "http://x/who") => new Request(url, { headers });

  it("gives the context, the response, or undefined", async () => {
    const context = await authenticate(request({ authorization }));
    assert.deepEqual([context.subject, context.type], ["alice", "jwt"]);
    const refusal = await authenticate(request({}));
    assert.ok(refusal instanceof Response);
    assert.deepEqual([refusal.status, refusal.headers.get("www-authenticate")], [401, "Bearer"]);
    assert.equal(await authenticate(request({}, "http://x/open?a=b")), undefined);
    assert.equal((await authenticate(request([bearer("a.b.c"), bearer("a.b.c")]))).status, 401);
  });

  it("runs the handler in the context, with all it is given, and passes on what it throws", async () => {
    const guarded = authenticate.guard(function (_request, more) {
      return Response.json([getAuthContext()?.subject, more, this.name]);
    });
    assert.deepEqual(await (await guarded.call({ name: "server" }, request({ authorization }), 7)).json(), [
      "alice",
      7,
      "server",
    ]);
    const failing = authenticate.guard(() => {
      throw new Error("the handler's");
    });
    await assert.rejects(failing(request({ authorization })), /the handler's/);
    assert.equal(getAuthContext(), undefined);
  });

  it("runs the source of a response in the context, however slowly it is read", async () => {
    const who = () => getAuthContext()?.subject ?? null;
    async function* generate(seen) {
      for (let index = 0; index < 3; index += 1) {
        seen.push(who());
        yield new Uint8Array([65]);
      }
    }
    const SOURCES = {
      pull: (seen) =>
        new ReadableStream({
          async pull(controller) {
            seen.push(who());
            await sleep(1);
            seen.push(who());
            controller.enqueue(new Uint8Array([65]));
            if (seen.length >= 6) {
              controller.close();
            }
          },
        }),
      generator: (seen) => ReadableStream.from(generate(seen)),
      cancel: (seen) =>
        new ReadableStream({
          pull: (controller) => controller.enqueue(new Uint8Array([65])),
          cancel: () => seen.push(who()),
        }),
    };
    const hono = new Hono();
    hono.use(honoAuth({ secret: SECRET }));
    hono.get("/:source", (c) => c.body(SOURCES[c.req.param("source")](c.env.seen)));
    for (const [name, source] of Object.entries(SOURCES)) {
      for (const respond of [
        (seen) => authenticate.guard(() => new Response(source(seen)))(request({ authorization })),
        (seen) => hono.request(`/${name}`, { headers: { authorization } }, { seen }),
      ]) {
        const seen = [];
        const reader = (await respond(seen)).body.getReader();
        for (let read = 0; read < 2 || name !== "cancel"; read += 1) {
          await sleep(3);
          if ((await reader.read()).done) {
            break;
          }
        }
        await reader.cancel();
        assert.ok(seen.length > 0);
        assert.deepEqual([...new Set(seen)], ["alice"], name);
      }
    }
  });

  describe("with headers that cannot be written", () => {
    const fixed = (headers, more = {}) => {
      const made = new Request("http://x/who", { ...more });
      const immutable = new Proxy(new Headers(headers), {
        get(target, name) {
          if (["delete", "set", "append"].includes(name)) {
            return () => {
              throw new TypeError("immutable");
            };
          }
          const value = target[name];
          return typeof value === "function" ? value.bind(target) : value;
        },
      });
      Object.defineProperty(made, "headers", { value: immutable });
      return made;
    };

    it("judges, and refuses what it would have to remove", async () => {
      assert.equal((await authenticate(fixed({ authorization }))).subject, "alice");
      assert.equal((await authenticate(fixed({ authorization, "x-auth-roles": "[]" }))).status, 401);
      const carrying = createJwtAuthenticator({ secret: SECRET, propagateHeaders: true });
      await assert.rejects(carrying(fixed({ authorization })), TypeError);
    });

    it("hands the handler a copy that can be, body included", async () => {
      const carrying = createJwtAuthenticator({ secret: SECRET, propagateHeaders: true });
      const guarded = carrying.guard(async (seen) =>
        Response.json([seen.headers.get("x-auth-subject"), seen.headers.get("x-auth-roles"), await seen.text()]),
      );
      const made = fixed({ authorization, "x-auth-roles": '["root"]' }, { method: "POST", body: "abc" });
      assert.deepEqual(await (await guarded(made)).json(), ["alice", null, "abc"]);
    });
  });
});
