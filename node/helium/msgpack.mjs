// msgpack as the protocol needs it: docs/protocol.md, "Values". A library would do for most
// of it, but few tell a float from an integer or text from bytes once they have decoded them.

import { readHead, scanValue } from "./scan.mjs";

const decoder = new TextDecoder("utf-8", { ignoreBOM: true }), encoder = new TextEncoder();

/** The text that bytes are, all of it: a decoder by default drops a mark at the beginning. */
export const textOf = (bytes) => decoder.decode(bytes);

/** Reads values one after the other. What is read must have been scanned, or is here. */
export class Reader {
  constructor(bytes, at = 0) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.at = at;
  }

  get more() { return this.at < this.bytes.length; }

  #head(want, fits) {
    const head = readHead(this.view, this.at);
    if (!fits(head)) throw new RangeError(`got ${head.family}, want ${want}`);
    if (head.length > this.bytes.length - head.next) throw new RangeError("the value ends early");
    this.at = head.next;
    return head;
  }

  #body(length) {
    this.at += length;
    return this.bytes.subarray(this.at - length, this.at);
  }

  /** The length of an array, with which it begins. */
  array() { return this.#head("an array", (h) => h.family === "array").length; }

  /** An integer that isn't negative, as a bigint; a float is none. */
  unsigned() {
    const first = this.bytes[this.at];
    const head = this.#head("an unsigned integer", (h) => h.family === "integer");
    const n = integer(this.view, first, head.next);
    this.at += head.length;
    if (n < 0n) throw new RangeError(`got ${n}, want an unsigned integer`);
    return n;
  }

  text() { return textOf(this.#body(this.#head("text", (h) => h.family === "text").length)); }

  binary() { return this.#body(this.#head("bytes", (h) => h.family === "bytes").length); }

  /** The bytes of the next value, scanned. */
  raw() {
    const from = this.at;
    this.at = scanValue(this.bytes, from);
    return this.bytes.subarray(from, this.at);
  }

  /** A map of at most so many texts to texts, or null. */
  texts(most) {
    if (this.bytes[this.at] === 0xc0) {
      this.at++;
      return null;
    }
    const { length } = this.#head("a map", (h) => h.family === "map");
    if (length > most) throw new RangeError(`${length} entries, at most ${most} are allowed`);
    return Object.fromEntries(Array.from({ length }, () => [this.text(), this.text()]));
  }

  /**
   * Any value: integers as numbers, or as bigints where numbers would round them; a map as
   * an object if its keys are texts, else as a Map; a timestamp as a Time.
   */
  value() {
    const first = this.bytes[this.at];
    const head = this.#head("a value", () => true);
    switch (head.family) {
      case "nil": return null;
      case "bool": return first === 0xc3;
      case "integer": {
        const n = integer(this.view, first, head.next);
        this.at += head.length;
        return Number.isSafeInteger(Number(n)) ? Number(n) : n;
      }
      case "float": {
        this.at += head.length;
        return first === 0xca ? this.view.getFloat32(head.next) : this.view.getFloat64(head.next);
      }
      case "text": return textOf(this.#body(head.length));
      case "bytes": return this.#body(head.length).slice();
      case "ext": return Time.read(this.view, head.next, (this.at += head.length) && head.length);
      case "array": return Array.from({ length: head.length }, () => this.value());
      default: { // a map
        const pairs = Array.from({ length: head.length }, () => [this.value(), this.value()]);
        return pairs.every(([key]) => typeof key === "string") ? Object.fromEntries(pairs) : new Map(pairs);
      }
    }
  }
}

function integer(view, first, at) {
  if (first <= 0x7f) return BigInt(first);
  if (first >= 0xe0) return BigInt(first) - 256n;
  switch (first) {
    case 0xcc: return BigInt(view.getUint8(at));
    case 0xcd: return BigInt(view.getUint16(at));
    case 0xce: return BigInt(view.getUint32(at));
    case 0xcf: return view.getBigUint64(at);
    case 0xd0: return BigInt(view.getInt8(at));
    case 0xd1: return BigInt(view.getInt16(at));
    case 0xd2: return BigInt(view.getInt32(at));
    default: return view.getBigInt64(at);
  }
}

/** A moment to the nanosecond, which a Date can't hold. */
export class Time {
  constructor(seconds, nanos = 0) {
    this.seconds = BigInt(seconds);
    this.nanos = nanos;
  }

  static read(view, at, length) {
    if (length === 4) return new Time(view.getUint32(at));
    if (length === 12) return new Time(view.getBigInt64(at + 4), view.getUint32(at));
    const both = view.getBigUint64(at);
    return new Time(both & ((1n << 34n) - 1n), Number(both >> 34n));
  }

  /** Reads RFC 3339, to the nanosecond or not at all. */
  static parse(text) {
    const parts = /^(\d{4}-\d\d-\d\d)[Tt](\d\d:\d\d:\d\d)(\.\d+)?([Zz]|[+-]\d\d:\d\d)$/.exec(text);
    const ms = parts && Date.parse(`${parts[1]}T${parts[2]}${parts[4].toUpperCase()}`);
    if (!parts || Number.isNaN(ms)) throw new RangeError(`${JSON.stringify(text)} is no time as in RFC 3339`);
    if (/^\.\d{9}0*[1-9]/.test(parts[3] ?? "")) throw new RangeError(`${JSON.stringify(text)} is finer than a nanosecond`);
    return new Time(BigInt(ms / 1000), Number(((parts[3] ?? ".") + "000000000").slice(1, 10)));
  }

  /** The moment that a Date holds. */
  static of(date) {
    const ms = date.getTime();
    if (Number.isNaN(ms)) throw new RangeError("a Date that is none can't be sent");
    const seconds = Math.floor(ms / 1000);
    return new Time(seconds, (ms - seconds * 1000) * 1_000_000);
  }

  get date() { return new Date(Number(this.seconds) * 1000 + this.nanos / 1e6); }

  toString() {
    const fraction = this.nanos === 0 ? "" : "." + String(this.nanos).padStart(9, "0").replace(/0+$/, "");
    const whole = new Date(Number(this.seconds) * 1000).toISOString();
    if (!/^\d{4}-/.test(whole)) throw new RangeError(`RFC 3339 doesn't write the year of ${whole}`);
    return whole.replace(/\.\d+Z$/, `${fraction}Z`);
  }

  /** The timestamp extension in its shortest form. */
  encode() {
    const out = new DataView(new ArrayBuffer(15));
    if (this.seconds < 0n || this.seconds >= 1n << 34n) {
      [0xc7, 12, 0xff].forEach((b, i) => out.setUint8(i, b));
      out.setUint32(3, this.nanos);
      out.setBigInt64(7, this.seconds);
      return [...new Uint8Array(out.buffer)];
    }
    if (this.nanos === 0 && this.seconds < 1n << 32n) {
      out.setUint32(0, Number(this.seconds));
      return [0xd6, 0xff, ...new Uint8Array(out.buffer, 0, 4)];
    }
    out.setBigUint64(0, BigInt(this.nanos) << 34n | this.seconds);
    return [0xd7, 0xff, ...new Uint8Array(out.buffer, 0, 8)];
  }
}

/** Decodes exactly one value. */
export function decode(bytes) {
  const r = new Reader(bytes);
  const value = new Reader(r.raw()).value();
  if (r.more) throw new RangeError("something trails the value");
  return value;
}

/** Encodes a value; with a type of signature.mjs as that type stands on the wire. */
export function encode(value, type) {
  const out = new Out();
  out.value(value, type);
  return out.done();
}

class Out {
  #parts = [];

  done() {
    const all = new Uint8Array(this.#parts.reduce((sum, p) => sum + p.length, 0));
    let at = 0;
    for (const p of this.#parts) {
      all.set(p, at);
      at += p.length;
    }
    return all;
  }

  value(v, type) {
    const kind = type?.kind === "optional" ? type.elem.kind : type?.kind;
    const inner = type?.kind === "optional" ? type.elem : type;
    if (v === null || v === undefined) this.#parts.push([0xc0]);
    else if (typeof v === "boolean") this.#parts.push([v ? 0xc3 : 0xc2]);
    else if (typeof v === "number" || typeof v === "bigint") this.#number(v, kind);
    else if (typeof v === "string") this.#sized(encoder.encode(v), 0xa0, 32, [0xd9, 0xda, 0xdb]);
    else if (v instanceof Uint8Array) this.#sized(v, 0, 0, [0xc4, 0xc5, 0xc6]);
    else if (v instanceof Time) this.#parts.push(v.encode());
    else if (v instanceof Date) this.#parts.push(Time.of(v).encode());
    else if (Array.isArray(v)) {
      this.#length(v.length, 0x90, 16, [0, 0xdc, 0xdd]);
      for (const e of v) this.value(e, inner?.elem);
    } else if (v instanceof Map || Object.prototype.toString.call(v) === "[object Object]") this.#map(v, inner);
    else throw new RangeError(`a ${typeof v === "object" ? v.constructor?.name ?? "value" : typeof v} can't be sent; make it a number, text, a list, a map, bytes or a Time`);
  }

  /** A number as its type has it, or as what it is: an integer that fits 64 bits as one, any other as a float. */
  #number(v, kind) {
    if (kind === "float32" && Number.isFinite(Number(v)) && !Number.isFinite(Math.fround(Number(v)))) throw new RangeError(`${v} is out of range of float32`);
    if (kind === "float32") this.#float(0xca, 4, Number(v));
    else if (kind === "float64" || typeof v === "number" && !(Number.isInteger(v) && v >= -(2 ** 63) && v < 2 ** 64)) this.#float(0xcb, 8, Number(v));
    else this.#integer(BigInt(v));
  }

  #map(v, type) {
    let pairs = v instanceof Map ? [...v] : Object.entries(v);
    if (type?.kind === "struct") {
      const fields = new Map(type.fields.map((f) => [f.name, f.type]));
      pairs = pairs.filter(([name, e]) => e !== undefined && !(e === null && fields.get(name)?.kind === "optional"));
      this.#length(pairs.length, 0x80, 16, [0, 0xde, 0xdf]);
      for (const [name, e] of pairs) {
        this.value(name);
        this.value(e, fields.get(name));
      }
      return;
    }
    this.#length(pairs.length, 0x80, 16, [0, 0xde, 0xdf]);
    for (const [key, e] of pairs) {
      this.value(key, type?.key);
      this.value(e, type?.elem);
    }
  }

  #float(first, width, v) {
    const out = new DataView(new ArrayBuffer(1 + width));
    out.setUint8(0, first);
    if (width === 8) out.setFloat64(1, v);
    else out.setFloat32(1, v);
    this.#parts.push(new Uint8Array(out.buffer));
  }

  #integer(n) {
    if (n >= -32n && n < 128n) {
      this.#parts.push([Number(n & 0xffn)]);
      return;
    }
    const formats = n >= 0n ? [[0xcc, 8n], [0xcd, 16n], [0xce, 32n], [0xcf, 64n]] : [[0xd0, 7n], [0xd1, 15n], [0xd2, 31n], [0xd3, 63n]];
    const magnitude = n >= 0n ? n : -n - 1n;
    const i = formats.findIndex(([, bits]) => magnitude < 1n << bits);
    if (i < 0) throw new RangeError(`${n} has more than 64 bits`);
    const out = new DataView(new ArrayBuffer(9));
    out.setBigUint64(1, BigInt.asUintN(64, n));
    this.#parts.push([formats[i][0], ...new Uint8Array(out.buffer, 9 - (1 << i), 1 << i)]);
  }

  #length(n, short, most, formats) {
    if (n < most) this.#parts.push([short | n]);
    else if (n < 256 && formats[0]) this.#parts.push([formats[0], n]);
    else if (n < 65536) this.#parts.push([formats[1], n >> 8, n & 255]);
    else this.#parts.push([formats[2], n >>> 24, n >>> 16 & 255, n >>> 8 & 255, n & 255]);
  }

  #sized(bytes, short, most, formats) {
    this.#length(bytes.length, short, most, formats);
    this.#parts.push(bytes);
  }
}
