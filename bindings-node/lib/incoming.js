// A request of node:http or node:http2 (its compatibility API): its headers wherever it keeps them,
// and what becomes of its body when it is refused.
"use strict";

const { AUTH_HEADERS } = require("./headers.js");

const SPOOFABLE = new Set(Object.values(AUTH_HEADERS));

/**
 * The value of a header as received, or every value of one that was sent more than once, of which the
 * parser's own view may keep the first. What stands in for a request, on platforms without sockets, may
 * have no other view.
 */
function headerOf({ headers, rawHeaders = [] }, name) {
  if (rawHeaders.length === 0) {
    return headers[name];
  }
  let found;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const raw = rawHeaders[index];
    if (raw.length === name.length && raw.toLowerCase() === name) {
      const value = rawHeaders[index + 1];
      found = found === undefined ? value : [found, value].flat();
    }
  }
  return found;
}

/** Removes what a client may have sent to pass for someone, from every view of the headers. */
function stripIncoming(req) {
  const { headers, rawHeaders = [] } = req;
  for (const name of SPOOFABLE) {
    delete headers[name];
  }
  const isSpoofed = (name, index) => index % 2 === 0 && SPOOFABLE.has(name.toLowerCase());
  if (!rawHeaders.some(isSpoofed)) {
    return;
  }
  // Node makes the other views of the raw one, by its length as received, when they are first read.
  const { headersDistinct = {} } = req;
  for (const name of SPOOFABLE) {
    delete headersDistinct[name];
  }
  for (let index = rawHeaders.length - 2; index >= 0; index -= 2) {
    if (isSpoofed(rawHeaders[index], 0)) {
      rawHeaders.splice(index, 2);
    }
  }
}

/** Writes a list of names and values to every view of the headers. */
function writeIncoming(req, list) {
  if (list.length === 0) {
    return;
  }
  const { headers, headersDistinct = {}, rawHeaders = [] } = req;
  for (let index = 0; index < list.length; index += 2) {
    const [name, value] = [list[index], list[index + 1]];
    rawHeaders.push(name, value);
    headers[name] = value;
    headersDistinct[name] = [value];
  }
}

/** Whether nobody waits for the response any more, or has got one. */
const isOver = (req, res) => res.writableEnded || (req.stream ?? req.socket)?.destroyed === true;

/** Most of a refused request's body that is read and thrown away, in bytes. */
const MOST_DISCARDED = 1 << 20;

/** Longest that is done, in milliseconds. */
const DISCARD_MS = 2000;

/**
 * Reads the body of a refused request and throws it away, so that its client gets to read the answer and
 * may use the connection again. A client that sends too much, or too slowly, loses the connection. In
 * HTTP/2 the server ends the stream of such a request by itself.
 */
function discardBody(req) {
  if (req.httpVersionMajor !== 1 || req.complete) {
    return;
  }
  let left = MOST_DISCARDED;
  const cut = () => req.destroy();
  const timer = setTimeout(cut, DISCARD_MS);
  timer.unref();
  const count = (chunk) => {
    left -= chunk.length;
    if (left < 0) {
      cut();
    }
  };
  req.on("data", count);
  req.once("close", () => clearTimeout(timer));
  // Without a first read, Node would take the listener away when the answer has been sent.
  req.read(0);
}

/** Answers a refused request. */
function answerNode(req, res, { status, headers, body }) {
  discardBody(req);
  res.statusCode = status;
  for (const [name, value] of headers) {
    res.setHeader(name, value);
  }
  if (body.length === 0) {
    // In HTTP/2 this makes one frame of headers that ends the stream, as gRPC wants it.
    res.end();
  } else {
    res.end(body);
  }
}

module.exports = { answerNode, discardBody, headerOf, isOver, stripIncoming, writeIncoming };
