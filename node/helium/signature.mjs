// Signatures and types: docs/protocol.md, "Signatures and types". A type is
// {kind, name?, elem?, key?, fields?}, a method {name, params, variadic, result, sends, yields}: `sends` is
// the parameter whose items are sent as a stream, `yields` the type of those that come.

import { MAX_NAME } from "./limits.mjs";

const INTEGERS = ["int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"];
const KEYS = ["bool", ...INTEGERS, "duration", "string", "bytes"];
const SCALARS = new Map([...KEYS, "float32", "float64", "time", "any"].map((kind) => [kind, { kind }]));
const MAX_TEXT = 64 << 10, MAX_NESTING = 32, MAX_TYPES = 1000, MAX_DEFINITIONS = 1 << 20;
const IDENTIFIER = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** A duration is an integer of nanoseconds. */
export const isInteger = (t) => INTEGERS.includes(t.kind) || t.kind === "duration";
export const isNumber = (t) => isInteger(t) || t.kind === "float32" || t.kind === "float64";

/** Reads the definitions of a record: a Map of types by name. */
export function parseTypes(definitions = {}) {
  const texts = Object.entries(definitions);
  if (texts.length > MAX_TYPES) throw new RangeError(`${texts.length} types, at most ${MAX_TYPES} can be`);
  if (texts.reduce((sum, [, text]) => sum + text.length, 0) > MAX_DEFINITIONS) throw new RangeError("the definitions are too long");
  const types = new Map(texts.map(([name]) => [name, {}]));
  for (const [name, text] of texts) {
    if (!IDENTIFIER.test(name) || name.length > MAX_NAME || name === "map" || SCALARS.has(name)) throw new RangeError(`${JSON.stringify(name)} can't be the name of a type`);
    const p = new Parser(text, types);
    const type = p.type(1);
    p.end();
    if (type.name || !["struct", "list", "map"].includes(type.kind)) throw new RangeError(`type ${name}: want a struct, a list or a map`);
    Object.assign(types.get(name), type, { name });
  }
  return types;
}

/** Reads a signature whose named types are those given. */
export function parseMethod(text, types = new Map()) { return new Parser(text, types).method(); }

class Parser {
  #at = 0;
  constructor(text, types) {
    if (new TextEncoder().encode(text).length > MAX_TEXT) throw new RangeError("the text is too long");
    this.text = text;
    this.types = types;
  }

  #fail(want) { throw new RangeError(`${JSON.stringify(this.text.slice(0, 100))}, column ${this.#at + 1}: want ${want}`); }
  #blanks() { while (this.text[this.#at] === " ") this.#at++; }
  #match(pattern) { // a sticky one
    this.#blanks();
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.text);
    if (found) this.#at += found[0].length;
    return found?.[0];
  }
  #take(token) {
    this.#blanks();
    if (!this.text.startsWith(token, this.#at)) return false;
    this.#at += token.length;
    return true;
  }
  #expect(token) { if (!this.#take(token)) this.#fail(`"${token}"`); }

  end() {
    this.#blanks();
    if (this.#at < this.text.length) this.#fail("nothing more");
  }

  method() {
    const name = this.#match(/[A-Za-z][A-Za-z0-9_-]*/y);
    if (!name || name.length > MAX_NAME) this.#fail("the name of a method");
    const m = { name, params: [], variadic: false, result: undefined, sends: undefined, yields: undefined };
    const all = []; // the parameters, a stream among them
    this.#expect("(");
    if (!this.#take(")")) {
      do all.push(this.#param(m)); while (!m.variadic && !m.sends && this.#take(","));
      this.#expect(")");
    }
    m.params = m.sends ? all.slice(0, -1) : all;
    const names = all.map((p) => p.name).filter((n) => n !== undefined);
    if (names.length > 0 && names.length < all.length) this.#fail("either all parameters with a name or none");
    if (new Set(names).size < names.length) this.#fail("names that are unique");
    this.#blanks();
    if (this.#at < this.text.length) {
      m.yields = this.#stream();
      if (!m.yields) m.result = this.type(1);
    }
    this.end();
    return m;
  }

  #param(m) {
    this.#blanks();
    const from = this.#at;
    let name;
    if (this.text[from] === '"') name = this.#name();
    else {
      const word = this.#match(/[A-Za-z_][A-Za-z0-9_]*/y);
      this.#blanks();
      // A word is a name if a type follows it.
      if (word && word !== "map" && /[A-Za-z_{[(.]/.test(this.text[this.#at] ?? "")) name = word;
      else this.#at = from;
    }
    const items = this.#stream();
    if (items) return (m.sends = { name, type: items });
    m.variadic = this.#take("...");
    return { name, type: this.type(1) };
  }

  /** The type of the items, if what follows is a stream. */
  #stream() {
    if (!this.#match(/stream *</y)) return undefined;
    const items = this.type(2);
    this.#expect(">");
    return items;
  }

  #name() {
    this.#blanks();
    if (this.text[this.#at] !== '"') {
      const word = this.#match(/[A-Za-z_][A-Za-z0-9_]*/y);
      if (!word || word === "map") this.#fail("a name");
      return word;
    }
    const quoted = this.#match(/"(?:[^"\\]|\\.)*"/ys);
    if (!quoted) this.#fail("the end of the name");
    try {
      return JSON.parse(quoted) || this.#fail("a name that isn't empty");
    } catch {
      return this.#fail("a name as in JSON");
    }
  }

  type(depth) {
    if (depth > MAX_NESTING) this.#fail(`at most ${MAX_NESTING} levels`);
    if (this.#take("[")) {
      this.#expect("]");
      return { kind: "list", elem: this.type(depth + 1) };
    }
    if (this.#take("(")) {
      const inner = this.type(depth + 1);
      if (inner.name || inner.kind !== "list" && inner.kind !== "map") this.#fail("a list or a map within parentheses");
      this.#expect(")");
      this.#expect("?");
      return this.#optional(inner);
    }
    let plain;
    if (this.#take("{")) plain = this.#struct(depth);
    else {
      const from = this.#at;
      const word = this.#match(/[A-Za-z_][A-Za-z0-9_]*/y);
      if (word === "map") return this.#map(depth);
      plain = SCALARS.get(word) ?? this.types.get(word);
      if (!plain) {
        this.#at = from;
        this.#fail(word ? `a type; none is called ${word}` : "a type");
      }
      if (this.types.get(word) === plain) plain.name ??= word; // it may be defined further on
    }
    if (!this.#take("?")) return plain;
    if (plain.kind === "any") this.#fail("no ? behind any");
    return this.#optional(plain);
  }

  #optional(elem) {
    if (this.#take("?")) this.#fail("one ? only");
    return { kind: "optional", elem };
  }

  #map(depth) {
    this.#expect("[");
    const key = this.type(depth + 1);
    if (!KEYS.includes(key.kind)) this.#fail("another key");
    this.#expect("]");
    return { kind: "map", key, elem: this.type(depth + 1) };
  }

  #struct(depth) {
    const fields = [];
    if (this.#take("}")) return { kind: "struct", fields };
    do {
      const name = this.#name();
      if (fields.some((f) => f.name === name)) this.#fail("names that are unique");
      fields.push({ name, type: this.type(depth + 1) });
    } while (this.#take(","));
    this.#expect("}");
    return { kind: "struct", fields };
  }
}

const printName = (name) => (IDENTIFIER.test(name) && name !== "map" ? name : JSON.stringify(name));

/** Writes a type as signatures do. */
export const printType = (t) => t.name ?? printDefinition(t);

/** Writes what a type is made of. */
export function printDefinition(t) {
  switch (t.kind) {
    case "list": return `[]${printType(t.elem)}`;
    case "map": return `map[${t.key.kind}]${printType(t.elem)}`;
    case "optional": return !t.elem.name && (t.elem.kind === "list" || t.elem.kind === "map") ? `(${printType(t.elem)})?` : `${printType(t.elem)}?`;
    case "struct": return `{${t.fields.map((f) => `${printName(f.name)} ${printType(f.type)}`).join(", ")}}`;
    default: return t.kind;
  }
}

export function printMethod(m) {
  const params = m.params.map((p, i) => {
    const dots = m.variadic && i === m.params.length - 1 ? "..." : "";
    return `${p.name === undefined ? "" : printName(p.name) + " "}${dots}${printType(p.type)}`;
  });
  if (m.sends) params.push(`${m.sends.name === undefined ? "" : printName(m.sends.name) + " "}stream<${printType(m.sends.type)}>`);
  const result = m.yields ? ` stream<${printType(m.yields)}>` : m.result ? ` ${printType(m.result)}` : "";
  return `${m.name}(${params.join(", ")})${result}`;
}

/** Reports whether a stub's signature can call a method's. */
export function fits(stub, remote) {
  const sends = stub.params.length, takes = remote.params.length;
  if (stub.variadic ? !remote.variadic || sends < takes : remote.variadic ? sends < takes - 1 : sends !== takes) return false;
  const args = stub.params.every((p, i) => typeFits(p.type, remote.params[Math.min(i, takes - 1)].type, true));
  if (!args || !stub.sends !== !remote.sends || !stub.yields !== !remote.yields) return false;
  if (stub.sends && !typeFits(stub.sends.type, remote.sends.type, true)) return false;
  if (stub.yields) return typeFits(stub.yields, remote.yields, false);
  return !stub.result || !!remote.result && typeFits(stub.result, remote.result, false);
}

const mayMiss = (t) => t.kind === "optional" || t.kind === "any";
const isRecord = (t) => t.kind === "map" && t.key.kind === "string" && t.elem.kind === "any";

/** `sends` tells an argument, which the stub writes, from a result, which it reads. */
function typeFits(stub, remote, sends, seen = new Map()) {
  if (stub.kind === "any" || remote.kind === "any") return true;
  const [writer, reader] = sends ? [stub, remote] : [remote, stub];
  if (writer.kind === "optional" && reader.kind !== "optional") return false;
  if (stub.kind === "optional") stub = stub.elem;
  if (remote.kind === "optional") remote = remote.elem;
  const met = seen.get(stub) ?? seen.set(stub, new Set()).get(stub);
  if (met.has(remote)) return true; // on its own path: it fits if nothing else differs
  met.add(remote);
  if (isNumber(stub) && isNumber(remote)) return true;
  if (stub.kind === "struct" && isRecord(remote) || remote.kind === "struct" && isRecord(stub)) return true;
  if (stub.kind !== remote.kind) return false;
  if (stub.kind === "list") return typeFits(stub.elem, remote.elem, sends, seen);
  if (stub.kind === "map") return typeFits(stub.key, remote.key, sends, seen) && typeFits(stub.elem, remote.elem, sends, seen);
  if (stub.kind !== "struct") return true;
  const wanted = new Map(remote.fields.map((f) => [f.name, f.type]));
  const shared = stub.fields.filter((f) => wanted.has(f.name));
  return shared.every((f) => typeFits(f.type, wanted.get(f.name), sends, seen)) &&
    stub.fields.every((f) => wanted.has(f.name) || mayMiss(f.type)) &&
    (!sends || remote.fields.every((f) => mayMiss(f.type) || shared.some((s) => s.name === f.name))) &&
    (shared.length > 0 || stub.fields.length === 0 || remote.fields.length === 0);
}
