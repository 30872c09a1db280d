// A request inside its context: its handler, and the events of its objects, which come from the
// connection and would otherwise be seen from there.
"use strict";

const { authContextStorage } = require("./storage.js");

/** The context of each request, and of each emitter whose events are bound to one. */
const contexts = new WeakMap();

/** Keeps the context that a request has been let in with. */
const remember = (request, context) => contexts.set(request, context);

/**
 * Binds all events of these emitters to a context, or to none; an earlier binding is replaced.
 *
 * @param {import("node:events").EventEmitter[]} emitters
 * @param {object | undefined} context
 */
function bindEvents(emitters, context) {
  for (const emitter of emitters) {
    const bound = contexts.has(emitter);
    contexts.set(emitter, context);
    if (!bound) {
      const { emit } = emitter;
      Object.defineProperty(emitter, "emit", {
        configurable: true,
        writable: true,
        value(...args) {
          return authContextStorage.run(contexts.get(emitter), () => emit.apply(this, args));
        },
      });
    }
  }
}

/**
 * The context that an earlier adapter of this package has set for this very request. What the storage
 * holds may be of whoever started the server.
 */
const enteredOf = (request) => contexts.get(request);

module.exports = { bindEvents, enteredOf, remember };
