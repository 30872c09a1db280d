import type { IncomingMessage, ServerResponse } from "node:http";
import type { AuthContext, HttpAuthOptions, JwtVerifier } from "../index.js";

export { getAuthContext } from "../index.js";

declare global {
  namespace Express {
    interface Request {
      /** Who is calling; `undefined` where the request went through without a context. */
      auth?: AuthContext | undefined;
    }
  }
}

/**
 * The middleware, which also carries its verifier.
 *
 * @example
 * ```ts
 * const jwtAuth: JwtAuthMiddleware = createJwtAuthMiddleware({ secret: process.env.JWT_SECRET });
 * await jwtAuth.verifier.ready({ timeout: "10s" });
 * ```
 */
export interface JwtAuthMiddleware {
  (
    request: IncomingMessage & { originalUrl?: string | undefined; auth?: AuthContext | undefined },
    response: ServerResponse,
    next: (error?: unknown) => void,
  ): void;
  /** The verifier behind it, for `ready()`, `stats()` and `close()`. */
  readonly verifier: JwtVerifier;
}

/**
 * Makes the middleware that lets only verified requests through, sets `req.auth`, and runs what follows in
 * the {@link AuthContext}. It answers refusals itself: no error handler can let them pass. List it before
 * parsers of bodies, so that bodies of refused requests are not read.
 *
 * @example
 * ```ts
 * import express from "express";
 * import { createJwtAuthMiddleware } from "bearergate/express";
 *
 * const app = express();
 * app.use(
 *   createJwtAuthMiddleware({
 *     jwksUri: "https://auth.example.com/.well-known/jwks.json",
 *     issuer: "https://auth.example.com/",
 *     audience: "my-api",
 *     skipPaths: ["/healthz"],
 *   }),
 * );
 * app.get("/me", (req, res) => {
 *   res.json({ subject: req.auth?.subject });
 * });
 * ```
 *
 * @throws {ConfigError} when an option is wrong
 */
export declare function createJwtAuthMiddleware(options: HttpAuthOptions): JwtAuthMiddleware;
