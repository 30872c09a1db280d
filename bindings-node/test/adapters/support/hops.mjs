// Who is seen behind each kind of hop that a handler may take.
import { EventEmitter } from "node:events";
import { createReadStream } from "node:fs";
import { Readable, Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { getAuthContext } from "bearergate/fetch";

export const who = () => getAuthContext()?.subject ?? null;

const later = (hop) => new Promise((resolve) => hop(() => resolve(who())));

/** Who is seen behind timers, ticks, promises, emitters and streams. */
export async function hops() {
  const emitter = new EventEmitter();
  const ticking = setInterval(() => emitter.emit("event"), 1);
  const seen = {
    direct: who(),
    timer: await later((done) => setTimeout(done, 1)),
    immediate: await later(setImmediate),
    tick: await later((done) => process.nextTick(done)),
    microtask: await later(queueMicrotask),
    emitter: await later((done) => emitter.once("event", done)),
    file: await later((done) =>
      createReadStream(fileURLToPath(import.meta.url))
        .resume()
        .once("end", done),
    ),
    race: await Promise.race([sleep(1).then(who), sleep(50)]),
  };
  await pipeline(
    Readable.from(["a", "b"]),
    new Transform({
      transform(chunk, _encoding, done) {
        seen.transform = who();
        setTimeout(done, 1, null, chunk);
      },
      flush(done) {
        seen.flush = who();
        done();
      },
    }),
    async (source) => {
      for await (const _ of source) {
        seen.sink = who();
      }
    },
  );
  clearInterval(ticking);
  return { ...seen, end: who() };
}

/** Who is seen in the events of a request of node:http, and how long its body was. */
export function events(req) {
  return new Promise((resolve, reject) => {
    const seen = {};
    let length = 0;
    req.on("data", (chunk) => {
      length += chunk.length;
      seen.data = who();
    });
    req.on("error", reject);
    req.on("end", () => resolve({ ...seen, ended: who(), length }));
  });
}

/** Three chunks, each telling who is seen when it is made. */
export async function* chunks() {
  for (let index = 0; index < 3; index += 1) {
    await sleep(2);
    yield `${who()}\n`;
  }
}

/** The same as a stream of the Fetch standard, pulled by whoever reads it. */
export function pulled() {
  const encoder = new TextEncoder();
  let left = 3;
  return new ReadableStream({
    async pull(controller) {
      const before = who();
      await sleep(2);
      controller.enqueue(encoder.encode(`${before === who() ? before : "torn"}\n`));
      left -= 1;
      if (left === 0) {
        controller.close();
      }
    },
  });
}
