// Events about keys, from the native side's JSON to the hooks that asked for them, and to the channel.
"use strict";

const { keyEvents } = require("./telemetry.js");

/** Which hook hears of which event. */
const HOOK_OF = { fetch: "onFetch", fetchError: "onFetchError", keysChanged: "onKeysChanged" };

/** Whether any hook wants to hear of keys. */
const wantsEvents = (hooks) => Object.values(HOOK_OF).some((name) => hooks[name] !== undefined);

/** The function that the native side calls with each event. */
function teller(hooks) {
  return (json) => {
    const { type, ...event } = JSON.parse(json);
    if (keyEvents.hasSubscribers) {
      keyEvents.publish(deepFreeze({ type, ...event }));
    }
    try {
      Promise.resolve(hooks[HOOK_OF[type]]?.(deepFreeze(event))).catch(() => {});
    } catch {
      // The keys are what they are, whatever the hook throws.
    }
  };
}

/**
 * Tells as long as somebody else holds `tell`. The native side, through which no cycle is seen, would
 * otherwise keep a verifier that its own hooks refer to for ever.
 */
function weakly(tell) {
  const held = new WeakRef(tell);
  return (json) => held.deref()?.(json);
}

function deepFreeze(value) {
  if (typeof value === "object" && value !== null) {
    Object.values(value).forEach(deepFreeze);
    Object.freeze(value);
  }
  return value;
}

module.exports = { EVENT_HOOKS: Object.values(HOOK_OF), teller, wantsEvents, weakly };
