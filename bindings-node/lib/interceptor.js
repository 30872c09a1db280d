// The interceptor of Connect 2: strip, skip or judge, carry on, and run the call in its context.
"use strict";

const { runCall } = require("./call.js");
const { connectError } = require("./connect.js");
const { Deadline } = require("./deadline.js");
const { stripAuthHeaders, writeHeaders } = require("./headers.js");
const { find } = require("./key.js");
const { isPromised } = require("./promised.js");
const { authContextStorage } = require("./storage.js");
const { guardOf, verifierFrom } = require("./verifier.js");

/**
 * @param {{ConnectError: Function, Code: object}} connect
 * @param {object} optionsOrVerifier
 */
function createJwtAuthInterceptor(connect, optionsOrVerifier) {
  const verifier = verifierFrom(optionsOrVerifier);
  const guard = guardOf(verifier);

  const interceptor = (next) => {
    // Connect applies the interceptors of a request before any of them runs. What the storage
    // holds now was therefore there before this request: it came with the code that started the
    // server, or from another request.
    const ambient = authContextStorage.getStore();

    const goOn = (req, accepted) => {
      if (accepted === undefined) {
        return runCall(next, req, keeping(ambient));
      }
      writeHeaders(req.header, accepted.headers);
      const { context } = accepted;
      const run = (step) => authContextStorage.run(context, step);
      return runCall(next, req, run, deadlineOf(accepted, req));
    };

    // Not async: most requests wait for nothing here, and promises cost.
    return (req) => {
      try {
        stripAuthHeaders(req.header);
        const checked = judged(req);
        return Promise.resolve(
          isPromised(checked)
            ? Promise.resolve(checked).then((accepted) => goOn(req, accepted), refuse)
            : goOn(req, checked),
        );
      } catch (error) {
        return Promise.reject(error);
      }
    };
  };

  const refuse = (error) => {
    throw connectError(connect, error);
  };

  const judged = (req) => {
    const { typeName } = req.service;
    const { name } = req.method;
    try {
      return found(guard, req, typeName, name) ?? guard.check(typeName, name, req.header);
    } catch (error) {
      return refuse(error);
    }
  };

  const deadlineOf = ({ deadline }, req) => {
    if (deadline === undefined || !req.stream) {
      return undefined;
    }
    const procedure = `${req.service.typeName}/${req.method.name}`;
    return new Deadline(deadline, () => connectError(connect, guard.refuse("ERR_TOKEN_EXPIRED", { procedure })));
  };

  return Object.assign(interceptor, { verifier });
}

/**
 * Runs steps in what an earlier interceptor of this request has set, and in nothing where what is
 * set was there before the request.
 */
function keeping(ambient) {
  const current = authContextStorage.getStore();
  const kept = current === ambient ? undefined : current;
  return (step) => authContextStorage.run(kept, step);
}

/**
 * What a request gate accepted for this request. What a guard of other rules accepted counts for
 * nothing here: this one's key, checks and hooks would never have seen the token.
 */
function found(guard, req, service, method) {
  const left = find(req);
  return left !== undefined && guard.agrees(left.guard) && !guard.skips(service, method) ? left.accepted : undefined;
}

module.exports = { createJwtAuthInterceptor };
