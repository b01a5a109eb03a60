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
