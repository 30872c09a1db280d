// What is odd about a JSON text, found by a reader of its own: the differences are told apart by what
// a token holds, not by what our verifier says of it.

/** The oddities of bytes that should be a JSON object; none where the text is strict JSON. */
export function oddities(bytes) {
  const found = new Set();
  let text;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    found.add("not UTF-8");
    text = new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
  }
  if (text.startsWith("\ufeff")) {
    found.add("byte order mark");
    text = text.slice(1);
  }
  const reader = new Reader(text, found);
  if (!reader.document()) {
    found.add("syntax");
  } else if (reader.root !== "{") {
    found.add("not an object");
  }
  return found;
}

class Reader {
  at = 0;

  constructor(text, found) {
    this.text = text;
    this.found = found;
  }

  document() {
    this.space();
    this.root = this.text[this.at];
    return this.value(1) && this.space() && this.at === this.text.length;
  }

  space() {
    this.match(/[ \t\n\r]*/y);
    return true;
  }

  match(pattern) {
    pattern.lastIndex = this.at;
    const [matched] = pattern.exec(this.text) ?? [];
    this.at += matched?.length ?? 0;
    return matched;
  }

  take(character) {
    const there = this.text[this.at] === character;
    this.at += there ? 1 : 0;
    return there;
  }

  value(depth) {
    switch (this.text[this.at]) {
      case "{":
        return this.deeper(depth) && this.members("}", depth, new Set());
      case "[":
        return this.deeper(depth) && this.members("]", depth);
      case '"':
        return this.string() !== undefined;
      default: {
        const number = this.match(/-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?|true|false|null/y);
        if (number !== undefined && Math.abs(Number(number)) === Number.POSITIVE_INFINITY) {
          this.found.add("infinite number");
        }
        return number !== undefined;
      }
    }
  }

  deeper(depth) {
    if (depth > 32) {
      this.found.add("depth");
    }
    this.at += 1;
    this.space();
    return true;
  }

  members(end, depth, names) {
    if (this.take(end)) {
      return true;
    }
    for (;;) {
      if (names !== undefined) {
        const name = this.string();
        if (name === undefined || !this.space() || !this.take(":") || !this.space()) {
          return false;
        }
        if (names.has(name)) {
          this.found.add("duplicate member");
        }
        names.add(name);
      }
      if (!this.value(depth + 1) || !this.space()) {
        return false;
      }
      if (this.take(end)) {
        return true;
      }
      if (!this.take(",") || !this.space()) {
        return false;
      }
    }
  }

  string() {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what JSON forbids in a string
    const raw = this.match(/"([^"\\\u0000-\u001f]|\\(["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y);
    if (raw === undefined) {
      return undefined;
    }
    const text = JSON.parse(raw);
    if (!text.isWellFormed()) {
      this.found.add("lone surrogate");
    }
    return text;
  }
}
