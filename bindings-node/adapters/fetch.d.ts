import type { AuthContext, HttpAuthOptions, JwtVerifier } from "../index.js";

export { getAuthContext } from "../index.js";

/**
 * Judges requests of the Fetch standard.
 *
 * @example
 * ```ts
 * const authenticate: JwtAuthenticator = createJwtAuthenticator({ secret: process.env.JWT_SECRET });
 *
 * async function handle(request: Request): Promise<Response> {
 *   const caller = await authenticate(request);
 *   return caller instanceof Response ? caller : Response.json({ subject: caller?.subject });
 * }
 * ```
 */
export interface JwtAuthenticator {
  /**
   * Gives who is calling, the response to a refused request, or `undefined` for a request that goes through
   * without a context. The handler is yours to run; {@link JwtAuthenticator.guard} also runs it in the
   * context.
   */
  (request: Request): Promise<AuthContext | Response | undefined>;

  /** A handler whose requests are judged first, and that runs in their context. */
  guard<More extends unknown[], Answer>(
    handler: (request: Request, ...more: More) => Answer,
  ): (request: Request, ...more: More) => Promise<Response | Awaited<Answer>>;

  /** The verifier behind it, for `ready()`, `stats()` and `close()`. */
  readonly verifier: JwtVerifier;
}

/**
 * Makes a judge of requests for any server that handles a `Request` and gives a `Response`.
 *
 * @example
 * ```ts
 * import { createJwtAuthenticator, getAuthContext } from "bearergate/fetch";
 *
 * const authenticate = createJwtAuthenticator({
 *   jwksUri: "https://auth.example.com/.well-known/jwks.json",
 *   issuer: "https://auth.example.com/",
 *   audience: "my-api",
 * });
 *
 * export default {
 *   fetch: authenticate.guard(() => Response.json({ subject: getAuthContext()?.subject })),
 * };
 * ```
 *
 * @throws {ConfigError} when an option is wrong
 */
export declare function createJwtAuthenticator(options: HttpAuthOptions): JwtAuthenticator;
