// An RSA key pair of a test's own. The native side generates it, on a thread of the pool.
"use strict";

const native = require("../native.js");

const RS256 = { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" };

async function generateRsaTestKeypair(kid = native.testJwtKid()) {
  if (typeof kid !== "string" || kid === "") {
    throw new TypeError("kid must be a non-empty string");
  }
  const [privatePem, publicPem, jwk] = await native.generateRsaTestKeypair(kid);
  const { subtle } = globalThis.crypto;
  const [privateKey, publicKey] = await Promise.all([
    subtle.importKey("pkcs8", bytesOf(privatePem), RS256, true, ["sign"]),
    subtle.importKey("spki", bytesOf(publicPem), RS256, true, ["verify"]),
  ]);
  return Object.freeze({ privateKey, publicKey, publicJwk: Object.freeze(JSON.parse(jwk)), kid });
}

/** What a PEM block holds. */
const bytesOf = (pem) => Buffer.from(pem.replace(/-----[^-]+-----|\s/g, ""), "base64");

module.exports = { generateRsaTestKeypair };
