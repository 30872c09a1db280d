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
createJwtAuthInterceptor({});

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

export function explain(error: unknown): JwtAuthErrorCode | string | undefined {
  if (error instanceof ConfigError) {
    return error.option;
  }
  if (error instanceof ConnectError && error.cause instanceof JwtAuthError) {
    return error.cause.code;
  }
  return undefined;
}
