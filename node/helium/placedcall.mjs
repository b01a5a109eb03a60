// Calls of which one instance has all that belongs to them: docs/protocol.md, "Streams" and "Large values".

import { nameOf } from "./bus.mjs";
import { Call, isElsewhere } from "./call.mjs";
import { Ability } from "./frames.mjs";
import { unguessable } from "./numbers.mjs";
import { givenUp, timeOf, within } from "./within.mjs";

/** To how many instances a call goes at most. */
const INSTANCES = 3;

/** A call that goes to an instance which is able to do what it needs, and to another one while nothing of it has begun there. */
export class PlacedCall extends Call {
  number; // of the message in which it left
  takesParts; // whether its instance takes items in parts
  #need;
  #tried = []; // instances
  #first; // the frame that it begins with, but for its number and its times

  /** `common` has, beside what calls have, `targets`. */
  constructor(common, service, method, options, need) {
    super(common, service, method, options);
    this.#need = need;
  }

  get subject() { return this.common.bus.subjectOf(this.service, this.method, this.at); }

  get takesSeveral() { return true; }

  /** Whether the instance has said that it has begun; then the call goes nowhere else. */
  get hasBegun() { throw new Error("a kind of placed call says so"); }

  /** Its times, as its first frame has them. */
  times(time) { return { time }; }

  /** Sends the first frame to the instance of a `record`, by a `link` or by the bus. If that isn't sent the call is over. */
  place({ record, link }, first) {
    const { outlet } = this.common;
    const token = unguessable();
    Object.assign(this, { at: record.instance, takesParts: (record.abilities & Ability.itemParts) !== 0, number: token, token: nameOf(token) });
    this.#first = first;
    this.#tried.push(record.instance);
    this.goesBy(link);
    try {
      const frame = { ...first, seq: this.seq, ...this.times(this.#tried.length === 1 ? this.time : this.left) };
      outlet.send(link, { service: this.service, method: this.method, instance: record.instance }, token, outlet.message(this.service, [frame]));
    } catch (err) {
      if (this.leave()) this.abort(err);
    }
  }

  /** NATS refuses what belongs to it. */
  denied(error) { this.abandon(error); }

  fail(error) {
    if (isElsewhere(error) && !this.hasBegun && !this.instance && this.#tried.length < INSTANCES) this.#goElsewhere(error);
    else this.end(error);
  }

  async #goElsewhere(error) {
    this.link?.done();
    Object.assign(this, { link: undefined, at: undefined, begun: undefined, token: "", outcome: "not executed" });
    const { service, method, signal, until } = this;
    const target = await findTarget(this.common, service, method, this.#need, { signal, until, tried: this.#tried }).catch(() => {});
    if (!target) this.end(error);
    else if (this.isInFlight) this.place(target, this.#first);
  }
}

/**
 * The record of an instance that is able to do something, of those that weren't tried, and the link to it; undefined:
 * the bus.
 */
export async function findTarget({ targets, outlet, refuseIfClosed }, service, method, need, { instance, signal, until, tried = [] }) {
  refuseIfClosed();
  if (signal?.aborted) throw givenUp();
  let link;
  const record = await within(targets.choose(service, method, need, {
    instance, tried,
    preferred: (able) => {
      link = outlet.choose(service, [method], instance);
      return link && able.find((r) => r.instance === link.instance);
    },
  }), until, signal, `nobody said which instances ${service} has`);
  if (link?.instance !== record.instance) link = outlet.choose(service, [method], record.instance);
  refuseIfClosed();
  return { record, link };
}

/** The options of a call, with the moment until which it has time. */
export const withUntil = (options) => ({ ...options, until: performance.now() + timeOf(options.timeout) });
