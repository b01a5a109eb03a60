// A service's place in the registry: docs/protocol.md, "The binder". It registers, and then
// renews each third of its lease.

import { askBinder, binderSaid } from "./registry.mjs";

const RETRY = 250, LONGEST = 5000; // the pause before a binder that didn't answer is asked again, in milliseconds: at first, and in the end

export class Registration {
  #nc;
  #subjects;
  #record; // returns what the record says now
  #timer; // of the next renewal; undefined: not registered yet; null: ended
  #renewing; // settles with the one under way
  #pause = RETRY;
  #status; // of the connection, once it is followed

  /** A registration of the record that a function returns. */
  constructor(nc, subjects, record) {
    this.#nc = nc;
    this.#subjects = subjects;
    this.#record = record;
  }

  /** Registers what the record says. */
  async register() {
    this.#renewIn(untilRenewal(await this.#ask("register", this.#record())));
    if (this.#status === undefined && this.#timer !== null) this.#follow();
  }

  /** Renews at once when the connection is there again: a lease may be over, and the registry may have lost the record. */
  async #follow() {
    this.#status = this.#nc.status();
    for await (const { type } of this.#status) if (type === "reconnect") this.#renewIn(0);
  }

  /** Registers anew, as the record says something else. */
  recordChanged() {
    if (this.#timer === undefined) return;
    this.#renewIn(0, () => this.register());
  }

  /** Leaves the registry. */
  async end() {
    clearTimeout(this.#timer);
    this.#timer = null;
    this.#status?.stop();
    await this.#renewing; // told of the end before, it would register again
    await this.#ask("end", { instance: this.#record().instance });
  }

  async #ask(verb, body) {
    const subject = this.#subjects.binder(verb, this.#record().service);
    const answer = await askBinder(this.#nc, subject, JSON.stringify(body));
    return binderSaid(answer, subject, (said) => verb === "end" || Number.isFinite(said.lease_ms) && said.lease_ms > 0);
  }

  #renewIn(milliseconds, renew = () => this.#renew()) {
    if (this.#timer === null) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#renewing = renew().then(() => { this.#pause = RETRY; }, () => {
        this.#renewIn(this.#pause, renew);
        this.#pause = Math.min(2 * this.#pause, LONGEST);
      });
    }, milliseconds);
  }

  async #renew() {
    try {
      this.#renewIn(untilRenewal(await this.#ask("renew", { instance: this.#record().instance })));
    } catch (err) {
      if (err.reason !== "binder.unknown_instance") throw err;
      await this.register();
    }
  }
}

/** Returns the time to the next renewal in milliseconds, whatever the lease. */
export function untilRenewal({ lease_ms }) {
  return Math.min(Math.max(lease_ms / 3, 333), 5 * 60_000);
}
