// Servers that handle a Request and give a Response: Bun, Deno, and whatever runs such handlers.
"use strict";

const { judge, judgeInPlace, streamWithin, writable } = require("../lib/fetched.js");
const { httpGuard } = require("../lib/httpoptions.js");
const { authContextStorage } = require("../lib/storage.js");

function createJwtAuthenticator(options) {
  const { guard } = httpGuard(options);

  async function authenticate(request) {
    const { context, expiry, refusal } = await judgeInPlace(guard, request);
    expiry?.clear();
    return refusal ?? context;
  }

  /** The handler for requests that are let in, run in their context. */
  function guardHandler(handler) {
    return async function guarded(received, ...more) {
      const request = writable(received);
      const { context, expiry, refusal } = await judge(guard, request);
      if (refusal !== undefined) {
        return refusal;
      }
      try {
        const response = await authContextStorage.run(context, () => handler.call(this, request, ...more));
        return streamWithin(response, context, expiry);
      } catch (error) {
        expiry?.clear();
        throw error;
      }
    };
  }

  return Object.assign(authenticate, { guard: guardHandler, verifier: guard.verifier });
}

const getAuthContext = () => authContextStorage.getStore();

module.exports = { createJwtAuthenticator, getAuthContext };
