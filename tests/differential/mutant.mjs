// One mutant taken apart without any verifier, for the predicates of the differences.
import { oddities } from "./json.mjs";

const ALPHABET = /^[A-Za-z0-9_-]+$/;

/** Base64url with nothing that a decoder could overlook. */
function isStrict(segment) {
  return ALPHABET.test(segment) && Buffer.from(segment, "base64url").toString("base64url") === segment;
}

function parse(bytes) {
  try {
    const value = JSON.parse(new TextDecoder().decode(bytes));
    return typeof value === "object" && value !== null && !Array.isArray(value) ? value : {};
  } catch {
    return {};
  }
}

export function takeApart(token, { options, peer }) {
  const segments = token.split(".");
  const [headerBytes, claimsBytes] = [0, 1].map((at) => Buffer.from(segments[at] ?? "", "base64"));
  const [header, claims] = [parse(headerBytes), parse(claimsBytes)];
  const { jwk } = peer.key;
  return {
    token,
    segments,
    options,
    peer,
    header,
    claims,
    get laxSegments() {
      return segments.filter((segment) => !isStrict(segment)).length;
    },
    get headerOddities() {
      return oddities(headerBytes);
    },
    get claimsOddities() {
      return oddities(claimsBytes);
    },
    claimsText: claimsBytes.toString(),
    headerText: headerBytes.toString(),
    /** The configured JWKs. */
    jwks: jwk === undefined ? [] : (jwk.keys ?? [jwk]),
    isSet: jwk?.keys !== undefined,
  };
}
