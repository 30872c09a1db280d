// Responses that outlive their token.
import assert from "node:assert/strict";
import { once } from "node:events";
import http from "node:http";
import http2 from "node:http2";
import { describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { getRequestListener } from "@hono/node-server";
import { guardRequestListener } from "bearergate";
import { createJwtAuthMiddleware as expressAuth } from "bearergate/express";
import { jwtAuthPlugin } from "bearergate/fastify";
import { createJwtAuthenticator } from "bearergate/fetch";
import { createJwtAuthMiddleware as honoAuth } from "bearergate/hono";
import express from "express";
import fastify from "fastify";
import { Hono } from "hono";
import { hmacToken, inSeconds, SECRET } from "../support/tokens.mjs";

const OPTIONS = { secret: SECRET, endStreamsAtExpiry: true };

/** Writes for ever, as a server of events does. */
function tick(res) {
  res.writeHead(200);
  const timer = setInterval(() => res.write("tick\n"), 20);
  res.once("close", () => clearInterval(timer));
}

const ticking = () => {
  let timer;
  return new ReadableStream({
    start(controller) {
      timer = setInterval(() => controller.enqueue(new TextEncoder().encode("tick\n")), 20);
    },
    cancel() {
      clearInterval(timer);
    },
  });
};

/** A server of each kind: `/` ends after the handler has slept past the expiry, `/events` never does. */
const SERVERS = {
  "node:http": () => http.createServer(guardRequestListener(bare, OPTIONS)),
  "node:http2": () => http2.createServer(guardRequestListener(bare, OPTIONS)),
  express() {
    const app = express();
    app.use(expressAuth(OPTIONS));
    app.use(bare);
    return http.createServer(app);
  },
  async fastify() {
    const app = fastify();
    app.register(jwtAuthPlugin, OPTIONS);
    app.all("/*", (request, reply) => {
      reply.hijack();
      bare(request.raw, reply.raw);
    });
    await app.ready();
    return app.server;
  },
  hono() {
    const app = new Hono();
    app.use(honoAuth(OPTIONS));
    app.get("/events", (c) => c.body(ticking()));
    app.get("/", (c) => sleep(2200).then(() => c.text("late")));
    return http.createServer(getRequestListener(app.fetch));
  },
  fetch() {
    const authenticate = createJwtAuthenticator(OPTIONS);
    const handler = authenticate.guard(({ url }) =>
      url.endsWith("/events") ? new Response(ticking()) : sleep(2200).then(() => new Response("late")),
    );
    return http.createServer(getRequestListener(handler));
  },
};

function bare(req, res) {
  if (req.url === "/events") {
    tick(res);
  } else {
    setTimeout(() => res.end("late"), 2200);
  }
}

/** What comes of a request, and whether it came to its proper end. */
async function read(name, port, path, token) {
  const headers = { authorization: `Bearer ${token}` };
  const chunks = [];
  let ended = false;
  const session = name === "node:http2" ? http2.connect(`http://127.0.0.1:${port}`) : undefined;
  const stream = session
    ? session.request({ ":path": path, ...headers })
    : (await once(http.get({ port, path, headers, agent: false }), "response"))[0];
  stream.on("error", () => {});
  stream.on("data", (chunk) => chunks.push(chunk));
  stream.on("end", () => {
    ended = stream.rstCode === undefined || stream.rstCode === 0;
  });
  await new Promise((resolve) => stream.on("close", resolve));
  session?.destroy();
  return { text: Buffer.concat(chunks).toString(), ended };
}

describe("endStreamsAtExpiry", { concurrency: true }, () => {
  for (const [name, create] of Object.entries(SERVERS)) {
    it(`${name}: cuts off a response that is still being sent, and lets a slow one be`, async () => {
      const server = await create();
      server.listen(0, "127.0.0.1");
      await once(server, "listening");
      const { port } = server.address();
      const started = Date.now();
      const exp = inSeconds(2);
      const token = hmacToken({ sub: "alice", exp });
      const [events, slow] = await Promise.all([read(name, port, "/events", token), read(name, port, "/", token)]);
      assert.ok(events.text.startsWith("tick\ntick\n"), "it began");
      assert.equal(events.ended, false);
      assert.ok(Date.now() - started < 5000);
      assert.deepEqual(slow, { text: "late", ended: true });
      server.close();
      server.closeAllConnections?.();
    });
  }
});
