// The native addon: a file beside this package when built here, else the platform package that
// npm installed as an optional dependency.
"use strict";

const { readFileSync } = require("node:fs");

/** The platforms that there are packages for, as `napi.targets` of package.json has them. */
const PLATFORMS = [
  "darwin-arm64",
  "darwin-x64",
  "linux-arm64-gnu",
  "linux-arm64-musl",
  "linux-x64-gnu",
  "linux-x64-musl",
  "win32-x64-msvc",
];

/** Whether this Linux runs on musl rather than glibc. */
function isMusl() {
  try {
    return readFileSync("/usr/bin/ldd", "utf8").includes("musl");
  } catch {
    // Slim images have no ldd; the process knows what it was linked with.
  }
  const { header, sharedObjects = [] } = process.report.getReport();
  return header.glibcVersionRuntime === undefined && sharedObjects.some((file) => /\/(ld|libc)[.-]musl-/.test(file));
}

/** The name that platform packages and addon files end in. */
function platformName() {
  const base = `${process.platform}-${process.arch}`;
  switch (process.platform) {
    case "linux":
      return `${base}-${isMusl() ? "musl" : "gnu"}`;
    case "win32":
      return `${base}-msvc`;
    default:
      return base;
  }
}

function load() {
  const platform = platformName();
  const tried = [];
  for (const name of [`../bearergate.${platform}.node`, `bearergate-${platform}`]) {
    try {
      return require(name);
    } catch (error) {
      tried.push(error);
    }
  }
  const cause = tried.find((error) => error?.code !== "MODULE_NOT_FOUND") ?? tried.at(-1);
  throw new Error(describe(platform, tried), { cause });
}

/** Says what to do about a binary that could not be loaded. */
function describe(platform, tried) {
  if (!tried.every((error) => error?.code === "MODULE_NOT_FOUND")) {
    const messages = tried.map((error) => error?.message ?? String(error));
    return `bearergate could not load its native binary for ${platform}: ${messages.join("; ")}`;
  }
  if (!PLATFORMS.includes(platform)) {
    return `bearergate has no native binary for ${platform}. There are binaries for ${PLATFORMS.join(", ")}.`;
  }
  return (
    `bearergate has no native binary for ${platform}. Install the package bearergate-${platform} ` +
    "(an optional dependency: check that npm did not omit optional dependencies, that the lock file was " +
    "not made on another platform only, and that a bundler left the package outside)."
  );
}

module.exports = load();
