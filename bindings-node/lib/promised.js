// Values that may be promises. They are told by their `then`: the native side's promises are not
// instances of the Promise of a test runner's sandbox.
"use strict";

const isPromised = (value) => typeof value?.then === "function";

/** Goes on with a value now, or with a promised one when it is there. */
const chain = (value, next) => (isPromised(value) ? value.then(next) : next(value));

module.exports = { chain, isPromised };
