// ES module entry: the same implementation and state as the CommonJS entry, with the ConnectError
// that ES modules import.
import * as connect from "@connectrpc/connect";
import bearergate from "./lib/index.js";

export const {
  AUTH_HEADERS,
  AuthzEffect,
  ConfigError,
  JwtAuthError,
  JwtVerifier,
  authContextStorage,
  getAuthContext,
  guardRequestListener,
  jwtAuthContextKey,
  matchesMethodPattern,
  parseAuthHeaders,
  setAuthHeaders,
} = bearergate;

export const {
  AuthzDeniedError,
  createAuthzInterceptor,
  createClientBearerInterceptor,
  createJwtAuthInterceptor,
  createJwtRequestGate,
  requireAuthContext,
} = bearergate.over(connect);
