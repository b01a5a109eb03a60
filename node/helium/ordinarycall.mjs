// Calls that fit a message, with others or alone: docs/protocol.md, "Calls".

import { nameOf } from "./bus.mjs";
import { Call, isElsewhere } from "./call.mjs";
import { Kind } from "./frames.mjs";
import { unguessable } from "./numbers.mjs";
import { givenUp } from "./within.mjs";

/**
 * A call whose arguments are in one frame. It is sent once more, on its method's own subject by the bus, where it
 * shared a message and came to an instance without its method, or to nobody: it didn't run, and only instances that
 * have the method listen there. So is one that a direct link doesn't take, and one that is said to have waited for
 * longer than it is on its way.
 */
export class OrdinaryCall extends Call {
  #frame;
  #isShared; // it left on the subject for several methods
  #isReclocked = false; // it went once more for what was said of its clock
  #missing; // the error of an instance without its method

  constructor(common, service, { method, body, metadata = null, ...options }, isShared) {
    super(common, service, method, options);
    this.#isShared = isShared;
    this.#frame = { kind: Kind.call, metadata, body };
  }

  get isShared() { return this.#isShared; }

  get subject() { return this.common.bus.subjectOf(this.service, this.#isShared ? "" : this.method, this.instance); }

  /** Its frame in a message that begins now. */
  get frame() { return { ...this.#frame, seq: this.seq, time: this.begun ? this.left : this.time, method: this.#isShared ? this.method : undefined }; }

  fail(error) {
    const { outlet } = this.common;
    const isReclocked = !this.#isReclocked && outlet.clocks.disproved(this.service, error, this.begun);
    const again = isReclocked || (this.#isShared || this.link) && isElsewhere(error);
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
    this.link?.done();
    Object.assign(this, { link: undefined, at: undefined });
    send(this.common, this, [this], undefined);
  }
}

/** Makes calls of a service in one message, of `method` alone or of several, and returns their promises. */
export function callTogether(common, service, method, calls, instance) {
  const sent = [];
  const promises = calls.map(async (options) => {
    common.refuseIfClosed();
    if (options.signal?.aborted) throw givenUp();
    const call = new OrdinaryCall(common, service, { ...options, instance }, !method);
    sent.push(call);
    return call.result;
  });
  if (sent.length === 0) return promises;
  for (const call of sent) call.enter();
  send(common, { service, method, instance }, sent, (message) => common.outlet.linkFor(service, sent.map((call) => call.method), instance, message));
  return promises;
}

/** Sends calls in a message to where they go, by the link that `choose` returns. */
function send({ outlet }, where, calls, choose) {
  // Answers may go to any reply subject of this form, so they can share messages.
  const token = unguessable();
  try {
    const message = outlet.message(where.service, calls.map((call) => call.frame));
    const link = choose?.(message);
    for (const call of calls) {
      call.token = nameOf(token);
      call.goesBy(link);
    }
    outlet.send(link, where, token, message);
  } catch (err) {
    for (const call of calls) call.end(err);
  }
}
