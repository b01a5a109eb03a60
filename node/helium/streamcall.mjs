// Calls of methods that take or return a stream: docs/protocol.md, "Streams".

import { nameOf } from "./bus.mjs";
import { HeliumError } from "./errors.mjs";
import { encodeMessage, Kind } from "./frames.mjs";
import { itemSizes } from "./itemsout.mjs";
import { unguessable } from "./numbers.mjs";
import { OpenStream } from "./openstream.mjs";
import { findTarget, PlacedCall, withUntil } from "./placedcall.mjs";

/** A stream as a call in flight. */
class StreamCall extends PlacedCall {
  open;
  #lasts; // it has a deadline, begun or not
  #renewal;

  /** `common` has the `pool` of credit, and how often a stream is permitted anew to answer, `renewal`. */
  constructor(common, service, method, options, takes) {
    super(common, service, method, options, "streams");
    const { bus, pool, maxValue } = common;
    const { items, floats = false } = options;
    const room = bus.mostBytes ?? 1024 * 1024;
    this.#lasts = options.timeout !== undefined;
    this.open = new OpenStream({
      pool, takes, items, floats, maxValue: Math.max(maxValue, room),
      sizes: () => itemSizes({ room, link: this.link, parts: this.takesParts, maxValue }),
      begun: () => { if (!this.#lasts) this.outlast(); },
      tell: (f) => { if (this.isInFlight) common.outlet.control(this, { ...f, seq: this.seq }); },
      leave: (error) => this.abandon(error),
    });
  }

  get hasBegun() { return this.open.hasBegun; }

  get isPartly() { return this.open.hasBegun; }

  times(time) { return { time, lasts: this.#lasts ? time : 0 }; }

  place(target, first) {
    this.outcome = "unknown";
    if (!target.link) this.#renewPermissions();
    super.place(target, first);
  }

  follow(f) {
    if (f.kind >= Kind.items && f.kind <= Kind.itemPart || f.kind === Kind.account) this.open.follow(f);
  }

  leave() {
    clearInterval(this.#renewal);
    return super.leave();
  }

  settle(error, reply) { this.open.settle(error, reply); }

  abort(error) { this.open.abort(error); }

  /** Has NATS permit the instance that has the stream anew to answer, again and again. */
  #renewPermissions() {
    const { bus, renewal } = this.common;
    const nothing = encodeMessage([{ kind: Kind.credit, seq: this.seq, bytes: 0, items: 0 }]);
    this.#renewal ??= setInterval(() => {
      if (this.at) bus.control(this.service, this.at, nothing, nameOf(unguessable()));
    }, renewal).unref();
  }
}

/** Begins a stream, whose items come if it `takes` some. */
export async function openStream(common, service, method, body, options, takes) {
  const { metadata = null } = options;
  options = withUntil(options);
  common.throttles.admit(service, method, options.instance);
  const target = await findTarget(common, service, method, "streams", options);
  const call = new StreamCall(common, service, method, options, takes);
  call.enter();
  call.place(target, { kind: Kind.stream, metadata, ...call.open.credit, body });
  return call;
}

/** Gives the items of a stream as they come, and ends it when nobody wants more. */
export async function* itemsOf(call) {
  const { open } = call;
  try {
    for (;;) {
      const { done, value } = await open.in.next();
      if (done) return;
      yield value;
    }
  } finally {
    call.abandon(new HeliumError("canceled", "the caller left the stream", { reason: "helium.canceled" }));
    open.in.close();
  }
}
