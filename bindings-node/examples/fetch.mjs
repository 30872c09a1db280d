// A handler of the Fetch standard, on Bun, Deno or Node. Run:
// JWKS_URI=https://auth.example.com/.well-known/jwks.json node fetch.mjs
import { createJwtAuthenticator, getAuthContext } from "bearergate/fetch";

const authenticate = createJwtAuthenticator({
  jwksUri: process.env.JWKS_URI,
  issuer: "https://auth.example.com/",
  audience: "my-api",
  claimsMapping: { roles: "realm_access.roles" },
  skipPaths: ["/healthz"],
});

const handler = authenticate.guard((request) => {
  if (new URL(request.url).pathname === "/healthz") {
    return Response.json({ ok: true });
  }
  const { subject, roles } = getAuthContext();
  return Response.json({ subject, roles });
});

const [port, hostname] = [Number(process.env.PORT ?? 8080), "127.0.0.1"];
const listening = (server) => console.log(`http://127.0.0.1:${server.port}`);
if (globalThis.Bun) {
  listening(globalThis.Bun.serve({ port, hostname, fetch: handler }));
} else if (globalThis.Deno) {
  globalThis.Deno.serve({ port, hostname, onListen: listening }, handler);
} else {
  const { serve } = await import("@hono/node-server");
  serve({ port, hostname, fetch: handler }, listening);
}
