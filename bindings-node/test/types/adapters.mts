// What TypeScript users write against the adapters as ES modules. It is compiled, not run.
import http from "node:http";
import http2 from "node:http2";
import https from "node:https";
import { connectNodeAdapter } from "@connectrpc/connect-node";
import { Server, type ServerInterceptor } from "@grpc/grpc-js";
import { type AuthContext, guardRequestListener, type HttpAuthOptions, JwtVerifier } from "bearergate";
import { createJwtAuthMiddleware as expressAuth, type JwtAuthMiddleware } from "bearergate/express";
import { type JwtAuthPluginOptions, jwtAuthPlugin } from "bearergate/fastify";
import { createJwtAuthenticator, getAuthContext } from "bearergate/fetch";
import { createJwtAuthInterceptor } from "bearergate/grpc";
import { createJwtAuthMiddleware as honoAuth, type JwtAuthVariables } from "bearergate/hono";
import express from "express";
import fastify from "fastify";
import { Hono } from "hono";

const verifier = new JwtVerifier({ secret: process.env.JWT_SECRET });
const options: HttpAuthOptions = { secret: process.env.JWT_SECRET, audience: "api", skipPaths: ["/healthz"] };
for (const each of [
  options,
  verifier,
  { verifier },
  { verifier, skipPaths: ["/healthz"] },
] satisfies HttpAuthOptions[]) {
  const middleware: JwtAuthMiddleware = expressAuth(each);
  console.log(middleware.verifier.stats().state);
}
// @ts-expect-error a misspelt option
expressAuth({ secret: "x", skipPath: ["/healthz"] });

const connect = connectNodeAdapter({ routes: () => {} });
const guarded = guardRequestListener(connect, options);
http.createServer(guarded).on("checkContinue", guarded.checkContinue);
https.createServer({}, guarded);
http2.createServer(guarded).on("checkContinue", guarded.checkContinue);
http.createServer(
  guardRequestListener((req: http.IncomingMessage, res: http.ServerResponse) => res.end(req.url), options),
);
const inline = guardRequestListener((req, res) => {
  res.writeHead(200, { "x-url": req.url });
  res.end();
}, options);
http.createServer(inline);
// @ts-expect-error a listener of node:http is none of node:http2
http2.createServer(inline);
http2.createServer(guardRequestListener((req: http2.Http2ServerRequest) => req.stream.id, options));

const app = express();
app.use(expressAuth(options));
app.use("/api", expressAuth({ verifier }));
app.get("/me", (req, res) => {
  const caller: AuthContext | undefined = req.auth;
  res.json(caller?.roles);
});
http.createServer(guardRequestListener(app, options));

const plugin: JwtAuthPluginOptions = { verifier, skipPaths: ["/healthz"] };
const server = fastify();
server.register(jwtAuthPlugin, plugin);
server.register(jwtAuthPlugin, { secret: "x" });
// @ts-expect-error a misspelt option
server.register(jwtAuthPlugin, { secret: "x", audiance: "api" });
server.get("/me", async (request) => {
  const caller: AuthContext | undefined = request.auth;
  return caller?.subject;
});
await server.jwtVerifier.ready({ timeout: "5s" });

const hono = new Hono<{ Variables: JwtAuthVariables }>();
hono.use(honoAuth(options));
hono.get("/me", (c) => {
  const caller: AuthContext | undefined = c.get("auth");
  return c.json({ subject: caller?.subject });
});
new Hono().get("/me", honoAuth(options), (c) => c.text(c.var.auth?.subject ?? ""));

const interceptor: ServerInterceptor = createJwtAuthInterceptor({ secret: "x", skipMethods: ["a.B/Get"] });
new Server({ interceptors: [interceptor, createJwtAuthInterceptor(verifier)] });
// @ts-expect-error skipMethods, not paths
createJwtAuthInterceptor({ secret: "x", skipPaths: ["/healthz"] });

const authenticate = createJwtAuthenticator(options);
export async function handle(request: Request): Promise<Response> {
  const result: AuthContext | Response | undefined = await authenticate(request);
  return result instanceof Response ? result : Response.json(result?.subject);
}
export const withServer: (request: Request, server: { port: number }) => Promise<Response> = authenticate.guard(
  (_request: Request, { port }: { port: number }) => Response.json([getAuthContext()?.subject, port]),
);
