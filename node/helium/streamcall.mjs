// Calls of methods that take or return a stream: docs/protocol.md, "Streams".

import { nameOf } from "./bus.mjs";
import { readResult } from "./call.mjs";
import { HeliumError } from "./errors.mjs";
import { extentOf } from "./extent.mjs";
import { encodeMessage, Kind } from "./frames.mjs";
import { itemSizes } from "./itemsout.mjs";
import { isLarge, refuseTooLarge } from "./largevalue.mjs";
import { unguessable } from "./numbers.mjs";
import { OpenStream } from "./openstream.mjs";
import { findTarget, PlacedCall, withUntil } from "./placedcall.mjs";

/** A stream as a call in flight. */
class StreamCall extends PlacedCall {
  open;
  #lasts; // it has a deadline, begun or not
  #renewal;

  /**
   * `common` has the `pool` of credit, and how often a stream is permitted anew to answer, `renewal`. Its arguments
   * are `args` where they are too large for a message; undefined: they leave with its beginning.
   */
  constructor(common, service, method, options, takes, args) {
    super(common, service, method, options, args ? "largeStreams" : "streams");
    const { bus, pool, maxValue } = common;
    const { items, floats = false } = options;
    const room = bus.mostBytes ?? 1024 * 1024;
    this.#lasts = options.timeout !== undefined;
    this.open = new OpenStream({
      pool, takes, args, items, floats, maxValue, room,
      sizes: () => itemSizes({ room, link: this.link, parts: this.takesParts, maxValue }),
      begun: () => { if (!this.#lasts) this.outlast(); },
      tell: (f) => { if (this.isInFlight) common.outlet.control(this, { ...f, seq: this.seq }); },
      known: (outcome) => { this.outcome = outcome; },
      leave: (error) => this.abandon(error),
      breakOff: () => this.#breakOff(),
    });
  }

  get hasBegun() { return this.open.hasBegun; }

  get isPartly() { return this.open.hasBegun; }

  get isAnsweredLast() { return true; }

  times(time) { return { time, lasts: this.#lasts ? time : 0 }; }

  place(target, first) {
    this.outcome = this.open.outcome;
    if (!target.link) this.#renewPermissions();
    super.place(target, first);
  }

  follow(f) {
    if (f.kind >= Kind.items && f.kind <= Kind.largeReply || f.kind === Kind.account) this.open.follow(f);
  }

  /** Tells its instance at once that it is over, for what came of it, however long its caller takes to hear it. */
  #breakOff() {
    if (!this.leave()) return;
    this.common.outlet.control(this, { kind: Kind.cancel, seq: this.seq });
    this.open.stop();
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
  const args = isLarge(body, metadata, common.bus.mostBytes) ? body : undefined;
  options = withUntil(options);
  if (args) refuseTooLarge(args, common.maxValue);
  common.throttles.admit(service, method, options.instance);
  const target = await findTarget(common, service, method, args ? "largeStreams" : "streams", options);
  const call = new StreamCall(common, service, method, options, takes, args);
  const beginning = args ? { kind: Kind.largeStream, body: extentOf(args) } : { kind: Kind.stream, body };
  call.enter();
  call.place(target, { ...beginning, metadata, ...call.open.credit });
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
  } catch (err) {
    throw open.judged(err);
  } finally {
    leaveStream(call);
  }
}

/** Waits for the one result of a stream that returns no items. */
export async function resultOf(call) {
  try {
    return readResult(await call.open.result());
  } finally {
    leaveStream(call);
  }
}

/** Ends a stream, if it isn't over, and gives its credit back. */
function leaveStream(call) {
  call.abandon(new HeliumError("canceled", "the caller left the stream", { reason: "helium.canceled" }));
  call.open.in.close();
}
