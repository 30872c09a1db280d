// The package over one copy of @connectrpc/connect.
"use strict";

const { AuthzEffect } = require("./authorizer.js");
const { createAuthzInterceptor, deniedErrorOf } = require("./authz.js");
const { createClientBearerInterceptor } = require("./client.js");
const { ConfigError, JwtAuthError } = require("./errors.js");
const { createJwtRequestGate } = require("./gate.js");
const { AUTH_HEADERS, parseAuthHeaders, setAuthHeaders } = require("./headers.js");
const { createJwtAuthInterceptor } = require("./interceptor.js");
const { jwtAuthContextKey } = require("./key.js");
const { guardRequestListener } = require("./listener.js");
const { matchesMethodPattern } = require("./method.js");
const { authContextStorage } = require("./storage.js");
const { JwtVerifier } = require("./verifier.js");

const getAuthContext = () => authContextStorage.getStore();

/**
 * What throws errors of @connectrpc/connect.
 *
 * @param {{ConnectError: Function, Code: object}} connect
 */
function over(connect) {
  // Made when it is first needed, as the copy is loaded.
  let deniedError;
  const denied = () => {
    deniedError ??= deniedErrorOf(connect);
    return deniedError;
  };
  return {
    get AuthzDeniedError() {
      return denied();
    },
    createAuthzInterceptor: (options) => createAuthzInterceptor(connect, denied, options),
    createClientBearerInterceptor: (options) => createClientBearerInterceptor(connect, options),
    createJwtAuthInterceptor: (options) => createJwtAuthInterceptor(connect, options),
    createJwtRequestGate: (optionsOrVerifier) => createJwtRequestGate(connect, optionsOrVerifier),
    requireAuthContext() {
      const context = getAuthContext();
      if (context === undefined) {
        throw new connect.ConnectError("Authentication required", connect.Code.Unauthenticated);
      }
      return context;
    },
  };
}

module.exports = {
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
  over,
  parseAuthHeaders,
  setAuthHeaders,
};
