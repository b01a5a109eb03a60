// Which instance has all of a stream, or of a large value: docs/protocol.md, "Streams" and "Large values".

import { HeliumError } from "./errors.mjs";
import { Ability } from "./frames.mjs";

const NEEDS = {
  streams: { ability: Ability.streams, reason: "helium.streams_unsupported", code: "unimplemented" },
  chunks: { ability: Ability.chunks, reason: "helium.call_too_large", code: "resource_exhausted" },
};

/** Chooses instances by what their records say. */
export class Targets {
  #directory;
  #isSilent;

  /** `isSilent` tells whether an instance of a service is to be kept away from. */
  constructor(directory, isSilent) {
    this.#directory = directory;
    this.#isSilent = isSilent;
  }

  /**
   * The record of an instance for what it needs to be able to: one that `preferred` finds, if it can, or any.
   * One that is silent is taken only where there is no other.
   */
  async choose(service, method, need, { instance, preferred, tried = [] }) {
    const { ability, reason, code } = NEEDS[need];
    const all = (await this.#directory.records(service)).filter((r) => r.methods.some((m) => m.name === method) && (!instance || r.instance === instance));
    const able = all.filter((r) => (r.abilities & ability) !== 0 && (r.abilities & Ability.answersOnce) === 0 && !tried.includes(r.instance));
    const speaking = able.filter((r) => !this.#isSilent(service, r.instance));
    const any = speaking.length > 0 ? speaking : able;
    if (any.length > 0) return preferred(any) ?? any[Math.floor(Math.random() * any.length)];
    if (all.length > 0) throw new HeliumError(code, `no instance of ${service} that has ${method} takes ${need}, as far as their records say`, { reason, outcome: "not executed" });
    throw new HeliumError("unavailable", `the registry knows no instance of ${service} that has ${method}`, { reason: "helium.no_instance", outcome: "not executed" });
  }
}
