// The service of the Connect examples, as protoc-gen-es writes it for this file:
//
//   syntax = "proto3";
//   package greet.v1;
//   message GreetRequest {}
//   message GreetResponse { string greeting = 1; }
//   service GreetService {
//     rpc Greet(GreetRequest) returns (GreetResponse);
//     rpc GreetMany(GreetRequest) returns (stream GreetResponse);
//   }
import { fileDesc, serviceDesc } from "@bufbuild/protobuf/codegenv2";

const file = fileDesc(
  "ChRncmVldC92MS9ncmVldC5wcm90bxIIZ3JlZXQudjEiDgoMR3JlZXRSZXF1ZXN0IisKDUdyZWV0UmVzcG9uc2USGgoIZ3JlZXRpbmcYASABKAlSCGdyZWV0aW5nMogBCgxHcmVldFNlcnZpY2USOAoFR3JlZXQSFi5ncmVldC52MS5HcmVldFJlcXVlc3QaFy5ncmVldC52MS5HcmVldFJlc3BvbnNlEj4KCUdyZWV0TWFueRIWLmdyZWV0LnYxLkdyZWV0UmVxdWVzdBoXLmdyZWV0LnYxLkdyZWV0UmVzcG9uc2UwAWIGcHJvdG8z",
);

export const GreetService = serviceDesc(file, 0);
