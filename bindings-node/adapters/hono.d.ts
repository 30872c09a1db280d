import type { MiddlewareHandler } from "hono";
import type { AuthContext, HttpAuthOptions, JwtVerifier } from "../index.js";

export { getAuthContext } from "../index.js";

/**
 * What the middleware sets.
 *
 * @example
 * ```ts
 * import { Hono } from "hono";
 *
 * const app = new Hono<{ Variables: JwtAuthVariables }>();
 * ```
 */
export type JwtAuthVariables = {
  /** Who is calling; `undefined` where the request went through without a context. */
  auth: AuthContext | undefined;
};

/**
 * The middleware, which also carries its verifier.
 *
 * @example
 * ```ts
 * const jwtAuth: JwtAuthMiddleware = createJwtAuthMiddleware({ secret: process.env.JWT_SECRET });
 * await jwtAuth.verifier.ready({ timeout: "10s" });
 * ```
 */
export type JwtAuthMiddleware = MiddlewareHandler<{ Variables: JwtAuthVariables }> & {
  /** The verifier behind it, for `ready()`, `stats()` and `close()`. */
  readonly verifier: JwtVerifier;
};

/**
 * Makes the middleware that lets only verified requests through, sets `c.get("auth")`, and runs what
 * follows in the {@link AuthContext}.
 *
 * @example
 * ```ts
 * import { Hono } from "hono";
 * import { createJwtAuthMiddleware, type JwtAuthVariables } from "bearergate/hono";
 *
 * const app = new Hono<{ Variables: JwtAuthVariables }>();
 * app.use(
 *   createJwtAuthMiddleware({
 *     jwksUri: "https://auth.example.com/.well-known/jwks.json",
 *     issuer: "https://auth.example.com/",
 *     audience: "my-api",
 *   }),
 * );
 * app.get("/me", (c) => c.json({ subject: c.get("auth")?.subject }));
 * ```
 *
 * @throws {ConfigError} when an option is wrong
 */
export declare function createJwtAuthMiddleware(options: HttpAuthOptions): JwtAuthMiddleware;
