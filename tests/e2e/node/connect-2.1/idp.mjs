// The identity provider of the tests.
export * from "../../../idp/client.mjs";
