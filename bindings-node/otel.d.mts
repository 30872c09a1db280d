export * from "./otel.js";
