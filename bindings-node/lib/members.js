// The own members of an object, each read once: a getter that answers twice cannot give a check
// and take it back.
"use strict";

const { ConfigError } = require("./errors.js");

/** An object of `{}` or `Object.create(null)`, of any realm. */
function isPlain(value) {
  const prototype = Object.getPrototypeOf(value);
  return (
    prototype === null ||
    prototype === Object.prototype ||
    (Object.getPrototypeOf(prototype) === null && Object.hasOwn(prototype, "isPrototypeOf"))
  );
}

const memberPath = (path, name) => (path === "" ? name : `${path}.${name}`);

/**
 * Names and values. What enumeration would pass over is an error: it might be a check that was
 * meant to be on.
 *
 * @param {object} object
 * @param {string} path where it is, for errors
 * @returns {[string, unknown][]}
 */
function ownMembers(object, path) {
  return Reflect.ownKeys(object).map((name) => {
    const refuse = (why) => {
      const option = memberPath(path, String(name).toWellFormed());
      throw new ConfigError(option, `option \`${option}\`: ${why}`);
    };
    if (typeof name === "symbol") {
      refuse("the name is a symbol; use a string");
    }
    if (!Object.prototype.propertyIsEnumerable.call(object, name)) {
      refuse("the member is not enumerable; set it by assignment");
    }
    if (!name.isWellFormed()) {
      refuse("the name has a lone surrogate; remove it");
    }
    return [name, object[name]];
  });
}

module.exports = { isPlain, memberPath, ownMembers };
