// A server bundled by esbuild, run from a folder with nothing but the bundle and what it leaves outside.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const project = fileURLToPath(new URL("..", import.meta.url));
const packed = join(project, "node_modules/bearergate");
const addon = readdirSync(packed).find((file) => file.endsWith(".node"));
const [, platform] = addon.split(".");

const folders = mkdtempSync(join(tmpdir(), "bearergate-bundle-"));
after(() => rmSync(folders, { recursive: true, force: true }));

/** Bundles the server with the given options; gives what it tells when it is run in a folder of its own. */
async function run(name, options, provide) {
  const folder = join(folders, name);
  mkdirSync(join(folder, "node_modules"), { recursive: true });
  writeFileSync(join(folder, "package.json"), "{}");
  const outfile = join(folder, `server.${options.format === "esm" ? "mjs" : "cjs"}`);
  const { warnings } = await build({
    entryPoints: [join(project, "bundle/server.mjs")],
    outfile,
    bundle: true,
    platform: "node",
    target: "node20",
    logLevel: "silent",
    ...options,
  });
  assert.deepEqual(warnings, []);
  provide(join(folder, "node_modules"));
  return execFileSync(process.execPath, [outfile], { encoding: "utf8", stdio: "pipe" });
}

/** The package as it is, and the peer that it finds beside it. */
function wholePackage(modules) {
  for (const name of ["bearergate", "@connectrpc/connect", "@bufbuild/protobuf"]) {
    cpSync(join(project, "node_modules", name), join(modules, name), { recursive: true });
  }
}

/** The platform package alone, as npm installs it from the registry. */
function platformPackage(modules) {
  const folder = join(modules, `bearergate-${platform}`);
  mkdirSync(folder);
  writeFileSync(join(folder, "package.json"), JSON.stringify({ name: `bearergate-${platform}`, main: addon }));
  cpSync(join(packed, addon), join(folder, addon));
}

const TOLD = '["alice",true,["ERR_CREDENTIALS_MISSING","ERR_TOKEN_MALFORMED"],true]\n';

/** What CommonJS code in an ES module misses. */
const banner = {
  js: 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);',
};

describe("a bundle", () => {
  it("as an ES module, the package outside", async () => {
    const external = ["bearergate", "@connectrpc/connect"];
    assert.equal(await run("esm-outside", { format: "esm", external, banner }, wholePackage), TOLD);
  });

  it("as CommonJS, the package outside", async () => {
    const external = ["bearergate", "@connectrpc/connect"];
    assert.equal(await run("cjs-outside", { format: "cjs", external }, wholePackage), TOLD);
  });

  it("as CommonJS, only the addon outside", async () => {
    assert.equal(await run("cjs-inside", { format: "cjs" }, platformPackage), TOLD);
  });

  it("as an ES module, only the addon outside", async () => {
    assert.equal(await run("esm-inside", { format: "esm", banner }, platformPackage), TOLD);
  });

  it("without the addon names the package that is missing", async () => {
    await assert.rejects(
      run("cjs-without", { format: "cjs" }, () => {}),
      new RegExp(`bearergate has no native binary for ${platform}\\. Install the package bearergate-${platform} `),
    );
  });
});
