// One token for all calls, until shortly before it expires.
"use strict";

const { expiryOf } = require("./bearer.js");

/** A token is not handed out for the last while before its `exp`: it has a way to go. */
const MARGIN_MS = 30_000;

/** How long calls join a refresh: one that never ends must not be the last. */
const JOIN_MS = 30_000;

class TokenCache {
  #make;
  #token;
  #until = 0;
  #refresh;
  #warned = false;

  /** @param {() => Promise<string>} make gives a token that has been checked */
  constructor(make) {
    this.#make = make;
  }

  /** The kept token, or a promise of the one that is being fetched. */
  token() {
    if (Date.now() < this.#until) {
      return this.#token;
    }
    this.#refresh ??= this.#begin();
    return this.#refresh;
  }

  #begin() {
    const refresh = this.#make();
    const over = () => {
      clearTimeout(timer);
      const current = this.#refresh === refresh;
      if (current) {
        this.#refresh = undefined;
      }
      return current;
    };
    const timer = setTimeout(over, JOIN_MS);
    timer.unref();
    // What a refresh that took too long brings is for those who wait for it. A failure is kept from nobody,
    // and for nobody.
    refresh.then(
      (token) => over() && this.#keep(token),
      () => over(),
    );
    return refresh;
  }

  #keep(token) {
    const expiry = expiryOf(token);
    if (expiry === undefined) {
      this.#warn();
      return;
    }
    this.#token = token;
    this.#until = expiry - MARGIN_MS;
  }

  #warn() {
    if (!this.#warned) {
      this.#warned = true;
      process.emitWarning("a token without an `exp` that can be read is not kept: `cache` has no effect", {
        type: "BearergateWarning",
        code: "BEARERGATE_TOKEN_NOT_CACHED",
      });
    }
  }
}

module.exports = { TokenCache };
