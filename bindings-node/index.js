// CommonJS entry. @connectrpc/connect is loaded when it is first needed.
"use strict";

const { over, ...rest } = require("./lib/index.js");

const connect = {
  get ConnectError() {
    return require("@connectrpc/connect").ConnectError;
  },
  get Code() {
    return require("@connectrpc/connect").Code;
  },
};

module.exports = Object.defineProperties({ ...rest }, Object.getOwnPropertyDescriptors(over(connect)));
