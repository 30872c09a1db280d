// One native gate with the hooks that stay in JavaScript: what an interceptor, a request gate and
// a verifier share. Results are plain values whenever the native side and the hooks are
// synchronous, and promises otherwise.
"use strict";

const { isRefusal, isSkip, readAbout, readAccepted, readRefusal } = require("./answer.js");
const { configError } = require("./errors.js");
const { teller, wantsEvents, weakly } = require("./events.js");
const native = require("./native.js");
const { readOptions } = require("./options.js");
const { Procedures } = require("./procedures.js");
const { refusalError, rejectionOf, report } = require("./refusal.js");
const { chain, isPromised } = require("./promised.js");
const { beginning, enlist, keyEvents, tellAccepted, tellRefused } = require("./telemetry.js");
const { Told } = require("./told.js");

class Guard {
  #rules;
  #open;
  #tell;
  #namesIssuers;
  #procedures;
  #judgeToken;
  #judgeTokenNow;
  // What the native side's numbers stand for.
  #requests = new Told();
  #tokens = new Told();

  /**
   * @param {object} options
   * @param {(json: string, offMainThread: boolean) => object | string} open makes the native gate, or tells what is wrong
   */
  constructor(options, open = native.createGate) {
    const { json, hooks, namesIssuers, offMainThread } = readOptions(options);
    const opened = open(json, offMainThread);
    if (typeof opened === "string") {
      throw configError(opened);
    }
    // A digest, so that no secret stays here. Loading the package is to cost little, so this is loaded here.
    this.#rules = require("node:crypto").createHash("sha256").update(json).digest("hex");
    this.#open = open;
    this.#namesIssuers = namesIssuers;
    this.native = opened;
    this.#procedures = new Procedures((service, method) => opened.requestJudge(service, method));
    this.#judgeToken = opened.tokenJudge();
    this.#judgeTokenNow = opened.tokenJudgeNow();
    this.hooks = hooks;
    this.credentialsHeader = opened.credentialsHeader;
    if (wantsEvents(hooks)) {
      this.#listen();
    }
    this.attend();
    enlist(this);
    if (typeof opened.advice === "string") {
      process.emitWarning(opened.advice, { type: "BearergateWarning", code: "BEARERGATE_VERIFIER_PER_REQUEST" });
    }
  }

  /**
   * Has the native side tell of its keys once somebody listens to the channel. Subscribing tells nobody, so
   * it is looked at wherever keys may come to be fetched.
   */
  attend() {
    if (keyEvents.hasSubscribers && this.#tell === undefined) {
      this.#listen();
    }
  }

  #listen() {
    this.#tell = teller(this.hooks);
    this.native.onKeyEvent(weakly(this.#tell));
  }

  /**
   * Judges a request. Gives undefined for a skipped method.
   *
   * @param {string} service
   * @param {string} method
   * @param {Headers} headers
   * @param {(giveUp: () => void) => void} [waiting] told, where keys are waited for, how to stop that
   * @throws {JwtAuthError} (or rejects) when the request is refused
   */
  check(service, method, headers, waiting) {
    const since = this.#begin();
    const { name, judge } = this.#procedures.find(service, method);
    const credentials = headers.get(this.credentialsHeader);
    const answer = this.#asked(this.#requests, () => judge(credentials));
    return this.#outcome(answer, { procedure: name, since }, waiting);
  }

  /**
   * Judges an HTTP request in front of a framework. Gives undefined for one that goes through without
   * a context.
   *
   * @param {object} request as HttpGuard.check has it
   * @param {Function} judge of the native side, for requests with paths to skip
   * @throws {JwtAuthError} (or rejects) when the request is refused
   */
  checkHttp({ method, target, header, waiting }, judge) {
    const since = this.#begin();
    const preflight = (header("access-control-request-method") ?? undefined) !== undefined;
    const credentials = header(this.credentialsHeader);
    const ask = () => judge(method, target, preflight, credentials);
    const answer = this.#asked(this.#requests, ask);
    const told = this.hooks.onReject !== undefined || since !== undefined;
    const procedure = told ? (native.procedureOfTarget(target) ?? undefined) : undefined;
    return this.#outcome(answer, { procedure, since }, waiting);
  }

  #outcome(answer, call, waiting) {
    if (!isPromised(answer)) {
      return isSkip(answer) ? undefined : this.#admit(answer, this.#requests, call);
    }
    let givenUp = false;
    waiting?.(() => {
      givenUp = true;
      answer.giveUp();
    });
    return answer.then((text) => {
      if (givenUp) {
        throw new Error("nobody waits for this request any more");
      }
      return this.#outcome(text, call);
    });
  }

  /**
   * Whether another guard judges by the very same rules: equal options, and hooks that are the same
   * functions. Two closures of one text may decide differently.
   *
   * @param {Guard} other
   */
  agrees(other) {
    return (
      this === other ||
      (this.#rules === other.#rules &&
        this.#open === other.#open &&
        this.hooks.validate === other.hooks.validate &&
        this.hooks.onReject === other.hooks.onReject)
    );
  }

  /** Whether the method goes through without a context. */
  skips(service, method) {
    return this.native.skips(service, method);
  }

  /**
   * Judges a bare token.
   *
   * @param {unknown} token
   * @throws {JwtAuthError} (or rejects) when the token is refused
   */
  verify(token) {
    const call = { procedure: undefined, since: this.#begin() };
    const answer = this.#asked(this.#tokens, () =>
      typeof token === "string" ? this.#judgeToken(token) : this.native.refuse("ERR_TOKEN_MALFORMED"),
    );
    return chain(answer, (text) => chain(this.#admit(text, this.#tokens, call), contextOf));
  }

  /**
   * Judges a bare token without waiting.
   *
   * @param {unknown} token
   * @throws {JwtAuthError} when it is refused, or keys or a hook would have to be waited for
   */
  verifyNow(token) {
    const call = { procedure: undefined, since: this.#begin() };
    const answer = this.#asked(this.#tokens, () =>
      typeof token === "string" ? this.#judgeTokenNow(token) : this.native.refuse("ERR_TOKEN_MALFORMED"),
    );
    return this.#admit(answer, this.#tokens, call, true).context;
  }

  /**
   * The error for a code of the table, reported.
   *
   * @param {string} code
   * @param {{procedure?: string, cause?: unknown, since?: number}} [details]
   */
  refuse(code, details = {}) {
    return this.#refused(this.native.refuse(code), details);
  }

  /** What comes before every judgement: when it begins, where that is of interest. */
  #begin() {
    this.attend();
    return beginning();
  }

  #refused(answer, details) {
    const refusal = readRefusal(answer);
    const { onReject } = this.hooks;
    const { procedure, since } = details;
    if (onReject !== undefined || since !== undefined) {
      const rejection = rejectionOf({ ...refusal, ...readAbout(answer) }, procedure);
      if (since !== undefined) {
        tellRefused(since, rejection);
      }
      if (onReject !== undefined) {
        report(onReject, rejection);
      }
    }
    return refusalError(refusal, details);
  }

  /** What was kept of an answer that was told before, or the answer. */
  #asked(told, ask) {
    const answer = ask();
    if (typeof answer !== "number") {
      return answer;
    }
    const accepted = told.find(answer);
    if (accepted !== undefined) {
      return accepted;
    }
    this.native.forgetTold();
    return ask();
  }

  /** What is left once the native side has decided: the hooks, then propagation. */
  #admit(answer, told, call, now = false) {
    if (isRefusal(answer)) {
      throw this.#refused(answer, call);
    }
    const accepted = typeof answer === "string" ? readAccepted(answer, told) : answer;
    const judged = this.#validate(accepted.context, call, now);
    return judged === undefined ? this.#finish(accepted, call) : judged.then(() => this.#finish(accepted, call));
  }

  #finish(accepted, call) {
    if (typeof accepted.headers === "string") {
      throw this.#refused(accepted.headers, call);
    }
    if (call.since !== undefined) {
      // Rules that name issuers have compared it.
      const issuer = this.#namesIssuers ? accepted.context.claims.iss : undefined;
      tellAccepted(call.since, call.procedure, issuer);
    }
    return accepted;
  }

  /** Nothing, or a promise of nothing. */
  #validate(context, call, now) {
    const { validate } = this.hooks;
    if (validate === undefined) {
      return undefined;
    }
    const fail = (cause) => {
      throw this.refuse("ERR_VALIDATE_FAILED", { ...call, cause });
    };
    const judge = (verdict) => {
      if (!verdict && verdict !== undefined) {
        throw this.refuse("ERR_REVOKED", call);
      }
    };
    let verdict;
    let promised;
    try {
      verdict = validate(context);
      promised = isPromised(verdict);
    } catch (cause) {
      return fail(cause);
    }
    if (!promised) {
      return judge(verdict);
    }
    const settled = Promise.resolve(verdict);
    if (now) {
      settled.catch(() => {});
      return fail(new TypeError("validate is async: use verify()"));
    }
    return settled.then(judge, fail);
  }
}

const contextOf = ({ context }) => context;

module.exports = { Guard };
