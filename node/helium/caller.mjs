// A caller: docs/protocol.md, "Calls", "Streams", "Large values" and "Direct links".

import { Bus, nameOf } from "./bus.mjs";
import { Cancels } from "./cancels.mjs";
import { Detour } from "./detour.mjs";
import { SilentLink } from "./directlink.mjs";
import { DirectLinks } from "./directlinks.mjs";
import { Directory } from "./directory.mjs";
import { HeliumError } from "./errors.mjs";
import { encodeMessage, Kind } from "./frames.mjs";
import { InFlight } from "./inflight.mjs";
import { CreditPool } from "./itemsin.mjs";
import { callLarge } from "./largecall.mjs";
import { isLarge, MAX_VALUE, Turns } from "./largevalue.mjs";
import { deafen, lose, refuse } from "./losses.mjs";
import { encode } from "./msgpack.mjs";
import { checkNames } from "./names.mjs";
import { unguessable } from "./numbers.mjs";
import { callTogether } from "./ordinarycall.mjs";
import { Outlet } from "./outlet.mjs";
import { Pulse } from "./pulse.mjs";
import { Questions } from "./questions.mjs";
import { Receiver } from "./receiver.mjs";
import { itemsOf, openStream, resultOf } from "./streamcall.mjs";
import { Subjects } from "./subjects.mjs";
import { Targets } from "./targets.mjs";
import { Throttles } from "./throttle.mjs";
import { Vigil } from "./vigil.mjs";
import { timeOf } from "./within.mjs";

/** How often a stream by the bus gets a reply subject that no other message has, in milliseconds. */
const RENEWAL = 30_000;

const floating = (floats) => (floats ? { kind: "list", elem: { kind: "float64" } } : undefined);

/**
 * How it is made up:
 *
 *     call, stream ─▶ an OrdinaryCall, a LargeCall or a StreamCall ─▶ Outlet ─▶ Bus, or a DirectLink
 *                                      │ until its end
 *                                  InFlight ◀─ Receiver ◀─ what comes
 *                                           ◀─ Vigil, losses: what doesn't
 */
export class Caller {
  #inFlight = new InFlight();
  #bus;
  #links; // undefined: the caller uses the bus only
  #throttles = new Throttles();
  #common; // what its calls have in common
  #closed = false;

  /**
   * A caller over a connection, which stays its owner's to close. By itself it opens direct links
   * to instances that offer some and can be reached, and later calls go by them; with `busOnly`
   * it doesn't. Arguments and results may have `maxValue` bytes. Every `renewal` milliseconds a stream by
   * the bus has NATS permit its instance anew to answer.
   */
  constructor(nc, { prefix, busOnly = false, maxValue = MAX_VALUE, renewal = RENEWAL } = {}) {
    const inFlight = this.#inFlight;
    const subjects = new Subjects(prefix);
    const directory = new Directory(nc, prefix);
    this.#bus = new Bus(nc, subjects, {
      come: (msg, token) => receiver.come(msg, token),
      lost: () => {
        lose(inFlight);
        vigil.restart();
      },
      again: () => { for (const what of [outlet.clocks, detour]) what.renew(); },
      refused: (subject) => {
        questions.refused(subject);
        detour.refused(subject);
        refuse(inFlight, this.#bus, subject);
      },
      deafened: (why) => deafen(inFlight, why),
    });
    if (!busOnly) {
      this.#links = new DirectLinks(nc, subjects, directory, {
        answered: (link, message, token) => receiver.take(message, nameOf(token), link),
        broken: (link, why) => {
          if (why instanceof SilentLink) for (const service of link.services) vigil.hush(service, link.instance);
          lose(inFlight, link, why);
        },
      });
    }
    const outlet = new Outlet(this.#bus, this.#links);
    const cancels = new Cancels(nc, this.#bus);
    const questions = new Questions(this.#bus, outlet);
    const vigil = new Vigil({ inFlight, directory, questions, pulse: new Pulse(() => this.#bus.echo()), isConnected: () => this.#bus.isConnected });
    const detour = new Detour(directory, vigil, this.#bus);
    const receiver = new Receiver(inFlight, {
      nobody: (token) => questions.nobody(token),
      answered: (token, { instance, abilities }) => {
        const question = questions.answeredBy(token, instance);
        if (question) vigil.heard(question.service, instance, abilities);
      },
      heard: (service, { instance, abilities }) => vigil.heard(service, instance, abilities),
      ended: (call, instance, error) => this.#throttles.answered(call, instance, error),
      stray: (seq, instance) => cancels.stray(seq, instance),
    });
    this.#common = {
      inFlight, outlet, cancels, vigil, detour, throttles: this.#throttles, maxValue, renewal, bus: this.#bus,
      targets: new Targets(directory, (service, instance) => vigil.isSilent(service, instance)), pool: new CreditPool(), turns: new Turns(), refuseIfClosed: () => this.#refuseIfClosed(),
    };
  }

  /** How many calls wait for their answer. */
  get inFlight() { return this.#inFlight.size; }

  /** How many answers came late, twice or unasked. */
  get unmatched() { return this.#inFlight.unmatched; }

  /** How many calls were held back, as their method's instances refuse most of them for load. */
  get heldBack() { return this.#throttles.heldBack; }

  /**
   * How it stands with each instance that offers direct links: `instance`, whether it is
   * `linked`, by which `address`, and `encrypted` or not, for which `services`, and the `reason`
   * if it isn't.
   */
  get directLinks() { return this.#links?.states ?? []; }

  close() {
    if (this.#closed) return;
    this.#closed = true;
    this.#bus.close();
    for (const call of this.#inFlight.all) call.abandon(closed("while the call was in flight", call.outcome));
    this.#common.vigil.close();
    this.#links?.close();
  }

  /**
   * Calls a method with a list of arguments and returns its result. `timeout` is in
   * milliseconds, 24 days at most; `signal`, an AbortSignal, cancels the call; `metadata` go with it;
   * `floats` sends all numbers as floats; `instance` picks who is to run it. What the method takes as a
   * stream are `items`, an iterable or an async one.
   */
  async call(service, method, args, options = {}) {
    checkNames({ service, method, instance: options.instance });
    const body = encode(args, floating(options.floats));
    if (options.items) return resultOf(await openStream(this.#common, service, method, body, options, false));
    if (isLarge(body, options.metadata, this.#bus.mostBytes)) return callLarge(this.#common, service, method, body, options);
    const [result] = callTogether(this.#common, service, method, [{ ...options, method, body }], options.instance);
    return result;
  }

  /** Makes calls of a service's methods in one message, and returns their promises. */
  callTogether(service, calls) {
    for (const { method } of calls) checkNames({ service, method });
    return callTogether(this.#common, service, "", calls.map((call) => ({ ...call, body: encode(call.args, floating(call.floats)) })));
  }

  /**
   * Calls a method that returns a stream, for each iteration anew, and gives its items as they come. The
   * options are those of `call`; but without a `timeout` a stream that has begun lasts as long as it takes.
   * Leaving the loop ends it.
   */
  stream(service, method, args, options = {}) {
    return { [Symbol.asyncIterator]: () => this.#items(service, method, args, options) };
  }

  /** Calls without an answer. */
  notify(service, method, args, { timeout } = {}) {
    checkNames({ service, method });
    this.#refuseIfClosed();
    const message = encodeMessage([{ kind: Kind.oneWay, seq: 0n, time: timeOf(timeout), body: encode(args) }]);
    const { outlet, detour } = this.#common;
    const link = outlet.linkFor(service, [method], undefined, message);
    const instance = link ? undefined : detour.choose(service, [method], false);
    outlet.send(link, { service, method, instance }, link && unguessable(), message);
  }

  async *#items(service, method, args, options) {
    checkNames({ service, method, instance: options.instance });
    yield* itemsOf(await openStream(this.#common, service, method, encode(args, floating(options.floats)), options, true));
  }

  #refuseIfClosed() { if (this.#closed) throw closed("before"); }
}

const closed = (when, outcome = "not executed") => new HeliumError("failed_precondition", `the caller was closed ${when}; make a new one`, { reason: "helium.client_closed", outcome });
