// Ends the calls of instances that are silent: docs/protocol.md, "Heartbeats".

import { nameOf } from "./bus.mjs";
import { HeliumError } from "./errors.mjs";
import { unguessable } from "./numbers.mjs";
import { Vigil } from "./vigil.mjs";

const ANSWERED = 10_000; // in what time a question is, in milliseconds, and a few times over

export class Silence {
  #inFlight;
  #outlet;
  #questions = new Map(); // which instances are asked for a sign, by the tokens of these messages
  vigil = new Vigil((instance) => this.#ask(instance), (instance) => this.#end(instance));

  constructor(inFlight, outlet) {
    this.#inFlight = inFlight;
    this.#outlet = outlet;
  }

  /** Nobody listens where a message went. If it was a question its instance finishes its last calls, or is silent. */
  nobody(token) { return this.#questions.delete(token); }

  /** An instance has answered a message. */
  answered(token, instance) {
    if (this.#questions.get(token) === instance) this.vigil.heard(instance);
    this.#questions.delete(token);
  }

  close() { this.vigil.close(); }

  /** Asks an instance, of which nothing has come for a while, whether it is there. */
  #ask(instance) {
    const call = this.#inFlight.all.find((call) => call.watched === instance);
    if (!call) return;
    const token = unguessable();
    this.#questions.set(nameOf(token), instance);
    setTimeout(() => this.#questions.delete(nameOf(token)), ANSWERED).unref();
    const { service, method } = call;
    try {
      this.#outlet.send(undefined, { service, method, instance }, token, this.#outlet.message(service, []));
    } catch {
      // Its calls end with the connection.
    }
  }

  /** Ends the calls of an instance that is frozen, dead or cut off. */
  #end(instance) {
    for (const call of this.#inFlight.all) {
      if (call.watched !== instance) continue;
      call.abandon(new HeliumError("unavailable", "the instance that has the call has been silent for 2 s; it is frozen, dead or cut off", { reason: "helium.silent", outcome: call.outcome }));
    }
  }
}
