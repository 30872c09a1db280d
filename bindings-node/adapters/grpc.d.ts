import type { ServerInterceptor } from "@grpc/grpc-js";
import type { JwtAuthOptions, JwtVerifier } from "../index.js";

export { getAuthContext } from "../index.js";

/**
 * The interceptor, which also carries its verifier.
 *
 * @example
 * ```ts
 * const jwtAuth: JwtAuthServerInterceptor = createJwtAuthInterceptor({ secret: process.env.JWT_SECRET });
 * await jwtAuth.verifier.ready({ timeout: "10s" });
 * ```
 */
export type JwtAuthServerInterceptor = ServerInterceptor & {
  /** The verifier behind it, for `ready()`, `stats()` and `close()`. */
  readonly verifier: JwtVerifier;
};

/**
 * Makes the server interceptor that lets only verified calls through, of all four kinds, and runs each in
 * its {@link AuthContext}: handlers, and the events of their calls. Calls are refused before a message is
 * read.
 *
 * @example
 * ```ts
 * import { Server } from "@grpc/grpc-js";
 * import { createJwtAuthInterceptor } from "bearergate/grpc";
 *
 * const server = new Server({
 *   interceptors: [
 *     createJwtAuthInterceptor({
 *       jwksUri: "https://auth.example.com/.well-known/jwks.json",
 *       issuer: "https://auth.example.com/",
 *       audience: "my-api",
 *       skipMethods: ["grpc.health.v1.Health/*"],
 *     }),
 *   ],
 * });
 * ```
 *
 * @param optionsOrVerifier options, or a verifier to share
 * @throws {ConfigError} when an option is wrong
 */
export declare function createJwtAuthInterceptor(
  optionsOrVerifier: JwtAuthOptions | JwtVerifier,
): JwtAuthServerInterceptor;
