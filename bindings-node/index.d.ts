import type { AsyncLocalStorage } from "node:async_hooks";
import type { KeyObject, webcrypto } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Http2ServerRequest, Http2ServerResponse } from "node:http2";
import type { ConnectError, ContextKey, HandlerContext, Interceptor } from "@connectrpc/connect";

/**
 * Who is calling. A plain, deeply frozen object that always has these seven members, in this order,
 * `undefined` where something is absent.
 *
 * @typeParam TClaims the claims that your tokens carry. It says what you expect, and nothing checks
 *   it: what must be there belongs in `requiredClaims` or `validate`.
 *
 * @example
 * ```ts
 * interface TenantClaims {
 *   readonly tenant: string;
 * }
 * const { claims }: AuthContext<TenantClaims> = requireAuthContext<TenantClaims>();
 * console.log(claims.tenant.toUpperCase());
 * ```
 */
export interface AuthContext<TClaims extends object = Record<string, unknown>> {
  /** The subject: the mapped claim, else `sub`. Never empty. */
  readonly subject: string;
  /** A name for people, where the token has one. */
  readonly name?: string | undefined;
  /** Roles, from where `claimsMapping.roles` points; empty without it. */
  readonly roles: ReadonlyArray<string>;
  /** Scopes, from where `claimsMapping.scopes` points, else `scope`, else `scp`. */
  readonly scopes: ReadonlyArray<string>;
  /** All claims of the token, read-only. They are parsed when they are first read. */
  readonly claims: Readonly<TClaims>;
  /** How the caller was authenticated: `"jwt"` for what this package verifies. */
  readonly type: string;
  /**
   * When the token expires; a new `Date` at each access. Absent when the token has no `exp`, or one
   * beyond the year 9999.
   */
  readonly expiresAt?: Date | undefined;
}

/**
 * A duration: seconds as a number, or a string such as `"30s"`, `"5m"`, `"1h"`, `"7 days"`. There is
 * no unit below seconds, and no string without a unit.
 *
 * @example
 * ```ts
 * const maxTokenAge: Duration = "1h";
 * const clockTolerance: Duration = 5;
 * ```
 */
export type Duration = number | string;

/**
 * Where a claim is: a dot path such as `"realm_access.roles"` (a numeric segment is an array index;
 * a top-level claim of exactly that name is used when the path finds nothing), or an array of exact
 * names such as `["https://example.com/roles"]`.
 *
 * @example
 * ```ts
 * const nested: ClaimPath = "realm_access.roles";
 * const exact: ClaimPath = ["https://example.com/roles"];
 * ```
 */
export type ClaimPath = string | readonly string[];

/**
 * One JSON Web Key (RFC 7517 section 4).
 *
 * @example
 * ```ts
 * const key: JsonWebKey = { kty: "OKP", crv: "Ed25519", x: "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo" };
 * const verifier = new JwtVerifier({ publicKey: key });
 * ```
 */
export interface JsonWebKey {
  readonly kty?: string | undefined;
  readonly [member: string]: unknown;
}

/**
 * A JSON Web Key Set (RFC 7517 section 5).
 *
 * @example
 * ```ts
 * const response = await fetch("https://auth.example.com/.well-known/jwks.json");
 * const initial = (await response.json()) as JsonWebKeySet;
 * ```
 */
export interface JsonWebKeySet {
  readonly keys: readonly JsonWebKey[];
  readonly [member: string]: unknown;
}

/**
 * An asymmetric public key, or a fixed set of them: a `CryptoKey` (import it with
 * `extractable: true`), a `KeyObject`, PEM text (SPKI, PKCS#1 or an X.509 certificate), DER bytes
 * (SPKI), a JWK or a JWK Set.
 *
 * @example
 * ```ts
 * import { createPublicKey } from "node:crypto";
 * import { readFileSync } from "node:fs";
 *
 * const pem: PublicKeyInput = readFileSync("issuer.pem", "utf8");
 * const keyObject: PublicKeyInput = createPublicKey(pem);
 * ```
 */
export type PublicKeyInput =
  | webcrypto.CryptoKey
  | KeyObject
  | string
  | ArrayBuffer
  | Uint8Array
  | JsonWebKey
  | JsonWebKeySet;

/**
 * An HMAC secret: the UTF-8 bytes of a string (never base64-decoded), or bytes.
 *
 * @example
 * ```ts
 * const secret: SecretInput = Buffer.from(process.env.JWT_SECRET_BASE64 ?? "", "base64");
 * ```
 */
export type SecretInput = string | ArrayBuffer | Uint8Array;

/**
 * Names of signature algorithms (RFC 7518, RFC 8037, RFC 8812, RFC 9864, RFC 9964).
 *
 * @example
 * ```ts
 * const algorithms: Algorithm[] = ["RS256", "ES256"];
 * ```
 */
export type Algorithm =
  | "HS256"
  | "HS384"
  | "HS512"
  | "RS256"
  | "RS384"
  | "RS512"
  | "PS256"
  | "PS384"
  | "PS512"
  | "ES256"
  | "ES384"
  | "ES512"
  | "ES256K"
  | "EdDSA"
  | "Ed25519"
  | "ML-DSA-44"
  | "ML-DSA-65"
  | "ML-DSA-87";

/**
 * Which claims become which members of the {@link AuthContext}.
 *
 * @example
 * ```ts
 * const claimsMapping: ClaimsMapping = { name: "preferred_username", roles: "realm_access.roles" };
 * ```
 */
export interface ClaimsMapping {
  /** Used if it is a non-empty string; otherwise `sub` is. */
  readonly subject?: ClaimPath | undefined;
  /** Used if it is a string; otherwise the claim `name` is. */
  readonly name?: ClaimPath | undefined;
  /** An array's strings, or one string as the one role. Without it, roles are empty. */
  readonly roles?: ClaimPath | undefined;
  /** A space-separated string, or an array's strings; otherwise `scope` is used, then `scp`. */
  readonly scopes?: ClaimPath | undefined;
}

/**
 * Where a request carries its token.
 *
 * @example
 * ```ts
 * const credentials: CredentialsOptions = { header: "x-token", scheme: null };
 * ```
 */
export interface CredentialsOptions {
  /** Name of the header. Default `"authorization"`. */
  readonly header?: string | undefined;
  /** Scheme before the token, in any case; `null` when the header is the bare token. Default `"Bearer"`. */
  readonly scheme?: string | null | undefined;
  /** Name of a cookie that holds the bare token. */
  readonly cookie?: string | undefined;
}

/**
 * How a remote JWK Set is fetched and kept.
 *
 * @example
 * ```ts
 * const jwks: JwksOptions = { timeout: 2, cacheMaxAge: "10m", snapshotFile: "/var/lib/api/keys" };
 * ```
 */
export interface JwksOptions {
  /** For one whole fetch, discovery included: 0.1 s to 60 s. Default 5 s. */
  readonly timeout?: Duration | undefined;
  /**
   * How long a set counts as fresh when the response does not say: 60 s to 24 h. Also the most that
   * `Cache-Control` and `Expires` can ask for. Default 600 s.
   */
  readonly cacheMaxAge?: Duration | undefined;
  /** Least time between fetches that tokens cause, and the most that failures are backed off: 1 s to 3600 s. Default 30 s. */
  readonly cooldown?: Duration | undefined;
  /** How long past its age a set that cannot be refreshed still serves: 0 to 7 days. Default 3600 s. */
  readonly staleIfError?: Duration | undefined;
  /** Largest response in bytes, after decompression. Default 524288. */
  readonly maxBytes?: number | undefined;
  /** Most keys in a set. Default 256. */
  readonly maxKeys?: number | undefined;
  /** Extra request headers, sent only to the origin of the configured URL. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Path of a PEM file of certificate authorities, added to the system's. */
  readonly caFile?: string | undefined;
  /** PEM certificate authorities, added to the system's. */
  readonly ca?: string | Uint8Array | undefined;
  /** URL of a proxy; otherwise the usual environment variables say. */
  readonly proxy?: string | undefined;
  /** Allows `http:` to hosts that are not loopback. Default `false`. */
  readonly allowHttp?: boolean | undefined;
  /** A set to start from. It is stale from the start: served for `staleIfError` and refreshed with the first request. */
  readonly initial?: JsonWebKeySet | undefined;
  /** Start of the background refresh, as a share of the age: 0.1 to 0.95. Default 0.8. */
  readonly refreshAhead?: number | undefined;
  /**
   * Path of a file that keeps the last good set, so that a start is possible while the endpoint is
   * down. Written with mode 0600 after each good fetch. Read only if it is a regular file of the
   * effective user that nobody else can write, for the same URL (or, with `discover`, issuer); the set
   * is as old as it was. What cannot be used is ignored, and `onFetchError` told. Unix only.
   */
  readonly snapshotFile?: string | undefined;
}

/**
 * The verified-signature cache.
 *
 * @example
 * ```ts
 * const cache: CacheOptions = { maxEntries: 10_000 };
 * ```
 */
export interface CacheOptions {
  /** Most remembered tokens: 1 to 1,000,000. Default 1024. */
  readonly maxEntries?: number | undefined;
}

/**
 * Rules that may differ from issuer to issuer.
 *
 * @example
 * ```ts
 * const rules: IssuerRules = { audience: "my-api", maxTokenAge: "1h", requiredClaims: ["tenant"] };
 * ```
 */
export interface IssuerRules {
  /** Accepted `aud`: any of these. Unchecked when absent. */
  readonly audience?: string | readonly string[] | undefined;
  /** Accepted `alg`; by default what the key source can do. */
  readonly algorithms?: readonly (Algorithm | (string & {}))[] | undefined;
  /** Most that may have passed since `iat`, which must then be present. */
  readonly maxTokenAge?: Duration | undefined;
  /** Allowed difference between clocks: 0 to 600 s. Default 0. */
  readonly clockTolerance?: Duration | undefined;
  /** Required header `typ`, in any case; `application/` is implied where there is no slash. */
  readonly typ?: string | undefined;
  /** Claims that must be present, checked in this order. */
  readonly requiredClaims?: readonly string[] | undefined;
  /** Which claims become which members of the context. */
  readonly claimsMapping?: ClaimsMapping | undefined;
  /** What to do with tokens bound to a key or certificate (`cnf`). Default `"reject"`. */
  readonly confirmation?: "reject" | "ignore" | undefined;
}

/** What every entry of `issuers` has, its key source not given. */
interface IssuerEntryBase extends IssuerRules {
  /** The exact `iss`. */
  readonly issuer: string;
  /** URL of its JWK Set. */
  readonly jwksUri?: string | undefined;
  /** Find the JWK Set from the issuer's metadata. */
  readonly discover?: boolean | undefined;
  /** Its public key, or a fixed set. */
  readonly publicKey?: PublicKeyInput | undefined;
  /** Its HMAC secret, or several during a rotation. */
  readonly secret?: SecretInput | readonly SecretInput[] | undefined;
  /** How its remote set is fetched and kept. */
  readonly jwks?: JwksOptions | undefined;
}

interface IssuerByJwksUri extends IssuerEntryBase {
  readonly jwksUri: string | undefined;
  readonly discover?: false | undefined;
  readonly publicKey?: undefined;
  readonly secret?: undefined;
}

interface IssuerByDiscovery extends IssuerEntryBase {
  readonly discover: true;
  readonly jwksUri?: undefined;
  readonly publicKey?: undefined;
  readonly secret?: undefined;
}

interface IssuerByPublicKey extends IssuerEntryBase {
  readonly publicKey: PublicKeyInput | undefined;
  readonly jwksUri?: undefined;
  readonly discover?: false | undefined;
  readonly secret?: undefined;
}

interface IssuerBySecret extends IssuerEntryBase {
  readonly secret: SecretInput | readonly SecretInput[] | undefined;
  readonly jwksUri?: undefined;
  readonly discover?: false | undefined;
  readonly publicKey?: undefined;
}

/**
 * One of several trusted issuers, with its own rules and exactly one key source: `jwksUri`, `discover`,
 * `publicKey` or `secret`. Two are an error here and in the editor.
 *
 * @example
 * ```ts
 * const issuers: IssuerEntry[] = [
 *   { issuer: "https://auth.example.com/", discover: true, audience: "my-api" },
 *   { issuer: "batch", secret: process.env.BATCH_SECRET },
 * ];
 * const verifier = new JwtVerifier({ issuers });
 * ```
 */
export type IssuerEntry = IssuerByJwksUri | IssuerByDiscovery | IssuerByPublicKey | IssuerBySecret;

/** Where the keys of one issuer, or of none in particular, come from. */
interface KeySources {
  /** URL of a remote JWK Set: `https:`, or `http:` to a loopback host. Used before `publicKey` and `secret`. */
  readonly jwksUri?: string | undefined;
  /** Asymmetric public key, or a fixed set of them. Used before `secret`, and ignored beside `jwksUri`. */
  readonly publicKey?: PublicKeyInput | undefined;
  /**
   * HMAC secret, at least 32 bytes (48 with `HS384`, 64 with `HS512` in `algorithms`), or an array
   * of them, any of which verifies. Ignored beside `jwksUri` and `publicKey`.
   */
  readonly secret?: SecretInput | readonly SecretInput[] | undefined;
  /** Accepted `iss`: exactly this, or any of these. Unchecked when absent. */
  readonly issuer?: string | readonly string[] | undefined;
  /** Find the JWK Set from the metadata of the one `issuer`. Default `false`. */
  readonly discover?: boolean | undefined;
  /** Several issuers, each with its own keys. Excludes `issuer`, `discover`, `jwks` and key sources here. */
  readonly issuers?: readonly IssuerEntry[] | undefined;
  /** How the remote set is fetched and kept. */
  readonly jwks?: JwksOptions | undefined;
}

interface KeysByJwksUri extends KeySources {
  readonly jwksUri: string | undefined;
  readonly discover?: false | undefined;
  readonly issuers?: undefined;
}

interface KeysByPublicKey extends KeySources {
  readonly publicKey: PublicKeyInput | undefined;
  readonly discover?: false | undefined;
  readonly issuers?: undefined;
}

interface KeysBySecret extends KeySources {
  readonly secret: SecretInput | readonly SecretInput[] | undefined;
  readonly discover?: false | undefined;
  readonly issuers?: undefined;
}

interface KeysByDiscovery extends KeySources {
  readonly discover: true;
  /** The one issuer, whose metadata names the JWK Set. */
  readonly issuer: string;
  readonly jwksUri?: undefined;
  readonly issuers?: undefined;
}

interface KeysByIssuers extends KeySources {
  readonly issuers: readonly IssuerEntry[];
  readonly jwksUri?: undefined;
  readonly publicKey?: undefined;
  readonly secret?: undefined;
  readonly issuer?: undefined;
  readonly discover?: false | undefined;
  readonly jwks?: undefined;
}

/**
 * The key source of a verifier, as a union: at least one of `jwksUri`, `publicKey` and `secret` is named,
 * or else `discover: true` with the one `issuer`, or else `issuers`. What never goes together
 * (`discover` with `jwksUri`; `issuers` with any other source) is an error in the editor.
 *
 * What goes together is not: of `jwksUri`, `publicKey` and `secret` several may be given, and the first
 * of them in this order is used. Each may be `undefined`, as what an environment variable holds may be;
 * that all of them are is found at construction.
 *
 * @example
 * ```ts
 * const remote: KeySourceOptions = { jwksUri: process.env.JWKS_URI, secret: process.env.JWT_SECRET };
 * const found: KeySourceOptions = { discover: true, issuer: "https://auth.example.com/" };
 * // @ts-expect-error two sources of which neither comes first
 * const both: KeySourceOptions = { discover: true, issuer: "https://a.example/", jwksUri: "https://a.example/jwks" };
 * ```
 */
export type KeySourceOptions = KeysByJwksUri | KeysByPublicKey | KeysBySecret | KeysByDiscovery | KeysByIssuers;

/**
 * What goes with any key source.
 *
 * @example
 * ```ts
 * const ours: JwtAuthRules = { audience: "my-api", skipMethods: ["grpc.health.v1.Health/*"] };
 * const jwtAuth = createJwtAuthInterceptor({ ...ours, jwksUri: process.env.JWKS_URI });
 * ```
 */
export interface JwtAuthRules extends IssuerRules {
  /** The verified-signature cache, or `false` for none. */
  readonly cache?: false | CacheOptions | undefined;
  /**
   * Verifies signatures that take long (ES384, ES512, ES256K, ML-DSA) on other threads, up to four, so that
   * many at once do not hold up the event loop. Such a token then takes some 0.05 ms more, and always a turn
   * of the event loop; all others are verified where they are asked about, as they would be without this,
   * and `verifySync` verifies every token there. Default `false`.
   */
  readonly offMainThread?: boolean | undefined;
  /** Longest token in bytes: 256 to 1048576. Default 16384. */
  readonly maxTokenBytes?: number | undefined;
  /**
   * Methods that go through without a context: `"*"`, `"pkg.Service/*"` or `"pkg.Service/Method"`.
   * Default none.
   */
  readonly skipMethods?: readonly string[] | undefined;
  /** Write the verified context to `x-auth-*` request headers. Default `false`. */
  readonly propagateHeaders?: boolean | undefined;
  /** Which claims go into `x-auth-claims`. Default all. */
  readonly propagatedClaims?: readonly string[] | undefined;
  /** Where a request carries its token. Default `Authorization: Bearer`. */
  readonly credentials?: CredentialsOptions | undefined;
  /** End a stream when its token's `exp` and the clock tolerance have passed. Default `false`. */
  readonly endStreamsAtExpiry?: boolean | undefined;
  /** URL named as `resource_metadata` in `WWW-Authenticate` (RFC 9728). */
  readonly resourceMetadata?: string | undefined;
  /**
   * The last word on a verified token. `false`, or another falsy value than `undefined`, refuses it
   * (`ERR_REVOKED`); a throw or a rejection refuses it too (`ERR_VALIDATE_FAILED`).
   */
  readonly validate?: ((context: AuthContext) => unknown) | undefined;
  /** Told of each refusal. Whatever it returns or throws changes nothing. */
  readonly onReject?: ((rejection: Rejection) => unknown) | undefined;
  /** Told of each good fetch of keys, soon after. Whatever it returns or throws changes nothing. */
  readonly onFetch?: ((event: FetchEvent) => unknown) | undefined;
  /** Told of each fetch of keys that failed, and of a snapshot that cannot be used or written. */
  readonly onFetchError?: ((event: FetchErrorEvent) => unknown) | undefined;
  /** Told when other keys are in service than before. */
  readonly onKeysChanged?: ((event: KeysChangedEvent) => unknown) | undefined;
}

/**
 * Options of a verifier, and of everything built on one. `undefined` and `null` mean "not given";
 * an unknown member is an error.
 *
 * @example
 * ```ts
 * const options: JwtAuthOptions = {
 *   jwksUri: "https://auth.example.com/.well-known/jwks.json",
 *   issuer: "https://auth.example.com/",
 *   audience: "my-api",
 *   maxTokenAge: "1h",
 *   claimsMapping: { roles: "realm_access.roles" },
 * };
 * ```
 */
export type JwtAuthOptions = JwtAuthRules & KeySourceOptions;

/**
 * The name that `@connectum/auth` gives these options.
 *
 * @example
 * ```ts
 * const options: JwtAuthInterceptorOptions = { secret: process.env.JWT_SECRET, issuer: "my-service" };
 * ```
 */
export type JwtAuthInterceptorOptions = JwtAuthOptions;

/**
 * What a token or a request was refused for.
 *
 * @example
 * ```ts
 * const retried: JwtAuthErrorCode[] = ["ERR_KEYS_UNAVAILABLE"];
 * ```
 */
export type JwtAuthErrorCode =
  | "ERR_CREDENTIALS_MISSING"
  | "ERR_TOKEN_TOO_LARGE"
  | "ERR_TOKEN_MALFORMED"
  | "ERR_TOKEN_CRITICAL"
  | "ERR_ALG_NOT_ALLOWED"
  | "ERR_KEY_NOT_FOUND"
  | "ERR_KEY_AMBIGUOUS"
  | "ERR_KEYS_UNAVAILABLE"
  | "ERR_SIGNATURE_INVALID"
  | "ERR_CLAIMS_MALFORMED"
  | "ERR_TYP_INVALID"
  | "ERR_CLAIM_MISSING"
  | "ERR_CLAIM_INVALID"
  | "ERR_TOKEN_NOT_YET_VALID"
  | "ERR_TOKEN_EXPIRED"
  | "ERR_TOKEN_TOO_OLD"
  | "ERR_TOKEN_BOUND"
  | "ERR_SUBJECT_MISSING"
  | "ERR_SUBJECT_TOO_LONG"
  | "ERR_REVOKED"
  | "ERR_VALIDATE_FAILED"
  | "ERR_INTERNAL";

/**
 * Why a check failed, in one word.
 *
 * @example
 * ```ts
 * const isTimeout = (reason: JwtAuthErrorReason): boolean => reason === "timeout";
 * ```
 */
export type JwtAuthErrorReason = "missing" | "invalid" | "check_failed" | "unsupported" | "unavailable" | "timeout";

/** What every event about keys says. */
interface KeyEvent {
  /** Where the keys come from, without its query. */
  readonly url: string;
  /** The configured issuer whose keys they are; absent where `issuer` is not one string. */
  readonly issuer?: string;
}

/**
 * A good fetch of keys.
 *
 * @example
 * ```ts
 * const onFetch = ({ url, durationMs }: FetchEvent) => console.info(`keys of ${url} in ${durationMs} ms`);
 * const verifier = new JwtVerifier({ jwksUri: process.env.JWKS_URI, onFetch });
 * ```
 */
export interface FetchEvent extends KeyEvent {
  /** How long it took in milliseconds, discovery included. */
  readonly durationMs: number;
  /** Whether the server said that the set is still current (304). */
  readonly notModified: boolean;
  /** Number of usable keys. */
  readonly keys: number;
  /** Number of keys that are not used. */
  readonly skipped: number;
}

/**
 * A fetch that gave nothing, or a snapshot that cannot be used or written. The old set serves on.
 *
 * @example
 * ```ts
 * const onFetchError = ({ url, error, state }: FetchErrorEvent) => console.warn(`${url}: ${error} (now ${state})`);
 * const verifier = new JwtVerifier({ jwksUri: process.env.JWKS_URI, onFetchError });
 * ```
 */
export interface FetchErrorEvent extends KeyEvent {
  /** What failed: the network, or the file of `jwks.snapshotFile`. */
  readonly source: "remote" | "snapshot";
  /** What went wrong, in words. */
  readonly error: string;
  /** `invalid`: the answer cannot be used. */
  readonly reason: "timeout" | "unavailable" | "invalid";
  /** HTTP status, where the status alone is a failure. */
  readonly status?: number;
  /** State of the keys after it, as in {@link VerifierStats.state}. */
  readonly state: VerifierStats["state"];
  /** How long the fetch took in milliseconds. */
  readonly durationMs?: number;
  /** Seconds until the set itself tries again. */
  readonly nextAttemptSeconds?: number;
}

/**
 * Other keys are in service than before.
 *
 * @example
 * ```ts
 * const onKeysChanged = ({ added, removed }: KeysChangedEvent) => console.info("keys changed", { added, removed });
 * const verifier = new JwtVerifier({ jwksUri: process.env.JWKS_URI, onKeysChanged });
 * ```
 */
export interface KeysChangedEvent extends KeyEvent {
  /** Where they come from: the network, `jwks.snapshotFile`, or `jwks.initial`. */
  readonly source: "remote" | "snapshot" | "initial";
  /** Number of usable keys now. */
  readonly keys: number;
  /** `kid` of each key that is new, `null` for one without. */
  readonly added: readonly (string | null)[];
  /** `kid` of each key that is gone, `null` for one without. */
  readonly removed: readonly (string | null)[];
  /** Keys of the set that are not used. */
  readonly skipped: readonly SkippedKey[];
}

/**
 * A refusal as `onReject` is told of it. It never holds the token, a signature or a secret.
 *
 * @example
 * ```ts
 * const onReject = ({ code, procedure }: Rejection) => console.warn(`${procedure}: ${code}`);
 * const jwtAuth = createJwtAuthInterceptor({ jwksUri: process.env.JWKS_URI, onReject });
 * ```
 */
export interface Rejection {
  /** What was refused. */
  readonly code: JwtAuthErrorCode;
  /** The code that the client got. */
  readonly connectCode: "unauthenticated" | "unavailable";
  /** The claim that the check was about. */
  readonly claim?: string;
  /** Why the check failed. */
  readonly reason?: JwtAuthErrorReason;
  /** The token's `alg`, unverified: printable ASCII, at most 128 characters. */
  readonly alg?: string;
  /** The token's `kid`, unverified: printable ASCII, at most 128 characters. */
  readonly kid?: string;
  /** The configured issuer that applied, never the token's. */
  readonly issuer?: string;
  /** The method that was called, as `pkg.Service/Method`; absent for a bare token. */
  readonly procedure?: string;
}

/**
 * What the channel `bearergate:verify` of `node:diagnostics_channel` tells of each judged token or request.
 * It never holds a token, a signature or a secret.
 *
 * @example
 * ```ts
 * import { subscribe } from "node:diagnostics_channel";
 *
 * subscribe("bearergate:verify", (message) => {
 *   const { outcome, durationMs, procedure } = message as VerifyEvent;
 *   console.debug(`${procedure}: ${outcome} in ${durationMs} ms`);
 * });
 * ```
 */
export interface VerifyEvent extends Partial<Omit<Rejection, "code">> {
  /** `OK`, or what was refused. */
  readonly outcome: "OK" | JwtAuthErrorCode;
  /** How long it took in milliseconds, waiting for keys and for `validate` included. */
  readonly durationMs: number;
}

/**
 * What the channel `bearergate:jwks` of `node:diagnostics_channel` tells: the events of `onFetch`,
 * `onFetchError` and `onKeysChanged`, each with its `type`.
 *
 * @example
 * ```ts
 * import { subscribe } from "node:diagnostics_channel";
 *
 * subscribe("bearergate:jwks", (message) => {
 *   const event = message as JwksEvent;
 *   if (event.type === "fetchError") {
 *     console.warn(`keys of ${event.url}: ${event.error} (now ${event.state})`);
 *   }
 * });
 * ```
 */
export type JwksEvent =
  | ({ readonly type: "fetch" } & FetchEvent)
  | ({ readonly type: "fetchError" } & FetchErrorEvent)
  | ({ readonly type: "keysChanged" } & KeysChangedEvent);

/**
 * A token, or a request without one, was refused.
 *
 * @example
 * ```ts
 * const verifier = new JwtVerifier({ jwksUri: process.env.JWKS_URI });
 * try {
 *   await verifier.verify("token");
 * } catch (error) {
 *   console.warn(error instanceof JwtAuthError ? error.code : error);
 * }
 * ```
 */
export declare class JwtAuthError extends Error {
  private constructor();
  override readonly name: "JwtAuthError";
  /** What was refused. */
  readonly code: JwtAuthErrorCode;
  /** The claim that the check was about. */
  readonly claim: string | undefined;
  /** Why the check failed. */
  readonly reason: JwtAuthErrorReason;
}

/**
 * An option is wrong. Thrown where the options are given, never while a request is judged.
 *
 * @example
 * ```ts
 * try {
 *   createJwtAuthInterceptor({ secret: process.env.JWT_SECRET });
 * } catch (error) {
 *   console.error(error instanceof ConfigError ? `${error.option}: ${error.message}` : error);
 *   process.exitCode = 1;
 * }
 * ```
 */
export declare class ConfigError extends TypeError {
  private constructor();
  override readonly name: "ConfigError";
  readonly code: "ERR_CONFIG";
  /** Path of the option, such as `"jwks.timeout"`. */
  readonly option: string;
}

/**
 * A key of a remote set that is not used.
 *
 * @example
 * ```ts
 * const describe = ({ kid, reason }: SkippedKey): string => `${kid ?? "a key without kid"}: ${reason}`;
 * ```
 */
export interface SkippedKey {
  /** Its `kid`, if it has one. */
  readonly kid: string | null;
  /** Why it is not used. */
  readonly reason: string;
}

/**
 * State of a verifier's keys, and counts since it was made. With several issuers, numbers are sums
 * and the state is the worst.
 *
 * @example
 * ```ts
 * const verifier = new JwtVerifier({ jwksUri: process.env.JWKS_URI });
 * const { state, keys, lastError }: VerifierStats = verifier.stats();
 * ```
 */
export interface VerifierStats {
  /**
   * `static`: fixed keys. `cold`: none yet. `fresh`; `ageing`: due for a refresh; `stale`: past its
   * age; `dead`: too stale to serve. `closed`.
   */
  readonly state: "static" | "cold" | "fresh" | "ageing" | "stale" | "dead" | "closed";
  /** Usable keys. */
  readonly keys: number;
  /** Keys of the newest good sets that are not used. */
  readonly skipped: readonly SkippedKey[];
  /** Age of the oldest set in seconds. */
  readonly ageSeconds: number | null;
  /** When the last good fetch ended, in milliseconds since the epoch; of several sets, the oldest. */
  readonly lastSuccess: number | null;
  /** Why the last failed fetch failed. */
  readonly lastError: string | null;
  /** Seconds until the set itself may fetch again; `null` while it does. */
  readonly nextAttemptSeconds: number | null;
  /** Whether a fetch is under way. */
  readonly fetching: boolean;
  /** Fetches begun. */
  readonly fetches: number;
  /** Fetches that failed. */
  readonly failures: number;
  /** Tokens whose signature was remembered. */
  readonly cacheHits: number;
  /** Tokens whose signature was verified anew. */
  readonly cacheMisses: number;
  /** URL of the first remote set, without its query. */
  readonly url: string | null;
}

/**
 * Verifies bare tokens, without a server. Keys are parsed once and shared by all calls: make one when the
 * program starts.
 *
 * @example
 * ```ts
 * const verifier = new JwtVerifier({
 *   jwksUri: "https://auth.example.com/.well-known/jwks.json",
 *   issuer: "https://auth.example.com/",
 *   audience: "my-api",
 * });
 * await verifier.ready({ timeout: "5s" });
 * const { subject } = await verifier.verify("token");
 * verifier.close();
 * ```
 */
export declare class JwtVerifier implements AsyncDisposable {
  /** @throws {ConfigError} when an option is wrong */
  constructor(options: JwtAuthOptions);

  /**
   * Verifies a token, waiting for keys if it must.
   *
   * @typeParam TClaims the claims that are expected; nothing checks it
   * @throws {JwtAuthError} when the token is refused
   */
  verify<TClaims extends object = Record<string, unknown>>(token: string): Promise<AuthContext<TClaims>>;

  /**
   * Verifies a token without waiting. Where keys would have to be waited for it throws
   * `ERR_KEYS_UNAVAILABLE`, and their fetch is under way.
   *
   * @typeParam TClaims the claims that are expected; nothing checks it
   * @throws {JwtAuthError} when the token is refused, and `ERR_VALIDATE_FAILED` when `validate` is
   *   asynchronous
   */
  verifySync<TClaims extends object = Record<string, unknown>>(token: string): AuthContext<TClaims>;

  /**
   * Waits until keys are there, fetching them if need be.
   *
   * @param options `timeout`: longest wait, over which failed fetches are repeated; by default an hour
   * @throws {JwtAuthError} `ERR_KEYS_UNAVAILABLE`, its `reason` `"timeout"` when the wait was too long
   * @throws {ConfigError} when `timeout` is no duration, or anything else is given
   */
  ready(options?: { readonly timeout?: Duration | undefined }): Promise<void>;

  /** State of the keys, and counts. */
  stats(): VerifierStats;

  /** Ends fetching. Waiting calls are refused as unavailable. May be called again. */
  close(): void;

  /** Does what {@link JwtVerifier.close} does. */
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * The interceptor, which also carries its verifier.
 *
 * @example
 * ```ts
 * const jwtAuth: JwtAuthInterceptor = createJwtAuthInterceptor({ jwksUri: process.env.JWKS_URI });
 * await jwtAuth.verifier.ready();
 * ```
 */
export type JwtAuthInterceptor = Interceptor & {
  /** The verifier behind it, for `ready()`, `stats()` and `close()`. */
  readonly verifier: JwtVerifier;
};

/**
 * Makes the interceptor that lets only verified requests through and runs each in its
 * {@link AuthContext}, streams included.
 *
 * @example
 * ```ts
 * const jwtAuth = createJwtAuthInterceptor({
 *   jwksUri: "https://auth.example.com/.well-known/jwks.json",
 *   issuer: "https://auth.example.com/",
 *   audience: "my-api",
 * });
 * ```
 *
 * @param optionsOrVerifier options, or a verifier to share
 * @throws {ConfigError} when an option is wrong
 * @returns an interceptor whose refusals are `ConnectError`s, the {@link JwtAuthError} as `cause`
 */
export declare function createJwtAuthInterceptor(optionsOrVerifier: JwtAuthOptions | JwtVerifier): JwtAuthInterceptor;

/**
 * Makes a `requestGate` for Connect 2.2 and later: it refuses before the body of a request is read,
 * and leaves the context in the request's context values under {@link jwtAuthContextKey}. Use it
 * together with the interceptor, which then does not verify again: give the gate the interceptor's
 * verifier. An interceptor of other options or hooks verifies by itself.
 *
 * @example
 * ```ts
 * const jwtAuth = createJwtAuthInterceptor(options);
 * connectNodeAdapter({
 *   routes,
 *   requestGate: createJwtRequestGate(jwtAuth.verifier),
 *   interceptors: [jwtAuth],
 * });
 * ```
 *
 * @param optionsOrVerifier options, or a verifier to share
 * @throws {ConfigError} when an option is wrong
 */
export declare function createJwtRequestGate(
  optionsOrVerifier: JwtAuthOptions | JwtVerifier,
): (context: HandlerContext) => void | Promise<void>;

/**
 * What adapters for HTTP servers take beside the options of a verifier.
 *
 * @example
 * ```ts
 * const open: HttpOptions = { skipPaths: ["/healthz", "/public/*"] };
 * ```
 */
export interface HttpOptions {
  /**
   * Paths that go through without a context, exact (`"/healthz"`) or all under one (`"/public/*"`), compared
   * with the raw path of the request. A path with an empty or a dot segment, a backslash, or an encoded
   * slash, backslash or dot is never skipped. Whatever matches is open to everyone. Default none.
   */
  readonly skipPaths?: readonly string[] | undefined;
}

/**
 * Options of adapters for HTTP servers: those of a verifier and {@link HttpOptions}, a verifier to share in
 * their place, or a bare verifier.
 *
 * @example
 * ```ts
 * const verifier = new JwtVerifier({ jwksUri: "https://auth.example.com/.well-known/jwks.json" });
 * const shared: HttpAuthOptions = { verifier, skipPaths: ["/healthz"] };
 * ```
 */
export type HttpAuthOptions =
  | (JwtAuthOptions & HttpOptions)
  | ({ readonly verifier: JwtVerifier } & HttpOptions)
  | JwtVerifier;

/** `L` as a listener of the one kind of request, where it is one. */
type Takes<L, Req, Res> = L extends (request: Req, response: Res) => unknown
  ? (request: Req, response: Res) => unknown
  : unknown;

/** `L` as a listener of whichever kinds of request it takes. */
type ListenerLike<L> = Takes<L, IncomingMessage, ServerResponse> & Takes<L, Http2ServerRequest, Http2ServerResponse>;

/**
 * A request listener whose requests are judged first.
 *
 * @example
 * ```ts
 * import type { RequestListener } from "node:http";
 *
 * function watch(guarded: GuardedRequestListener<RequestListener>) {
 *   console.log(guarded.verifier.stats().state);
 * }
 * ```
 */
export type GuardedRequestListener<L> = ListenerLike<L> & {
  /**
   * The same for the event `checkContinue`: a client that asks before it sends a body is invited only when
   * it is let in.
   */
  readonly checkContinue: ListenerLike<L>;
  /** The verifier behind it, for `ready()`, `stats()` and `close()`. */
  readonly verifier: JwtVerifier;
};

/**
 * Puts a guard in front of a request listener of `node:http`, `node:https` or `node:http2` (its
 * compatibility API): Connect before 2.2, or whatever else handles the requests. They are judged before
 * their body is read, refused in the caller's protocol, and handled in the {@link AuthContext}. Upgrades
 * (WebSocket) are no requests to a listener: verify their token with a {@link JwtVerifier}.
 *
 * @example
 * ```ts
 * import { createServer } from "node:http";
 * import { connectNodeAdapter } from "@connectrpc/connect-node";
 *
 * const guarded = guardRequestListener(connectNodeAdapter({ routes: () => {} }), {
 *   jwksUri: "https://auth.example.com/.well-known/jwks.json",
 *   issuer: "https://auth.example.com/",
 *   audience: "my-api",
 *   skipPaths: ["/healthz"],
 * });
 * createServer(guarded).on("checkContinue", guarded.checkContinue).listen(8080);
 * ```
 *
 * @param listener the listener to guard
 * @param options as for a verifier, and `skipPaths`
 * @throws {ConfigError} when an option is wrong
 */
export declare function guardRequestListener<L extends (request: IncomingMessage, response: ServerResponse) => unknown>(
  listener: L,
  options: HttpAuthOptions,
): GuardedRequestListener<L>;
export declare function guardRequestListener<
  L extends (request: Http2ServerRequest, response: Http2ServerResponse) => unknown,
>(listener: L, options: HttpAuthOptions): GuardedRequestListener<L>;

/**
 * What a rule, or the default policy, does.
 *
 * @example
 * ```ts
 * const open = createAuthzInterceptor({ defaultPolicy: AuthzEffect.ALLOW });
 * ```
 */
export declare const AuthzEffect: {
  /** The call goes on. */
  readonly ALLOW: "allow";
  /** The call is refused. */
  readonly DENY: "deny";
};

/**
 * What a rule, or the default policy, does.
 *
 * @example
 * ```ts
 * const effect: AuthzEffect = "deny";
 * ```
 */
export type AuthzEffect = "allow" | "deny";

/**
 * What a caller needs for a rule to match. At least one of the two.
 *
 * @example
 * ```ts
 * const writers: AuthzRequirements = { roles: ["editor", "admin"], scopes: ["docs:write"] };
 * ```
 */
export interface AuthzRequirements {
  /** Roles of which the caller has any. */
  readonly roles?: readonly string[] | undefined;
  /** Scopes of which the caller has all. */
  readonly scopes?: readonly string[] | undefined;
}

/**
 * One rule of an authorization.
 *
 * @example
 * ```ts
 * const readers: AuthzRule = {
 *   name: "readers",
 *   methods: ["shop.v1.Orders/Get*"],
 *   requires: { scopes: ["orders:read"] },
 *   effect: "allow",
 * };
 * ```
 */
export interface AuthzRule {
  /** Its own name, for the operator; clients never see it. */
  readonly name: string;
  /** `"*"`, `"pkg.Service/*"`, `"pkg.Service/Method"` or the prefix `"pkg.Service/Get*"`; not empty. */
  readonly methods: readonly string[];
  /** What the caller needs; where it is not met the rule does not match, whatever its effect. */
  readonly requires?: AuthzRequirements | undefined;
  /** What happens to a call that the rule matches. */
  readonly effect: AuthzEffect;
}

/**
 * Options of {@link createAuthzInterceptor}. `undefined` means "not given"; an unknown member is an error.
 *
 * @example
 * ```ts
 * const options: AuthzInterceptorOptions = {
 *   rules: [{ name: "admins", methods: ["*"], requires: { roles: ["admin"] }, effect: "allow" }],
 *   authorize: (context, { service, method }) => context.scopes.includes(`${service}/${method}`),
 * };
 * ```
 */
export interface AuthzInterceptorOptions {
  /** What happens where no rule matches and there is no `authorize`. Default `"deny"`. */
  readonly defaultPolicy?: AuthzEffect | undefined;
  /** Rules in their order; the first that matches decides. */
  readonly rules?: readonly AuthzRule[] | undefined;
  /**
   * Asked where no rule matches. Only `true` allows the call; any other answer, a throw or a rejection
   * denies it.
   */
  readonly authorize?:
    | ((
        context: AuthContext,
        call: { readonly service: string; readonly method: string },
      ) => boolean | Promise<boolean>)
    | undefined;
  /**
   * Methods that are not authorized at all, with a caller or without: `"*"`, `"pkg.Service/*"` or
   * `"pkg.Service/Method"`. Default none.
   */
  readonly skipMethods?: readonly string[] | undefined;
}

/**
 * Makes the interceptor that lets a caller call only what rules allow. List it behind the interceptor
 * that authenticates: a call without a context is refused as unauthenticated.
 *
 * @example
 * ```ts
 * const authz = createAuthzInterceptor({
 *   rules: [
 *     { name: "admins", methods: ["*"], requires: { roles: ["admin"] }, effect: "allow" },
 *     { name: "readers", methods: ["shop.v1.Orders/Get*"], requires: { scopes: ["orders:read"] }, effect: "allow" },
 *   ],
 * });
 * ```
 *
 * @param options by default every call is denied
 * @throws {ConfigError} when an option is wrong
 * @returns an interceptor that throws {@link AuthzDeniedError}, and a `ConnectError` (unauthenticated)
 *   where there is no context
 */
export declare function createAuthzInterceptor(options?: AuthzInterceptorOptions): Interceptor;

/**
 * Which rule denied a call, and what it requires. Only for the operator.
 *
 * @example
 * ```ts
 * const details: AuthzDeniedDetails = { ruleName: "admins", requiredRoles: ["admin"] };
 * ```
 */
export interface AuthzDeniedDetails {
  /** Name of the rule; absent where `authorize` or the default policy denied. */
  readonly ruleName?: string | undefined;
  /** Roles of the rule. */
  readonly requiredRoles?: readonly string[] | undefined;
  /** Scopes of the rule. */
  readonly requiredScopes?: readonly string[] | undefined;
}

/**
 * A caller may not make a call: `permission_denied`. Clients see its `rawMessage` only. Its `name` is
 * `"ConnectError"`, by which Connect knows its errors.
 *
 * @example
 * ```ts
 * const isOwner = getAuthContext()?.subject === "alice";
 * if (!isOwner) {
 *   throw new AuthzDeniedError({ ruleName: "not the owner" });
 * }
 * ```
 */
export declare class AuthzDeniedError extends ConnectError {
  /** @param details for the operator */
  constructor(details?: AuthzDeniedDetails);
  /** What the client is told. */
  readonly clientMessage: string;
  /** Name of the rule that denied; absent where `authorize` or the default policy did. */
  readonly ruleName: string | undefined;
  /** The rule's name and requirements. */
  readonly authzDetails: AuthzDeniedDetails;
  /** The same for a log. */
  get serverDetails(): Readonly<Record<string, unknown>>;
}

/**
 * Options of {@link createClientBearerInterceptor}.
 *
 * @example
 * ```ts
 * const perCall: ClientBearerOptions = { token: async () => exchangeToken(requireAuthContext().subject) };
 * const perService: ClientBearerOptions = { token: fetchServiceToken, cache: true };
 * ```
 */
export type ClientBearerOptions = {
  /**
   * Sends the token over `http:` to any host, not only to loopback. **Who can read the connection can use
   * the token**: for connections that something else encrypts, such as a service mesh. Default `false`.
   */
  readonly allowHttp?: boolean | undefined;
} & (
  | {
      /** One token for every call, without its scheme. */
      readonly token: string;
      readonly cache?: false | undefined;
    }
  | {
      /**
       * Gives the token of a call, without its scheme. It is called for every call, in the context of
       * whoever makes it: {@link getAuthContext} tells the caller that is being served.
       */
      readonly token: () => string | Promise<string>;
      /**
       * Keeps one token until 30 s before its `exp`, with one refresh in flight. **All callers share that
       * one token**: only for a token of the service itself. The function finds no context then, so that
       * one that depends on the caller fails instead of lending out one caller's token. Default `false`.
       */
      readonly cache?: boolean | undefined;
    }
);

/**
 * Makes the interceptor for clients that puts a bearer token on each outgoing call. It belongs into the
 * `interceptors` of a transport, last, so that no other interceptor sees the token; never into those of a
 * server, whose requests it would sign.
 *
 * A call that brings an `authorization` header of its own keeps it, and no token is asked for. A token goes
 * out over `https:`, or over `http:` to a loopback host. What makes a call fail before it is sent: a
 * function that fails (`unavailable`, with the failure as `cause`; a `ConnectError` as it is), a token that
 * is no bearer token (`internal`), plain `http:` (`failed_precondition`). A call that is aborted or reaches
 * its deadline ends while its token is pending.
 *
 * @example
 * ```ts
 * import { createClient } from "@connectrpc/connect";
 * import { createConnectTransport } from "@connectrpc/connect-node";
 *
 * const transport = createConnectTransport({
 *   baseUrl: "https://inventory.example.com",
 *   httpVersion: "2",
 *   interceptors: [createClientBearerInterceptor({ token: () => exchangeToken(requireAuthContext().subject) })],
 * });
 * const inventory = createClient(InventoryService, transport);
 * ```
 *
 * @throws {ConfigError} when an option is wrong
 */
export declare function createClientBearerInterceptor(options: ClientBearerOptions): Interceptor;

/**
 * Where a request gate leaves the context in Connect's context values.
 *
 * @example
 * ```ts
 * import type { HandlerContext } from "@connectrpc/connect";
 *
 * const subjectOf = (context: HandlerContext) => context.values.get(jwtAuthContextKey)?.subject;
 * ```
 */
export declare const jwtAuthContextKey: ContextKey<AuthContext | undefined>;

/**
 * The context of the current call, undefined outside of one and in skipped methods.
 *
 * @example
 * ```ts
 * const greeting = `Hello ${getAuthContext()?.name ?? "stranger"}`;
 * ```
 *
 * @typeParam TClaims the claims that are expected; nothing checks it
 */
export declare function getAuthContext<TClaims extends object = Record<string, unknown>>():
  | AuthContext<TClaims>
  | undefined;

/**
 * The context of the current call.
 *
 * @example
 * ```ts
 * const { subject, claims } = requireAuthContext<{ tenant: string }>();
 * console.log(`${subject} of ${claims.tenant}`);
 * ```
 *
 * @typeParam TClaims the claims that are expected; nothing checks it
 * @throws {ConnectError} `unauthenticated` when there is none
 */
export declare function requireAuthContext<TClaims extends object = Record<string, unknown>>(): AuthContext<TClaims>;

/**
 * The storage that carries the context. It is shared with `@connectum/auth` in the same process.
 *
 * @example
 * ```ts
 * const context = await verifier.verify("token");
 * authContextStorage.run(context, () => console.log(requireAuthContext().subject));
 * ```
 */
export declare const authContextStorage: AsyncLocalStorage<AuthContext>;

/**
 * Names of the headers that carry a context to other services.
 *
 * @example
 * ```ts
 * const subjectOf = (request: Request) => request.headers.get(AUTH_HEADERS.SUBJECT);
 * ```
 */
export declare const AUTH_HEADERS: {
  /** The subject. */
  readonly SUBJECT: "x-auth-subject";
  /** Roles, a JSON array. */
  readonly ROLES: "x-auth-roles";
  /** Scopes, separated by spaces. */
  readonly SCOPES: "x-auth-scopes";
  /** Claims, a JSON object. */
  readonly CLAIMS: "x-auth-claims";
  /** The name. */
  readonly NAME: "x-auth-name";
  /** How the caller was authenticated. */
  readonly TYPE: "x-auth-type";
};

/**
 * Writes a context to headers, in place of any that were there. What does not fit its limit is left
 * out.
 *
 * @example
 * ```ts
 * const headers = new Headers();
 * setAuthHeaders(headers, requireAuthContext(), ["tenant"]);
 * await fetch("http://127.0.0.1:8081/orders", { headers });
 * ```
 *
 * @param headers where to write
 * @param context what to write
 * @param propagatedClaims which claims to write; by default all
 * @throws {RangeError} when the subject is longer than 512 bytes
 * @throws {TypeError} when `roles`, `scopes` or `propagatedClaims` is not an array
 */
export declare function setAuthHeaders(
  headers: Headers,
  context: AuthContext<object>,
  propagatedClaims?: readonly string[] | undefined,
): void;

/**
 * Reads a context from headers that a trusted service wrote. Never use it on requests that a client
 * can reach you with directly.
 *
 * @example
 * ```ts
 * const subjectBehindGateway = (request: Request) => parseAuthHeaders(request.headers)?.subject;
 * ```
 *
 * @typeParam TClaims the claims that are expected; nothing checks it
 * @returns undefined when there is no subject
 */
export declare function parseAuthHeaders<TClaims extends object = Record<string, unknown>>(
  headers: Headers,
): AuthContext<TClaims> | undefined;

/**
 * Whether a method matches any of some patterns: `"*"`, `"pkg.Service/*"`, `"pkg.Service/Method"` or
 * the prefix `"pkg.Service/Get*"`. Names are case-sensitive.
 *
 * @example
 * ```ts
 * const isRead = (service: string, method: string) => matchesMethodPattern(service, method, ["shop.Orders/Get*"]);
 * ```
 *
 * @throws {ConfigError} when a pattern is none of these
 */
export declare function matchesMethodPattern(
  serviceName: string,
  methodName: string,
  patterns: readonly string[],
): boolean;
