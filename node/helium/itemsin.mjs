// The items of a stream at the end where they arrive: docs/protocol.md, "Streams".

import { HeliumError } from "./errors.mjs";
import { decode, Reader } from "./msgpack.mjs";

const WINDOW = 256 * 1024, WINDOW_ITEMS = 16 * 1024; // under way to a reader, or waiting there
const POOL = 16 * 1024 * 1024; // of all streams of a caller together
const SHARE = 16, LEAST = 512, RESERVE = 10_000 * LEAST; // what one stream gets of the rest, and always

// An item of which less than this many bytes come in a time, in milliseconds, is given up: it would keep memory for
// as long as who sends it likes.
const HEADWAY = 64 * 1024, STALL = 10_000;

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
  #stall;
  #waiting = []; // rows of items
  #item; // that comes in parts, and isn't whole; undefined: there is none
  #most; // bytes of such an item
  #reader; // of the row that is being read
  #left = 0n; // items in it
  #paid = 0; // bytes of it for which credit was given as they came
  #open = -1; // the size of the item that was given last; -1: none
  #seen = { bytes: 0, items: 0n };
  #taken = { bytes: 0, items: 0 };
  #given = { bytes: 0, items: 0 };
  #used = { bytes: 0, items: 0 }; // since credit was given last
  #held = 0; // bytes of the pool
  #ended = false;
  #error; // why it ended; undefined: there are no more items
  #wake = () => {};

  /**
   * `grant` tells the other end how much it may send in all. An item in parts has `most` bytes, and one that is waited
   * for is given up if hardly anything of it comes in `stall` milliseconds.
   */
  constructor(pool, most, grant, stall = STALL) {
    this.#pool = pool;
    this.#most = most;
    this.#grant = grant;
    this.#stall = stall;
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

  /** Lets items come that weren't to come until now. */
  invite() { this.#grant(this.open()); }

  /** Why it has ended, if that is no end that it should have; undefined: it hasn't, or has come to its end. */
  get error() { return this.#error; }

  /** Takes in items that came. */
  arrive({ before, count, body }) {
    if (this.#ended) return;
    if (before !== this.#seen.items) this.fail(gap(this.#seen.items, before));
    else if (this.#item) this.fail(this.#restLost());
    else if (this.#seen.bytes >= this.#given.bytes || this.#seen.items + count > BigInt(this.#given.items)) {
      this.fail(broken("it sent more of the stream than it may"));
    } else {
      this.#seen = { bytes: this.#seen.bytes + body.length, items: this.#seen.items + count };
      // A small row would keep all that it came with.
      this.#waiting.push({ count, body: own(body) });
      this.#wake();
    }
  }

  /** Takes in a part of an item. */
  arrivePart({ before, length, offset, body }) {
    if (this.#ended) return;
    const item = this.#item ?? { length, came: 0, paid: 0, parts: [] };
    if (before !== this.#seen.items) return this.fail(gap(this.#seen.items, before));
    if (offset !== BigInt(item.came)) return this.fail(partGap(before, item.came, offset));
    if (length !== item.length) return this.fail(broken("the parts of an item don't agree how long it is"));
    if (this.#seen.bytes >= this.#given.bytes || !this.#item && this.#seen.items >= BigInt(this.#given.items)) return this.fail(broken("it sent more of the stream than it may"));
    if (length > BigInt(this.#most)) {
      return this.fail(new HeliumError("resource_exhausted", `item ${before + 1n} of the stream has ${length} bytes, and at most ${this.#most} are taken`, { reason: "helium.result_too_large", outcome: "executed" }));
    }
    item.parts.push(own(body));
    item.came += body.length;
    this.#seen.bytes += body.length;
    this.#item = item;
    if (BigInt(item.came) === length) {
      this.#item = undefined;
      this.#seen.items++;
      this.#waiting.push({ count: 1n, body: Buffer.concat(item.parts, item.came), paid: item.paid });
    }
    this.#wake();
  }

  #restLost() { return partGap(this.#seen.items, this.#item.came, this.#item.length); }

  /**
   * Takes in what has left so far, and how much the other end knows that it may send: what hasn't come is lost,
   * and so may be a credit, which it is given again.
   */
  account({ sent, part, bytes, items }) {
    if (this.#ended) return;
    const came = this.#item?.came ?? 0;
    if (sent > this.#seen.items) this.fail(gap(this.#seen.items, sent));
    else if (sent === this.#seen.items && part > BigInt(came)) this.fail(partGap(sent, came, part));
    else if (BigInt(this.#given.bytes) > bytes || BigInt(this.#given.items) > items) this.#grant(this.#given);
  }

  /** No more items come, of so many in all. */
  end(count) { this.fail(count !== this.#seen.items ? gap(this.#seen.items, count) : this.#item && this.#restLost()); }

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
    this.#item = undefined;
    this.#reader = undefined;
    this.#left = 0n;
    this.#ended = true;
    this.#error = error;
    this.#wake();
  }

  /**
   * Waits for the next item, and has `read` make a value of its bytes. One counts as read when the one behind it is
   * asked for.
   */
  async next(read = decode) {
    this.#took();
    if (this.#left === 0n && !(await this.#reach())) return { done: true };
    this.#left--;
    try {
      const raw = this.#reader.raw();
      this.#open = raw.length - this.#paid;
      return { done: false, value: read(raw) };
    } catch (err) {
      throw unreadable(err.message);
    }
  }

  /** Waits until there is an item to be read, or returns false: there are no more. */
  async #reach() {
    let watch; // the timer, while an item comes
    try {
      for (;;) {
        if (this.#reader?.more) throw unreadable("bytes are left behind the items");
        const row = this.#waiting.shift();
        if (row) {
          this.#reader = new Reader(row.body);
          this.#left = row.count;
          this.#paid = row.paid ?? 0;
          return true;
        }
        if (this.#ended && this.#error) throw this.#error;
        if (this.#ended) return false;
        this.#pay();
        if (this.#item) watch ??= this.#watch();
        await new Promise((resolve) => { this.#wake = resolve; });
      }
    } finally {
      clearInterval(watch);
    }
  }

  /** Gives an item that is waited for up if hardly anything of it comes. */
  #watch() {
    let seen = this.#item.came;
    return setInterval(() => {
      const came = this.#item?.came ?? Infinity;
      if (came - seen < HEADWAY) this.fail(new HeliumError("data_loss", `hardly anything of item ${this.#seen.items + 1n} of the stream has come for ${this.#stall} ms`, { reason: "helium.stream_gap" }));
      seen = came;
    }, this.#stall).unref();
  }

  #took() {
    if (this.#open < 0) return;
    this.#used.bytes += this.#open;
    this.#used.items++;
    this.#open = -1;
    this.#giveIfDue();
  }

  /** Gives credit for what has come of an item that somebody waits for. */
  #pay() {
    if (!this.#item) return;
    this.#used.bytes += this.#item.came - this.#item.paid;
    this.#item.paid = this.#item.came;
    this.#giveIfDue();
  }

  #giveIfDue() {
    if (!this.#ended && (2 * this.#used.bytes >= this.#held || 2 * this.#used.items >= WINDOW_ITEMS)) this.#grant(this.open());
  }

  /** Gives the credit back: nothing more is read. */
  close() {
    this.#ended = true;
    this.#waiting = [];
    this.#item = undefined;
    this.#pool.put(this.#held);
    this.#held = 0;
  }
}

/** Bytes that keep no more than themselves: a small piece would keep all that it came with. */
const own = (body) => (body.length < body.buffer.byteLength / 2 ? Uint8Array.prototype.slice.call(body) : body);

const partGap = (before, want, got) => new HeliumError("data_loss", `bytes of item ${before + 1n} of the stream ${got < want ? "came twice" : "got lost"}: ${got} came, want ${want}`, { reason: "helium.stream_gap" });

/** The error of a stream whose instance breaks the protocol. */
export const broken = (why) => new HeliumError("internal", `what the instance sent as a stream breaks the protocol: ${why}`, { reason: "helium.bad_result", outcome: "executed" });

const unreadable = (why) => new HeliumError("internal", `an item of the stream can't be read: ${why}`, { reason: "helium.bad_result", outcome: "executed" });
