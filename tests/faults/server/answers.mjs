// What an endpoint may answer with, from a plain key set to every way of going wrong. An answer is a
// function of the exchange.
import { setTimeout as pause } from "node:timers/promises";
import { gzipSync } from "node:zlib";

const REASONS = { 200: "OK", 204: "No Content", 302: "Found", 304: "Not Modified", 404: "Not Found" };

/** A status line with headers; an array of values repeats a header. */
export function head(status, headers = {}, version = "HTTP/1.1") {
  const lines = Object.entries(headers).flatMap(([name, value]) => [value].flat().map((each) => `${name}: ${each}`));
  return [`${version} ${status} ${REASONS[status] ?? "Status"}`, ...lines, "", ""].join("\r\n");
}

/** A whole response with its right length. */
export function respond(status, headers = {}, body = "") {
  const bytes = Buffer.from(body);
  const bodiless = status === 204 || status === 304;
  const length = bodiless ? {} : { "content-length": bytes.length };
  return (exchange) => exchange.write(Buffer.concat([Buffer.from(head(status, { ...length, ...headers })), bytes]));
}

export const json = (value, headers = {}, code = 200) =>
  respond(code, { "content-type": "application/json", ...headers }, JSON.stringify(value));

export const text = (body, headers = {}) => respond(200, { "content-type": "application/json", ...headers }, body);

export const status = (code, headers = {}) => respond(code, headers);

export const redirect = (location, code = 302) => respond(code, { location });

/** Says nothing, for ever. */
export const silence = () => () => {};

/** The same, after a while. */
export function after(ms, answer) {
  return async (exchange) => {
    await pause(ms);
    answer(exchange);
  };
}

/** One answer after the other; the last one stays. */
export function inTurn(...answers) {
  let next = 0;
  return (exchange) => {
    const answer = answers[Math.min(next, answers.length - 1)];
    next += 1;
    return answer(exchange);
  };
}

/** The head of a response one byte at a time. */
export const slowHead = (value, everyMs) => drip(Buffer.from(head(200, { "content-length": 2 }) + value), everyMs);

/** A right head at once, then the body one byte at a time. */
export function slowBody(value, everyMs) {
  const body = JSON.stringify(value);
  return (exchange) => {
    exchange.write(head(200, { "content-length": body.length }));
    return drip(Buffer.from(body), everyMs)(exchange);
  };
}

function drip(bytes, everyMs) {
  return async (exchange) => {
    for (const byte of bytes) {
      if (exchange.socket.destroyed) {
        return;
      }
      exchange.write(Buffer.of(byte));
      await pause(everyMs);
    }
  };
}

/** Half of the body it has announced, then RST or FIN. */
export function brokenOff(value, how) {
  const body = JSON.stringify(value);
  return async (exchange) => {
    exchange.write(head(200, { "content-length": body.length }) + body.slice(0, body.length / 2));
    await pause(20);
    exchange[how]();
  };
}

/** A body of this many bytes that would be a key set if it were let in. */
export function padded(value, length, headers = {}) {
  const body = JSON.stringify(value);
  return text(body + " ".repeat(length - body.length), headers);
}

/** The same body inflated from a small one. */
export function gzipBomb(value, length) {
  const body = JSON.stringify(value);
  const small = gzipSync(Buffer.concat([Buffer.from(body), Buffer.alloc(length - body.length, 0x20)]));
  return respond(200, { "content-encoding": "gzip" }, small);
}

/** Chunks for as long as somebody takes them, up to a bound that a test would notice. */
export function endless(value, { chunkBytes = 16_384, atMost = 256 * 1024 * 1024 } = {}) {
  const filler = Buffer.alloc(chunkBytes, 0x20);
  const chunk = (bytes) => Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from("\r\n")]);
  return async (exchange) => {
    const { socket } = exchange;
    socket.write(head(200, { "transfer-encoding": "chunked" }));
    socket.write(chunk(Buffer.from(JSON.stringify(value))));
    exchange.endpoint.sent = 0;
    while (!socket.destroyed && exchange.endpoint.sent < atMost) {
      exchange.endpoint.sent += chunkBytes;
      if (!socket.write(chunk(filler))) {
        await Promise.race([new Promise((drained) => socket.once("drain", drained)), exchange.closed]);
      }
    }
  };
}
