// Two Authorization fields over HTTP/2. No client sends them, so the frames are written by hand (RFC 9113,
// and RFC 7541 section 6.2.2: literal fields without indexing).
import assert from "node:assert/strict";
import net from "node:net";
import { it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { hmacToken, SECRET } from "../support/tokens.mjs";
import { ADAPTERS } from "./support/servers.mjs";

const PREFACE = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const HEADERS = 1;
const SETTINGS = 4;
const END_STREAM_AND_HEADERS = 0x5;

function frame(type, flags, stream, payload) {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head.writeUInt8(type, 3);
  head.writeUInt8(flags, 4);
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

/** A length of RFC 7541 section 5.1 with a prefix of seven bits. */
function length(value) {
  if (value < 127) {
    return Buffer.from([value]);
  }
  const bytes = [127];
  let rest = value - 127;
  for (; rest >= 128; rest = Math.floor(rest / 128)) {
    bytes.push((rest % 128) + 128);
  }
  return Buffer.from([...bytes, rest]);
}

const text = (value) => Buffer.concat([length(value.length), Buffer.from(value)]);
const field = ([name, value]) => Buffer.concat([Buffer.from([0]), text(name), text(value)]);

it("two Authorization fields of one HTTP/2 request are refused", async () => {
  const told = [];
  const served = await ADAPTERS["guardRequestListener on node:http2"].start({
    secret: SECRET,
    onReject: ({ code }) => told.push(code),
  });
  const good = `Bearer ${hmacToken({ sub: "alice" })}`;
  const socket = net.connect(served.port, "127.0.0.1");
  socket.on("error", () => {});
  socket.resume();
  const request = (stream, ...authorizations) => {
    const fields = [
      [":method", "GET"],
      [":scheme", "http"],
      [":authority", "x"],
      [":path", "/who"],
      ...authorizations.map((value) => ["authorization", value]),
    ];
    return frame(HEADERS, END_STREAM_AND_HEADERS, stream, Buffer.concat(fields.map(field)));
  };
  const until = async (condition, what) => {
    for (let waited = 0; !condition(); waited += 1) {
      assert.ok(waited < 300, what);
      await sleep(10);
    }
  };
  socket.write(Buffer.concat([Buffer.from(PREFACE), frame(SETTINGS, 0, 0, Buffer.alloc(0)), request(1, good)]));
  await until(() => served.handled.count === 1, "one is let in");
  socket.write(Buffer.concat([request(3, good, good), request(5, "Basic YTpi", good)]));
  await until(() => told.length === 2, "two are refused");
  assert.deepEqual(told, ["ERR_TOKEN_MALFORMED", "ERR_TOKEN_MALFORMED"]);
  assert.equal(served.handled.count, 1);
  socket.destroy();
  served.close();
});
