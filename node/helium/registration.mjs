// A service's place in the registry: docs/protocol.md, "The binder". It registers, and then
// renews each third of its lease.

import { askBinder, binderSaid } from "./registry.mjs";

const RETRY = 100; // the pause before a binder that didn't answer is asked again, in milliseconds

export class Registration {
  #nc;
  #subjects;
  #record; // returns what the record says now
  #timer; // of the next renewal; undefined: not registered yet; null: ended
  #renewing; // settles with the one under way

  /** A registration of the record that a function returns. */
  constructor(nc, subjects, record) {
    this.#nc = nc;
    this.#subjects = subjects;
    this.#record = record;
  }

  /** Registers what the record says. */
  async register() {
    this.#renewIn(untilRenewal(await this.#ask("register", this.#record())));
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
    this.#timer = setTimeout(() => { this.#renewing = renew().catch(() => this.#renewIn(RETRY, renew)); }, milliseconds);
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
