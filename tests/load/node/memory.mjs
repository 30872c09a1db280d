// Resident memory after 10 million verifications and 100,000 rotations, against that after the first 1 %:
// `node --expose-gc memory.mjs [--scale 0.01]`. The verifiers' clock is moved by the script; the
// rotations are real fetches.
import { createHmac } from "node:crypto";
import { parseArgs } from "node:util";
import { createVerifierOnClock, figure, startProvider } from "./lib.mjs";

const { values: given } = parseArgs({ options: { scale: { type: "string", default: "1" } } });
const SCALE = Number(given.scale);
const ROUNDS = 100;
const VERIFICATIONS = Math.round((10_000_000 * SCALE) / ROUNDS);
// Twice at least for each of the two remote sets: only then their cooldown has begun.
const ROTATIONS = Math.max(4, Math.round((100_000 * SCALE) / ROUNDS));
const COOLDOWN_S = 1;
const MOST_GROWTH = 1.1;
const SECRET = "a secret of the load scripts, thirty-two bytes and more";
const WALL_MS = 1_800_000_000_000;
const EXP = WALL_MS / 1000 + 1000;

const provider = await startProvider();
let monotonic = 0;

/** A verifier over a set that rotates at each fetch, and the tokens of the key it has. */
function rotating(name, cache) {
  const jwksUri = provider.url(`/rotating/${name}`);
  const { verifier, setClock } = createVerifierOnClock({ jwksUri, cache, jwks: { cooldown: COOLDOWN_S } }, WALL_MS, 0);
  let rotations = 0;
  let previous;
  return {
    name,
    tokens: [],
    verifier,
    get rotations() {
      return rotations;
    },
    /** The key set changes, a token of the new key causes a fetch, and the old key is gone. */
    async rotate() {
      setClock(WALL_MS, monotonic);
      rotations += 1;
      const token = provider.token(rotations, `r${rotations}`, { sub: `s${rotations}`, exp: EXP });
      const { subject } = await verifier.verify(token);
      if (subject !== `s${rotations}`) {
        throw new Error(`rotation ${rotations} of ${name}: ${subject}`);
      }
      if (previous !== undefined) {
        refused(this, previous, "ERR_KEY_NOT_FOUND");
      }
      previous = token;
    },
    mint(count) {
      const sign = (_, index) => provider.token(rotations, `r${rotations}`, { sub: `t${index}`, exp: EXP });
      this.tokens = Array.from({ length: count }, sign);
    },
  };
}

function refused({ verifier }, token, code) {
  try {
    verifier.verifySync(token);
  } catch (error) {
    if (error.code === code) {
      return;
    }
  }
  throw new Error(`not refused with ${code}`);
}

const encode = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
const HEADER = encode({ alg: "HS256" });

function hmac(claims) {
  const signed = `${HEADER}.${encode(claims)}`;
  return `${signed}.${createHmac("sha256", SECRET).update(signed).digest("base64url")}`;
}

const onSecret = (cache) => createVerifierOnClock({ secret: SECRET, audience: "api", cache }, WALL_MS, 0);
const cached = rotating("cached", undefined);
const uncached = rotating("uncached", false);
const churned = onSecret(undefined);
const plain = onSecret(false);
const good = { sub: "alice", aud: "api", exp: EXP, roles: ["a", "b"], nested: { list: [1, 2, 3] } };
const hs = hmac(good);

function some(share, work) {
  const count = Math.round(VERIFICATIONS * share);
  for (let index = 0; index < count; index += 1) {
    work(index);
  }
  return count;
}

/** Verifications of one round; gives how many they were. */
function verifyAll() {
  const REFUSALS = [
    ["ERR_TOKEN_EXPIRED", plain, hmac({ ...good, exp: 1 })],
    ["ERR_CLAIM_INVALID", churned, hmac({ ...good, aud: "other" })],
    ["ERR_SIGNATURE_INVALID", plain, `${hs.slice(0, -4)}AAAA`],
    ["ERR_TOKEN_MALFORMED", churned, `${hs}.x`],
    ["ERR_KEY_NOT_FOUND", cached, provider.token(1, "nobody", good)],
  ];
  cached.mint(64);
  uncached.mint(8);
  return (
    // Hits of the cache, its claims read; misses that push others out; and no cache at all.
    some(0.4, (index) => cached.verifier.verifySync(cached.tokens[index % 64]).claims.sub) +
    some(0.1, (index) => churned.verifier.verifySync(hmac({ ...good, jti: `${monotonic}-${index}` }))) +
    some(0.05, (index) => uncached.verifier.verifySync(uncached.tokens[index % 8])) +
    some(0.2, () => plain.verifier.verifySync(hs).claims.nested) +
    some(0.25, (index) => {
      const [code, on, token] = REFUSALS[index % REFUSALS.length];
      refused(on, token, code);
    })
  );
}

const megabytes = (bytes) => `${(bytes / 2 ** 20).toFixed(1)} MiB`;

function memory() {
  globalThis.gc();
  globalThis.gc();
  return process.memoryUsage();
}

let first;
let last;
let verifications = 0;
const started = performance.now();
for (let round = 1; round <= ROUNDS; round += 1) {
  for (let rotation = 0; rotation < ROTATIONS; rotation += 1) {
    monotonic += COOLDOWN_S * 1000 + 1;
    await (rotation % 2 === 0 ? cached : uncached).rotate();
  }
  verifications += verifyAll();
  if (round === 1 || round % 10 === 0) {
    last = memory();
    first ??= last;
    const seconds = ((performance.now() - started) / 1000).toFixed(0);
    console.log(
      `     node: after ${round} %: ${megabytes(last.rss)} resident, heap ${megabytes(last.heapUsed)}, ${seconds} s`,
    );
  }
}

const rotations = cached.rotations + uncached.rotations;
const fetches = (await provider.count("/rotating/cached")) + (await provider.count("/rotating/uncached"));
figure(
  `${verifications} verifications, ${rotations} rotations, each by one fetch (${fetches})`,
  verifications === VERIFICATIONS * ROUNDS && rotations === ROTATIONS * ROUNDS && fetches === rotations,
);
if (SCALE === 1) {
  const growth = last.rss / first.rss;
  const text = `${megabytes(first.rss)} resident after 1 %, ${megabytes(last.rss)} at the end: ${growth.toFixed(3)} x`;
  figure(text, growth <= MOST_GROWTH);
  if (growth > MOST_GROWTH) {
    console.log(JSON.stringify({ first, last }, undefined, 2));
  }
}
provider.close();
