// A call inside its context: the handler, and every message of its streams.
"use strict";

const { within } = require("./stream.js");

/**
 * Runs the rest of a call, streams included, inside `run`. What answers a unary request is no stream.
 *
 * @param {Function} next
 * @param {object} req
 * @param {<R>(step: () => R) => R} run
 * @param {import("./deadline.js").Deadline} [deadline] when its streams end
 */
function runCall(next, req, run, deadline) {
  return req.stream ? runStreams(next, req, run, deadline) : run(() => next(req));
}

async function runStreams(next, req, run, deadline) {
  const over = () => deadline?.clear();
  const inside = { ...req, message: within(req.message, run, deadline) };
  if (deadline !== undefined) {
    inside.signal = deadline.linked(req.signal);
  }
  try {
    deadline?.check();
    const pending = Promise.resolve(run(() => next(inside)));
    const res = await (deadline === undefined ? pending : deadline.bound(pending));
    if (!res?.stream) {
      over();
    }
    return answered(res, run, deadline, over);
  } catch (error) {
    over();
    throw error;
  }
}

function answered(res, run, deadline, over) {
  return res?.stream ? { ...res, message: within(res.message, run, deadline, over) } : res;
}

module.exports = { runCall };
