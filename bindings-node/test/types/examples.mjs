// Compiles every example of the declarations that package.json exports, and every ts block of the README
// files and of docs/; and sees to it that each export is documented with an example. Names that an example
// takes from the program around it are in placeholders.d.ts; names of the package need no import.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const PACKAGE = fileURLToPath(new URL("../..", import.meta.url));
const ROOT = join(PACKAGE, "..");
const OUT = join(PACKAGE, "build/examples");
const { name: packageName, exports } = JSON.parse(readFileSync(join(PACKAGE, "package.json"), "utf8"));

/** The declaration files behind one entry of `exports`. */
function typesOf(entry) {
  if (typeof entry === "string") {
    return /\.d\.[cm]?ts$/.test(entry) ? [entry] : [];
  }
  return Object.values(entry ?? {}).flatMap(typesOf);
}

/** A declaration file and those that it passes on, by their absolute paths. */
function withPassedOn(file, seen = new Set()) {
  if (!seen.has(file)) {
    seen.add(file);
    for (const [, path] of readFileSync(file, "utf8").matchAll(/^export .*?\bfrom "(\.[^"]+)";/gms)) {
      withPassedOn(resolve(dirname(file), path.replace(/\.([cm]?)js$/, ".d.$1ts")), seen);
    }
  }
  return seen;
}

const DECLARED = /^export (?:declare )?(?:abstract )?(?:class|const|enum|function|interface|namespace|type) (\w+)/gm;

const lineAt = (text, index) => text.slice(0, index).split("\n").length;

/** Every ts block of a text; `prefix` is what its lines begin with. */
function blocksOf(file, text) {
  const blocks = [];
  for (const match of text.matchAll(/^([ \t]*(?:\* ?)?)```(?:ts|typescript)[^\n]*\n(.*?)^[ \t]*(?:\* ?)?```/gms)) {
    const [whole, prefix, body] = match;
    const start = lineAt(text, match.index) + 1;
    const stripped = body
      .split("\n")
      .map((line) => (line.startsWith(prefix) ? line.slice(prefix.length) : line.trim().replace(/^\*$/, "")));
    blocks.push({ file, line: start, code: stripped.join("\n"), whole });
  }
  return blocks;
}

const problems = [];
const blocks = [];

// One declaration file may be passed on by several entries; its examples import from the first.
const entryOf = new Map();
const namesOf = new Map();
for (const [path, entry] of Object.entries(exports)) {
  const specifier = path === "." ? packageName : `${packageName}/${path.slice(2)}`;
  const files = typesOf(entry).flatMap((types) => [...withPassedOn(join(PACKAGE, types))]);
  const names = files.flatMap((file) => [...readFileSync(file, "utf8").matchAll(DECLARED)].map(([, name]) => name));
  namesOf.set(specifier, new Set(names));
  for (const file of files) {
    if (!entryOf.has(file)) {
      entryOf.set(file, specifier);
    }
  }
}

for (const [file, specifier] of entryOf) {
  const text = readFileSync(file, "utf8");
  const documented = new Set();
  for (const match of text.matchAll(DECLARED)) {
    const [, name] = match;
    const before = text.slice(0, match.index).trimEnd();
    const doc = before.endsWith("*/") ? before.slice(before.lastIndexOf("/**")) : "";
    const hasExample = doc.includes("@example") && doc.includes("```ts");
    if (hasExample) {
      documented.add(name);
    } else if (!documented.has(name)) {
      problems.push(
        `${relative(ROOT, file)}:${lineAt(text, match.index)}: ${name} has no documentation with an @example`,
      );
    }
  }
  blocks.push(...blocksOf(file, text).map((block) => ({ ...block, specifier })));
}

const pages = [join(ROOT, "README.md"), join(PACKAGE, "README.md")];
const docs = join(ROOT, "docs");
for (const page of existsSync(docs) ? readdirSync(docs, { recursive: true }) : []) {
  if (page.endsWith(".md")) {
    pages.push(join(docs, page));
  }
}
for (const page of pages) {
  blocks.push(...blocksOf(page, readFileSync(page, "utf8")).map((block) => ({ ...block, specifier: packageName })));
}

/** The import of what an example uses of the package without importing it; always one line. */
function imports({ code, specifier }) {
  const bound = new Set();
  for (const [, clause] of code.matchAll(/\bimport\b([^;]*?)\bfrom\b/g)) {
    for (const [name] of clause.matchAll(/\w+/g)) {
      bound.add(name);
    }
  }
  for (const [, name] of code.matchAll(/\b(?:const|let|function|class|interface|type) (\w+)/g)) {
    bound.add(name);
  }
  const from = (entry) => {
    const used = [...namesOf.get(entry)].filter((name) => !bound.has(name) && new RegExp(`\\b${name}\\b`).test(code));
    for (const name of used) {
      bound.add(name);
    }
    return used.length === 0 ? "" : `import { ${used.join(", ")} } from "${entry}"; `;
  };
  // The entry's own names before those of the package itself.
  return [...new Set([specifier, packageName])].map(from).join("");
}

rmSync(OUT, { recursive: true, force: true });
mkdirSync(OUT, { recursive: true });
const sources = new Map();
for (const [index, block] of blocks.entries()) {
  const name = `example-${String(index).padStart(3, "0")}.mts`;
  sources.set(name, block);
  writeFileSync(join(OUT, name), `${imports(block)}export {};\n${block.code}`);
}
writeFileSync(
  join(OUT, "tsconfig.json"),
  JSON.stringify({
    extends: "../../test/types/tsconfig.json",
    compilerOptions: { checkJs: false },
    files: ["../../test/types/placeholders.d.ts", ...sources.keys()],
  }),
);

const tsc = spawnSync(
  process.execPath,
  [join(PACKAGE, "node_modules/typescript/bin/tsc"), "-p", OUT, "--pretty", "false"],
  {
    cwd: PACKAGE,
    encoding: "utf8",
  },
);
if (tsc.status !== 0) {
  const told = tsc.stdout.replace(/^(?:build\/examples\/)?(example-\d+\.mts)\((\d+),/gm, (_, name, line) => {
    const { file, line: start } = sources.get(name);
    return `${relative(ROOT, file)}(${start + Number(line) - 2},`;
  });
  problems.push(`${told}${tsc.stderr}`.trim());
}
if (problems.length > 0) {
  console.error(problems.join("\n"));
  process.exit(1);
}
console.log(`examples: ${blocks.length} compiled`);
