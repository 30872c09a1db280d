// The service of the tests, its descriptors built by hand.
import { create, createFileRegistry } from "@bufbuild/protobuf";
import {
  FileDescriptorProtoSchema,
  FileDescriptorSetSchema,
  FieldDescriptorProto_Label as Label,
  FieldDescriptorProto_Type as Type,
} from "@bufbuild/protobuf/wkt";

const PACKAGE = "bearergate.e2e.v1";

const field = (name, number, type, label = Label.OPTIONAL) => ({ name, number, type, label, jsonName: name });

const method = (name, clientStreaming, serverStreaming) => ({
  name,
  inputType: `.${PACKAGE}.Question`,
  outputType: `.${PACKAGE}.Answer`,
  clientStreaming,
  serverStreaming,
});

const file = create(FileDescriptorProtoSchema, {
  name: "identity.proto",
  package: PACKAGE,
  syntax: "proto3",
  messageType: [
    { name: "Question", field: [field("count", 1, Type.INT32), field("text", 2, Type.STRING)] },
    {
      name: "Answer",
      field: [
        field("subject", 1, Type.STRING),
        field("roles", 2, Type.STRING, Label.REPEATED),
        field("scopes", 3, Type.STRING, Label.REPEATED),
        field("text", 4, Type.STRING),
      ],
    },
  ],
  service: [
    {
      name: "IdentityService",
      method: [
        method("Unary", false, false),
        method("ServerStream", false, true),
        method("ClientStream", true, false),
        method("Bidi", true, true),
        method("Open", false, false),
        method("OpenStream", false, true),
      ],
    },
  ],
});

const registry = createFileRegistry(create(FileDescriptorSetSchema, { file: [file] }));

/** `Unary`, `ServerStream`, `ClientStream` and `Bidi` are guarded; `Open` and `OpenStream` are not. */
export const IdentityService = registry.getService(`${PACKAGE}.IdentityService`);

/** The methods that need no token. */
export const SKIPPED = [`${PACKAGE}.IdentityService/Open`, `${PACKAGE}.IdentityService/OpenStream`];
