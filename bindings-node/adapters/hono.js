// Hono, on any of its runtimes. Nothing of Hono is loaded.
"use strict";

const { bindEvents } = require("../lib/entered.js");
const { judge, streamWithin, writable } = require("../lib/fetched.js");
const { httpGuard } = require("../lib/httpoptions.js");
const { discardBody, headerOf, stripIncoming } = require("../lib/incoming.js");
const { authContextStorage } = require("../lib/storage.js");

function createJwtAuthMiddleware(options) {
  const { guard } = httpGuard(options);

  async function jwtAuth(c, next) {
    // On @hono/node-server the request of node:http is there too, and knows of headers that were sent twice.
    const { incoming, outgoing } = c.env ?? {};
    const onNode = Array.isArray(incoming?.rawHeaders);
    if (onNode) {
      stripIncoming(incoming);
    }
    c.req.raw = writable(c.req.raw);
    const { context, expiry, refusal } = await judge(
      guard,
      c.req.raw,
      onNode ? sourceOf(incoming, outgoing) : undefined,
    );
    if (refusal !== undefined) {
      if (onNode) {
        discardBody(incoming);
      }
      return refusal;
    }
    if (onNode) {
      bindEvents([incoming, outgoing], context);
    }
    c.set("auth", context);
    try {
      await authContextStorage.run(context, next);
    } catch (error) {
      expiry?.clear();
      throw error;
    }
    const bound = streamWithin(c.res, context, expiry);
    if (bound !== c.res) {
      c.res = undefined;
      c.res = bound;
    }
  }

  return Object.assign(jwtAuth, { verifier: guard.verifier });
}

/** What node:http knows of a request. */
const sourceOf = (incoming, outgoing) => ({
  header: (name) => headerOf(incoming, name),
  whenGone: (callback) => outgoing.once("close", callback),
});

const getAuthContext = () => authContextStorage.getStore();

module.exports = { createJwtAuthMiddleware, getAuthContext };
