// The request gate of Connect 2.2: a request is judged before its body is read.
"use strict";

const { connectError } = require("./connect.js");
const { stripAuthHeaders } = require("./headers.js");
const { leave } = require("./key.js");
const { isPromised } = require("./promised.js");
const { guardOf, verifierFrom } = require("./verifier.js");

/**
 * @param {{ConnectError: Function, Code: object}} connect
 * @param {object} optionsOrVerifier
 */
function createJwtRequestGate(connect, optionsOrVerifier) {
  const guard = guardOf(verifierFrom(optionsOrVerifier));
  return function jwtRequestGate(context) {
    stripAuthHeaders(context.requestHeader);
    const admit = (accepted) => {
      if (accepted !== undefined) {
        leave(context, accepted, guard);
      }
    };
    const refuse = (error) => {
      throw connectError(connect, error);
    };
    try {
      const checked = guard.check(context.service.typeName, context.method.name, context.requestHeader);
      return isPromised(checked) ? checked.then(admit, refuse) : admit(checked);
    } catch (error) {
      return refuse(error);
    }
  };
}

module.exports = { createJwtRequestGate };
