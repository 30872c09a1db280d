// A certificate authority of the tests and a server certificate for 127.0.0.1, written as DER
// (RFC 5280).
import { createPublicKey, generateKeyPairSync, sign } from "node:crypto";

/** One DER value: tag, length, content. */
function der(tag, ...parts) {
  const content = Buffer.concat(parts.map((part) => Buffer.from(part)));
  const { length } = content;
  const lengthBytes = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 255];
  return Buffer.concat([Buffer.from([tag, ...lengthBytes]), content]);
}

const sequence = (...parts) => der(0x30, ...parts);
const oid = (...bytes) => der(0x06, bytes);
const octets = (value) => der(0x04, value);
const TRUE = der(0x01, [0xff]);

const ECDSA_WITH_SHA256 = sequence(oid(0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02));
const COMMON_NAME = oid(0x55, 0x04, 0x03);
const BASIC_CONSTRAINTS = oid(0x55, 0x1d, 0x13);
const SUBJECT_ALT_NAME = oid(0x55, 0x1d, 0x11);

const named = (name) => sequence(der(0x31, sequence(COMMON_NAME, der(0x0c, Buffer.from(name)))));
const VALIDITY = sequence(der(0x17, Buffer.from("200101000000Z")), der(0x17, Buffer.from("491231235959Z")));

function pem(label, bytes) {
  const lines = bytes.toString("base64").match(/.{1,64}/g);
  return `-----BEGIN ${label}-----\n${lines.join("\n")}\n-----END ${label}-----\n`;
}

function certificate({ serial, issuer, subject, key, signedBy, extension }) {
  const spki = createPublicKey(key).export({ type: "spki", format: "der" });
  const tbs = sequence(
    der(0xa0, der(0x02, [2])),
    der(0x02, [serial]),
    ECDSA_WITH_SHA256,
    named(issuer),
    VALIDITY,
    named(subject),
    spki,
    der(0xa3, sequence(extension)),
  );
  return pem("CERTIFICATE", sequence(tbs, ECDSA_WITH_SHA256, der(0x03, [0], sign("sha256", tbs, signedBy))));
}

/** An authority's certificate, and a server's certificate and key. */
export function makeCertificates() {
  const ecKey = () => generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey;
  const [authority, server] = [ecKey(), ecKey()];
  const issuer = "bearergate test authority";
  return {
    ca: certificate({
      serial: 1,
      issuer,
      subject: issuer,
      key: authority,
      signedBy: authority,
      extension: sequence(BASIC_CONSTRAINTS, TRUE, octets(sequence(TRUE))),
    }),
    cert: certificate({
      serial: 2,
      issuer,
      subject: "127.0.0.1",
      key: server,
      signedBy: authority,
      extension: sequence(SUBJECT_ALT_NAME, octets(sequence(der(0x87, [127, 0, 0, 1])))),
    }),
    key: server.export({ type: "pkcs8", format: "pem" }),
  };
}
