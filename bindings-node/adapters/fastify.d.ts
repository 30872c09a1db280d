import type { FastifyPluginAsync } from "fastify";
import type { AuthContext, HttpAuthOptions, JwtVerifier } from "../index.js";

export { getAuthContext } from "../index.js";

declare module "fastify" {
  interface FastifyRequest {
    /** Who is calling; `undefined` where the request went through without a context. */
    auth: AuthContext | undefined;
  }
  interface FastifyInstance {
    /** The verifier of this scope, for `ready()` and `stats()`. It is closed with the server. */
    jwtVerifier: JwtVerifier;
  }
}

/**
 * Options of the plugin; a shared verifier is given as `verifier`.
 *
 * @example
 * ```ts
 * const options: JwtAuthPluginOptions = { secret: process.env.JWT_SECRET, skipPaths: ["/healthz"] };
 * ```
 */
export type JwtAuthPluginOptions = Exclude<HttpAuthOptions, JwtVerifier>;

/**
 * The plugin that lets only verified requests through to the routes of the scope that registers it, sets
 * `request.auth`, and runs hooks and handlers in the {@link AuthContext}. Requests are judged in
 * `onRequest`, before their body is read.
 *
 * @example
 * ```ts
 * import fastify from "fastify";
 * import { jwtAuthPlugin } from "bearergate/fastify";
 *
 * const app = fastify();
 * app.get("/healthz", async () => "ok");
 * app.register(async (api) => {
 *   api.register(jwtAuthPlugin, {
 *     jwksUri: "https://auth.example.com/.well-known/jwks.json",
 *     issuer: "https://auth.example.com/",
 *     audience: "my-api",
 *   });
 *   api.get("/me", async (request) => ({ subject: request.auth?.subject }));
 * });
 * ```
 *
 * @throws {ConfigError} when an option is wrong, where the server gets ready
 */
export declare const jwtAuthPlugin: FastifyPluginAsync<JwtAuthPluginOptions>;
