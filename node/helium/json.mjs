// JSON as the type of a value wants it: docs/protocol.md, "Plain requests".

import { parseDuration, printDuration } from "./duration.mjs";
import { MAX_DEPTH } from "./limits.mjs";
import { textOf, Time } from "./msgpack.mjs";
import { isInteger, isNumber, printType } from "./signature.mjs";
import { ranged } from "./values.mjs";

/**
 * Parses JSON without losing what JSON.parse loses: numbers are {number: text}, objects
 * {pairs: [[name, value]]}. The depth is that of arrays and objects.
 */
export function parseJSON(text) {
  JSON.parse(text); // refuses what is no JSON, so that the rest may trust it
  const tokens = text.match(/"(?:[^"\\]|\\.)*"|[[\]{}:,]|[^\s[\]{}:,"]+/g);
  let at = 0;
  const read = (depth) => {
    const token = tokens[at++];
    if (token === "[" || token === "{") {
      if (depth === MAX_DEPTH) throw new RangeError(`arrays and objects lie more than ${MAX_DEPTH} deep`);
      const list = [];
      const end = token === "[" ? "]" : "}";
      for (; tokens[at] !== end; ) {
        if (tokens[at] === ",") at++;
        if (token === "[") list.push(read(depth + 1));
        else {
          const name = textIn(tokens[at]);
          at += 2; // the colon, too
          list.push([name, read(depth + 1)]);
        }
      }
      at++;
      return token === "[" ? list : { pairs: list };
    }
    if (token[0] === '"') return textIn(token);
    if (token === "null" || token === "true" || token === "false") return JSON.parse(token);
    return { number: token };
  };
  return read(0);
}

/** Reads a string. UTF-8 has no halves of surrogate pairs, so they would arrive as U+FFFD. */
function textIn(token) {
  const text = JSON.parse(token);
  if (/\p{Surrogate}/u.test(text)) throw new RangeError(`${token.slice(0, 60)} has half of a surrogate pair`);
  return text;
}

/** Returns the value of a type that parsed JSON stands for. No type: any. */
export function fromJSON(json, type = { kind: "any" }) {
  const wrong = () => { throw new RangeError(`got ${JSON.stringify(json)?.slice(0, 60)}, want ${printType(type)}`); };
  if (type.kind === "optional") return json === null ? null : fromJSON(json, type.elem);
  if (type.kind === "any") return anyOf(json);
  if (isNumber(type)) {
    if (type.kind === "duration" && typeof json === "string") return parseDuration(json);
    if (json?.number === undefined) wrong();
    return isInteger(type) ? integerOf(json.number, type.kind) : floatOf(json.number);
  }
  switch (type.kind) {
    case "bool": return typeof json === "boolean" ? json : wrong();
    case "string": return typeof json === "string" ? json : wrong();
    case "bytes": return typeof json === "string" ? fromBase64(json) : wrong();
    case "time": return typeof json === "string" ? Time.parse(json) : wrong();
    case "list": return Array.isArray(json) ? json.map((e) => fromJSON(e, type.elem)) : wrong();
    case "map": {
      if (!json?.pairs) wrong();
      unique(json.pairs);
      return new Map(json.pairs.map(([key, e]) => [keyOf(key, type.key), fromJSON(e, type.elem)]));
    }
    default: return json?.pairs ? structOf(json.pairs, type) : wrong();
  }
}

function structOf(pairs, type) {
  unique(pairs);
  const given = new Map(pairs);
  const struct = []; // a field may be called __proto__
  for (const [name] of pairs) if (!type.fields.some((f) => f.name === name)) throw new RangeError(`there is no field ${name}`);
  for (const f of type.fields) {
    if (given.has(f.name)) struct.push([f.name, fromJSON(given.get(f.name), f.type)]);
    else if (f.type.kind !== "optional" && f.type.kind !== "any") throw new RangeError(`the field ${f.name} is missing`);
  }
  return Object.fromEntries(struct);
}

export function unique(pairs) {
  if (new Set(pairs.map(([name]) => name)).size < pairs.length) throw new RangeError("a name is there twice");
}

function anyOf(json) {
  if (Array.isArray(json)) return json.map(anyOf);
  if (json?.pairs) {
    unique(json.pairs);
    return Object.fromEntries(json.pairs.map(([key, e]) => [key, anyOf(e)]));
  }
  if (json?.number === undefined) return json;
  const n = /[.eE]/.test(json.number) ? undefined : BigInt(json.number);
  if (n === undefined || Number.isSafeInteger(Number(n))) return floatOf(json.number);
  if (BigInt.asIntN(64, n) === n || BigInt.asUintN(64, n) === n) return n;
  const nearest = floatOf(json.number);
  if (written(nearest) !== json.number) throw new RangeError(`${json.number.slice(0, 60)} would arrive as ${nearest}`);
  return nearest;
}

/** Writes a large float with the digits it has in JSON, and zeros behind them. */
function written(float) {
  const [mantissa, power] = float.toExponential().split("e");
  const [whole, fraction = ""] = mantissa.split(".");
  return whole + fraction.padEnd(Number(power), "0");
}

function floatOf(text) {
  const n = Number(text);
  if (!Number.isFinite(n)) throw new RangeError(`${text} is out of range`);
  return n;
}

/** Reads 12, 12.0 and 1.2e1 as twelve, without the loss of a float. */
function integerOf(text, kind) {
  const [, sign, whole, fraction = "", power = "0"] = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(text);
  let digits = (whole + fraction).replace(/0+$/, "");
  const zeros = Number(power) - fraction.length + (whole + fraction).length - digits.length;
  if (digits === "") return 0;
  if (zeros < 0) throw new RangeError(`${text} is no integer`);
  if (zeros > 20) throw new RangeError(`${text} is out of range of ${kind}`);
  return ranged(BigInt(sign + digits + "0".repeat(zeros)), kind);
}

function keyOf(text, type) {
  if (type.kind === "string") return text;
  if (type.kind === "bytes") return fromBase64(text);
  if (type.kind === "bool" && (text === "true" || text === "false")) return text === "true";
  if (type.kind === "duration" && !/^-?\d+$/.test(text)) return parseDuration(text);
  if (isInteger(type) && /^-?\d/.test(text)) return integerOf(text, type.kind);
  throw new RangeError(`the key ${text} is no ${type.kind}`);
}

function fromBase64(text) {
  const standard = text.replaceAll("-", "+").replaceAll("_", "/").replace(/=+$/, "");
  const bytes = Buffer.from(standard, "base64");
  if (bytes.toString("base64").replace(/=+$/, "") !== standard) throw new RangeError(`${JSON.stringify(text)} isn't base64`);
  return new Uint8Array(bytes);
}

/** Writes a value as JSON. What JSON can't express is an error. */
export function toJSON(value, type) {
  const t = type?.kind === "optional" ? type.elem : type;
  if (value === null || value === undefined) {
    if (type?.kind === "optional") return "null";
    return { list: "[]", map: "{}", bytes: '""' }[type?.kind] ?? "null";
  }
  if (t?.kind === "duration") return JSON.stringify(printDuration(BigInt(value)));
  switch (typeof value) {
    case "number":
      if (!Number.isFinite(value)) throw new RangeError(`JSON has no number ${value}`);
      return JSON.stringify(value);
    case "bigint": return String(value);
    case "boolean": return String(value);
    case "string": return t?.kind === "bytes" ? base64(new TextEncoder().encode(value)) : JSON.stringify(value);
  }
  if (value instanceof Uint8Array) return t?.kind === "string" ? JSON.stringify(textOf(value)) : base64(value);
  if (value instanceof Time) return JSON.stringify(String(value));
  if (Array.isArray(value)) return `[${value.map((e) => toJSON(e, t?.elem)).join(",")}]`;
  const fields = new Map(t?.kind === "struct" ? t.fields.map((f) => [f.name, f.type]) : []);
  const pairs = [...(value instanceof Map ? value : Object.entries(value))].map(([key, e]) => {
    const text = toJSON(key, t?.kind === "map" ? t.key : undefined);
    return [text[0] === '"' ? text : JSON.stringify(text), toJSON(e, fields.get(key) ?? (t?.kind === "map" ? t.elem : undefined))];
  });
  unique(pairs);
  return `{${pairs.map((pair) => pair.join(":")).join(",")}}`;
}

const base64 = (bytes) => JSON.stringify(Buffer.from(bytes).toString("base64"));
