// @grpc/grpc-js: a server interceptor. Metadata is judged before any message is read, and everything the
// handler is told afterwards it is told in the context.
"use strict";

const { Metadata, ServerInterceptingCall } = require("@grpc/grpc-js");
const { Deadline } = require("../lib/deadline.js");
const { AUTH_HEADERS } = require("../lib/headers.js");
const { answerOf } = require("../lib/http.js");
const { isPromised } = require("../lib/promised.js");
const { authContextStorage } = require("../lib/storage.js");
const { guardOf, verifierFrom } = require("../lib/verifier.js");

function createJwtAuthInterceptor(optionsOrVerifier) {
  const verifier = verifierFrom(optionsOrVerifier);
  const guard = guardOf(verifier);

  function interceptor({ path, requestStream, responseStream }, call) {
    const [, service, method] = path.split("/");
    return new GuardedCall(call, {
      check: (metadata, waiting) => guard.check(service, method, headersOf(metadata), waiting),
      expire: () => guard.refuse("ERR_TOKEN_EXPIRED", { procedure: `${service}/${method}` }),
      streams: requestStream || responseStream,
    });
  }

  return Object.assign(interceptor, { verifier });
}

/** Metadata as what the guard reads. */
const headersOf = (metadata) => ({
  get(name) {
    const values = metadata.get(name);
    return values.length === 0 ? undefined : values.map(String).join(name === "cookie" ? "; " : ", ");
  },
});

class GuardedCall extends ServerInterceptingCall {
  // All interceptors of a call are applied before any of them runs: what the storage holds now was there
  // before the call.
  #ambient = authContextStorage.getStore();
  #context;
  #deadline;
  #giveUp;
  #cancelled = false;

  constructor(call, { check, expire, streams }) {
    super(call, {
      start: (next) => next({ onReceiveMetadata, onCancel }),
      sendStatus: (status, next) => {
        this.#deadline?.clear();
        next(status);
      },
    });

    const refuse = (error) => call.sendStatus(statusOf(error));

    const onCancel = () => {
      this.#cancelled = true;
      this.#giveUp?.();
      this.#deadline?.clear();
    };

    const accept = (accepted, metadata, next) => {
      if (this.#cancelled) {
        return;
      }
      if (accepted === undefined) {
        const current = authContextStorage.getStore();
        this.#context = current === this.#ambient ? undefined : current;
      } else {
        for (let index = 0; index < accepted.headers.length; index += 2) {
          metadata.set(accepted.headers[index], accepted.headers[index + 1]);
        }
        this.#context = accepted.context;
        this.#end(streams ? accepted.deadline : undefined, expire, refuse);
      }
      next(metadata);
    };

    const onReceiveMetadata = (metadata, next) => {
      for (const name of Object.values(AUTH_HEADERS)) {
        metadata.remove(name);
      }
      let checked;
      try {
        checked = check(metadata, (giveUp) => {
          this.#giveUp = giveUp;
        });
      } catch (error) {
        refuse(error);
        return;
      }
      if (isPromised(checked)) {
        checked.then((accepted) => accept(accepted, metadata, next), refuse);
      } else {
        accept(checked, metadata, next);
      }
    };
  }

  start(listener) {
    const inside =
      (name) =>
      (...told) =>
        authContextStorage.run(this.#context, () => listener[name](...told));
    super.start({
      onReceiveMetadata: inside("onReceiveMetadata"),
      onReceiveMessage: inside("onReceiveMessage"),
      onReceiveHalfClose: inside("onReceiveHalfClose"),
      onCancel: inside("onCancel"),
    });
  }

  /** Ends the call at a time, if one is given. */
  #end(at, expire, refuse) {
    if (at !== undefined) {
      let error;
      this.#deadline = new Deadline(at, () => {
        error = expire();
        return error;
      });
      this.#deadline.whenPassed(() => refuse(error));
    }
  }
}

/** The status of a refusal, its other headers as metadata. */
function statusOf(error) {
  const {
    "grpc-status": code,
    "grpc-message": details,
    ...more
  } = Object.fromEntries(answerOf(error, "application/grpc").headers);
  const metadata = new Metadata();
  for (const [name, value] of Object.entries(more)) {
    if (name !== "content-type") {
      metadata.set(name, value);
    }
  }
  return { code: Number(code), details: decodeURIComponent(details), metadata };
}

module.exports = { createJwtAuthInterceptor, getAuthContext: () => authContextStorage.getStore() };
