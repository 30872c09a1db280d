// 1,000 requests at once on a cold set make one fetch.
import { figure, JwtVerifier, startProvider } from "./lib.mjs";

const REQUESTS = 1000;

const provider = await startProvider();
const exp = Math.floor(Date.now() / 1000) + 600;
const tokens = Array.from({ length: REQUESTS }, (_, index) => provider.token(0, "fixed", { sub: `s${index}`, exp }));
const verifier = new JwtVerifier({ jwksUri: provider.url("/fixed/cold") });

const started = performance.now();
const outcomes = await Promise.allSettled(tokens.map((token) => verifier.verify(token)));
const ms = performance.now() - started;

const verified = outcomes.filter(({ value }, index) => value?.subject === `s${index}`).length;
const fetches = await provider.count("/fixed/cold");
figure(
  `${REQUESTS} requests on a cold set: ${verified} verified, ${fetches} fetch, ${ms.toFixed(0)} ms in all`,
  verified === REQUESTS && fetches === 1,
);
verifier.close();
provider.close();
