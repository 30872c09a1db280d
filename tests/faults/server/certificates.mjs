// An authority that lives as long as the test, and what it certifies.
import "reflect-metadata";
import { webcrypto } from "node:crypto";
import * as x509 from "@peculiar/x509";

x509.cryptoProvider.set(webcrypto);

const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
const DAY = 86_400_000;
const keyPair = () => webcrypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);

async function pemOf(key) {
  return x509.PemConverter.encode(await webcrypto.subtle.exportKey("pkcs8", key), "PRIVATE KEY");
}

const validity = (from, to) => ({ notBefore: new Date(Date.now() + from), notAfter: new Date(Date.now() + to) });

/** `ca` for the options, and `certify` for a server's `{cert, key}`. */
export async function makeAuthority() {
  const keys = await keyPair();
  const name = "CN=bearergate fault authority";
  const root = await x509.X509CertificateGenerator.createSelfSigned({
    name,
    keys,
    signingAlgorithm: ALGORITHM,
    ...validity(-DAY, DAY),
    extensions: [new x509.BasicConstraintsExtension(true, undefined, true)],
  });
  let serial = 1;
  const certify = async ({ names = [{ type: "ip", value: "127.0.0.1" }], from = -DAY / 2, to = DAY / 2 } = {}) => {
    const own = await keyPair();
    serial += 1;
    const certificate = await x509.X509CertificateGenerator.create({
      subject: "CN=server",
      issuer: name,
      publicKey: own.publicKey,
      signingKey: keys.privateKey,
      signingAlgorithm: ALGORITHM,
      serialNumber: serial.toString(16).padStart(2, "0"),
      ...validity(from, to),
      extensions: [new x509.SubjectAlternativeNameExtension(names)],
    });
    return { cert: certificate.toString("pem"), key: await pemOf(own.privateKey) };
  };
  return { ca: root.toString("pem"), certify };
}

/** A server that vouches for itself. */
export async function selfSigned() {
  const keys = await keyPair();
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: "CN=server",
    keys,
    signingAlgorithm: ALGORITHM,
    ...validity(-DAY, DAY),
    extensions: [new x509.SubjectAlternativeNameExtension([{ type: "ip", value: "127.0.0.1" }])],
  });
  return { cert: certificate.toString("pem"), key: await pemOf(keys.privateKey) };
}
