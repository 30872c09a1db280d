// Streams inside a context: each step of an iterable runs where it should, whoever asks for it.
"use strict";

/**
 * An iterable whose every step runs inside `run`, and ends at a deadline if one is given.
 *
 * @template T
 * @param {AsyncIterable<T>} iterable
 * @param {<R>(step: () => R) => R} run
 * @param {import("./deadline.js").Deadline} [deadline]
 * @param {() => void} [over] called once when no more steps can come
 * @returns {AsyncIterable<T>}
 */
function within(iterable, run, deadline, over = () => {}) {
  return {
    [Symbol.asyncIterator]() {
      const source = run(() => iterable[Symbol.asyncIterator]());
      const step = async (verb, value) => run(() => source[verb](value));
      deadline?.whenPassed(() => step("return").catch(() => {}));

      const next = async (value) => {
        try {
          deadline?.check();
          const pending = step("next", value);
          const result = await (deadline === undefined ? pending : deadline.bound(pending));
          if (result.done) {
            over();
          }
          return result;
        } catch (error) {
          over();
          throw error;
        }
      };
      const ending = (verb) => (value) => {
        over();
        return step(verb, value);
      };

      const iterator = { next };
      for (const verb of ["return", "throw"]) {
        if (typeof source[verb] === "function") {
          iterator[verb] = ending(verb);
        }
      }
      iterator[Symbol.asyncIterator] = () => iterator;
      return iterator;
    },
  };
}

module.exports = { within };
