// Tokens of one's own, on their way out: what may stand in a header, how long one is worth keeping,
// and which hosts one is sent to. Nothing here says that a token is good.
"use strict";

/** RFC 6750 section 2.1: nothing that could end a header, or begin another. */
const B64TOKEN = /^[A-Za-z0-9\-._~+/]+=*$/;

const isBearerToken = (value) => typeof value === "string" && B64TOKEN.test(value);

/**
 * The `exp` of a JWT in milliseconds, unverified; undefined where there is none to read.
 *
 * @param {string} token
 */
function expiryOf(token) {
  const parts = token.split(".");
  if (parts.length !== 3) {
    return undefined;
  }
  try {
    const { exp } = JSON.parse(Buffer.from(parts[1], "base64url").toString());
    return typeof exp === "number" && Number.isFinite(exp) ? exp * 1000 : undefined;
  } catch {
    return undefined;
  }
}

/** The URL parser writes every form of an IPv4 address as four decimal numbers. */
const LOOPBACK = /^(?:(?:.*\.)?localhost|127\.\d+\.\d+\.\d+|\[::1\])$/;

/**
 * Whether a token that is sent there can be read by nobody on the way (RFC 6750 section 5.3): `https:`,
 * or `http:` to a loopback host.
 *
 * @param {string} url
 * @param {boolean} allowHttp admits `http:` to any host
 */
function isPrivateWay(url, allowHttp) {
  if (!URL.canParse(url)) {
    return false;
  }
  const { protocol, hostname } = new URL(url);
  return protocol === "https:" || (protocol === "http:" && (allowHttp || LOOPBACK.test(hostname)));
}

module.exports = { expiryOf, isBearerToken, isPrivateWay };
