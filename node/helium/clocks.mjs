// What a caller says of itself at the beginning of its messages: docs/protocol.md, "Who speaks" and "Time
// spent waiting".

import { Ability, Kind } from "./frames.mjs";
import { unguessable } from "./numbers.mjs";

const CAN = Ability.heartbeats | Ability.chunks | Ability.itemParts | Ability.largeStreams;
const SLACK = 50; // milliseconds by which an instance may be off

/** The clocks of a caller, one for each service. */
export class Clocks {
  #ids = new Map(); // by service

  /** The frame that begins a message for a service. */
  about(service) {
    if (!this.#ids.has(service)) this.#ids.set(service, unguessable());
    return { kind: Kind.sender, seq: this.#ids.get(service), time: Math.floor(performance.now() * 1000), abilities: CAN };
  }

  /** The connection was lost, or the clock stood still: others begin. */
  renew() { this.#ids.clear(); }

  /**
   * Whether an error that says for how long a message waited claims more than has passed since it was
   * begun. Then its service gets another clock, and the call, which didn't run, may go again.
   */
  disproved(service, error, begun) {
    const waited = Number(error.details?.waited_ms);
    if (error.reason !== "helium.expired_in_queue" || error.outcome !== "not executed" || !(waited > performance.now() - begun + SLACK)) return false;
    this.#ids.delete(service);
    return true;
  }
}
