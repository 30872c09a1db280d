// Durations outside the options, read as the options' are.
"use strict";

const { configError } = require("./errors.js");
const native = require("./native.js");
const { encodeValue } = require("./encode.js");

/**
 * @param {unknown} value
 * @param {string} name what errors call it
 * @returns {number | undefined} seconds, undefined when not given
 */
function readDuration(value, name) {
  if (value === undefined || value === null) {
    return undefined;
  }
  const seconds = native.readDuration(name, JSON.stringify(encodeValue(value, name)));
  if (typeof seconds === "string") {
    throw configError(seconds);
  }
  return seconds;
}

module.exports = { readDuration };
