// HTTP exchanges that outlive their token, where `endStreamsAtExpiry` asks for their end. One that is
// merely being worked on when the token expires is answered: it was let in before.
"use strict";

const { Deadline } = require("./deadline.js");
const { withoutStack } = require("./refusal.js");
const { guardOf } = require("./verifier.js");

/** RFC 9113 section 7. */
const CANCEL = 8;

class Expiry extends Deadline {
  #guard;

  constructor(at, guard) {
    super(at, () => withoutStack(() => new Error("the token has expired")));
    this.#guard = guard;
  }

  get passed() {
    try {
      this.check();
      return false;
    } catch {
      return true;
    }
  }

  /** Calls back when it passes and something is to be cut off; the operator is told. */
  whenCut(isOn, cut) {
    this.whenPassed(() => {
      if (isOn()) {
        this.#guard.refuse("ERR_TOKEN_EXPIRED");
        cut();
      }
    });
  }
}

/**
 * When what was accepted is to end, undefined where it is not.
 *
 * @param {import("./http.js").HttpGuard} guard
 * @param {{deadline?: number}} outcome
 */
const expiryOf = ({ verifier }, { deadline }) =>
  deadline === undefined ? undefined : new Expiry(deadline, guardOf(verifier));

/** Cuts off an exchange of node:http or node:http2 if it expires while either body is on its way. */
function cutAtExpiry(expiry, req, res) {
  res.once("close", () => expiry.clear());
  const isReceived = () => req.complete || req.stream?.state?.remoteClose === 1;
  expiry.whenCut(
    () => res.headersSent || !isReceived(),
    () => (res.stream === undefined ? res.destroy() : res.stream.close(CANCEL)),
  );
}

module.exports = { cutAtExpiry, expiryOf };
