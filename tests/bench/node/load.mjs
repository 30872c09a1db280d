// Requests over kept connections, each the moment the one before is answered:
// node load.mjs PORT TOKEN CONNECTIONS SECONDS. It prints requests per second.
import { connect } from "node:net";

const [port, token, connections, seconds] = process.argv.slice(2);
const body = JSON.stringify("hello");
const request = Buffer.from(
  `POST /test.v1.Kinds/Unary HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n` +
    `connect-protocol-version: 1\r\nauthorization: Bearer ${token}\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
);

let answered = 0;
let counted = 0;

/** Length of the first whole response in a text, 0 where there is none yet. */
function lengthOf(text) {
  const end = text.indexOf("\r\n\r\n");
  if (end === -1) {
    return 0;
  }
  const head = text.slice(0, end).toLowerCase();
  if (!head.startsWith("http/1.1 200")) {
    throw new Error(text);
  }
  const length = /content-length: (\d+)/.exec(head);
  const total = length === null ? text.indexOf("0\r\n\r\n", end) + 5 : end + 4 + Number(length[1]);
  return length === null && total === 4 ? 0 : text.length >= total ? total : 0;
}

for (let i = 0; i < Number(connections); i += 1) {
  const socket = connect(Number(port), "127.0.0.1", () => socket.write(request));
  socket.setNoDelay(true);
  socket.setEncoding("latin1");
  let waiting = "";
  socket.on("data", (data) => {
    waiting += data;
    const length = lengthOf(waiting);
    if (length > 0) {
      waiting = waiting.slice(length);
      answered += 1;
      socket.write(request);
    }
  });
  socket.on("error", (error) => {
    throw error;
  });
}

const WARM_UP_MS = 3000;
setTimeout(() => {
  counted = answered;
  const begun = performance.now();
  setTimeout(() => {
    console.log(((answered - counted) * 1000) / (performance.now() - begun));
    process.exit();
  }, Number(seconds) * 1000);
}, WARM_UP_MS);
