// From the crate's bill of materials to the package's: what it is called where it is published, what it
// asks for beside it, and no path of the machine that made it.
// usage: node sbom.mjs node|python CRATE-SBOM OUTPUT
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const [language, source, target] = process.argv.slice(2);
const root = fileURLToPath(new URL("../..", import.meta.url)).replace(/\/$/, "");
const text = readFileSync(source, "utf8").replaceAll(`file://${root}`, "file:///bearergate");
const bom = JSON.parse(text);
const { version } = bom.metadata.component;

/** What the package works with beside it, each once: a range, so no version. */
function beside() {
  if (language === "node") {
    const manifest = JSON.parse(readFileSync(`${root}/bindings-node/package.json`, "utf8"));
    const { peerDependencies, peerDependenciesMeta = {} } = manifest;
    return Object.entries(peerDependencies).map(([name, range]) => {
      return ["npm", name, range, peerDependenciesMeta[name]?.optional ? "optional" : "required"];
    });
  }
  const read = "import json, sys, tomllib; print(json.dumps(tomllib.load(sys.stdin.buffer)['project']))";
  const input = readFileSync(`${root}/bindings-python/pyproject.toml`);
  const { dependencies = [], ...project } = JSON.parse(execFileSync("python3", ["-c", read], { input }));
  const extras = new Set(Object.values(project["optional-dependencies"] ?? {}).flat());
  const split = (scope) => (requirement) => {
    const [, name, range] = /^([A-Za-z0-9._-]+)(.*)$/.exec(requirement);
    return ["pypi", name, range, scope];
  };
  return [...dependencies.map(split("required")), ...[...extras].map(split("optional"))];
}

const purl = language === "node" ? `pkg:npm/bearergate@${version}` : `pkg:pypi/bearergate@${version}`;
const needed = beside().map(([type, name, range, scope]) => ({
  type: "library",
  "bom-ref": `pkg:${type}/${name}`,
  name,
  scope,
  purl: `pkg:${type}/${name.replace("@", "%40")}`,
  properties: [{ name: "bearergate:range", value: range }],
}));
const crate = bom.metadata.component;
bom.metadata.component = {
  type: "library",
  "bom-ref": purl,
  name: "bearergate",
  version,
  licenses: crate.licenses,
  purl,
};
bom.components = [{ ...crate, components: undefined }, ...bom.components, ...needed];
bom.dependencies.unshift({ ref: purl, dependsOn: [crate["bom-ref"], ...needed.map((each) => each["bom-ref"])] });
bom.dependencies.push(...needed.map((each) => ({ ref: each["bom-ref"] })));

const refs = new Set([purl, ...bom.components.map((each) => each["bom-ref"])]);
const dangling = bom.dependencies
  .flatMap(({ ref, dependsOn = [] }) => [ref, ...dependsOn])
  .filter((ref) => !refs.has(ref));
const written = `${JSON.stringify(bom, null, 2)}\n`;
if (dangling.length > 0 || written.includes(root)) {
  console.error(`${target}: ${dangling.length} references lead nowhere`, dangling.slice(0, 3));
  process.exit(1);
}
writeFileSync(target, written);
console.log(`${target}: ${bom.components.length} components`);
