// Calls whose arguments don't fit a message: docs/protocol.md, "Large values".

import { extentOf } from "./extent.mjs";
import { encodeMessage, Kind } from "./frames.mjs";
import { PartsOut, refuseTooLarge } from "./largevalue.mjs";
import { findTarget, PlacedCall, withUntil } from "./placedcall.mjs";

const PART_OVERHEAD = 64; // bytes of a message of a part beside that

/** A call whose arguments leave in parts. */
class LargeCall extends PlacedCall {
  outcome = "not executed";
  #out;

  constructor(common, service, method, body, options) {
    super(common, service, method, options, "chunks");
    const { bus, outlet } = common;
    this.#out = new PartsOut(body, (bus.mostBytes ?? Infinity) - PART_OVERHEAD, (offset, part) => {
      outlet.send(this.link, { service, method, instance: this.at }, this.number, encodeMessage([{ kind: Kind.chunk, seq: this.seq, offset, body: part }]));
    });
  }

  get hasBegun() { return this.#out.hasBegun; }

  follow(f) {
    if (f.kind === Kind.chunkCredit) this.#grant(f.offset);
    else super.follow(f);
  }

  /** The instance takes more of the arguments. */
  #grant(offset) {
    try {
      this.#out.grant(offset);
    } catch (err) {
      this.abandon(err);
    }
    if (this.#out.isWhole) this.outcome = "unknown";
  }
}

/** Makes a call with a body of arguments that is larger than a message. */
export async function callLarge(common, service, method, body, options) {
  const { metadata = null } = options;
  options = withUntil(options);
  refuseTooLarge(body, common.maxValue);
  common.throttles.admit(service, method, options.instance);
  const target = await findTarget(common, service, method, "chunks", options);
  const call = new LargeCall(common, service, method, body, options);
  call.enter();
  call.place(target, { kind: Kind.largeCall, metadata, body: extentOf(body) });
  return call.result;
}
