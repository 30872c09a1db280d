// The service of the full example: it tells who is calling.
import { create, createFileRegistry } from "@bufbuild/protobuf";
import {
  EmptySchema,
  FileDescriptorProtoSchema,
  FileDescriptorSetSchema,
  StringValueSchema,
} from "@bufbuild/protobuf/wkt";
import { requireAuthContext } from "bearergate";

const file = create(FileDescriptorProtoSchema, {
  name: "who.proto",
  package: "documentation.v1",
  syntax: "proto3",
  dependency: [EmptySchema.file.proto.name, StringValueSchema.file.proto.name],
  service: [
    {
      name: "WhoService",
      method: [{ name: "Who", inputType: ".google.protobuf.Empty", outputType: ".google.protobuf.StringValue" }],
    },
  ],
});
const set = create(FileDescriptorSetSchema, { file: [EmptySchema.file.proto, StringValueSchema.file.proto, file] });

export const WhoService = /** @type {import("@bufbuild/protobuf").DescService} */ (
  createFileRegistry(set).getService("documentation.v1.WhoService")
);

/** @param {import("@connectrpc/connect").ConnectRouter} router */
export const routes = (router) =>
  router.service(/** @type {import("@bufbuild/protobuf").DescService & {method: any}} */ (WhoService), {
    who() {
      const { subject, roles, scopes } = requireAuthContext();
      return { value: [subject, ...roles, ...scopes].join(" ") };
    },
  });
