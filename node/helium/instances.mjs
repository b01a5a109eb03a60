// The instances of which a caller hears by the bus: docs/protocol.md, "Heartbeats".

import { Ability } from "./frames.mjs";

const MOST = 10_000; // that are remembered of a service: one can make some up

/** When instances were heard, in beats, and what they say of themselves. Each counts for a service that was called alone. */
export class Instances {
  #known = new Map(); // by service, to those by name

  /** The instance of that name, heard or not. */
  named(service, name) {
    if (!this.#known.has(service)) this.#known.set(service, new Map());
    const of = this.#known.get(service);
    let i = of.get(name);
    if (i === undefined) {
      i = { service, name, heard: 0, abilities: undefined };
      if (of.size >= MOST) of.delete(of.keys().next().value);
      of.set(name, i);
    }
    return i;
  }

  /** Something has come from an instance in a beat, with what it can do. */
  heard(service, name, abilities, beat) {
    const i = this.named(service, name);
    i.heard = beat;
    i.abilities = Number(BigInt.asUintN(31, abilities));
  }
}

/** Whether an instance says by heartbeats which calls it has: as it has said itself, or else as its record says. */
export const promises = (i, record) => ((i.abilities ?? record.abilities) & Ability.heartbeats) !== 0;
