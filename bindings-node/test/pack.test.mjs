// The package as npm packs it, installed into an empty project and used from there.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { hmacToken, SECRET } from "./support/tokens.mjs";

const USE = `
const verifier = new bearergate.JwtVerifier({ secret: ${JSON.stringify(SECRET)} });
const jwtAuth = bearergate.createJwtAuthInterceptor(verifier);
const request = (header) => ({ service: { typeName: "a.B" }, method: { name: "Get" }, header: new Headers(header) });
const guarded = jwtAuth(async () => bearergate.getAuthContext().subject);
Promise.all([
  guarded(request({ authorization: "Bearer ${hmacToken({ sub: "alice" })}" })),
  guarded(request()).catch((error) => error instanceof connect.ConnectError && error.constructor === connect.ConnectError),
]).then((results) => console.log(JSON.stringify(results)));
`;

const project = mkdtempSync(join(tmpdir(), "bearergate-pack-"));
const npm = (cwd, ...args) =>
  execFileSync("npm", [...args, "--no-audit", "--no-fund", "--loglevel=error"], {
    cwd,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
  });
const node = (file) => execFileSync(process.execPath, [join(project, file)], { encoding: "utf8" });

describe("the packed package", { timeout: 300_000 }, () => {
  let files;

  before(() => {
    const packed = JSON.parse(
      npm(fileURLToPath(new URL("..", import.meta.url)), "pack", "--json", "--pack-destination", project),
    );
    const [{ filename, files: listed }] = Array.isArray(packed) ? packed : Object.values(packed);
    files = listed.map(({ path }) => path);
    writeFileSync(join(project, "package.json"), '{"private": true}\n');
    npm(project, "install", `./${filename}`);
  });

  after(() => rmSync(project, { recursive: true, force: true }));

  it("holds the addon, the code and the types, and no more", () => {
    const { exports } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));
    const entries = JSON.stringify(exports).match(/(?<="\.\/)[^"]+(?=")/g);
    const expected =
      /^(bin\/bearergate\.js|lib\/.*\.js|bearergate\..*\.node|package\.json|sbom\.cdx\.json|README\.md|LICENSE)$/;
    assert.deepEqual(
      files.filter((path) => !entries.includes(path) && !expected.test(path)),
      [],
    );
    assert.equal(files.filter((path) => path.endsWith(".node")).length, 1);
  });

  it("installs with its peer and nothing else", () => {
    assert.deepEqual(
      readdirSync(join(project, "node_modules")).filter((name) => !name.startsWith(".")),
      ["@bufbuild", "@connectrpc", "bearergate"],
    );
  });

  it("works from import", () => {
    const imports = 'import * as bearergate from "bearergate";\nimport * as connect from "@connectrpc/connect";';
    writeFileSync(join(project, "main.mjs"), imports + USE);
    assert.deepEqual(JSON.parse(node("main.mjs")), ["alice", true]);
  });

  it("has the testing module in both formats", () => {
    const use = 'testing.createTestJwt({ sub: "a" }).then((token) => console.log(token.split(".").length));\n';
    writeFileSync(join(project, "testing.mjs"), `import * as testing from "bearergate/testing";\n${use}`);
    writeFileSync(join(project, "testing.cjs"), `const testing = require("bearergate/testing");\n${use}`);
    assert.equal(node("testing.mjs") + node("testing.cjs"), "3\n3\n");
  });

  it("has the command", () => {
    const version = execFileSync("npx", ["--no-install", "bearergate", "--version"], {
      cwd: project,
      encoding: "utf8",
    });
    assert.equal(version, "bearergate 0.1.0\n");
  });

  it("works from require", () => {
    const imports = 'const bearergate = require("bearergate");\nconst connect = require("@connectrpc/connect");';
    writeFileSync(join(project, "main.cjs"), imports + USE);
    assert.deepEqual(JSON.parse(node("main.cjs")), ["alice", true]);
  });
});
