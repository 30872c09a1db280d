// Where a request gate leaves the context: the key of Connect's context values, and the mark by
// which an interceptor knows a context that was verified here.
"use strict";

/** As createContextKey of @connectrpc/connect makes keys; one for both module formats. */
const jwtAuthContextKey = Object.freeze({ id: Symbol("bearergate.authContext"), defaultValue: undefined });

/** What was accepted with each context that a request gate verified, and the guard it came from. */
const verified = new WeakMap();

/** Leaves what a request gate accepted. */
function leave(values, accepted, guard) {
  verified.set(accepted.context, { accepted, guard });
  values.set(jwtAuthContextKey, accepted.context);
}

/**
 * What a request gate left, undefined when there is nothing. A context that someone else put there
 * counts as nothing.
 */
function find(values) {
  const context = values?.get(jwtAuthContextKey);
  return context === undefined ? undefined : verified.get(context);
}

module.exports = { find, jwtAuthContextKey, leave };
