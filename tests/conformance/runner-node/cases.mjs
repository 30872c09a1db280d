// The case files, with references, tags and URLs replaced by what they stand for.
import { createPublicKey, createSecretKey, generateKeyPairSync, webcrypto } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";

const folder = new URL("../cases/", import.meta.url);

const mapObject = (object, map) =>
  Object.fromEntries(Object.entries(object).map(([name, value]) => [name, map(value)]));

const isObject = (value) => typeof value === "object" && value !== null && !Array.isArray(value);

/** Puts the file's key where `{"$use": name}` stands. */
function resolve(value, keys) {
  if (Array.isArray(value)) {
    return value.map((item) => resolve(item, keys));
  }
  if (!isObject(value)) {
    return value;
  }
  if ("$use" in value) {
    return keys[value.$use];
  }
  return mapObject(value, (item) => resolve(item, keys));
}

/** Every suite with its cases, in the order of the files' names. */
export function load() {
  const names = readdirSync(folder).filter((name) => name.endsWith(".json"));
  return names.sort().map((name) => {
    const { suite, options, keys, cases } = JSON.parse(readFileSync(new URL(name, folder), "utf8"));
    const resolved = cases.map((each) => resolve(each, keys));
    return { suite, cases: resolved.map((each) => ({ ...each, options: { ...options, ...each.options } })) };
  });
}

/** Puts real URLs where `$jwks` and `$origin` stand. */
export function place(value, origin) {
  if (typeof value === "string") {
    return value
      .replaceAll("$jwks", `${origin}/jwks`)
      .replaceAll("$origin", origin)
      .replaceAll("$proxy", new URL(origin).origin);
  }
  if (Array.isArray(value)) {
    return value.map((item) => place(item, origin));
  }
  return isObject(value) ? mapObject(value, (item) => place(item, origin)) : value;
}

const HOOKS = {
  true: () => true,
  false: () => false,
  nothing: () => {},
  zero: () => 0,
  empty: () => "",
  throw: () => {
    throw new Error("the hook failed");
  },
};

/** Puts values of this language where tags stand. */
export async function natural(value) {
  if (Array.isArray(value)) {
    return Promise.all(value.map(natural));
  }
  if (!isObject(value)) {
    return value;
  }
  if ("$bytes" in value) {
    return Buffer.from(value.$bytes, "base64");
  }
  if ("$hook" in value) {
    return HOOKS[value.$hook];
  }
  if ("$foreign" in value) {
    return () => {};
  }
  if ("$key" in value) {
    return key(value.$key);
  }
  const members = Object.entries(value).map(async ([name, member]) => [name, await natural(member)]);
  return Object.fromEntries(await Promise.all(members));
}

function key({ kind, spki, algorithm }) {
  switch (kind) {
    case "private":
      return generateKeyPairSync("ed25519").privateKey;
    case "secret":
      return createSecretKey(Buffer.alloc(32, 7));
    default: {
      const der = Buffer.from(spki, "base64");
      return algorithm === null
        ? createPublicKey({ key: der, format: "der", type: "spki" })
        : webcrypto.subtle.importKey("spki", der, algorithm, true, ["verify"]);
    }
  }
}
