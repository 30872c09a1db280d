// A request listener of node:http, node:https or node:http2 behind a guard: a request is judged
// before its body is read, whatever framework handles it.
"use strict";

const { admit } = require("./admission.js");
const { httpGuard } = require("./httpoptions.js");
const { answerNode } = require("./incoming.js");

/**
 * @param {Function} listener
 * @param {object} options as httpGuard takes them
 */
function guardRequestListener(listener, options) {
  if (typeof listener !== "function") {
    throw new TypeError("the first argument must be a request listener, a function");
  }
  const { guard } = httpGuard(options);

  function guarded(req, res) {
    return admit(guard, req, res, {
      pass: () => listener.call(this, req, res),
      refuse: (answer) => answerNode(req, res, answer),
    });
  }

  /** Where the client asks before it sends the body: it is invited only when it is let in. */
  function checkContinue(req, res) {
    return admit(guard, req, res, {
      pass: () => {
        res.writeContinue();
        return listener.call(this, req, res);
      },
      refuse: (answer) => {
        if (req.httpVersionMajor === 1) {
          // Whether the body follows all the same is the client's choice.
          res.setHeader("connection", "close");
        }
        answerNode(req, res, answer);
      },
    });
  }

  return Object.assign(guarded, { checkContinue, verifier: guard.verifier });
}

module.exports = { guardRequestListener };
