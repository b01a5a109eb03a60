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
