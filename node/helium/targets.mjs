// Which instance has all of a stream, or of a large value: docs/protocol.md, "Streams" and "Large values".

import { setTimeout as after } from "node:timers/promises";
import { HeliumError } from "./errors.mjs";
import { Ability } from "./frames.mjs";
import { lookup } from "./registry.mjs";

const NEEDS = {
  streams: { ability: Ability.streams, reason: "helium.streams_unsupported", code: "unimplemented" },
  chunks: { ability: Ability.chunks, reason: "helium.call_too_large", code: "resource_exhausted" },
};

const PATIENCE = 250; // how long a binder is waited for where something is known, in milliseconds

/** Chooses instances by what their records say. */
export class Targets {
  #nc;
  #prefix;
  #known = new Map(); // records by service, for when no binder answers

  constructor(nc, prefix) {
    this.#nc = nc;
    this.#prefix = prefix;
  }

  /** The record of an instance for what it needs to be able to: one that `preferred` finds, if it can, or any. */
  async choose(service, method, need, { instance, preferred, tried = [] }) {
    const { ability, reason, code } = NEEDS[need];
    const all = (await this.#records(service)).filter((r) => r.methods.some((m) => m.name === method) && (!instance || r.instance === instance));
    const able = all.filter((r) => (r.abilities & ability) !== 0 && (r.abilities & Ability.answersOnce) === 0 && !tried.includes(r.instance));
    if (able.length > 0) return preferred(able) ?? able[Math.floor(Math.random() * able.length)];
    if (all.length > 0) throw new HeliumError(code, `no instance of ${service} that has ${method} takes ${need}, as far as their records say`, { reason, outcome: "not executed" });
    throw new HeliumError("unavailable", `the registry knows no instance of ${service} that has ${method}`, { reason: "helium.no_instance", outcome: "not executed" });
  }

  async #records(service) {
    const asked = lookup(this.#nc, service, this.#prefix).then(({ records }) => this.#known.set(service, records));
    asked.catch(() => {}); // it may be nobody's business any more
    try {
      await (this.#known.has(service) ? Promise.race([asked, after(PATIENCE, undefined, { ref: false })]) : asked);
    } catch (err) {
      if (err.code === "not_found") throw Object.assign(err, { outcome: "not executed" });
      if (!this.#known.has(service)) throw new HeliumError("unavailable", `nobody says which instances ${service} has: ${err.message}`, { outcome: "not executed" });
    }
    return this.#known.get(service);
  }
}
