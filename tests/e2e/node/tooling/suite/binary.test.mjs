// The packed package whose binary is really gone, or is that of another system.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";

const modules = fileURLToPath(new URL("../node_modules", import.meta.url));
const project = mkdtempSync(join(tmpdir(), "bearergate-binary-"));
const copy = join(project, "node_modules/bearergate");
after(() => rmSync(project, { recursive: true, force: true }));

/** What a program that loads the package prints on its standard error. */
function load(extension, source) {
  const file = join(project, `main.${extension}`);
  writeFileSync(file, source);
  const { status, stderr } = spawnSync(process.execPath, [file], { encoding: "utf8" });
  assert.equal(status, 1, stderr);
  return stderr;
}

const LOAD = { mjs: 'import "bearergate";', cjs: 'require("bearergate");' };

describe("the packed package without its binary", () => {
  let addon;
  let platform;
  before(() => {
    for (const name of ["bearergate", "@connectrpc/connect", "@bufbuild/protobuf"]) {
      cpSync(join(modules, name), join(project, "node_modules", name), { recursive: true });
    }
    addon = readdirSync(copy).find((file) => file.endsWith(".node"));
    [, platform] = addon.split(".");
    rmSync(join(copy, addon));
  });

  for (const [extension, source] of Object.entries(LOAD)) {
    it(`names the platform and the package to install (${extension})`, () => {
      assert.match(
        load(extension, source),
        new RegExp(
          `Error: bearergate has no native binary for ${platform}\\. Install the package bearergate-${platform} `,
        ),
      );
    });

    it(`tells why one that is there cannot be loaded (${extension})`, () => {
      writeFileSync(join(copy, addon), "no binary at all");
      assert.match(
        load(extension, source),
        new RegExp(
          `Error: bearergate could not load its native binary for ${platform}: .*${addon.replaceAll(".", "\\.")}`,
        ),
      );
      rmSync(join(copy, addon));
    });
  }
});
