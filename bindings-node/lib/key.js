// Where a request gate leaves the context: the key of Connect's context values, and the mark by
// which an interceptor knows a context that was verified here, for the request it handles.
"use strict";

/** As createContextKey of @connectrpc/connect makes keys; one for both module formats. */
const jwtAuthContextKey = Object.freeze({ id: Symbol("bearergate.authContext"), defaultValue: undefined });

/** What was accepted with each context that a request gate verified, by which guard, for which headers. */
const verified = new WeakMap();

/**
 * Leaves what a request gate accepted.
 *
 * @param {{values: object, requestHeader: Headers}} context of the handler
 */
function leave({ values, requestHeader }, accepted, guard) {
  verified.set(accepted.context, { accepted, guard, header: requestHeader });
  values.set(jwtAuthContextKey, accepted.context);
}

/**
 * What a request gate left for a request, undefined when there is nothing. A context that someone
 * else put there counts as nothing, and so does one of another request: a server may give several
 * requests the same values, never the same headers.
 *
 * @param {{contextValues?: object, header: Headers}} req
 */
function find({ contextValues, header }) {
  const context = contextValues?.get(jwtAuthContextKey);
  const left = context === undefined ? undefined : verified.get(context);
  return left?.header === header ? left : undefined;
}

module.exports = { find, jwtAuthContextKey, leave };
