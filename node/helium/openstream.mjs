// A stream at its caller, from its beginning to its end: docs/protocol.md, "Streams".

import { HeliumError } from "./errors.mjs";
import { Kind } from "./frames.mjs";
import { ItemsIn } from "./itemsin.mjs";
import { ItemsOut } from "./itemsout.mjs";
import { encode } from "./msgpack.mjs";

export class OpenStream {
  in;
  #out; // undefined: nothing is sent
  #takes;
  #tell;
  #leave;
  #begun = false;
  #ends; // how many items there were; undefined: more may come
  #settled;

  /**
   * A stream whose items come, if it `takes` some, and that sends those of `items`. `tell` sends the
   * instance a frame, and `leave` ends the stream with an error, if it isn't over. Once it has begun `sizes`
   * says how items leave; those that come have `maxValue` bytes.
   */
  constructor({ pool, takes, items, floats, sizes, maxValue, begun, tell, leave }) {
    Object.assign(this, { begun });
    this.#takes = takes;
    this.#tell = tell;
    this.#leave = leave;
    this.in = new ItemsIn(pool, maxValue, (credit) => tell({ kind: Kind.credit, ...credit }));
    if (items) {
      this.#out = new ItemsOut((row) => tell({ kind: Kind.items, ...row }), (part) => tell({ kind: Kind.itemPart, ...part }),
        (account) => tell({ kind: Kind.account, ...account }));
      this.upload = () => this.#upload(items, floats, sizes());
    }
    this.result = new Promise((resolve, reject) => { this.#settled = { resolve, reject }; });
    this.result.catch(() => {}); // who takes items hears it there
  }

  /** What the instance may send to begin with. */
  get credit() { return this.#takes ? this.in.open() : { bytes: 0, items: 0 }; }

  /** Whether the instance has said that it has begun. */
  get hasBegun() { return this.#begun; }

  /** Takes in a frame about the stream. */
  follow(f) {
    if (!this.#begun) {
      this.#begun = true;
      this.begun();
      this.upload?.();
    }
    if (f.fault) this.in.fail(new HeliumError("internal", `what the instance sent as a stream breaks the protocol: ${f.fault.message}`, { reason: "helium.bad_result", outcome: "executed" }));
    else if (f.kind === Kind.credit) this.#out?.grant(f);
    else if (f.kind === Kind.items) this.in.arrive(f);
    else if (f.kind === Kind.itemPart) this.in.arrivePart(f);
    else if (f.kind === Kind.account) this.in.account(f);
    else this.#ends = f.count;
  }

  /** The stream is over: with an error behind its items, or with a reply. */
  settle(error, reply) {
    this.#out?.stop();
    if (error) {
      this.in.fail(error);
      this.#settled.reject(error);
      return;
    }
    if (this.#takes && this.#ends === undefined) this.in.fail(new HeliumError("data_loss", "the last items of the stream got lost, as nobody said how many there are", { reason: "helium.stream_gap" }));
    else this.in.end(this.#takes ? this.#ends : 0n);
    this.#settled.resolve(reply);
  }

  /** Its caller has given up: what has come isn't read any more. */
  abort(error) {
    this.#out?.stop();
    this.in.abort(error);
    this.#settled.reject(error);
  }

  async #upload(items, floats, sizes) {
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
