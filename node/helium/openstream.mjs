// A stream at its caller, from its beginning to its end: docs/protocol.md, "Streams" and "Large values of streams".

import { crc32c } from "./crc32c.mjs";
import { HeliumError } from "./errors.mjs";
import { Kind } from "./frames.mjs";
import { broken, ItemsIn } from "./itemsin.mjs";
import { ItemsOut } from "./itemsout.mjs";
import { readAnnounced } from "./largevalue.mjs";
import { encode } from "./msgpack.mjs";

/**
 * What goes both ways, where arguments or a result are too large for a message:
 *
 *     begun ─▶ arguments, as the first item ─▶ items
 *           ◀─ items, or a result that is announced, as the only one ◀─ answer
 */
export class OpenStream {
  in;
  #out; // undefined: nothing is sent
  #takes;
  #maxValue;
  #tell;
  #known;
  #leave;
  #breakOff;
  #begun = false;
  #lacks; // the instance lacks arguments that leave as an item, so that nothing can run there
  #extent; // of a result that comes as an item; undefined: none was announced
  #hasRun = false; // as something was announced
  #ends; // how many items there were; undefined: more may come
  #reply; // that it ended with; undefined: with none

  /**
   * A stream whose items come, if it `takes` some, or else a result, and that sends those of `items`, behind `args`
   * if the arguments don't leave with its beginning. `tell` sends the instance a frame, `known` hears what is known
   * of its outcome, `leave` ends the stream with an error, if it isn't over, and `breakOff` once what came of it has.
   * Once it has begun `sizes` says how items leave; those that come have `maxValue` bytes, or fit the `room` of a
   * message.
   */
  constructor({ pool, takes, args, items, floats, sizes, maxValue, room, begun, tell, known, leave, breakOff }) {
    Object.assign(this, { begun });
    this.#takes = takes;
    this.#maxValue = maxValue;
    this.#tell = tell;
    this.#known = known;
    this.#leave = leave;
    this.#breakOff = breakOff;
    this.#lacks = args !== undefined;
    this.in = new ItemsIn(pool, Math.max(maxValue, room), (credit) => tell({ kind: Kind.credit, ...credit }));
    if (!items && !args) return;
    this.#out = new ItemsOut((row) => tell({ kind: Kind.items, ...row }), (part) => this.#tellPart(part),
      (account) => tell({ kind: Kind.account, ...account }));
    this.upload = () => this.#upload({ args, items, floats }, sizes());
  }

  /** What the instance may send to begin with. */
  get credit() { return this.#takes ? this.in.open() : { bytes: 0, items: 0 }; }

  /** Whether the instance has said that it has begun. */
  get hasBegun() { return this.#begun; }

  /** What can be said of it when it ends now. */
  get outcome() { return this.#hasRun ? "executed" : this.#lacks ? "not executed" : "unknown"; }

  /** Takes in a frame about the stream. What ends it has the instance told. */
  follow(f) {
    if (!this.#begun) {
      this.#begun = true;
      this.begun();
      this.upload?.();
      this.upload = undefined; // it would keep the arguments
    }
    if (f.fault) this.in.fail(broken(f.fault.message));
    else if (f.kind === Kind.credit) this.#out?.grant(f);
    else if (f.kind === Kind.items) this.in.arrive(f);
    else if (f.kind === Kind.itemPart) this.in.arrivePart(f);
    else if (f.kind === Kind.account) this.#account(f);
    else if (f.kind === Kind.itemsEnd) this.#ends = f.count;
    else if (f.kind === Kind.largeReply) this.#announced(f);
    else this.in.fail(broken(`a frame of kind ${f.kind} isn't due`));
    if (this.in.error) this.#breakOff();
  }

  /** Takes in what the instance has sent so far: where no items are due, that is its result. */
  #account(f) {
    if (this.#takes || this.#extent) this.in.account(f);
    else this.in.fail(new HeliumError("data_loss", "the method ran, and what announced its result got lost", { reason: "helium.stream_gap", outcome: "executed" }));
  }

  /** The result comes as an item: the method has run. */
  #announced(f) {
    if (this.#takes || this.#extent) {
      this.in.fail(broken("a result is announced that isn't due"));
      return;
    }
    this.#hasRun = true;
    this.#known(this.outcome);
    try {
      this.#extent = readAnnounced(f.body, this.#maxValue);
      this.in.invite();
    } catch (err) {
      this.in.fail(err instanceof HeliumError ? err : broken(`the announcement of its result: ${err.message}`));
    }
  }

  /** Waits for the end of a stream that returns no items, and returns the bytes of its result. */
  async result() {
    try {
      const first = await this.in.next((bytes) => bytes);
      if (first.done) return this.#reply.body;
      const { length, checksum } = this.#extent; // without one nothing may come
      const { value } = first;
      if (BigInt(value.length) !== length || crc32c(value) !== checksum) throw broken("the result is another one than was announced");
      if (!(await this.in.next()).done) throw broken("more came than its result");
      return value;
    } catch (err) {
      throw this.judged(err);
    }
  }

  /** An error with which reading it ended, with what is known of its outcome. */
  judged(err) {
    if (this.#hasRun && err?.outcome !== "executed") return err.settled("executed", "the method ran, and its result got lost: ");
    return this.#lacks && err?.outcome === "unknown" ? err.settled("not executed") : err;
  }

  /** The stream is over: with an error behind its items, or with a reply. */
  settle(error, reply) {
    this.stop();
    this.#reply = reply;
    if (error) this.in.fail(error);
    else if (!this.#takes) this.in.end(this.#extent ? 1n : 0n);
    else if (this.#ends === undefined) this.in.fail(new HeliumError("data_loss", "the last items of the stream got lost, as nobody said how many there are", { reason: "helium.stream_gap" }));
    else this.in.end(this.#ends);
  }

  /** Its caller has given up: what has come isn't read any more. */
  abort(error) {
    this.stop();
    this.in.abort(error);
  }

  /** Nothing more is sent. */
  stop() {
    this.upload = undefined;
    this.#out?.stop();
  }

  /** Sends a part of an item, or of the arguments: the instance lacks them until the last one leaves. */
  #tellPart(part) {
    if (this.#lacks && part.offset + part.body.length === part.length) {
      this.#lacks = false;
      this.#known(this.outcome);
    }
    this.#tell({ kind: Kind.itemPart, ...part });
  }

  async #upload({ args, items, floats }, sizes) {
    if (args) await this.#out.lead(args, sizes);
    if (!items || this.#lacks) return;
    const { most, part } = sizes;
    const type = floats ? { kind: "float64" } : undefined;
    const pack = (item) => {
      const packed = encode(item, typeof item === "number" ? type : undefined);
      if (packed.length > most) throw new HeliumError("resource_exhausted", `an item has ${packed.length} bytes; at most ${most} ${part ? "are sent" : "fit a message, and the instance takes none in parts"}`, { reason: "helium.call_too_large" });
      return packed;
    };
    try {
      const end = await this.#out.run(items, pack, sizes);
      if (end) this.#out.conclude(() => this.#tell({ kind: Kind.itemsEnd, count: end.count, error: end.error && toError(end.error).element }));
    } catch (err) {
      this.#leave(toError(err));
    }
  }
}

/** An error of the program's, as the handler is to get it. */
const toError = (err) => (err instanceof HeliumError ? err : new HeliumError("unknown", String(err?.message ?? err)));
