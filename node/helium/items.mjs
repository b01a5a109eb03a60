// The items of a stream at both of its ends: docs/protocol.md, "Streams".

import { HeliumError } from "./errors.mjs";
import { decode, Reader } from "./msgpack.mjs";

const WINDOW = 256 * 1024, WINDOW_ITEMS = 16 * 1024; // under way to a reader, or waiting there
const POOL = 16 * 1024 * 1024; // of all streams of a caller together
const SHARE = 16, LEAST = 512, RESERVE = 10_000 * LEAST; // what one stream gets of the rest, and always
const TOGETHER = 32 * 1024; // bytes of small items that leave in one message

/** The credit that all streams of a caller share. */
export class CreditPool {
  #taken = 0;

  /** Gives back what was taken before, and takes more: more than nothing. */
  exchange(back, want) {
    this.#taken -= back;
    const got = Math.max(Math.min(want, Math.floor((POOL - RESERVE - this.#taken) / SHARE)), LEAST);
    this.#taken += got;
    return got;
  }

  put(back) { this.#taken -= back; }
}

const gap = (want, got) => new HeliumError("data_loss", got < want ? `items ${got + 1n} to ${want} of the stream came twice` : `items ${want + 1n} to ${got} of the stream got lost`, { reason: "helium.stream_gap" });

/** The end where items arrive. */
export class ItemsIn {
  #pool;
  #grant;
  #waiting = []; // rows of items
  #reader; // of the row that is being read
  #left = 0n; // items in it
  #open = -1; // the size of the item that was given last; -1: none
  #seen = { bytes: 0, items: 0n };
  #taken = { bytes: 0, items: 0 };
  #given = { bytes: 0, items: 0 };
  #used = { bytes: 0, items: 0 }; // since credit was given last
  #held = 0; // bytes of the pool
  #ended = false;
  #error; // why it ended; undefined: there are no more items
  #wake = () => {};

  /** `grant` tells the other end how much it may send in all. */
  constructor(pool, grant) {
    this.#pool = pool;
    this.#grant = grant;
  }

  /** What the other end may send to begin with, or in all. */
  open() {
    this.#taken.bytes += this.#used.bytes;
    this.#taken.items += this.#used.items;
    this.#used = { bytes: 0, items: 0 };
    this.#given.bytes = Math.max(this.#given.bytes, this.#taken.bytes); // the last one may have been larger
    const left = this.#given.bytes - this.#taken.bytes;
    const got = this.#pool.exchange(this.#held - left, WINDOW - left);
    this.#held = left + got;
    this.#given = { bytes: this.#given.bytes + got, items: this.#taken.items + WINDOW_ITEMS };
    return this.#given;
  }

  /** Takes in items that came. */
  arrive({ before, count, body }) {
    if (this.#ended) return;
    if (before !== this.#seen.items) this.fail(gap(this.#seen.items, before));
    else if (this.#seen.bytes >= this.#given.bytes || this.#seen.items + count > BigInt(this.#given.items)) {
      this.fail(new HeliumError("internal", "the instance sent more of the stream than it may", { reason: "helium.bad_result", outcome: "executed" }));
    } else {
      this.#seen = { bytes: this.#seen.bytes + body.length, items: this.#seen.items + count };
      // A small row would keep all that it came with.
      this.#waiting.push({ count, body: body.length < body.buffer.byteLength / 2 ? body.slice() : body });
      this.#wake();
    }
  }

  /** No more items come, of so many in all. */
  end(count) { this.fail(count === this.#seen.items ? undefined : gap(this.#seen.items, count)); }

  /** Ends it behind what has come, with an error or without. */
  fail(error) {
    if (this.#ended) return;
    this.#ended = true;
    this.#error = error;
    this.#wake();
  }

  /** Ends it with an error, whatever has come. */
  abort(error) {
    this.#waiting = [];
    this.#reader = undefined;
    this.#left = 0n;
    this.#ended = true;
    this.#error = error;
    this.#wake();
  }

  /** Waits for the next item. One counts as read when the one behind it is asked for. */
  async next() {
    this.#took();
    while (this.#left === 0n) {
      if (this.#reader?.more) throw unreadable("bytes are left behind the items");
      const row = this.#waiting.shift();
      if (row) {
        this.#reader = new Reader(row.body);
        this.#left = row.count;
      } else if (this.#ended) {
        if (this.#error) throw this.#error;
        return { done: true };
      } else await new Promise((resolve) => { this.#wake = resolve; });
    }
    this.#left--;
    try {
      const raw = this.#reader.raw();
      this.#open = raw.length;
      return { done: false, value: decode(raw) };
    } catch (err) {
      throw unreadable(err.message);
    }
  }

  #took() {
    if (this.#open < 0) return;
    this.#used.bytes += this.#open;
    this.#used.items++;
    this.#open = -1;
    if (!this.#ended && (2 * this.#used.bytes >= this.#held || 2 * this.#used.items >= WINDOW_ITEMS)) this.#grant(this.open());
  }

  /** Gives the credit back: nothing more is read. */
  close() {
    this.#ended = true;
    this.#waiting = [];
    this.#pool.put(this.#held);
    this.#held = 0;
  }
}

const unreadable = (why) => new HeliumError("internal", `an item of the stream can't be read: ${why}`, { reason: "helium.bad_result", outcome: "executed" });

/** The end where items leave from. */
export class ItemsOut {
  #send;
  #credit = { bytes: 0n, items: 0n };
  #taken = { bytes: 0n, items: 0n };
  #left = 0; // how many items have left
  #pending = [];
  #size = 0; // of those
  #waited = false; // one of them did, for credit
  #flushing; // the timer
  #over = false;
  #moved = () => {};

  /** `send` takes items that leave together. */
  constructor(send) { this.#send = send; }

  /** The other end takes so much in all. */
  grant({ bytes, items }) {
    if (bytes > this.#credit.bytes) this.#credit.bytes = bytes;
    if (items > this.#credit.items) this.#credit.items = items;
    this.#moved();
  }

  /** Nobody takes items any more. */
  stop() {
    this.#over = true;
    clearImmediate(this.#flushing);
    this.#pending = [];
    this.#moved();
  }

  /**
   * Sends what an iterable gives, each packed by `pack`. It returns how many items there were and, if the
   * iterable threw, that error; undefined if nobody takes them any more. What `pack` throws it throws.
   */
  async run(source, pack) {
    const iterator = source[Symbol.asyncIterator]?.() ?? source[Symbol.iterator]();
    let over = false;
    try {
      while (!this.#over) {
        let next;
        try {
          next = await iterator.next();
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
      if (!over) Promise.resolve(iterator.return?.()).catch(() => {});
    }
  }

  async #put(item) {
    let waited = false;
    while (!this.#over && !(this.#taken.bytes < this.#credit.bytes && this.#taken.items < this.#credit.items)) {
      waited = true;
      await new Promise((resolve) => { this.#moved = resolve; });
    }
    if (this.#over) return;
    this.#taken.bytes += BigInt(item.length);
    this.#taken.items++;
    if (this.#size + item.length > TOGETHER) this.#flush();
    this.#pending.push(item);
    this.#waited ||= waited;
    this.#size += item.length;
    this.#flushing ??= setImmediate(() => this.#flush());
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
  }
}
