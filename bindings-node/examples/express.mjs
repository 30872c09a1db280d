// Express. Run: JWKS_URI=https://auth.example.com/.well-known/jwks.json node express.mjs
import { createJwtAuthMiddleware } from "bearergate/express";
import express from "express";

const jwtAuth = createJwtAuthMiddleware({
  jwksUri: process.env.JWKS_URI,
  issuer: "https://auth.example.com/",
  audience: "my-api",
  claimsMapping: { roles: "realm_access.roles" },
  skipPaths: ["/healthz"],
});

const app = express();
app.use(jwtAuth);
app.use(express.json());
app.get("/healthz", (_req, res) => {
  res.json({ ok: true });
});
app.get("/me", (req, res) => {
  res.json({ subject: req.auth.subject, roles: req.auth.roles });
});

const server = app.listen(Number(process.env.PORT ?? 8080), "127.0.0.1", () => {
  console.log(`http://127.0.0.1:${server.address().port}`);
});
