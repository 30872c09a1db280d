#!/usr/bin/env node
// The command `bearergate`: see lib/command.js.
"use strict";

require("../lib/command.js").main(process.argv.slice(2));
