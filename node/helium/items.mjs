// The items of a stream at both of its ends: docs/protocol.md, "Streams".

import { HeliumError } from "./errors.mjs";
import { Lull } from "./lull.mjs";
import { decode, Reader } from "./msgpack.mjs";

const WINDOW = 256 * 1024, WINDOW_ITEMS = 16 * 1024; // under way to a reader, or waiting there
const POOL = 16 * 1024 * 1024; // of all streams of a caller together
const SHARE = 16, LEAST = 512, RESERVE = 10_000 * LEAST; // what one stream gets of the rest, and always
const ITEMS_OVERHEAD = 64, PART_OVERHEAD = 64; // bytes of a message of items, or of a part, beside these
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

/** How large parts of an item are at most: NATS carries small messages faster, a link large ones. */
const PART_BY_BUS = 24 * 1024, PART_BY_LINK = 256 * 1024;

/**
 * How items leave: those of up to `whole` bytes in one message, if there is credit enough, larger ones in parts
 * of up to `part` if the instance takes `parts`, and none of more than `most`. A message has `room`.
 */
export function itemSizes({ room, link, parts, maxValue }) {
  const whole = room - ITEMS_OVERHEAD;
  if (!parts) return { whole, part: 0, most: whole };
  return { whole: Math.min(whole, WINDOW), part: Math.min(room - PART_OVERHEAD, link ? PART_BY_LINK : PART_BY_BUS), most: Math.max(whole, maxValue) };
}

const gap = (want, got) => new HeliumError("data_loss", got < want ? `items ${got + 1n} to ${want} of the stream came twice` : `items ${want + 1n} to ${got} of the stream got lost`, { reason: "helium.stream_gap" });

/** The end where items arrive. */
export class ItemsIn {
  #pool;
  #grant;
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

  /** `grant` tells the other end how much it may send in all. An item in parts has `most` bytes. */
  constructor(pool, most, grant) {
    this.#pool = pool;
    this.#most = most;
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
    else if (this.#item) this.fail(this.#restLost());
    else if (this.#seen.bytes >= this.#given.bytes || this.#seen.items + count > BigInt(this.#given.items)) {
      this.fail(new HeliumError("internal", "the instance sent more of the stream than it may", { reason: "helium.bad_result", outcome: "executed" }));
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

  /** Waits for the next item. One counts as read when the one behind it is asked for. */
  async next() {
    this.#took();
    while (this.#left === 0n) {
      if (this.#reader?.more) throw unreadable("bytes are left behind the items");
      const row = this.#waiting.shift();
      if (row) {
        this.#reader = new Reader(row.body);
        this.#left = row.count;
        this.#paid = row.paid ?? 0;
      } else if (this.#ended) {
        if (this.#error) throw this.#error;
        return { done: true };
      } else {
        this.#pay();
        await new Promise((resolve) => { this.#wake = resolve; });
      }
    }
    this.#left--;
    try {
      const raw = this.#reader.raw();
      this.#open = raw.length - this.#paid;
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

const broken = (why) => new HeliumError("internal", `what the instance sent as a stream breaks the protocol: ${why}`, { reason: "helium.bad_result", outcome: "executed" });

const unreadable = (why) => new HeliumError("internal", `an item of the stream can't be read: ${why}`, { reason: "helium.bad_result", outcome: "executed" });

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
