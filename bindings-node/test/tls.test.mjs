// Whom a fetch over https trusts: what the options add, and what Node trusts.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import https from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { JwtVerifier } from "bearergate";
import { makeCertificates } from "./support/certificates.mjs";
import { rsaKey } from "./support/tokens.mjs";

const key = rsaKey("k");
const token = key.token({ sub: "a" });
const { ca, ...identity } = makeCertificates();
const directory = mkdtempSync(join(tmpdir(), "bearergate-tls-"));
const caFile = join(directory, "ca.pem");
let server;
let jwksUri;

before(async () => {
  writeFileSync(caFile, ca);
  server = https.createServer(identity, (_req, res) => res.end(JSON.stringify({ keys: [key.jwk] })));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  jwksUri = `https://127.0.0.1:${server.address().port}/jwks`;
});

after(() => {
  server.close();
  server.closeAllConnections();
  rmSync(directory, { recursive: true });
});

async function subject(jwks) {
  const verifier = new JwtVerifier({ jwksUri, jwks });
  try {
    return (await verifier.verify(token)).subject;
  } finally {
    verifier.close();
  }
}

/** Exit code of a process that verifies the token with these environment variables. */
async function verifiesWith(env) {
  const script = fileURLToPath(new URL("./fixtures/exits.mjs", import.meta.url));
  const child = spawn(process.execPath, [script, jwksUri, token], {
    env: { ...process.env, NODE_EXTRA_CA_CERTS: "", ...env },
    stdio: ["ignore", "inherit", "ignore"],
  });
  const [code] = await once(child, "exit");
  return code;
}

describe("a JWK Set over https", () => {
  it("is not taken from a server that nobody vouches for", async () => {
    await assert.rejects(subject(), { code: "ERR_KEYS_UNAVAILABLE" });
    assert.notEqual(await verifiesWith({}), 0);
  });

  it("is taken where an option vouches for it", async () => {
    assert.equal(await subject({ ca }), "a");
    assert.equal(await subject({ caFile }), "a");
  });

  it("is taken where NODE_EXTRA_CA_CERTS vouches for it", async () => {
    assert.equal(await verifiesWith({ NODE_EXTRA_CA_CERTS: caFile }), 0);
  });
});
