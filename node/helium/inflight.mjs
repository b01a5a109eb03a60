// Which calls wait for their answer: docs/protocol.md, "Calls".

import { unguessable } from "./numbers.mjs";

/** The calls in flight of a caller, by their numbers. */
export class InFlight {
  #calls = new Map();
  /** How many answers came late, twice or unasked. */
  unmatched = 0;

  get size() { return this.#calls.size; }

  /** Those that are in flight now, whatever ends meanwhile. */
  get all() { return [...this.#calls.values()]; }

  /** Enters a call under a number that no other one has. */
  enter(call) {
    let seq = unguessable();
    while (this.#calls.has(seq)) seq = unguessable();
    call.seq = seq;
    this.#calls.set(seq, call);
  }

  has(call) { return this.#calls.get(call.seq) === call; }

  /** The call of a number that left by a link. */
  get(seq, link) {
    const call = this.#calls.get(seq);
    return call?.link === link ? call : undefined;
  }

  /** Those that left in a message by a link. */
  of(token, link) { return this.all.filter((call) => call.token === token && call.link === link); }

  /** Takes a call out, and reports whether it was there. */
  take(call) { return this.has(call) && this.#calls.delete(call.seq); }
}
