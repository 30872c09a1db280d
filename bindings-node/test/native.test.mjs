// What is said where no binary can be loaded. tests/e2e/node/tooling really removes one.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";

const fixture = fileURLToPath(new URL("./fixtures/no-binary.cjs", import.meta.url));
const { napi } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));

const load = (...where) => spawnSync(process.execPath, [fixture, ...where], { encoding: "utf8" }).stdout.trim();

describe("without a binary", () => {
  it("the package to install is named, for each platform that has one", () => {
    const where = {
      "linux-x64-gnu": ["linux", "x64", "gnu"],
      "linux-arm64-gnu": ["linux", "arm64", "gnu-slim"],
      "linux-x64-musl": ["linux", "x64", "musl"],
      "linux-arm64-musl": ["linux", "arm64", "musl-slim"],
      "darwin-x64": ["darwin", "x64"],
      "darwin-arm64": ["darwin", "arm64"],
      "win32-x64-msvc": ["win32", "x64"],
    };
    assert.equal(Object.keys(where).length, napi.targets.length);
    for (const [platform, given] of Object.entries(where)) {
      const start = `bearergate has no native binary for ${platform}. Install the package bearergate-${platform} (`;
      assert.ok(load(...given).startsWith(start), load(...given));
    }
  });

  it("a platform that has none is told which have", () => {
    const systems = { linux: "linux", darwin: "darwin", windows: "win32" };
    const machines = { x86_64: "x64", aarch64: "arm64" };
    const names = napi.targets.map((target) => {
      const [machine, system, libc] = target.replace(/-(apple|pc|unknown)-/, "-").split("-");
      return [systems[system], machines[machine], libc].filter(Boolean).join("-");
    });
    const list = names.sort().join(", ");
    for (const [platform, ...given] of [
      ["sunos-mips", "sunos", "mips"],
      ["linux-riscv64-musl", "linux", "riscv64", "musl"],
      ["win32-arm64-msvc", "win32", "arm64"],
    ]) {
      assert.equal(load(...given), `bearergate has no native binary for ${platform}. There are binaries for ${list}.`);
    }
  });
});
