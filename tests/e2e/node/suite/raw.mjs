// Requests without a Connect client, to see what is on the wire.
import { once } from "node:events";
import http from "node:http";
import http2 from "node:http2";

const SERVICE = "/bearergate.e2e.v1.IdentityService";

async function text(stream) {
  const chunks = [];
  for await (const chunk of stream) {
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("latin1");
}

async function post({ http1Url }, path, headers, body) {
  const request = http.request(`${http1Url}${path}`, { method: "POST", headers, agent: false });
  request.end(body);
  const [response] = await once(request, "response");
  return { status: response.statusCode, headers: response.headers, body: await text(response) };
}

/** A message in the envelope of the streaming protocols. */
function envelope(payload) {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(payload.length, 1);
  return Buffer.concat([head, payload]);
}

export const rawStatus = {
  connectUnary: (served, headers) =>
    post(served, `${SERVICE}/Unary`, { ...headers, "content-type": "application/json" }, "{}"),

  connectStream: (served, headers) =>
    post(
      served,
      `${SERVICE}/ServerStream`,
      { ...headers, "content-type": "application/connect+json" },
      envelope(Buffer.from("{}")),
    ),

  grpcWeb: (served, headers) =>
    post(
      served,
      `${SERVICE}/Unary`,
      { ...headers, "content-type": "application/grpc-web+proto" },
      envelope(Buffer.alloc(0)),
    ),

  async grpc({ http2Url }, headers) {
    const session = http2.connect(http2Url);
    const request = session.request({
      ":method": "POST",
      ":path": `${SERVICE}/Unary`,
      "content-type": "application/grpc",
      te: "trailers",
      ...headers,
    });
    const result = {};
    request.on("response", (head) =>
      Object.assign(result, { status: head[":status"], grpcStatus: head["grpc-status"] }),
    );
    request.on("trailers", (trailers) => Object.assign(result, { grpcStatus: trailers["grpc-status"] }));
    request.end(envelope(Buffer.alloc(0)));
    request.resume();
    await once(request, "close");
    session.close();
    return result;
  },
};
