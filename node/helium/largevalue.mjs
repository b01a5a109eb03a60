// Values that are larger than a message: docs/protocol.md, "Large values".

import { crc32c } from "./crc32c.mjs";
import { HeliumError } from "./errors.mjs";
import { readExtent } from "./extent.mjs";
import { encode } from "./msgpack.mjs";

const WINDOW = 1024 * 1024; // of one value under way
const PART = 256 * 1024;
const VALUES = 16; // that come at once
const WAITING = 3000; // how often who sends one is told that its turn hasn't come, in milliseconds

/** How many bytes a value may have, unless a caller says otherwise. */
export const MAX_VALUE = 64 * 1024 * 1024;

/** What stands around the arguments of a call and its metadata in its message, in bytes. */
const OVERHEAD = 512;

/** Whether arguments don't fit a message of so many bytes, beside metadata. */
export function isLarge(body, metadata, mostBytes = Infinity) {
  const beside = metadata ? encode(metadata).length : 0;
  return body.length + beside > mostBytes - OVERHEAD;
}

/** Refuses arguments that are larger than values may be, before anything of them is sent. */
export function refuseTooLarge(body, maxValue) {
  if (body.length > maxValue) throw new HeliumError("resource_exhausted", `the arguments have ${body.length} bytes, and at most ${maxValue} are sent`, { reason: "helium.call_too_large", outcome: "not executed" });
}

/** Reads how large a result is that is announced. It throws why it isn't taken: a RangeError where it can't be read. */
export function readAnnounced(body, maxValue) {
  const extent = readExtent(body);
  if (extent.length === 0n) throw new RangeError("it has no bytes");
  if (extent.length > BigInt(maxValue)) throw new HeliumError("resource_exhausted", `the result has ${extent.length} bytes, and at most ${maxValue} are taken`, { reason: "helium.result_too_large", outcome: "executed" });
  return extent;
}

/** Arguments that leave in parts, as far as the instance gives credit. */
export class PartsOut {
  #body;
  #size;
  #send;
  #sent = 0;

  /** `send` takes an offset and the bytes from there on; a part has `room` at most. */
  constructor(body, room, send) {
    this.#body = body;
    this.#size = Math.min(PART, room);
    this.#send = send;
  }

  /** Whether something of them has left. */
  get hasBegun() { return this.#sent > 0; }

  get isWhole() { return this.#sent === this.#body.length; }

  /** All before an offset may leave. */
  grant(offset) {
    const end = offset > BigInt(this.#body.length) ? this.#body.length : Number(offset);
    while (this.#sent < end) {
      const part = this.#body.subarray(this.#sent, Math.min(end, this.#sent + this.#size));
      this.#send(this.#sent, part);
      this.#sent += part.length;
    }
  }
}

/** Has results come in turn, so many at once. */
export class Turns {
  #free = VALUES;
  #waiting = [];

  /** Calls `begin` when there is a turn. What it returns ends that, or the wait for it; it may be called again. */
  take(begin) {
    let had = false, over = false;
    const start = () => {
      had = true;
      this.#free--;
      begin();
    };
    if (this.#free > 0) start();
    else this.#waiting.push(start);
    return () => {
      if (over) return;
      over = true;
      if (!had) {
        this.#waiting = this.#waiting.filter((s) => s !== start);
        return;
      }
      this.#free++;
      this.#waiting.shift()?.();
    };
  }
}

/** A result that comes in parts. */
export class PartsIn {
  #extent;
  #grant;
  #parts = [];
  #came = 0;
  #given = 0;
  #crc = 0;
  #leave;
  #timer;

  /** `grant` tells the instance before which offset all may be sent. */
  constructor({ length, checksum }, turns, grant) {
    this.#extent = { length: Number(length), checksum };
    this.#grant = grant;
    this.#timer = setInterval(() => grant(0), WAITING);
    this.#timer.unref();
    this.#leave = turns.take(() => {
      clearInterval(this.#timer);
      this.#giveMore();
    });
  }

  #giveMore() {
    this.#given = Math.min(this.#extent.length, this.#came + WINDOW);
    this.#grant(this.#given);
  }

  /** Takes a part, and returns the value once it is whole. What breaks the protocol throws. */
  put(offset, bytes) {
    const wrong = (why) => new HeliumError("internal", `what the instance sent as a large result breaks the protocol: ${why}`, { reason: "helium.bad_result", outcome: "executed" });
    if (offset !== BigInt(this.#came)) throw wrong(`a part begins at ${offset}, want ${this.#came}`);
    if (this.#came + bytes.length > this.#given) throw wrong("a part goes beyond what may be sent");
    this.#parts.push(bytes.slice());
    this.#came += bytes.length;
    this.#crc = crc32c(bytes, this.#crc);
    if (this.#came < this.#extent.length) {
      if (this.#given < this.#extent.length && this.#given - this.#came <= WINDOW / 2) this.#giveMore();
      return undefined;
    }
    if (this.#crc !== this.#extent.checksum) throw wrong("its checksum is another one");
    return Buffer.concat(this.#parts, this.#came);
  }

  /** Lets others have their turn. */
  close() {
    clearInterval(this.#timer);
    this.#leave();
    this.#parts = [];
  }
}
