// The demo's service, `demo.v1.WhoAmI/Get`: answers with whom it sees. Descriptors built by hand.
import { create, createFileRegistry } from "@bufbuild/protobuf";
import {
  FileDescriptorProtoSchema,
  FileDescriptorSetSchema,
  file_google_protobuf_wrappers,
} from "@bufbuild/protobuf/wkt";

const file = create(FileDescriptorProtoSchema, {
  name: "demo/v1/whoami.proto",
  package: "demo.v1",
  syntax: "proto3",
  dependency: [file_google_protobuf_wrappers.proto.name],
  service: [
    {
      name: "WhoAmI",
      method: [
        { name: "Get", inputType: ".google.protobuf.StringValue", outputType: ".google.protobuf.StringValue" },
      ],
    },
  ],
});

export const WhoAmI = createFileRegistry(
  create(FileDescriptorSetSchema, { file: [file_google_protobuf_wrappers.proto, file] }),
).getService("demo.v1.WhoAmI");
