// The package as it is packed, laid out in a project whose dependencies a lock file names.
import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../..", import.meta.url));

/** Installs what a lock file names, unless that is what is there. */
export function install(directory) {
  const read = (file) => (existsSync(file) ? readFileSync(file, "utf8") : undefined);
  const stamp = join(directory, "node_modules/.installed-lock");
  const lock = join(directory, "package-lock.json");
  if (read(stamp) !== read(lock)) {
    execFileSync("npm", ["ci", "--no-audit", "--no-fund"], { cwd: directory, stdio: "inherit" });
    cpSync(lock, stamp);
  }
}

/** The package as npm packs it; gives the file. */
export function pack(into) {
  const output = execFileSync("npm", ["pack", "--json", "--pack-destination", into], {
    cwd: join(root, "bindings-node"),
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  });
  const packed = JSON.parse(output);
  const [{ filename, files }] = Array.isArray(packed) ? packed : Object.values(packed);
  if (!files.some(({ path }) => path.endsWith(".node"))) {
    throw new Error("the package holds no addon: build it first (npm run build in bindings-node)");
  }
  return join(into, filename);
}

/** Unpacks a packed package into a project. */
export function unpack(tarball, directory) {
  const target = join(directory, "node_modules/bearergate");
  rmSync(target, { recursive: true, force: true });
  mkdirSync(target, { recursive: true });
  execFileSync("tar", ["-xzf", tarball, "-C", target, "--strip-components=1"]);
}
