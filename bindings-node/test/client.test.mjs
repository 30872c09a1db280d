// The client interceptor on hand-made calls: what it sends, what it does not, and for how long it keeps a
// token. Its calls between real servers are in tests/e2e/node.
import assert from "node:assert/strict";
import { afterEach, describe, it, mock } from "node:test";
import { Code, ConnectError } from "@connectrpc/connect";
import { authContextStorage, ConfigError, createClientBearerInterceptor, getAuthContext } from "bearergate";
import { hmacToken } from "./support/tokens.mjs";

const URL_OF = "https://api.example.com/a.B/Get";
const ALICE = Object.freeze({ subject: "alice", roles: [], scopes: [], claims: {}, type: "jwt" });

/** Makes one call; gives the header that it would send. */
const sent = (interceptor, { url = URL_OF, header = new Headers(), signal } = {}) =>
  interceptor(async (req) => req.header.get("authorization"))({ url, header, signal });
const never = () => assert.fail("the call was made");
const make = (options) => createClientBearerInterceptor(options);

const isConnectError = (code, message) => (error) => {
  assert.ok(error instanceof ConnectError, String(error));
  assert.deepEqual([error.code, error.rawMessage], [code, message]);
  return true;
};

describe("a token", () => {
  it("is sent with each call, a string as it is", async () => {
    assert.equal(await sent(make({ token: "abc.DEF-_~+/==" })), "Bearer abc.DEF-_~+/==");
  });

  it("is asked for with each call, inside the caller's context", async () => {
    let asked = 0;
    const interceptor = make({
      token: async () => {
        asked += 1;
        await new Promise((resolve) => setTimeout(resolve, 1));
        return `${getAuthContext()?.subject ?? "nobody"}.${asked}`;
      },
    });
    assert.equal(await authContextStorage.run(ALICE, () => sent(interceptor)), "Bearer alice.1");
    assert.equal(await sent(interceptor), "Bearer nobody.2");
  });

  it("may be given without a promise", async () => {
    assert.equal(await sent(make({ token: () => "abc" })), "Bearer abc");
  });

  it("that the call brings itself is left alone, and none is asked for", async () => {
    const header = new Headers({ Authorization: "Basic YTpi" });
    assert.equal(await sent(make({ token: never }), { header }), "Basic YTpi");
  });

  it("that is none is refused, and never part of an error", async () => {
    const bad = [
      "",
      " ",
      "a b",
      "Bearer abc",
      "abc\r\nx-admin: 1",
      "abc\n",
      "é",
      "=",
      "a=b",
      "a\0",
      undefined,
      null,
      7,
      {},
      [],
    ];
    for (const value of bad) {
      const call = make({ token: async () => value })(never);
      await assert.rejects(
        call({ url: URL_OF, header: new Headers() }),
        isConnectError(Code.Internal, "The token for this call is malformed"),
        String(value),
      );
    }
  });

  it("that cannot be had is unavailable, its cause for the operator", async () => {
    const failure = new Error("the token endpoint's own");
    for (const token of [
      async () => {
        throw failure;
      },
      () => {
        throw failure;
      },
    ]) {
      await assert.rejects(sent(make({ token })), (error) => {
        assert.equal(error.cause, failure);
        return isConnectError(Code.Unavailable, "The token for this call is not available")(error);
      });
    }
  });

  it("function's ConnectError is the call's", async () => {
    const failure = new ConnectError("not for you", Code.PermissionDenied);
    await assert.rejects(sent(make({ token: () => Promise.reject(failure) })), (error) => error === failure);
  });
});

describe("http", () => {
  const token = "abc";
  const refused = isConnectError(
    Code.FailedPrecondition,
    "No token is sent over a connection that others can read: use https, or allowHttp",
  );

  it("carries a token to loopback hosts only", async () => {
    for (const host of [
      "localhost:80",
      "a.localhost",
      "127.0.0.1",
      "127.9.9.9:1",
      "0x7f.1",
      "2130706433",
      "[::1]:80",
    ]) {
      assert.equal(await sent(make({ token }), { url: `http://${host}/a.B/Get` }), "Bearer abc", host);
    }
    const others = [
      "api.example.com",
      "127.0.0.1.example.com",
      "localhost.example.com",
      "notlocalhost",
      "10.0.0.1",
      "[::2]",
    ];
    for (const url of [...others.map((host) => `http://${host}/a.B/Get`), "ftp://localhost/", "/a.B/Get", ""]) {
      await assert.rejects(sent(make({ token: never }), { url }), refused, url);
    }
  });

  it("carries it anywhere with allowHttp", async () => {
    assert.equal(await sent(make({ token, allowHttp: true }), { url: "http://api.example.com/a.B/Get" }), "Bearer abc");
    await assert.rejects(sent(make({ token, allowHttp: true }), { url: "ftp://api.example.com/" }), refused);
  });

  it("to other hosts is refused before a token is asked for", async () => {
    await assert.rejects(sent(make({ token: never }), { url: "http://api.example.com/" }), refused);
  });
});

describe("a call that ends while its token is pending", () => {
  it("ends at once, and what comes of the token is nobody's", async () => {
    for (const settle of ["resolve", "reject"]) {
      const factory = withResolvers();
      const controller = new AbortController();
      const call = make({ token: () => factory.promise })(never);
      const pending = call({ url: URL_OF, header: new Headers(), signal: controller.signal });
      controller.abort();
      await assert.rejects(pending, (error) => error instanceof ConnectError && error.code === Code.Canceled);
      factory[settle](settle === "resolve" ? "abc" : new Error("late"));
      await new Promise((resolve) => setImmediate(resolve));
    }
  });

  it("ends with the reason that it was given", async () => {
    const controller = new AbortController();
    const call = make({ token: () => new Promise(() => {}) })(never);
    const pending = call({ url: URL_OF, header: new Headers(), signal: controller.signal });
    const reason = new ConnectError("too late", Code.DeadlineExceeded);
    controller.abort(reason);
    await assert.rejects(pending, (error) => error === reason);
  });

  it("or before it, asks for none", async () => {
    await assert.rejects(sent(make({ token: never }), { signal: AbortSignal.abort() }), { code: Code.Canceled });
  });
});

describe("cache", () => {
  afterEach(() => mock.timers.reset());
  const START = Date.UTC(2030, 0, 1);
  const seconds = (ms) => Math.floor(ms / 1000);
  const expiring = (inSeconds, sub = "service") => hmacToken({ sub, exp: seconds(Date.now()) + inSeconds });
  const clock = () => mock.timers.enable({ apis: ["Date", "setTimeout"], now: START });

  it("keeps one token until 30 s before it expires", async () => {
    clock();
    let asked = 0;
    const interceptor = make({
      cache: true,
      token: async () => {
        asked += 1;
        return expiring(300, `token ${asked}`);
      },
    });
    const first = await sent(interceptor);
    mock.timers.tick(269_999);
    assert.equal(await sent(interceptor), first);
    assert.equal(asked, 1);
    mock.timers.tick(1);
    assert.notEqual(await sent(interceptor), first);
    assert.equal(asked, 2);
  });

  it("is off by default", async () => {
    let asked = 0;
    const token = async () => {
      asked += 1;
      return expiring(300);
    };
    for (const interceptor of [make({ token }), make({ token, cache: false })]) {
      await sent(interceptor);
      await sent(interceptor);
    }
    assert.equal(asked, 4);
  });

  it("has one refresh in flight, which nobody's end ends", async () => {
    let asked = 0;
    const { promise, resolve } = withResolvers();
    const interceptor = make({
      cache: true,
      token: () => {
        asked += 1;
        return promise;
      },
    });
    const controller = new AbortController();
    const first = sent(interceptor, { signal: controller.signal });
    const others = Array.from({ length: 50 }, () => sent(interceptor, { signal: new AbortController().signal }));
    controller.abort();
    await assert.rejects(first, { code: Code.Canceled });
    const token = expiring(300);
    resolve(token);
    assert.deepEqual(new Set(await Promise.all(others)), new Set([`Bearer ${token}`]));
    assert.equal(await sent(interceptor), `Bearer ${token}`);
    assert.equal(asked, 1);
  });

  it("keeps no failure, and no malformed token", async () => {
    const results = [() => Promise.reject(new Error("down")), () => "a b", () => expiring(300)];
    const interceptor = make({ cache: true, token: async () => results.shift()() });
    await assert.rejects(sent(interceptor), { code: Code.Unavailable });
    await assert.rejects(sent(interceptor), { code: Code.Internal });
    assert.match(await sent(interceptor), /^Bearer ey/);
    assert.match(await sent(interceptor), /^Bearer ey/);
    assert.equal(results.length, 0);
  });

  it("does not join a refresh that has not ended after 30 s", async () => {
    clock();
    const hanging = [];
    const interceptor = make({
      cache: true,
      token: () => {
        const refresh = withResolvers();
        hanging.push(refresh);
        return refresh.promise;
      },
    });
    const late = sent(interceptor);
    mock.timers.tick(30_000);
    const next = sent(interceptor);
    assert.equal(hanging.length, 2);
    const [old, young] = [expiring(300, "old"), expiring(300, "young")];
    hanging[1].resolve(young);
    assert.equal(await next, `Bearer ${young}`);
    hanging[0].resolve(old);
    assert.equal(await late, `Bearer ${old}`);
    assert.equal(await sent(interceptor), `Bearer ${young}`);
  });

  it("hides the caller from the function: one token for all is made of no one", async () => {
    const seen = [];
    const interceptor = make({
      cache: true,
      token: async () => {
        seen.push(getAuthContext());
        await new Promise((resolve) => setImmediate(resolve));
        seen.push(getAuthContext());
        return expiring(300);
      },
    });
    await authContextStorage.run(ALICE, () => sent(interceptor));
    assert.deepEqual(seen, [undefined, undefined]);
  });

  it("keeps nothing without an exp that can be read, nor in its last 30 s, and warns of the former once", async () => {
    const warnings = [];
    const hear = ({ code }) => warnings.push(code);
    process.on("warning", hear);
    const encode = (text) => Buffer.from(text).toString("base64url");
    const bodies = ['{"sub":"a"}', '{"exp":"1"}', "null", "[]", "{", '{"exp":1e999}'].map(
      (body) => `a.${encode(body)}.c`,
    );
    for (const token of ["opaque", "a.b", ...bodies, expiring(29), expiring(-5)]) {
      let asked = 0;
      const interceptor = make({
        cache: true,
        token: async () => {
          asked += 1;
          return token;
        },
      });
      assert.equal(await sent(interceptor), `Bearer ${token}`);
      assert.equal(await sent(interceptor), `Bearer ${token}`);
      assert.equal(asked, 2, token);
    }
    await new Promise((resolve) => setImmediate(resolve));
    process.off("warning", hear);
    assert.deepEqual(warnings, Array(8).fill("BEARERGATE_TOKEN_NOT_CACHED"));
  });
});

describe("options", () => {
  it("are checked at construction, and no token is shown", () => {
    const wrong = [
      ["options", undefined],
      ["options", "abc"],
      ["options", new Map()],
      ["token", {}],
      ["token", { token: 7 }],
      ["token", { token: "" }],
      ["token", { token: "Bearer s3cret" }],
      ["token", { token: "s3cret\r\nx: y" }],
      ["cache", { token: "abc", cache: true }],
      ["cache", { token: never, cache: "yes" }],
      ["allowHttp", { token: never, allowHttp: 1 }],
      ["cahce", { token: never, cahce: true }],
    ];
    for (const [option, options] of wrong) {
      assert.throws(
        () => make(options),
        (error) => error instanceof ConfigError && error.option === option && !error.message.includes("s3cret"),
        JSON.stringify(options),
      );
    }
    make({ token: "abc", cache: null, allowHttp: undefined });
  });
});

function withResolvers() {
  let settle;
  const promise = new Promise((resolve, reject) => {
    settle = { resolve, reject };
  });
  return { promise, ...settle };
}
