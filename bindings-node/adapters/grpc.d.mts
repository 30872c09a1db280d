export * from "./grpc.js";
