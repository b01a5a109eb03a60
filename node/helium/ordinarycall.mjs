// Calls that fit a message, with others or alone: docs/protocol.md, "Calls".

import { nameOf } from "./bus.mjs";
import { Call, isElsewhere } from "./call.mjs";
import { Kind } from "./frames.mjs";
import { unguessable } from "./numbers.mjs";
import { givenUp } from "./within.mjs";

/** To how many instances a call is addressed, that may go to any, before NATS chooses one. */
const ADDRESSED = 3;

/**
 * A call whose arguments are in one frame. It is sent once more, on its method's own subject by the bus, where it
 * shared a message and came to an instance without its method, or to nobody: it didn't run, and only instances that
 * have the method listen there. So is one that a direct link doesn't take, one that is said to have waited for
 * longer than it is on its way, and one that was addressed to an instance that isn't there any more, as others are
 * silent.
 */
export class OrdinaryCall extends Call {
  #metadata;
  #body;
  #isShared; // it left on the subject for several methods
  #addressed = []; // instances to which it was, as others are silent
  #isReclocked = false; // it went once more for what was said of its clock
  #missing; // the error of an instance without its method

  constructor(common, service, { method, body, metadata = null, ...options }, isShared) {
    super(common, service, method, options);
    this.#isShared = isShared;
    this.#metadata = metadata;
    this.#body = body;
  }

  /** Where the message goes that it is in: the instance is its caller's choice, or its way around silent ones. */
  get where() { return { service: this.service, method: this.#isShared ? "" : this.method, instance: this.instance ?? this.#addressed.at(-1) }; }

  get subject() {
    const { service, method, instance } = this.where;
    return this.common.bus.subjectOf(service, method, instance);
  }

  get goesTo() { return this.at ?? this.where.instance; }

  get hasOtherWay() { return this.#isShared || this.#isAddressed; }

  get #isAddressed() { return this.#addressed.at(-1) !== undefined; }

  /** Has it go to that instance for now, which its caller didn't choose; undefined: to any. */
  address(instance) { this.#addressed.push(instance); }

  /** Its frame in a message that begins now. */
  get frame() {
    const time = this.begun === undefined ? this.time : this.left;
    return { kind: Kind.call, seq: this.seq, time, metadata: this.#metadata, body: this.#body, method: this.#isShared ? this.method : undefined };
  }

  fail(error) {
    const { outlet, detour } = this.common;
    const isReclocked = !this.#isReclocked && outlet.clocks.disproved(this.service, error, this.begun);
    const again = isReclocked || (this.hasOtherWay || this.link) && isElsewhere(error);
    if (!again) {
      this.end(this.#missing && error.reason === "helium.no_instance" ? this.#missing : error);
      return;
    }
    this.#isShared = false; // once
    this.#isReclocked ||= isReclocked;
    if (error.reason === "helium.no_such_method") {
      this.#missing = error;
      this.link?.lacks(this.service, this.method);
    }
    if (this.#isAddressed && !this.link && error.reason === "helium.no_instance") detour.deserted(this.service, this.#addressed.at(-1));
    this.link?.done();
    Object.assign(this, { link: undefined, at: undefined });
    const isPatient = this.#addressed.length < ADDRESSED;
    this.address(isPatient && !this.instance ? detour.choose(this.service, [this.method], false, this.#addressed) : undefined);
    send(this.common, [this]);
  }
}

/** Makes calls of a service in one message, of `method` alone or of several, and returns their promises. */
export function callTogether(common, service, method, calls, instance) {
  const sent = [];
  const promises = calls.map(async (options) => {
    common.refuseIfClosed();
    if (options.signal?.aborted) throw givenUp();
    common.throttles.admit(service, options.method, instance);
    const call = new OrdinaryCall(common, service, { ...options, instance }, !method);
    sent.push(call);
    return call.result;
  });
  if (sent.length === 0) return promises;
  for (const call of sent) call.enter();
  const methods = sent.map((call) => call.method);
  send(common, sent, (message) => {
    const link = common.outlet.linkFor(service, methods, instance, message);
    const around = link || instance ? undefined : common.detour.choose(service, methods, !method);
    if (around) for (const call of sent) call.address(around);
    return link;
  });
  return promises;
}

/** Sends calls in a message, by the link that `choose` returns. */
function send({ outlet }, calls, choose) {
  // Answers may go to any reply subject of this form, so they can share messages.
  const token = unguessable();
  try {
    const message = outlet.message(calls[0].service, calls.map((call) => call.frame));
    const link = choose?.(message);
    for (const call of calls) {
      call.token = nameOf(token);
      call.goesBy(link);
    }
    outlet.send(link, calls[0].where, token, message);
  } catch (err) {
    for (const call of calls) call.end(err);
  }
}
