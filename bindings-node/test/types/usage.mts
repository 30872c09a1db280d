// What TypeScript users write against the package as an ES module. It is compiled, not run.
import type { KeyObject } from "node:crypto";
import { ConnectError, type ContextValues, type Interceptor } from "@connectrpc/connect";
import { connectNodeAdapter } from "@connectrpc/connect-node";
import {
  AUTH_HEADERS,
  type AuthContext,
  AuthzDeniedError,
  AuthzEffect,
  type AuthzInterceptorOptions,
  type AuthzRule,
  authContextStorage,
  ConfigError,
  createAuthzInterceptor,
  createClientBearerInterceptor,
  createJwtAuthInterceptor,
  createJwtRequestGate,
  getAuthContext,
  JwtAuthError,
  type JwtAuthErrorCode,
  type JwtAuthInterceptorOptions,
  type JwtAuthOptions,
  JwtVerifier,
  jwtAuthContextKey,
  matchesMethodPattern,
  parseAuthHeaders,
  type Rejection,
  requireAuthContext,
  setAuthHeaders,
} from "bearergate";

// Key sources are optional, may be undefined, and combine.
const uri: string | undefined = process.env.JWKS_URI;
const maybeKey: KeyObject | undefined = undefined;
createJwtAuthInterceptor({ jwksUri: uri, publicKey: maybeKey, secret: process.env.JWT_SECRET });
createJwtAuthInterceptor({ secret: process.env.JWT_SECRET, issuer: "my-service" });
new JwtVerifier({ jwksUri: uri, jwks: { timeout: 2 } });
new JwtVerifier({ publicKey: maybeKey, discover: false });
new JwtVerifier({ discover: true, issuer: "https://a.example.com/", publicKey: maybeKey, jwks: { timeout: 2 } });

// What cannot be meant is an error in the editor.
// @ts-expect-error no key source
createJwtAuthInterceptor({});
// @ts-expect-error no key source
createJwtAuthInterceptor({ issuer: "https://a.example.com/", audience: "my-api" });
// @ts-expect-error an issuer to discover from is missing
new JwtVerifier({ discover: true });
// @ts-expect-error more than one issuer to discover from
new JwtVerifier({ discover: true, issuer: ["https://a.example.com/", "https://b.example.com/"] });
// @ts-expect-error two places for one JWK Set
new JwtVerifier({ discover: true, issuer: "https://a.example.com/", jwksUri: "https://a.example.com/jwks" });
// @ts-expect-error discovery switched off, and nothing else
new JwtVerifier({ discover: false, issuer: "https://a.example.com/" });
// @ts-expect-error a key source beside issuers
new JwtVerifier({ issuers: [{ issuer: "a", secret: "x" }], secret: "x" });
// @ts-expect-error an issuer beside issuers
new JwtVerifier({ issuers: [{ issuer: "a", secret: "x" }], issuer: "b" });
// @ts-expect-error a fetch policy beside issuers
new JwtVerifier({ issuers: [{ issuer: "a", discover: true }], jwks: { timeout: 2 } });
// @ts-expect-error an entry without a key source
new JwtVerifier({ issuers: [{ issuer: "a" }] });
// @ts-expect-error an entry with two
new JwtVerifier({ issuers: [{ issuer: "a", secret: "x", jwksUri: "https://a.example.com/jwks" }] });
// @ts-expect-error a misspelt option of an entry
new JwtVerifier({ issuers: [{ issuer: "a", secret: "x", audiance: "y" }] });
// @ts-expect-error a misspelt option of the fetch policy
new JwtVerifier({ jwksUri: uri, jwks: { timeuot: 2 } });

// Every option, in its fullest form.
const options: JwtAuthOptions = {
  jwksUri: "https://auth.example.com/jwks.json",
  issuer: ["https://a.example.com/", "https://b.example.com/"],
  audience: "my-api",
  algorithms: ["RS256", "ES256"],
  maxTokenAge: "1h",
  clockTolerance: 5,
  claimsMapping: { subject: "sub", name: undefined, roles: ["https://example.com/roles"], scopes: "scope" },
  requiredClaims: ["tenant"],
  typ: "at+jwt",
  skipMethods: ["grpc.health.v1.Health/*"],
  propagateHeaders: true,
  propagatedClaims: ["tenant"],
  credentials: { header: "x-token", scheme: null },
  jwks: { timeout: 2, cacheMaxAge: "10m", cooldown: 30, staleIfError: "1h", initial: { keys: [{ kty: "RSA" }] } },
  cache: { maxEntries: 100 },
  maxTokenBytes: 8192,
  endStreamsAtExpiry: true,
  confirmation: "ignore",
  resourceMetadata: "https://api.example.com/.well-known/oauth-protected-resource",
  validate: async (context: AuthContext) => context.subject !== "mallory",
  onReject: ({ code, procedure }: Rejection) => console.log(code, procedure),
};
const mirrored: JwtAuthInterceptorOptions = options;
createJwtAuthInterceptor({ issuers: [{ issuer: "https://a.example.com/", discover: true }], cache: false });

// @ts-expect-error a misspelt option
createJwtAuthInterceptor({ secret: "x", audiance: "my-api" });
// @ts-expect-error an option of a wrong type
createJwtAuthInterceptor({ secret: "x", issuer: 7 });
// @ts-expect-error an unknown confirmation
createJwtAuthInterceptor({ secret: "x", confirmation: "maybe" });

const jwtAuth = createJwtAuthInterceptor(mirrored);
const interceptors: Interceptor[] = [jwtAuth];
connectNodeAdapter({ routes: () => {}, interceptors, requestGate: createJwtRequestGate(jwtAuth.verifier) });

// Authorization.
const rule: AuthzRule = {
  name: "readers",
  methods: ["a.B/Get*"],
  requires: { roles: ["reader"], scopes: ["read"] },
  effect: AuthzEffect.ALLOW,
};
const authorization: AuthzInterceptorOptions = {
  defaultPolicy: "deny",
  rules: [rule, { name: "rest", methods: ["*"], effect: "deny" }],
  authorize: async ({ roles }: AuthContext, { service, method }) => roles.includes(`${service}/${method}`),
  skipMethods: ["grpc.health.v1.Health/*"],
};
interceptors.push(createAuthzInterceptor(authorization), createAuthzInterceptor());
// @ts-expect-error an unknown effect
createAuthzInterceptor({ rules: [{ ...rule, effect: "permit" }] });
// @ts-expect-error a rule without methods
createAuthzInterceptor({ rules: [{ name: "x", effect: "allow" }] });
// @ts-expect-error a misspelt option
createAuthzInterceptor({ authorise: () => true });
const denied: ConnectError = new AuthzDeniedError({ ruleName: "mine" });
if (denied instanceof AuthzDeniedError) {
  console.log(denied.ruleName, denied.authzDetails.requiredRoles, denied.serverDetails, denied.clientMessage);
}

export async function use(values: ContextValues, headers: Headers): Promise<void> {
  await using verifier: JwtVerifier = new JwtVerifier(options);
  await verifier.ready({ timeout: "5s" });
  const context: AuthContext = await verifier.verify("token");
  const now: AuthContext = verifier.verifySync("token");
  const left: AuthContext | undefined = values.get(jwtAuthContextKey);
  const current: AuthContext | undefined = getAuthContext();
  const { subject, roles, claims, expiresAt } = requireAuthContext();
  const until: number | undefined = expiresAt?.getTime();
  const tenant: unknown = claims.tenant;
  authContextStorage.run(context, () => [subject, roles, until, tenant, now, left, current]);
  setAuthHeaders(headers, context, ["tenant"]);
  const parsed: AuthContext | undefined = parseAuthHeaders(headers);
  const name: "x-auth-subject" = AUTH_HEADERS.SUBJECT;
  const matches: boolean = matchesMethodPattern("a.B", "Get", ["a.B/*"]);
  const state: "static" | string = verifier.stats().state;
  console.log(parsed, name, matches, state);
  // @ts-expect-error contexts are read-only
  context.subject = "root";
  // @ts-expect-error and so are their roles
  context.roles.push("root");
}

// Claims are typed as the program says, and everything that takes a context takes such a one.
interface TenantClaims {
  readonly tenant: string;
}
export async function typed(verifier: JwtVerifier, headers: Headers): Promise<string[]> {
  const verified: AuthContext<TenantClaims> = await verifier.verify<TenantClaims>("token");
  const now: AuthContext<TenantClaims> = verifier.verifySync<TenantClaims>("token");
  const current: AuthContext<TenantClaims> | undefined = getAuthContext<TenantClaims>();
  const required: AuthContext<TenantClaims> = requireAuthContext<TenantClaims>();
  const parsed: AuthContext<TenantClaims> | undefined = parseAuthHeaders<TenantClaims>(headers);
  setAuthHeaders(headers, verified);
  // @ts-expect-error a claim that is not among them
  console.log(verified.claims.tennant);
  // @ts-expect-error claims are read-only
  verified.claims.tenant = "other";
  return [verified, now, required, current ?? required, parsed ?? required].map(({ claims }) => claims.tenant);
}

// Tokens of outgoing calls.
const outgoing: Interceptor[] = [
  createClientBearerInterceptor({ token: "abc" }),
  createClientBearerInterceptor({ token: () => "abc", allowHttp: true }),
  createClientBearerInterceptor({ token: async () => requireAuthContext().subject, cache: true }),
];
console.log(outgoing);
// @ts-expect-error one token is no cache's business
createClientBearerInterceptor({ token: "abc", cache: true });
// @ts-expect-error a token is needed
createClientBearerInterceptor({ cache: true });
// @ts-expect-error a function of something
createClientBearerInterceptor({ token: (subject: string) => subject });
// @ts-expect-error a misspelt option
createClientBearerInterceptor({ token: () => "abc", cahce: true });

export function explain(error: unknown): JwtAuthErrorCode | string | undefined {
  if (error instanceof ConfigError) {
    return error.option;
  }
  if (error instanceof ConnectError && error.cause instanceof JwtAuthError) {
    return error.cause.code;
  }
  return undefined;
}
