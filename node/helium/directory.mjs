// What the registry says of services, as far as it was asked: docs/protocol.md, "The binder".

import { setTimeout as after } from "node:timers/promises";
import { HeliumError } from "./errors.mjs";
import { lookup } from "./registry.mjs";

// In milliseconds:
const PATIENCE = 250; // how long a binder is waited for where something is known
const FRESH = 10_000; // for how long that is worth being used by who doesn't wait
const PAUSE = 1000; // between two questions that nobody waits for

/** The records of the services that a caller calls. */
export class Directory {
  #nc;
  #prefix;
  #known = new Map(); // by service, to { records, since }
  #asked = new Map(); // by service, to when that was last for who doesn't wait

  constructor(nc, prefix) {
    this.#nc = nc;
    this.#prefix = prefix;
  }

  /** Asks the binders for the records of a service. */
  async ask(service) {
    const set = (records) => this.#known.set(service, { records, since: performance.now() });
    try {
      const { records } = await lookup(this.#nc, service, this.#prefix);
      set(records);
      return records;
    } catch (err) {
      if (err.code === "not_found") set([]);
      throw err;
    }
  }

  /** The records of a service as the binders have them now, or had when they answered last. */
  async records(service) {
    const asked = this.ask(service);
    asked.catch(() => {}); // it may be nobody's business any more
    try {
      await (this.#known.has(service) ? Promise.race([asked, after(PATIENCE, undefined, { ref: false })]) : asked);
    } catch (err) {
      if (err.code === "not_found") throw Object.assign(err, { outcome: "not executed" });
      if (!this.#known.has(service)) throw new HeliumError("unavailable", `nobody says which instances ${service} has: ${err.message}`, { outcome: "not executed" });
    }
    return this.#known.get(service).records;
  }

  /** What is known of them; it is asked for if that is little, or old. */
  known(service) {
    const now = performance.now();
    const known = this.#known.get(service);
    const isFresh = known !== undefined && now - known.since < FRESH;
    if (!isFresh && !(now - this.#asked.get(service) < PAUSE)) {
      this.#asked.set(service, now);
      this.ask(service).catch(() => {}); // what is known stays
    }
    return known?.records ?? [];
  }

  /** Nobody listens on the subjects of an instance: it isn't known until the binders are asked again. */
  forget(service, instance) {
    const known = this.#known.get(service);
    if (known) known.records = known.records.filter((r) => r.instance !== instance);
  }
}
