// Fastify. Run: JWKS_URI=https://auth.example.com/.well-known/jwks.json node fastify.mjs
import { jwtAuthPlugin } from "bearergate/fastify";
import fastify from "fastify";

const app = fastify();
app.get("/healthz", async () => ({ ok: true }));
app.register(async (api) => {
  api.register(jwtAuthPlugin, {
    jwksUri: process.env.JWKS_URI,
    issuer: "https://auth.example.com/",
    audience: "my-api",
    claimsMapping: { roles: "realm_access.roles" },
  });
  api.get("/me", async (request) => ({ subject: request.auth.subject, roles: request.auth.roles }));
});

console.log(await app.listen({ port: Number(process.env.PORT ?? 8080), host: "127.0.0.1" }));
