// The items of a stream at the end where they leave from: docs/protocol.md, "Streams".

import { Lull } from "./lull.mjs";

const LARGE = 256 * 1024; // bytes; larger items go in parts, so that others pass
const ITEMS_OVERHEAD = 64, PART_OVERHEAD = 64; // bytes of a message of items, or of a part, beside these
const TOGETHER = 32 * 1024; // bytes of small items that leave in one message

/** How large parts of an item are at most: NATS carries small messages faster, a link large ones. */
const PART_BY_BUS = 24 * 1024, PART_BY_LINK = 256 * 1024;

/**
 * How items leave: those of up to `whole` bytes in one message, if there is credit enough, larger ones in parts
 * of up to `part` if the instance takes `parts`, and none of more than `most`. A message has `room`.
 */
export function itemSizes({ room, link, parts, maxValue }) {
  const whole = room - ITEMS_OVERHEAD;
  if (!parts) return { whole, part: 0, most: whole };
  return { whole: Math.min(whole, LARGE), part: Math.min(room - PART_OVERHEAD, link ? PART_BY_LINK : PART_BY_BUS), most: Math.max(whole, maxValue) };
}

/** The end where items leave from. */
export class ItemsOut {
  #send;
  #sendPart;
  #account;
  #sizes;
  #credit = { bytes: 0n, items: 0n };
  #limit = 0n; // bytes that may have left in all with an item that is larger than what is left of the credit
  #taken = { bytes: 0n, items: 0n };
  #left = 0; // how many items have left
  #part = 0; // how many bytes of the next one have
  #starved = false; // the next one waits for credit
  #last; // says what comes behind all items; undefined: nothing is to come yet
  #lull = new Lull(() => this.#inLull());
  #seen = ""; // the account when it was looked at last
  #pending = [];
  #size = 0; // of those
  #waited = false; // one of them did, for credit
  #flushing; // the timer
  #over = false;
  #moved = () => {};
  #leave = () => {}; // the iterator, while it is waited for

  /** `send` takes items that leave together, and `sendPart` a part of one; `account` what has left so far. */
  constructor(send, sendPart, account) {
    this.#send = send;
    this.#sendPart = sendPart;
    this.#account = account;
  }

  /** The other end takes so much in all. */
  grant({ bytes, items }) {
    if (bytes > this.#credit.bytes) {
      // As many more as it gave anew: what left beyond the one before is paid first.
      const before = this.#taken.bytes > this.#credit.bytes ? this.#taken.bytes : this.#credit.bytes;
      this.#limit = bytes > before ? 2n * bytes - before : this.#taken.bytes;
      this.#credit.bytes = bytes;
    }
    if (items > this.#credit.items) this.#credit.items = items;
    this.#moved();
  }

  /** Nobody takes items any more. */
  stop() {
    this.#over = true;
    this.#lull.end();
    clearImmediate(this.#flushing);
    this.#pending = [];
    this.#moved();
    this.#leave();
  }

  /** Sends a value in front of all items, in parts. */
  async lead(value, sizes) {
    this.#sizes = sizes;
    await this.#putParts(value);
  }

  /**
   * Sends what an iterable gives, each packed by `pack`, as `sizes` say. It returns how many items there were and, if the
   * iterable threw, that error; undefined if nobody takes them any more. What `pack` throws it throws.
   */
  async run(source, pack, sizes) {
    this.#sizes = sizes;
    const iterator = source[Symbol.asyncIterator]?.() ?? source[Symbol.iterator]();
    let over = false;
    const leave = () => {
      if (!over) (async () => iterator.return?.())().catch(() => {});
      over = true;
    };
    try {
      while (!this.#over) {
        let next;
        try {
          const coming = iterator.next();
          this.#leave = leave; // it may wait for what never comes
          next = await coming;
          this.#leave = () => {};
        } catch (error) {
          over = true;
          if (this.#over) return undefined;
          this.#flush();
          return { count: this.#left, error };
        }
        if (next.done) {
          over = true;
          if (this.#over) return undefined;
          this.#flush();
          return { count: this.#left };
        }
        await this.#put(pack(next.value));
      }
      return undefined;
    } finally {
      this.#leave = () => {};
      leave();
    }
  }

  /** Says what comes behind all items, again and again until it is stopped: nobody might hear of its loss. */
  conclude(last) {
    this.#last = last;
    last();
    this.#lull.begin();
  }

  /** Says what has left, unless more has since it was looked at before. */
  #inLull() {
    const account = { sent: this.#left, part: this.#part, ...this.#credit };
    const now = Object.values(account).join();
    if (this.#last) {
      this.#last();
      this.#lull.goOn(true);
    } else if (now !== this.#seen) {
      this.#seen = now;
      this.#lull.beginAnew();
    } else {
      this.#account(account);
      this.#lull.goOn(this.#starved);
    }
  }

  /**
   * Takes credit for so many bytes, of a further item or not, once there is some. It takes less, but `least`,
   * where not so much may leave, and nothing where less than that may. It returns how many it `took`, and
   * whether it `waited`.
   */
  async #take(least, bytes, items) {
    let waited = false;
    while (!this.#over && !(this.#taken.bytes < this.#credit.bytes && (items === 0n || this.#taken.items < this.#credit.items))) {
      if (!waited) this.#lull.begin();
      waited = this.#starved = true;
      await new Promise((resolve) => { this.#moved = resolve; });
    }
    this.#starved = false;
    const left = this.#limit - this.#taken.bytes;
    const took = this.#sizes.part > 0 && left < BigInt(bytes) ? Number(left) : bytes;
    if (this.#over || took < least) return { took: 0, waited };
    this.#taken.bytes += BigInt(took);
    this.#taken.items += items;
    return { took, waited };
  }

  async #put(item) {
    if (item.length > this.#sizes.whole) {
      await this.#putParts(item);
      return;
    }
    const { took, waited } = await this.#take(item.length, item.length, 1n);
    if (this.#over) return;
    if (took === 0) {
      await this.#putParts(item, waited);
      return;
    }
    if (this.#size + item.length > TOGETHER) this.#flush();
    this.#pending.push(item);
    this.#waited ||= waited;
    this.#size += item.length;
    this.#flushing ??= setImmediate(() => this.#flush());
  }

  async #putParts(item, hasWaited = false) {
    const count = Math.ceil(item.length / this.#sizes.part), size = Math.ceil(item.length / count);
    for (let offset = 0; offset < item.length; ) {
      const { took, waited } = await this.#take(1, Math.min(size, item.length - offset), offset === 0 ? 1n : 0n);
      if (this.#over) return;
      this.#flush();
      this.#sendPart({ before: this.#left, length: item.length, offset, body: item.subarray(offset, offset + took), waited: waited || hasWaited });
      hasWaited = false;
      offset += took;
      this.#part = offset;
      this.#lull.begin();
    }
    this.#left++;
    this.#part = 0;
  }

  #flush() {
    clearImmediate(this.#flushing);
    this.#flushing = undefined;
    const items = this.#pending;
    if (items.length === 0) return;
    this.#pending = [];
    const body = items.length === 1 ? items[0] : Buffer.concat(items, this.#size);
    this.#size = 0;
    this.#send({ before: this.#left, count: items.length, body, waited: this.#waited });
    this.#waited = false;
    this.#left += items.length;
    this.#lull.begin();
  }
}
