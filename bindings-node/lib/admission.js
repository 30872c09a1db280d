// A request of node:http or node:http2 on its way to a handler, for every adapter of such servers.
"use strict";

const { bindEvents, enteredOf } = require("./entered.js");
const { cutAtExpiry, expiryOf } = require("./expiry.js");
const { answerOf } = require("./http.js");
const { headerOf, isOver, stripIncoming, writeIncoming } = require("./incoming.js");
const { isPromised } = require("./promised.js");
const { authContextStorage } = require("./storage.js");

/**
 * Judges a request. Then either `pass` is called, inside the context, or `refuse` with the answer; neither
 * where the client has gone in the meantime, or something else has answered.
 *
 * @param {import("./http.js").HttpGuard} guard
 * @param {import("node:http").IncomingMessage} req
 * @param {import("node:http").ServerResponse} res
 * @param {{target?: string, pass: (context?: object) => unknown, refuse: (answer: object) => unknown}} next
 * @returns {unknown} what the one that was called returned, or a promise of it
 */
function admit(guard, req, res, { target = req.url, pass, refuse }) {
  stripIncoming(req);
  const accepted = (outcome) => {
    if (isOver(req, res)) {
      return undefined;
    }
    const context = outcome === undefined ? enteredOf(req) : outcome.context;
    if (outcome !== undefined) {
      writeIncoming(req, outcome.headers);
      const expiry = expiryOf(guard, outcome);
      if (expiry !== undefined) {
        cutAtExpiry(expiry, req, res);
      }
    }
    bindEvents([req, res], context);
    return authContextStorage.run(context, pass, context);
  };
  const refused = (error) => (isOver(req, res) ? undefined : refuse(answerOf(error, req.headers["content-type"])));
  let checked;
  try {
    checked = guard.check({
      method: req.method,
      target,
      header: (name) => headerOf(req, name),
      waiting: (giveUp) => res.once("close", giveUp),
    });
  } catch (error) {
    return refused(error);
  }
  return isPromised(checked) ? checked.then(accepted, refused) : accepted(checked);
}

module.exports = { admit };
