// Hand-made requests, as unit tests of services use them.

/** A request with the members that an interceptor may count on, and no others. */
export function request(token, { method = "Get", service = "a.B", headers = {} } = {}) {
  const header = new Headers(headers);
  if (token !== undefined) {
    header.set("authorization", `Bearer ${token}`);
  }
  return { service: { typeName: service }, method: { name: method }, header };
}

/** A streaming request. */
export function streamRequest(token, messages = [], more = {}) {
  return { ...request(token, more), stream: true, message: stream(messages) };
}

/** An iterable of the given messages. */
export async function* stream(messages) {
  yield* messages;
}

/** All messages of an iterable. */
export async function collect(iterable) {
  const all = [];
  for await (const message of iterable) {
    all.push(message);
  }
  return all;
}
