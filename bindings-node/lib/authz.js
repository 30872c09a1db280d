// Authorization in Connect: the interceptor, and its error over one copy of @connectrpc/connect.
"use strict";

const { Authorizer } = require("./authorizer.js");
const { connectMetadata } = require("./connect.js");
const { isPromised } = require("./promised.js");
const { withoutStack } = require("./refusal.js");
const { authContextStorage } = require("./storage.js");

/** What a client is told of each denial made here, in whatever module format. */
const denials = new WeakMap();

/** What a denial that was thrown by a handler says, as this package's own do. */
const PLAIN = Object.freeze({ connectCode: "permission_denied", message: "Access denied" });

/**
 * The class of denials, an error of this copy of @connectrpc/connect.
 *
 * @param {{ConnectError: Function, Code: object}} connect
 */
function deniedErrorOf(connect) {
  class AuthzDeniedError extends connect.ConnectError {
    /**
     * @param {{ruleName?: string, requiredRoles?: readonly string[], requiredScopes?: readonly string[]}} details
     * @param {{message: string, cause?: unknown}} [told]
     */
    constructor(details = {}, told = PLAIN) {
      super(told.message, connect.Code.PermissionDenied, undefined, undefined, told.cause);
      // Its `name` stays that of ConnectError, by which Connect knows its own errors.
      this.clientMessage = told.message;
      this.ruleName = details.ruleName;
      this.authzDetails = Object.freeze({ ...details });
      denials.set(this, { ...PLAIN, message: told.message });
    }

    get serverDetails() {
      const { ruleName, requiredRoles, requiredScopes } = this.authzDetails;
      return { ruleName, requiredRoles, requiredScopes };
    }
  }
  // The test that is inherited would take any ConnectError for one of these.
  return Object.defineProperty(AuthzDeniedError, Symbol.hasInstance, {
    value(candidate) {
      const ordinary = Function.prototype[Symbol.hasInstance];
      return this === AuthzDeniedError ? denials.has(candidate) : ordinary.call(this, candidate);
    },
  });
}

/** The ConnectError for a denial of an authorizer. */
function denialError(connect, AuthzDeniedError, denial) {
  const { connectCode, message, rule, cause } = denial;
  return withoutStack(() => {
    if (connectCode === "unauthenticated") {
      return new connect.ConnectError(message, connect.Code.Unauthenticated, connectMetadata(denial), undefined, cause);
    }
    const details = {};
    if (rule !== undefined) {
      details.ruleName = rule.name;
      if (rule.roles !== undefined) {
        details.requiredRoles = Object.freeze(rule.roles);
      }
      if (rule.scopes !== undefined) {
        details.requiredScopes = Object.freeze(rule.scopes);
      }
    }
    return new AuthzDeniedError(details, { message, cause });
  });
}

/**
 * @param {{ConnectError: Function, Code: object}} connect
 * @param {() => Function} deniedError the class over the same copy
 * @param {object} [options]
 */
function createAuthzInterceptor(connect, deniedError, options = {}) {
  const authorizer = new Authorizer(options);
  return (next) => async (req) => {
    const judged = authorizer.judge(authContextStorage.getStore(), req.service.typeName, req.method.name);
    const denial = isPromised(judged) ? await judged : judged;
    if (denial !== undefined) {
      throw denialError(connect, deniedError(), denial);
    }
    return next(req);
  };
}

module.exports = { createAuthzInterceptor, deniedErrorOf, denials };
