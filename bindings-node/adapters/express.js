// Express, and whatever else takes functions of a request, a response and `next`. Nothing of Express is
// loaded.
"use strict";

const { admit } = require("../lib/admission.js");
const { httpGuard } = require("../lib/httpoptions.js");
const { answerNode } = require("../lib/incoming.js");
const { authContextStorage } = require("../lib/storage.js");

function createJwtAuthMiddleware(options) {
  const { guard } = httpGuard(options);

  function jwtAuth(req, res, next) {
    admit(guard, req, res, {
      // Under a mount point `url` has lost its beginning.
      target: req.originalUrl ?? req.url,
      pass: (context) => {
        req.auth = context;
        next();
      },
      refuse: (answer) => answerNode(req, res, answer),
    });
  }

  return Object.assign(jwtAuth, { verifier: guard.verifier });
}

const getAuthContext = () => authContextStorage.getStore();

module.exports = { createJwtAuthMiddleware, getAuthContext };
