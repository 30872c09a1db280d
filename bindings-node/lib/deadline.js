// The end of a stream whose token expires.
"use strict";

/** The wall clock may be set while a timer runs, so it is read at least this often. */
const LOOK_MS = 60_000;

class Deadline {
  #at;
  #makeError;
  #error;
  #over = false;
  #timer;
  #pending = new Set();
  #passed = [];
  #controller = new AbortController();

  /**
   * @param {number} at milliseconds since the epoch, by the wall clock
   * @param {() => Error} makeError what the stream ends with
   */
  constructor(at, makeError) {
    this.#at = at;
    this.#makeError = makeError;
    this.#arm();
  }

  /** A signal that is aborted when the deadline passes, or when `signal` is. */
  linked(signal) {
    if (signal !== undefined) {
      const follow = () => {
        this.clear();
        this.#controller.abort(signal.reason);
      };
      if (signal.aborted) {
        follow();
      } else {
        signal.addEventListener("abort", follow, { once: true, signal: this.#controller.signal });
      }
    }
    return this.#controller.signal;
  }

  /** Calls back when the deadline passes, at once when it has. */
  whenPassed(callback) {
    if (this.#error === undefined) {
      this.#passed.push(callback);
    } else {
      callback();
    }
  }

  /** Throws what the stream ends with once the deadline has passed: nothing starts after it. */
  check() {
    this.#look();
    if (this.#error !== undefined) {
      throw this.#error;
    }
  }

  /**
   * The promise, or the end of the stream, whichever comes first.
   *
   * Not Promise.race: the one promise of the end would collect a reaction for each message.
   */
  bound(promise) {
    this.#look();
    if (this.#error !== undefined) {
      promise.catch(() => {});
      return Promise.reject(this.#error);
    }
    return new Promise((resolve, reject) => {
      this.#pending.add(reject);
      promise.then(resolve, reject).finally(() => this.#pending.delete(reject));
    });
  }

  /** The call is over: what has not passed by now never will. */
  clear() {
    this.#over = true;
    clearTimeout(this.#timer);
  }

  #arm() {
    const left = this.#at - Date.now();
    if (left <= 0) {
      this.#expire();
      return;
    }
    this.#timer = setTimeout(() => this.#arm(), Math.min(left, LOOK_MS));
    this.#timer.unref();
  }

  #look() {
    if (!this.#over && Date.now() >= this.#at) {
      this.#expire();
    }
  }

  #expire() {
    this.clear();
    this.#error = this.#makeError();
    for (const reject of this.#pending) {
      reject(this.#error);
    }
    this.#pending.clear();
    this.#controller.abort(this.#error);
    for (const callback of this.#passed) {
      callback();
    }
  }
}

module.exports = { Deadline };
