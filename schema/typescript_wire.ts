/**
 * How a value stands in msgpack: a kind of Helium's notation, the name of a type below, or what it is
 * made of.
 */
type WireForm =
  | string
  | { readonly maybe: WireForm }
  | { readonly list: WireForm }
  | { readonly map: WireForm; readonly key: string }
  | { readonly fields: { readonly [name: string]: WireForm } };

const namedWires: { readonly [type: string]: WireForm } = {{wires}};

// What every program has that runs this, whatever its types say.
declare const TextEncoder: { new (): { encode(text: string): Uint8Array } };
declare const TextDecoder: { new (label: "utf-8", options: { ignoreBOM: boolean }): { decode(bytes: Uint8Array): string } };
declare function atob(text: string): string;
declare function btoa(text: string): string;

const maxDepth = 64;

/** The text that bytes are, all of it: a decoder by default drops a mark at the beginning. */
function textOf(bytes: Uint8Array): string {
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
}

function wireOf(wire: WireForm): WireForm {
  return (typeof wire === "string" && Object.hasOwn(namedWires, wire) ? namedWires[wire] : undefined) ?? wire;
}

/** Writes msgpack. */
class WireWriter {
  #bytes = new Uint8Array(128);
  #view = new DataView(this.#bytes.buffer);
  #length = 0;

  done(): Uint8Array {
    return this.#bytes.slice(0, this.#length);
  }

  /** Makes room, and returns where it begins. */
  #room(size: number): number {
    const at = this.#length;
    if (at + size > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(2 * this.#bytes.length, at + size));
      larger.set(this.#bytes);
      this.#bytes = larger;
      this.#view = new DataView(larger.buffer);
    }
    this.#length += size;
    return at;
  }

  byte(byte: number): void {
    const at = this.#room(1);
    this.#bytes[at] = byte;
  }

  raw(bytes: Uint8Array): void {
    const at = this.#room(bytes.length);
    this.#bytes.set(bytes, at);
  }

  /** How much follows: below `few` with its kind, else behind a byte of its own, in one byte, two or four. */
  #head(length: number, kind: number, few: number, one: number, two: number): void {
    if (length < few) {
      this.byte(kind | length);
    } else if (length < 256 && one > 0) {
      this.raw(Uint8Array.of(one, length));
    } else {
      const at = this.#room(length < 65536 ? 3 : 5);
      this.#bytes[at] = length < 65536 ? two : two + 1;
      if (length < 65536) {
        this.#view.setUint16(at + 1, length);
      } else {
        this.#view.setUint32(at + 1, length);
      }
    }
  }

  array(length: number): void {
    this.#head(length, 0x90, 16, 0, 0xdc);
  }

  text(text: string): void {
    const bytes = new TextEncoder().encode(text);
    this.#head(bytes.length, 0xa0, 32, 0xd9, 0xda);
    this.raw(bytes);
  }

  binary(bytes: Uint8Array): void {
    this.#head(bytes.length, 0, 0, 0xc4, 0xc5);
    this.raw(bytes);
  }

  integer(n: number | bigint): void {
    const big = BigInt(n);
    if (big >= -32n && big < 128n) {
      this.byte(Number(big) & 0xff);
    } else if (big >= 0n && big < 1n << 32n) {
      const at = this.#room(5);
      this.#bytes[at] = 0xce;
      this.#view.setUint32(at + 1, Number(big));
    } else {
      if (BigInt.asIntN(64, big) !== big && BigInt.asUintN(64, big) !== big) {
        throw new RangeError(`${big} has more than 64 bits`);
      }
      const at = this.#room(9);
      this.#bytes[at] = big < 0n ? 0xd3 : 0xcf;
      this.#view.setBigUint64(at + 1, BigInt.asUintN(64, big));
    }
  }

  float(n: number): void {
    const at = this.#room(9);
    this.#bytes[at] = 0xcb;
    this.#view.setFloat64(at + 1, n);
  }

  /** Writes a value as JSON has it, in the form that its type has on the wire. `where` names it in errors. */
  value(value: unknown, given: WireForm, where: string, depth = 1): void {
    const wire = wireOf(given);
    const wrong = (want: string): never => {
      const got = typeof value === "object" && value !== null ? "an object" : typeof value === "string" ? JSON.stringify(value) : String(value);
      throw new RangeError(`${where}: got ${got}, want ${want}`);
    };
    if (depth >= maxDepth) {
      throw new RangeError(`${where}: lies more than ${maxDepth} deep`);
    }
    if (typeof wire === "string") {
      this.#scalar(value, wire, where, depth, wrong);
    } else if ("maybe" in wire) {
      if (value === null || value === undefined) {
        this.byte(0xc0);
      } else {
        this.value(value, wire.maybe, where, depth);
      }
    } else if ("list" in wire) {
      const list: unknown[] = Array.isArray(value) ? value : wrong("an array");
      this.array(list.length);
      for (let i = 0; i < list.length; i++) {
        this.value(list[i], wire.list, `${where}[${i}]`, depth + 1);
      }
    } else {
      if (typeof value !== "object" || value === null || Object.prototype.toString.call(value) !== "[object Object]") {
        return wrong("a plain object");
      }
      const pairs = Object.entries(value).filter(([, each]) => each !== undefined);
      const fields = "fields" in wire ? wire.fields : undefined;
      for (const name of Object.keys(fields ?? {})) {
        const field = wireOf(fields?.[name] ?? "any");
        if (field !== "any" && !(typeof field === "object" && "maybe" in field) && !pairs.some(([own]) => own === name)) {
          throw new RangeError(`${where}: has no field ${JSON.stringify(name)}`);
        }
      }
      this.#head(pairs.length, 0x80, 16, 0, 0xde);
      for (const [name, each] of pairs) {
        if ("map" in wire) {
          this.value(keyOf(name, wire.key), wire.key, `a key of ${where}`, depth + 1);
          this.value(each, wire.map, `${where}[${JSON.stringify(name)}]`, depth + 1);
        } else {
          const field = Object.hasOwn(wire.fields, name) ? wire.fields[name] : undefined;
          if (field === undefined) {
            throw new RangeError(`${where}: there is no field ${JSON.stringify(name)}`);
          }
          this.text(name);
          this.value(each, field, `${where}.${name}`, depth + 1);
        }
      }
    }
  }

  #scalar(value: unknown, kind: string, where: string, depth: number, wrong: (want: string) => never): void {
    if (kind === "any") {
      this.#any(value, where, depth);
    } else if (kind === "bool") {
      this.byte(typeof value === "boolean" ? (value ? 0xc3 : 0xc2) : wrong(kind));
    } else if (kind === "float32" || kind === "float64") {
      this.float(typeof value === "number" || typeof value === "bigint" ? Number(value) : wrong("a number"));
    } else if (kind === "duration") {
      this.integer(typeof value === "string" ? nanoseconds(value) : wrong("a duration, such as \"1h30m\""));
    } else if (typeof value === "string" && kind === "bytes") {
      this.binary(fromBase64(value, where));
    } else if (kind === "string" || kind === "bytes" || kind === "time") {
      this.text(typeof value === "string" ? value : wrong(kind === "string" ? "a string" : `${kind}, as a string`));
    } else {
      this.integer(typeof value === "bigint" || (typeof value === "number" && Number.isInteger(value)) ? value : wrong(kind));
    }
  }

  /** Writes what JSON could hold, and bigints. */
  #any(value: unknown, where: string, depth: number): void {
    if (value === null || value === undefined) {
      this.byte(0xc0);
    } else if (typeof value === "boolean") {
      this.byte(value ? 0xc3 : 0xc2);
    } else if (typeof value === "string") {
      this.text(value);
    } else if (typeof value === "bigint" || (typeof value === "number" && Number.isInteger(value) && Math.abs(value) < 2 ** 63)) {
      this.integer(value);
    } else if (typeof value === "number") {
      this.float(value);
    } else if (Array.isArray(value)) {
      this.value(value, { list: "any" }, where, depth);
    } else if (typeof value === "object") {
      const own = "toJSON" in value && typeof value.toJSON === "function" ? value.toJSON("") : undefined;
      if (own === undefined) {
        this.value(value, { map: "any", key: "string" }, where, depth);
      } else {
        this.value(own, "any", where, depth + 1);
      }
    } else {
      throw new RangeError(`${where}: a ${typeof value} can't be sent`);
    }
  }
}

/** Reads msgpack, of which nothing is believed. */
class WireReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at: number;

  constructor(bytes: Uint8Array, at = 0) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#at = at;
  }

  /** How many bytes are left. */
  get left(): number {
    return this.#bytes.length - this.#at;
  }

  #take(size: number): number {
    if (size > this.left) {
      throw new RangeError("a value ends early");
    }
    this.#at += size;
    return this.#at - size;
  }

  #uint(width: number): number {
    const at = this.#take(width);
    return width === 1 ? this.#view.getUint8(at) : width === 2 ? this.#view.getUint16(at) : this.#view.getUint32(at);
  }

  #slice(size: number): Uint8Array {
    const at = this.#take(size);
    return this.#bytes.subarray(at, at + size);
  }

  /** The first bytes of a value: what it is, and the number that it is, or how much follows. */
  #head(): { kind: string; size: number; n: number | bigint } {
    const first = this.#uint(1);
    const head = (kind: string, size: number, n: number | bigint = 0) => ({ kind, size, n });
    const counted = (kind: string, size: number, least = 1) => {
      if (size * least > this.left) {
        throw new RangeError("a value ends early");
      }
      return head(kind, size);
    };
    if (first <= 0x7f) return head("integer", 0, first);
    if (first >= 0xe0) return head("integer", 0, first - 256);
    if (first <= 0x8f) return counted("map", first & 15, 2);
    if (first <= 0x9f) return counted("array", first & 15);
    if (first <= 0xbf) return counted("text", first & 31);
    if (first === 0xc0) return head("nil", 0);
    if (first === 0xc2 || first === 0xc3) return head("bool", 0, first & 1);
    if (first >= 0xc4 && first <= 0xc6) return counted("bytes", this.#uint(1 << (first - 0xc4)));
    if (first === 0xca) return head("float", 0, this.#view.getFloat32(this.#take(4)));
    if (first === 0xcb) return head("float", 0, this.#view.getFloat64(this.#take(8)));
    if (first >= 0xcc && first <= 0xce) return head("integer", 0, this.#uint(1 << (first - 0xcc)));
    if (first === 0xcf) return head("integer", 0, this.#view.getBigUint64(this.#take(8)));
    if (first >= 0xd0 && first <= 0xd3) {
      const bytes = 1 << (first - 0xd0);
      return head("integer", 0, BigInt.asIntN(8 * bytes, bytes === 8 ? this.#view.getBigInt64(this.#take(8)) : BigInt(this.#uint(bytes))));
    }
    if (first >= 0xd9 && first <= 0xdb) return counted("text", this.#uint(1 << (first - 0xd9)));
    if (first === 0xdc || first === 0xdd) return counted("array", this.#uint(first === 0xdc ? 2 : 4));
    if (first === 0xde || first === 0xdf) return counted("map", this.#uint(first === 0xde ? 2 : 4), 2);
    const size = first === 0xc7 ? this.#uint(1) : first === 0xd6 ? 4 : first === 0xd7 ? 8 : 0;
    if ((size === 4 || size === 8 || size === 12) && this.#uint(1) === 0xff) return counted("time", size);
    throw new RangeError(`what begins with 0x${first.toString(16)} is no value`);
  }

  /** The length of an array. */
  array(): number {
    const { kind, size } = this.#head();
    return kind === "array" ? size : this.#wrong("an array", kind);
  }

  /** An integer that isn't negative. */
  unsigned(): bigint {
    const { kind, n } = this.#head();
    return kind === "integer" && n >= 0 ? BigInt(n) : this.#wrong("an unsigned integer", kind);
  }

  text(): string {
    const { kind, size } = this.#head();
    return kind === "text" ? textOf(this.#slice(size)) : this.#wrong("text", kind);
  }

  binary(): Uint8Array {
    const { kind, size } = this.#head();
    return kind === "bytes" ? this.#slice(size) : this.#wrong("bytes", kind);
  }

  #wrong(want: string, got: string): never {
    throw new RangeError(`got ${got}, want ${want}`);
  }

  /** The bytes of the next value. */
  raw(): Uint8Array {
    const from = this.#at;
    this.#skip(1);
    return this.#bytes.subarray(from, this.#at);
  }

  #skip(depth: number): void {
    const { kind, size } = this.#head();
    if (kind !== "array" && kind !== "map") {
      this.#take(size);
      return;
    }
    if (depth > maxDepth) {
      throw new RangeError(`a value lies more than ${maxDepth} deep`);
    }
    for (let left = kind === "map" ? 2 * size : size; left > 0; left--) {
      this.#skip(depth + 1);
    }
  }

  /** The next value, as JSON has it: in the form that its type has there. */
  value(given: WireForm = "any", depth = 1): unknown {
    if (depth > maxDepth) {
      throw new RangeError(`a value lies more than ${maxDepth} deep`);
    }
    let wire = wireOf(given);
    const { kind, size, n } = this.#head();
    if (typeof wire === "object" && "maybe" in wire) {
      if (kind === "nil") {
        return null;
      }
      wire = wireOf(wire.maybe);
    }
    const list = typeof wire === "object" && "list" in wire ? wire : undefined;
    const map = typeof wire === "object" && "map" in wire ? wire : undefined;
    const fields = typeof wire === "object" && "fields" in wire ? wire.fields : undefined;
    switch (kind) {
      case "nil":
        return list ? [] : map ? {} : wire === "bytes" ? "" : null;
      case "bool":
        return n === 1;
      case "integer":
        return wire === "duration" ? duration(BigInt(n)) : wire === "float32" || wire === "float64" ? Number(n) : narrow(n);
      case "float":
        return n;
      case "text":
        return wire === "bytes" ? toBase64(this.#slice(size)) : textOf(this.#slice(size));
      case "bytes":
        return wire === "string" ? textOf(this.#slice(size)) : toBase64(this.#slice(size));
      case "time":
        return this.#time(size);
      case "array": {
        const all: unknown[] = [];
        while (all.length < size) {
          all.push(this.value(list ? list.list : "any", depth + 1));
        }
        return all;
      }
    }
    const pairs: [string, unknown][] = [];
    while (pairs.length < size) {
      const name = String(this.value(map ? map.key : fields ? "string" : "any", depth + 1));
      const own = fields !== undefined && Object.hasOwn(fields, name) ? fields[name] : undefined;
      pairs.push([name, this.value(map ? map.map : own ?? "any", depth + 1)]);
    }
    return Object.fromEntries(pairs);
  }

  #time(size: number): string {
    const at = this.#take(size);
    let seconds = 0n, nanos = 0;
    if (size === 4) {
      seconds = BigInt(this.#view.getUint32(at));
    } else if (size === 8) {
      const both = this.#view.getBigUint64(at);
      seconds = both & ((1n << 34n) - 1n);
      nanos = Number(both >> 34n);
    } else {
      nanos = this.#view.getUint32(at);
      seconds = this.#view.getBigInt64(at + 4);
    }
    const fraction = nanos === 0 ? "" : `.${String(nanos).padStart(9, "0").replace(/0+$/, "")}`;
    return new Date(Number(seconds) * 1000).toISOString().replace(/\.\d+Z$/, `${fraction}Z`);
  }
}

/** An integer as a number, or where that can't hold it, or would show it as another, as a bigint. */
function narrow(n: number | bigint): Int64 {
  const number = Number(n);
  return String(number) === String(n) && BigInt(number) === BigInt(n) ? number : n;
}

function keyOf(name: string, kind: string): unknown {
  if (kind === "bool") {
    return name === "true" ? true : name === "false" ? false : name;
  }
  return kind === "string" || kind === "bytes" || !/^-?[0-9]+$/.test(name) ? name : kind === "duration" ? `${name}ns` : BigInt(name);
}

function fromBase64(text: string, where: string): Uint8Array {
  try {
    return Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
  } catch {
    throw new RangeError(`${where}: got ${JSON.stringify(text.slice(0, 40))}, want bytes in base64`);
  }
}

function toBase64(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) {
    text += String.fromCharCode(byte);
  }
  return btoa(text);
}

const units: { readonly [unit: string]: bigint } = { h: 3_600_000_000_000n, m: 60_000_000_000n, s: 1_000_000_000n, ms: 1_000_000n, us: 1000n, "µs": 1000n, "μs": 1000n, ns: 1n };

/** Reads "1h30m" as nanoseconds. */
function nanoseconds(text: string): bigint {
  const [, sign = "", rest = ""] = /^([+-]?)(.*)$/s.exec(text) ?? [];
  const parts = rest.match(/([0-9]+\.?[0-9]*|\.[0-9]+)(ms|us|µs|μs|ns|h|m|s)/g) ?? [];
  if (rest !== "0" && (parts.length === 0 || parts.join("") !== rest)) {
    throw new RangeError(`${JSON.stringify(text)} is no duration, such as "1h30m"`);
  }
  let sum = 0n;
  for (const part of parts) {
    const [, whole = "", fraction = "", unit = ""] = /^([0-9]*)\.?([0-9]*)(.+)$/.exec(part) ?? [];
    sum += BigInt(whole + fraction || "0") * (units[unit] ?? 0n) / 10n ** BigInt(fraction.length);
  }
  return sign === "-" ? -sum : sum;
}

/** Writes nanoseconds as "1h30m0s", and less than a second as "1.5ms". */
function duration(n: bigint): string {
  if (n < 0n) {
    return `-${duration(-n)}`;
  }
  const of = (value: bigint, unit: string) => {
    const size = units[unit] ?? 1n, rest = value % size;
    const fraction = rest === 0n ? "" : `.${String(rest).padStart(String(size).length - 1, "0").replace(/0+$/, "")}`;
    return `${value / size}${fraction}${unit}`;
  };
  if (n === 0n) return "0s";
  if (n < 1_000_000_000n) return of(n, n < 1000n ? "ns" : n < 1_000_000n ? "µs" : "ms");
  const hours = n / 3_600_000_000_000n, minutes = (n / 60_000_000_000n) % 60n;
  return `${hours > 0n ? `${hours}h` : ""}${hours + minutes > 0n ? `${minutes}m` : ""}${of(n % 60_000_000_000n, "s")}`;
}
