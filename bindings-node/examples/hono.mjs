// Hono on Node. Run: JWKS_URI=https://auth.example.com/.well-known/jwks.json node hono.mjs
import { serve } from "@hono/node-server";
import { createJwtAuthMiddleware } from "bearergate/hono";
import { Hono } from "hono";

const app = new Hono();
app.use(
  createJwtAuthMiddleware({
    jwksUri: process.env.JWKS_URI,
    issuer: "https://auth.example.com/",
    audience: "my-api",
    claimsMapping: { roles: "realm_access.roles" },
    skipPaths: ["/healthz"],
  }),
);
app.get("/healthz", (c) => c.json({ ok: true }));
app.get("/me", (c) => c.json({ subject: c.get("auth").subject, roles: c.get("auth").roles }));

serve({ fetch: app.fetch, port: Number(process.env.PORT ?? 8080), hostname: "127.0.0.1" }, ({ port }) => {
  console.log(`http://127.0.0.1:${port}`);
});
