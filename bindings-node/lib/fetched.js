// Requests and responses of the Fetch standard, for the adapters of servers that speak it.
"use strict";

const { enteredOf, remember } = require("./entered.js");
const { expiryOf } = require("./expiry.js");
const { AUTH_HEADERS, stripAuthHeaders, writeHeaders } = require("./headers.js");
const { answerOf } = require("./http.js");
const { isPromised } = require("./promised.js");
const { authContextStorage } = require("./storage.js");

/** Path and query of a request's URL, as its server resolved it. */
function targetOf({ url }) {
  const start = url.indexOf("/", url.indexOf("://") + 3);
  return start === -1 ? "/" : url.slice(start);
}

/** Whether the headers of a request can be written: some servers give out immutable ones. */
function isWritable({ headers }) {
  try {
    headers.delete(AUTH_HEADERS.SUBJECT);
    return true;
  } catch {
    return false;
  }
}

/** The same request with headers that can be written. */
const writable = (request) =>
  isWritable(request) ? request : new Request(request, { headers: new Headers(request.headers) });

/**
 * Judges a request whose headers can only be read. One that carries what would have to be removed is
 * refused: its handler would believe it.
 */
async function judgeInPlace(guard, request) {
  if (isWritable(request)) {
    return judge(guard, request);
  }
  const { method, url, headers } = request;
  if (Object.values(AUTH_HEADERS).some((name) => headers.has(name))) {
    return { refusal: refusalOf(undefined, headers.get("content-type")) };
  }
  const copy = { method, url, headers: new Headers(headers), signal: request.signal };
  const judged = await judge(guard, copy);
  if (Object.values(AUTH_HEADERS).some((name) => copy.headers.has(name))) {
    throw new TypeError("propagateHeaders: the headers of this server's requests are immutable; use guard(handler)");
  }
  return judged;
}

/** The response to a refused request. */
function refusalOf(error, contentType) {
  const { status, headers, body } = answerOf(error, contentType ?? undefined);
  return new Response(body, { status, headers });
}

/** What the server of a request knows of it: its headers as received, and when its client goes. */
const sourceOf = (request) => ({
  header: (name) => request.headers.get(name) ?? undefined,
  whenGone: (callback) => request.signal.addEventListener("abort", callback, { once: true }),
});

/**
 * Judges a request whose headers can be written. Gives the context it is to run in, if any, or the
 * response to its refusal.
 *
 * @param {import("./http.js").HttpGuard} guard
 * @param {Request} request
 * @param {{header: Function, whenGone: Function}} [source]
 * @returns {Promise<{context?: object, expiry?: object, refusal?: Response}>}
 */
async function judge(guard, request, { header, whenGone } = sourceOf(request)) {
  const { headers, method } = request;
  stripAuthHeaders(headers);
  let gone = false;
  let giveUp;
  let outcome;
  try {
    outcome = guard.check({
      method,
      target: targetOf(request),
      header,
      waiting(stop) {
        giveUp = stop;
      },
    });
    if (isPromised(outcome)) {
      whenGone(() => {
        gone = true;
        giveUp?.();
      });
      outcome = await outcome;
    }
  } catch (error) {
    return { refusal: refusalOf(error, headers.get("content-type")) };
  }
  if (gone) {
    return { refusal: refusalOf(undefined, null) };
  }
  if (outcome === undefined) {
    return { context: enteredOf(request) };
  }
  writeHeaders(headers, outcome.headers);
  remember(request, outcome.context);
  return { context: outcome.context, expiry: expiryOf(guard, outcome) };
}

/** Whether a stream is one of bytes, as the bodies are that a runtime makes itself. */
function isByteStream(stream) {
  try {
    stream.getReader({ mode: "byob" }).releaseLock();
    return true;
  } catch {
    return false;
  }
}

/** Whether streams tell who made them; elsewhere a text's body looks like a handler's stream. */
const TELLS = typeof Response === "function" && isByteStream(new Response("text").body);

/**
 * The response with a body whose source runs in the context, and ends when the token expires. It is asked
 * for more by whoever sends the response, long after the handler has returned.
 *
 * @template T
 * @param {T} response
 * @param {object | undefined} context
 * @param {object} [expiry]
 * @returns {T | Response}
 */
function streamWithin(response, context, expiry) {
  const ends = expiry !== undefined && !expiry.passed;
  const source = TELLS || ends ? response?.body : undefined;
  if (!(source instanceof ReadableStream) || source.locked || (!ends && isByteStream(source))) {
    expiry?.clear();
    return response;
  }
  const { status, statusText, headers } = response;
  return new Response(readWithin(source, context, ends ? expiry : undefined), { status, statusText, headers });
}

function readWithin(source, context, expiry) {
  const inside = (step) => authContextStorage.run(context, step);
  const reader = inside(() => source.getReader());
  const read = () => inside(() => reader.read());
  const cancel = (reason) => {
    expiry?.clear();
    return inside(() => reader.cancel(reason));
  };
  expiry?.whenCut(
    () => true,
    () => cancel().catch(() => {}),
  );
  return new ReadableStream(
    {
      async pull(controller) {
        const { done, value } = await (expiry === undefined ? read() : expiry.bound(read()));
        if (done) {
          expiry?.clear();
          controller.close();
        } else {
          controller.enqueue(value);
        }
      },
      cancel,
    },
    { highWaterMark: 0 },
  );
}

module.exports = { judge, judgeInPlace, streamWithin, writable };
