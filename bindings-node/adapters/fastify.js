// Fastify: a plugin that judges each request of its scope in `onRequest`. Nothing of Fastify is loaded.
"use strict";

const { admit } = require("../lib/admission.js");
const { enteredOf } = require("../lib/entered.js");
const { httpGuard } = require("../lib/httpoptions.js");
const { discardBody } = require("../lib/incoming.js");
const { authContextStorage } = require("../lib/storage.js");

async function jwtAuthPlugin(fastify, options) {
  const { guard, owned } = httpGuard(options);

  // A scope within a guarded scope has the outer one's requests; its verifier is its own.
  if (!fastify.hasDecorator("jwtVerifier")) {
    fastify.decorateRequest("auth", undefined);
  }
  if (!Object.hasOwn(fastify, "jwtVerifier")) {
    fastify.decorate("jwtVerifier", guard.verifier);
  }

  fastify.addHook("onRequest", (request, reply, next) => {
    admit(guard, request.raw, reply.raw, {
      target: request.originalUrl,
      pass: (context) => {
        request.auth = context;
        next();
      },
      refuse: ({ status, headers, body }) => {
        discardBody(request.raw);
        reply.code(status).headers(Object.fromEntries(headers)).send(body);
      },
    });
  });

  // The body has been read in between, perhaps by a parser that leaves the context.
  fastify.addHook("preValidation", (request, _reply, next) => {
    authContextStorage.run(enteredOf(request.raw), next);
  });

  if (owned) {
    fastify.addHook("onClose", (_instance, closed) => {
      guard.verifier.close();
      closed();
    });
  }
}

// As fastify-plugin marks plugins whose hooks and decorators belong to the scope that registers them.
Object.assign(jwtAuthPlugin, {
  [Symbol.for("skip-override")]: true,
  [Symbol.for("fastify.display-name")]: "bearergate",
  [Symbol.for("plugin-meta")]: { name: "bearergate", fastify: ">=4" },
});

const getAuthContext = () => authContextStorage.getStore();

module.exports = { getAuthContext, jwtAuthPlugin };
