// Which instance has all of a stream, or of a large value: docs/protocol.md, "Streams" and "Large values".

import { HeliumError } from "./errors.mjs";
import { Ability } from "./frames.mjs";

const STREAMS = { what: "streams", abilities: Ability.streams, reason: "helium.streams_unsupported", code: "unimplemented" };

/** What instances have to be able to do. One that isn't able to do what is `within` it lacks that first. */
const NEEDS = {
  streams: STREAMS,
  largeStreams: {
    what: "arguments of a stream that don't fit a message", abilities: Ability.streams | Ability.itemParts | Ability.largeStreams,
    reason: "helium.call_too_large", code: "resource_exhausted", advice: "; send less beside the items, or update the servers", within: STREAMS,
  },
  chunks: { what: "chunks", abilities: Ability.chunks, reason: "helium.call_too_large", code: "resource_exhausted" },
};

const isAble = (record, abilities) => (record.abilities & abilities) === abilities && (record.abilities & Ability.answersOnce) === 0;

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
    const wanted = NEEDS[need];
    const all = (await this.#directory.records(service)).filter((r) => r.methods.some((m) => m.name === method) && (!instance || r.instance === instance));
    const able = all.filter((r) => isAble(r, wanted.abilities) && !tried.includes(r.instance));
    const speaking = able.filter((r) => !this.#isSilent(service, r.instance));
    const any = speaking.length > 0 ? speaking : able;
    if (any.length > 0) return preferred(any) ?? any[Math.floor(Math.random() * any.length)];
    const { what, code, reason, advice = "" } = wanted.within && !all.some((r) => isAble(r, wanted.within.abilities)) ? wanted.within : wanted;
    if (all.length > 0) throw new HeliumError(code, `no instance of ${service} that has ${method} takes ${what}, as far as their records say${advice}`, { reason, outcome: "not executed" });
    throw new HeliumError("unavailable", `the registry knows no instance of ${service} that has ${method}`, { reason: "helium.no_instance", outcome: "not executed" });
  }
}
