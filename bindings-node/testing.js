// CommonJS entry of `bearergate/testing`.
"use strict";

module.exports = require("./lib/testing/index.js");
