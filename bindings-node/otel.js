// CommonJS entry of `bearergate/otel`.
"use strict";

module.exports = require("./lib/otel.js");
