// Asks single instances whether they are there: docs/protocol.md, "Heartbeats".

import { nameOf } from "./bus.mjs";
import { unguessable } from "./numbers.mjs";

/** What became of a question: it is open, or nobody listens there, or this connection may not ask there. */
export const Asked = { open: "open", nobody: "nobody", refused: "refused" };

/** Messages that say only who sends them, which whoever knows heartbeats answers with who it is. */
export class Questions {
  #bus;
  #outlet;
  #waiting = new Map(); // by the tokens of their messages

  constructor(bus, outlet) {
    this.#bus = bus;
    this.#outlet = outlet;
  }

  /** Asks an instance on the subject of a method, without one on that of all. Undefined: that can't be sent. */
  ask(service, method, instance) {
    const token = unguessable();
    const question = { service, instance, token: nameOf(token), subject: this.#bus.subjectOf(service, method, instance), state: Asked.open };
    try {
      this.#outlet.send(undefined, { service, method, instance }, token, this.#outlet.message(service, []));
    } catch {
      return undefined;
    }
    this.#waiting.set(question.token, question);
    return question;
  }

  /** Forgets a question. */
  drop(question) { this.#waiting.delete(question.token); }

  /** The question of that token to an instance, for which alone an answer counts: nobody else knows where it goes. */
  answeredBy(token, instance) {
    const question = this.#waiting.get(token);
    return question?.instance === instance ? question : undefined;
  }

  /** Nobody listens where a message went; it reports whether that was a question. */
  nobody(token) {
    const question = this.#waiting.get(token);
    if (question) question.state = Asked.nobody;
    return question !== undefined;
  }

  /** NATS refuses what is published to a subject. */
  refused(subject) {
    for (const question of this.#waiting.values()) if (question.subject === subject) question.state = Asked.refused;
  }
}
