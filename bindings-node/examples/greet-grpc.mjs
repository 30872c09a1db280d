// The service of the gRPC example, with JSON in place of what a compiler makes of a .proto file.
const serialize = (value) => Buffer.from(JSON.stringify(value));
const deserialize = (bytes) => JSON.parse(bytes.toString());

const method = (name, responseStream) => ({
  path: `/greet.v1.GreetService/${name}`,
  requestStream: false,
  responseStream,
  requestSerialize: serialize,
  requestDeserialize: deserialize,
  responseSerialize: serialize,
  responseDeserialize: deserialize,
});

export const GreetService = { greet: method("Greet", false), greetMany: method("GreetMany", true) };
