// The command as npm installs it: what it reads, what it writes, how it ends. What is decided and
// written is tested in the core, and that Python writes the same in tests/e2e/python.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { createTestJwt, createTestJwtRS256, generateRsaTestKeypair, startTestJwksServer } from "bearergate/testing";

const BIN = fileURLToPath(new URL("../bin/bearergate.js", import.meta.url));
const SECRET = "a secret of the command's tests, thirty-two bytes";

async function run(args, { stdin = "", env = {} } = {}) {
  const child = spawn(process.execPath, [BIN, ...args], {
    env: { PATH: process.env.PATH, JWT_SECRET: SECRET, ...env },
  });
  const texts = { stdout: "", stderr: "" };
  for (const name of Object.keys(texts)) {
    child[name].setEncoding("utf8").on("data", (text) => {
      texts[name] += text;
    });
  }
  child.stdin.on("error", () => {});
  child.stdin.end(stdin);
  const [code] = await once(child, "close");
  assert.ok(!`${texts.stdout}${texts.stderr}`.includes(SECRET));
  return { code, ...texts };
}

describe("bearergate explain", () => {
  const source = ["explain", "--secret-env", "JWT_SECRET"];
  let good;

  before(async () => {
    good = await createTestJwt({ sub: "alice\u001b[2J", name: "Ålice" }, { secret: SECRET });
  });

  it("ends by the outcome, wherever the token comes from", async () => {
    const accepted = await run(source, { stdin: `${good}\n` });
    assert.deepEqual([accepted.code, accepted.stderr], [0, ""]);
    assert.match(accepted.stdout, / 7 {2}signature {8}passed/);
    assert.match(accepted.stdout, /subject "alice\\u\{1b\}\[2J"\n {2}name {4}"Ålice"/);
    assert.ok(!accepted.stdout.includes("\u001b"));
    assert.equal((await run(source, { env: { BEARERGATE_TOKEN: good } })).code, 0);
    const given = await run([...source, good]);
    assert.equal(given.code, 0);
    assert.match(given.stderr, /given as an argument/);
    const refused = await run([...source, "-"], { stdin: `${good}A`, env: { BEARERGATE_TOKEN: good } });
    assert.equal(refused.code, 1);
    assert.match(refused.stdout, /FAILED/);
    assert.equal((await run(["explain"], { stdin: good })).code, 2);
    assert.equal((await run([])).code, 2);
  });

  it("writes JSON for machines", async () => {
    const expired = await createTestJwt({ sub: "alice" }, { secret: SECRET, expiresIn: "-5m" });
    const { code, stdout } = await run([...source, "--json"], { stdin: expired });
    const told = JSON.parse(stdout);
    assert.deepEqual([code, told.outcome, told.code], [1, "refused", "ERR_TOKEN_EXPIRED"]);
    assert.deepEqual(
      told.checks.filter(({ verdict }) => verdict === "failed").map(({ row, name }) => [row, name]),
      [[14, "exp"]],
    );
    assert.ok(!stdout.includes(expired.split(".")[2]));
  });

  it("waits for keys, and ends with 3 where there are none", async () => {
    const keypair = await generateRsaTestKeypair();
    const jwks = await startTestJwksServer(keypair.publicJwk);
    const token = await createTestJwtRS256(keypair.privateKey, { sub: "a" }, { kid: keypair.kid, issuer: jwks.origin });
    for (const args of [
      ["--jwks-uri", jwks.url],
      ["--discover", "--issuer", jwks.origin],
    ]) {
      const { code, stdout, stderr } = await run(["explain", ...args], { stdin: token });
      assert.equal(code, 0, stdout + stderr);
    }
    assert.equal((await run(["jwks", jwks.url])).code, 0);
    jwks.fail("hang");
    const late = await run(["explain", "--jwks-uri", jwks.url, "--timeout", "0.2"], { stdin: token });
    assert.equal(late.code, 3);
    assert.match(late.stdout, /ERR_KEYS_UNAVAILABLE \(timeout\)/);
    assert.equal((await run(["jwks", jwks.url, "--timeout", "0.2"])).code, 3);
    await jwks.close();
  });
});

describe("docs/command-line.md", () => {
  const page = readFileSync(new URL("../../docs/command-line.md", import.meta.url), "utf8");
  const block = (name) => new RegExp(`<!-- ${name} -->\n\`\`\`console\n([\\s\\S]*?)\`\`\``).exec(page)[1].split("\n");
  // Only how far away a time is depends on the day.
  const undated = (text) => text.replaceAll(/\((?:in )?\d+ \w+(?: ago)?\)/g, "(some time)");

  it("shows what explain writes", async () => {
    const lines = block("explain");
    const env = {};
    let line = lines.shift();
    for (; line.startsWith("$ export "); line = lines.shift()) {
      const [, name, value] = /^\$ export (\w+)='(.*)'$/.exec(line);
      env[name] = value;
    }
    const [, ...words] = line.replace(/^\$ npx /, "").split(" ");
    const { code, stdout } = await run(words, { env });
    assert.equal(code, 1);
    assert.equal(undated(stdout), undated(lines.join("\n")));
  });

  it("shows what jwks writes", async () => {
    const { publicJwk } = await generateRsaTestKeypair();
    const jwks = await startTestJwksServer([publicJwk, { kty: "oct", kid: "session", k: "AAAA" }]);
    const { stdout } = await run(["jwks", jwks.url]);
    await jwks.close();
    const [, ...lines] = block("jwks");
    assert.equal(stdout.replaceAll(jwks.origin, "http://127.0.0.1:8080"), lines.join("\n"));
  });
});
