// A Connect service with its descriptor built by hand, and the package with the one copy of Connect
// that it is installed with.
import { createRequire } from "node:module";

export const require = createRequire(new URL("../../../bindings-node/package.json", import.meta.url));

const { create, createFileRegistry } = require("@bufbuild/protobuf");
const {
  FileDescriptorProtoSchema,
  FileDescriptorSetSchema,
  FieldDescriptorProto_Label: Label,
  FieldDescriptorProto_Type: Type,
} = require("@bufbuild/protobuf/wkt");

export const bearergate = require("./index.js");
export const connect = require("@connectrpc/connect");
export const connectNode = require("@connectrpc/connect-node");

const text = (name) => ({ name, number: 1, type: Type.STRING, label: Label.OPTIONAL, jsonName: name });
const method = (name, serverStreaming) => ({
  name,
  inputType: ".bearergate.runtimes.v1.Question",
  outputType: ".bearergate.runtimes.v1.Answer",
  serverStreaming,
});

const file = create(FileDescriptorProtoSchema, {
  name: "runtimes.proto",
  package: "bearergate.runtimes.v1",
  syntax: "proto3",
  messageType: [
    { name: "Question", field: [text("text")] },
    { name: "Answer", field: [text("subject")] },
  ],
  service: [{ name: "WhoService", method: [method("Who", false), method("WhoStream", true)] }],
});

/** `Who` and `WhoStream` answer with the subject of the caller. */
export const WhoService = createFileRegistry(create(FileDescriptorSetSchema, { file: [file] })).getService(
  "bearergate.runtimes.v1.WhoService",
);
