// Decoded values as the types of a signature want them: docs/protocol.md, "Values".

import { textOf, Time } from "./msgpack.mjs";
import { isInteger, isNumber, printType } from "./signature.mjs";

/** Returns an integer that is in the range of its kind. */
export function ranged(n, kind) {
  const bits = Number(/\d+/.exec(kind)?.[0] ?? 64); // of a duration
  if ((kind[0] === "u" ? BigInt.asUintN(bits, n) : BigInt.asIntN(bits, n)) !== n) throw new RangeError(`${n} is out of range of ${kind}`);
  return Number.isSafeInteger(Number(n)) ? Number(n) : n;
}

/** Returns the float32 nearest to a number, which is in its range. */
function float32(n) {
  if (Number.isFinite(n) && !Number.isFinite(Math.fround(n))) throw new RangeError(`${n} is out of range of float32`);
  return Math.fround(n);
}

/** Returns a decoded value as its type wants it, or throws if it doesn't fit. */
export function asType(value, type) {
  const wrong = () => { throw new RangeError(`got ${typeof value === "object" ? "something else" : value}, want ${printType(type)}`); };
  if (type.kind === "any") return value;
  if (type.kind === "optional") return value === null ? null : asType(value, type.elem);
  if (isNumber(type)) {
    if (typeof value !== "number" && typeof value !== "bigint") wrong();
    if (!isInteger(type)) return type.kind === "float32" ? float32(Number(value)) : Number(value);
    if (typeof value === "number" && !Number.isInteger(value)) wrong();
    return ranged(BigInt(value), type.kind);
  }
  const text = (v) => (v instanceof Uint8Array ? textOf(v) : v);
  switch (type.kind) {
    case "bool": return typeof value === "boolean" ? value : wrong();
    case "string": return typeof text(value) === "string" ? text(value) : wrong();
    case "bytes":
      if (value === null) return new Uint8Array();
      if (typeof value === "string") return new TextEncoder().encode(value);
      return value instanceof Uint8Array ? value : wrong();
    case "time": return typeof value === "string" ? Time.parse(value) : value instanceof Time ? value : wrong();
    case "list":
      if (value === null) return [];
      return Array.isArray(value) ? value.map((e) => asType(e, type.elem)) : wrong();
  }
  if (value === null && type.kind === "map") return new Map();
  if (value === null || typeof value !== "object" || Array.isArray(value) || value instanceof Uint8Array || value instanceof Time) wrong();
  const pairs = [...(value instanceof Map ? value : Object.entries(value))];
  if (type.kind === "map") return new Map(pairs.map(([key, e]) => [asType(key, type.key), asType(e, type.elem)]));
  const given = new Map(pairs);
  return Object.fromEntries(type.fields.filter((f) => given.has(f.name)).map((f) => [f.name, asType(given.get(f.name), f.type)]));
}
