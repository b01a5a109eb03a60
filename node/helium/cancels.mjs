// Tells instances of calls that were given up: docs/protocol.md, "Calls", at "Cancel".

import { HeliumError } from "./errors.mjs";
import { Ability, encodeMessage, Kind } from "./frames.mjs";
import { lookup } from "./registry.mjs";

/** Of how many instances each is told that a call was given up which any of them may have. */
const TOLD = 8;

/** In what time an instance has said that it has a call, in milliseconds, and a few times over. */
const SAID = 10_000;

const cancelOf = (seq) => encodeMessage([{ kind: Kind.cancel, seq }]);

export class Cancels {
  #nc;
  #bus;
  #givenUp = new Map(); // services of calls that were, by their numbers, until an instance says that it has them

  constructor(nc, bus) {
    this.#nc = nc;
    this.#bus = bus;
  }

  /**
   * Gives a call up and tells the instance that has it, if that is known, or else every one of the
   * service; those without the call ignore it. Of many only those are told that won't say by themselves that they
   * have it.
   */
  async giveUp(call) {
    const { seq, service, link, at } = call;
    const error = new HeliumError("canceled", "the caller gave up", { reason: "helium.canceled", outcome: call.outcome });
    if (link || at) {
      call.abandon(error);
      return;
    }
    call.end(error);
    this.#givenUp.set(seq, service);
    setTimeout(() => this.#givenUp.delete(seq), SAID).unref();
    const { records } = await lookup(this.#nc, service, this.#bus.prefix);
    for (const { instance, abilities } of records) {
      if (records.length <= TOLD || (abilities & Ability.heartbeats) === 0) this.#bus.control(service, instance, cancelOf(seq));
    }
  }

  /** An instance says that it has a call that isn't in flight: it is told, if that was given up. */
  stray(seq, instance) {
    const service = this.#givenUp.get(seq);
    if (service === undefined) return;
    this.#givenUp.delete(seq);
    this.#bus.control(service, instance, cancelOf(seq));
  }
}
