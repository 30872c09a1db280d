// One small application in each framework, guarded by its adapter, on a real server on loopback:
//   /who      who is calling, by the storage and by the framework, and the x-auth-* headers seen
//   /hops     who is seen behind each kind of hop, the events of the request's body included
//   /stream   three chunks, each telling who is seen when it is made
//   /throws   throws
//   /open     is skipped
import { once } from "node:events";
import http from "node:http";
import http2 from "node:http2";
import { Readable } from "node:stream";
import { getRequestListener } from "@hono/node-server";
import { guardRequestListener } from "bearergate";
import { createJwtAuthMiddleware as expressAuth } from "bearergate/express";
import { jwtAuthPlugin } from "bearergate/fastify";
import { createJwtAuthenticator } from "bearergate/fetch";
import { createJwtAuthMiddleware as honoAuth } from "bearergate/hono";
import express from "express";
import fastify from "fastify";
import { Hono } from "hono";
import { chunks, events, hops, pulled, who } from "./hops.mjs";

const SKIP_PATHS = ["/open", "/public/*"];

const xauth = (headers) => Object.fromEntries([...headers].filter(([name]) => name.startsWith("x-auth-")));

/** The x-auth-* headers in any view that a request of node:http has of them. */
const xauthOf = ({ headers, rawHeaders, headersDistinct }) => {
  const raw = rawHeaders.flatMap((name, index) =>
    index % 2 === 0 ? [[name.toLowerCase(), rawHeaders[index + 1]]] : [],
  );
  const distinct = Object.entries(headersDistinct ?? {}).map(([name, values]) => [name, values.join()]);
  return xauth(new Map([...Object.entries(headers), ...distinct, ...raw]));
};

/** A server's port, and its end. */
async function serve(server) {
  const sockets = new Set();
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: server.address().port,
    sockets,
    close() {
      server.close();
      for (const socket of sockets) {
        socket.destroy();
      }
    },
  };
}

const json = (res, value, status = 200) => {
  res.statusCode = status;
  res.setHeader("content-type", "application/json");
  res.end(JSON.stringify(value));
};

/** The application as a bare request listener. */
function bareListener(count) {
  return async (req, res) => {
    count();
    switch (req.url.split("?")[0]) {
      case "/hops": {
        const read = events(req);
        return json(res, { ...(await hops()), ...(await read) });
      }
      case "/stream":
        return Readable.from(chunks()).pipe(res);
      case "/throws":
        await null;
        return json(res, { error: "handled", subject: who() }, 500);
      default:
        return json(res, { subject: who(), auth: who(), xauth: xauthOf(req) });
    }
  };
}

const bare = (create) => async (options) => {
  const handled = { count: 0 };
  const guarded = guardRequestListener(
    bareListener(() => {
      handled.count += 1;
    }),
    { skipPaths: SKIP_PATHS, ...options },
  );
  const server = create(guarded);
  server.on("checkContinue", guarded.checkContinue);
  return { ...(await serve(server)), handled, verifier: guarded.verifier };
};

async function startExpress(options) {
  const handled = { count: 0 };
  const app = express();
  app.set("env", "test");
  const auth = expressAuth({ skipPaths: SKIP_PATHS, ...options });
  app.use(auth);
  app.use((_req, _res, next) => {
    handled.count += 1;
    next();
  });
  app.post("/hops", async (req, res) => {
    const read = events(req);
    res.json({ ...(await hops()), ...(await read) });
  });
  app.get("/stream", (_req, res) => Readable.from(chunks()).pipe(res));
  app.get("/throws", () => {
    throw new Error("the handler's");
  });
  app.use((req, res) => res.json({ subject: who(), auth: req.auth?.subject ?? null, xauth: xauthOf(req) }));
  app.use((error, _req, res, _next) => res.status(500).json({ error: error.message, subject: who() }));
  return { ...(await serve(http.createServer(app))), handled, verifier: auth.verifier };
}

async function startFastify(options) {
  const handled = { count: 0 };
  const app = fastify({ forceCloseConnections: true });
  app.register(jwtAuthPlugin, { skipPaths: SKIP_PATHS, ...options });
  app.addHook("preHandler", async () => {
    handled.count += 1;
  });
  app.addContentTypeParser("*", { parseAs: "buffer" }, (_request, body, done) => done(null, { body, parsed: who() }));
  app.post("/hops", async (request) => ({
    ...(await hops()),
    parsed: request.body.parsed,
    length: request.body.body.length,
  }));
  app.get("/stream", (_request, reply) => reply.send(Readable.from(chunks())));
  app.get("/throws", async () => {
    throw new Error("the handler's");
  });
  const tell = async (request) => ({
    subject: who(),
    auth: request.auth?.subject ?? null,
    xauth: { ...xauth(Object.entries(request.headers)), ...xauthOf(request.raw) },
  });
  for (const url of ["/who", "/open", "/public/*"]) {
    app.all(url, tell);
  }
  app.setErrorHandler(async (error, _request, reply) => {
    reply.code(500);
    return { error: error.message, subject: who() };
  });
  await app.listen({ port: 0, host: "127.0.0.1" });
  return { port: app.server.address().port, close: () => app.close(), handled, verifier: app.jwtVerifier };
}

async function startHono(options) {
  const handled = { count: 0 };
  const app = new Hono();
  const auth = honoAuth({ skipPaths: SKIP_PATHS, ...options });
  app.use(auth);
  app.use(async (_c, next) => {
    handled.count += 1;
    await next();
  });
  app.post("/hops", async (c) => {
    const { length } = Buffer.from(await c.req.arrayBuffer());
    return c.json({ ...(await hops()), length });
  });
  app.get("/stream", (c) => c.body(pulled()));
  app.get("/throws", () => {
    throw new Error("the handler's");
  });
  app.all("*", (c) =>
    c.json({
      subject: who(),
      auth: c.get("auth")?.subject ?? null,
      xauth: { ...xauth(c.req.raw.headers), ...xauthOf(c.env.incoming) },
    }),
  );
  app.onError((error, c) => c.json({ error: error.message, subject: who() }, 500));
  return { ...(await serve(http.createServer(getRequestListener(app.fetch)))), handled, verifier: auth.verifier };
}

async function startFetch(options) {
  const handled = { count: 0 };
  const authenticate = createJwtAuthenticator({ skipPaths: SKIP_PATHS, ...options });
  const handler = authenticate.guard(async (request) => {
    handled.count += 1;
    switch (new URL(request.url).pathname) {
      case "/hops": {
        const { length } = Buffer.from(await request.arrayBuffer());
        return Response.json({ ...(await hops()), length });
      }
      case "/stream":
        return new Response(pulled());
      case "/throws":
        return Response.json({ error: "handled", subject: who() }, { status: 500 });
      default:
        return Response.json({ subject: who(), auth: who(), xauth: xauth(request.headers) });
    }
  });
  return { ...(await serve(http.createServer(getRequestListener(handler)))), handled, verifier: authenticate.verifier };
}

/** Every adapter for HTTP: `duplicates` is whether its server hands on headers that were sent twice. */
export const ADAPTERS = {
  "guardRequestListener on node:http": { start: bare(http.createServer), duplicates: true },
  "guardRequestListener on node:http2": { start: bare(http2.createServer), http2: true, duplicates: true },
  express: { start: startExpress, duplicates: true },
  fastify: { start: startFastify, duplicates: true },
  hono: { start: startHono, duplicates: true },
  fetch: { start: startFetch, duplicates: false },
};
