"use strict";

const connect = require("@connectrpc/connect");
const bearergate = require("bearergate");

require("./checks.cjs")({ bearergate, connect });
