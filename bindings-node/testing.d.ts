import type { KeyObject, webcrypto } from "node:crypto";
import type { AuthContext, Duration, JsonWebKey, JsonWebKeySet } from "./index.js";

/**
 * The HMAC secret of {@link createTestJwt}. **Everyone knows it**: a verifier that accepts it accepts
 * anyone. It is refused as a `secret` (`ConfigError`) unless this module was loaded in the process, and
 * with `NODE_ENV=production` even then.
 *
 * @example
 * ```ts
 * import { JwtVerifier } from "bearergate";
 * import { createTestJwt, TEST_JWT_SECRET } from "bearergate/testing";
 *
 * const verifier = new JwtVerifier({ secret: TEST_JWT_SECRET });
 * const { subject } = await verifier.verify(await createTestJwt({ sub: "user-123" }));
 * ```
 */
export declare const TEST_JWT_SECRET: string;

/**
 * The `kid` of generated test keys.
 *
 * @example
 * ```ts
 * const jwk = (await generateRsaTestKeypair()).publicJwk;
 * console.assert(jwk.kid === TEST_JWT_KID);
 * ```
 */
export declare const TEST_JWT_KID: string;

/**
 * What a test token says beside its payload.
 *
 * @example
 * ```ts
 * const options: TestJwtOptions = { issuer: "https://issuer.example", audience: "my-api", expiresIn: "5m" };
 * ```
 */
export interface TestJwtOptions {
  /** `iss`. */
  readonly issuer?: string | undefined;
  /** `aud`. */
  readonly audience?: string | readonly string[] | undefined;
  /** When it expires: `"1h"`, `"-5m"` for one that has expired, seconds, or `false` for no `exp`. Default `"1h"`. */
  readonly expiresIn?: Duration | false | undefined;
  /** Header `typ`. Default `"JWT"`. */
  readonly typ?: string | undefined;
}

/**
 * What a test token of {@link createTestJwt} says beside its payload.
 *
 * @example
 * ```ts
 * const forged: TestHmacJwtOptions = { secret: "another secret than the verifier has" };
 * const token = await createTestJwt({ sub: "user-123" }, forged);
 * ```
 */
export interface TestHmacJwtOptions extends TestJwtOptions {
  /** Header `kid`. */
  readonly kid?: string | undefined;
  /** Another secret than {@link TEST_JWT_SECRET}, for a signature that must be refused. */
  readonly secret?: string | Uint8Array | undefined;
}

/**
 * What a test token of {@link createTestJwtRS256} says beside its payload.
 *
 * @example
 * ```ts
 * const published: TestRsaJwtOptions = { kid: TEST_JWT_KID, audience: "my-api" };
 * const token = await createTestJwtRS256(keypair.privateKey, { sub: "user-123" }, published);
 * ```
 */
export interface TestRsaJwtOptions extends TestJwtOptions {
  /** Header `kid`: that of the published key. */
  readonly kid: string;
}

/**
 * A generated RSA key.
 *
 * @example
 * ```ts
 * const { publicKey }: RsaTestKeypair = await generateRsaTestKeypair("2030-01");
 * const verifier = new JwtVerifier({ publicKey });
 * ```
 */
export interface RsaTestKeypair {
  /** Signs; give it to {@link createTestJwtRS256}. */
  readonly privateKey: webcrypto.CryptoKey;
  /** Verifies; may be given as `publicKey`. */
  readonly publicKey: webcrypto.CryptoKey;
  /** The public JWK, with `kid`, `alg` and `use`; give it to {@link startTestJwksServer}. */
  readonly publicJwk: JsonWebKey;
  /** The `kid` of the JWK, and of the tokens that it verifies. */
  readonly kid: string;
}

/**
 * How a {@link TestJwksServer} fails: a status, a cut connection, no answer at all, or no key set.
 *
 * @example
 * ```ts
 * const outage: TestJwksFailure[] = [503, "disconnect", "hang", "invalid"];
 * ```
 */
export type TestJwksFailure = number | "disconnect" | "hang" | "invalid";

/**
 * A key endpoint on loopback.
 *
 * @example
 * ```ts
 * await using jwks: TestJwksServer = await startTestJwksServer(keypair.publicJwk);
 * const verifier = new JwtVerifier({ issuer: jwks.origin, discover: true });
 * ```
 */
export interface TestJwksServer extends AsyncDisposable {
  /** URL of the JWK Set, for `jwksUri`. */
  readonly url: string;
  /** Its origin, for `discover` as `issuer`: it serves discovery metadata too. */
  readonly origin: string;
  /** Requests for the JWK Set so far, failed ones included. */
  readonly requests: number;
  /** The keys that are published. */
  readonly keys: readonly JsonWebKey[];
  /** Publishes these keys instead. */
  rotate(jwks: JsonWebKey | readonly JsonWebKey[] | JsonWebKeySet): void;
  /**
   * Fails from now on.
   *
   * @param how by default status 503
   * @param headers of the answer, such as `{ "retry-after": "5" }`
   */
  fail(how?: TestJwksFailure, headers?: Readonly<Record<string, string>>): void;
  /** Serves again. */
  recover(): void;
  /** Stops, open connections included. */
  close(): Promise<void>;
}

/**
 * Mints an HS256 token signed by {@link TEST_JWT_SECRET}. `iat` is now and `exp` an hour later unless
 * the payload has its own; what the options say comes before what the payload says.
 *
 * @example
 * ```ts
 * const token = await createTestJwt({ sub: "user-123", roles: ["admin"], scope: "read write" });
 * const expired = await createTestJwt({ sub: "user-123" }, { expiresIn: "-5m" });
 * ```
 *
 * @param payload the claims, as `JSON.stringify` writes them
 * @throws {ConfigError} when an option or the payload is wrong
 */
export declare function createTestJwt(
  payload: Readonly<Record<string, unknown>>,
  options?: TestHmacJwtOptions,
): Promise<string>;

/**
 * Generates an RSA key of 2048 bits, on another thread. Takes a good part of a second: make one for all
 * tests of a file.
 *
 * @example
 * ```ts
 * const keypair = await generateRsaTestKeypair();
 * const token = await createTestJwtRS256(keypair.privateKey, { sub: "user-123" }, { kid: keypair.kid });
 * ```
 *
 * @param kid of the JWK; by default {@link TEST_JWT_KID}
 */
export declare function generateRsaTestKeypair(kid?: string): Promise<RsaTestKeypair>;

/**
 * Mints an RS256 token. `iat` and `exp` as for {@link createTestJwt}.
 *
 * @example
 * ```ts
 * const token = await createTestJwtRS256(
 *   keypair.privateKey,
 *   { sub: "user-123" },
 *   { kid: keypair.kid, issuer: "https://issuer.example", audience: "my-api" },
 * );
 * ```
 *
 * @param privateKey of {@link generateRsaTestKeypair}, or another RSA key: a `KeyObject`, PEM text,
 *   DER bytes (PKCS#8) or a JWK
 * @throws {ConfigError} when the key, an option or the payload is wrong
 */
export declare function createTestJwtRS256(
  privateKey: webcrypto.CryptoKey | KeyObject | string | Uint8Array | JsonWebKey,
  payload: Readonly<Record<string, unknown>>,
  options: TestRsaJwtOptions,
): Promise<string>;

/**
 * Starts a key endpoint on a free loopback port.
 *
 * @example
 * ```ts
 * await using jwks = await startTestJwksServer(keypair.publicJwk);
 * const verifier = new JwtVerifier({ jwksUri: jwks.url, issuer: "https://issuer.example" });
 * jwks.fail(503, { "retry-after": "5" });
 * ```
 *
 * @param jwks a public JWK, an array of them, or a JWK Set
 */
export declare function startTestJwksServer(
  jwks: JsonWebKey | readonly JsonWebKey[] | JsonWebKeySet,
): Promise<TestJwksServer>;

/**
 * A context that nobody verified, for {@link withAuthContext}: `test-user` named `Test User`, with the
 * role `user`, the scope `read`, no claims and the type `test`, unless overridden.
 *
 * @example
 * ```ts
 * const admin = createMockAuthContext({ subject: "admin-1", roles: ["admin"] });
 * ```
 */
export declare function createMockAuthContext(overrides?: Partial<AuthContext>): AuthContext;

/**
 * Runs a function as if a request of this caller were being handled: `getAuthContext()` gives the
 * context in it, and in whatever it awaits.
 *
 * @example
 * ```ts
 * const greeting = await withAuthContext(createMockAuthContext({ subject: "alice" }), () => greet());
 * ```
 */
export declare function withAuthContext<T>(context: AuthContext<object>, fn: () => T | Promise<T>): Promise<T>;
