// A call in flight, from its number to its end: docs/protocol.md, "Calls".

import { HeliumError } from "./errors.mjs";
import { decodeBody, Kind, TIME_OVER } from "./frames.mjs";
import { PartsIn, readAnnounced } from "./largevalue.mjs";
import { captured } from "./registry.mjs";
import { onAbort, timeOf } from "./within.mjs";

/** Errors of calls that didn't run, and may go by another way or to another instance. */
const ELSEWHERE = ["helium.no_such_method", "helium.no_instance", "helium.not_sent"];

/** Reports whether an error says that a call didn't run, and would perhaps elsewhere. */
export const isElsewhere = (error) => ELSEWHERE.includes(error.reason) && error.outcome === "not executed";

/**
 * What all calls have in common:
 *
 *     enter ─▶ in flight ─▶ fail: it goes again, if it may, or ends
 *                        ├▶ end: with an answer, or without one
 *                        └▶ abandon: it ends, and the instance that has it is told
 */
export class Call {
  seq; // its number
  token; // of the message in which it left
  link; // by which it did; undefined: by the bus
  at; // the instance that has it; undefined: nobody knows
  named = false; // an instance has said that it has it
  captor; // the JetStream stream that keeps its message; undefined: none does
  begun; // when its message was; undefined: it is on its way to none
  since; // the beat of the vigil before the one that found it on its way; undefined: none has yet
  outcome = "unknown"; // what can be said of it when it ends now
  parts; // the result, that comes in some; undefined: none does
  #timer;
  #forget;

  /**
   * `common` is what the calls of a caller have in common: those `inFlight`, the `bus` and the `outlet`, the `vigil`, the
   * `throttles`, the `cancels`, the `turns` of large results, and how many bytes a value may have, `maxValue`.
   */
  constructor(common, service, method, { timeout, signal, instance, until = performance.now() + timeOf(timeout) }) {
    Object.assign(this, { common, service, method, signal, instance, until, time: timeOf(until - performance.now()) });
    this.result = new Promise((resolve, reject) => Object.assign(this, { resolve, reject }));
  }

  /** Has the call be in flight. */
  enter() {
    this.common.inFlight.enter(this);
    this.common.vigil.begin();
    this.#timer = setTimeout(() => this.#expire(), this.time);
    // Telling the instances is best effort: the call has ended here whether or not they hear it.
    this.#forget = onAbort(this.signal, () => this.common.cancels.giveUp(this).catch(() => {}));
  }

  /** The one instance that it may be at; undefined: it may be at any that has the method. */
  get goesTo() { return this.at ?? this.instance; }

  /** Whether it goes by another way if NATS refuses this one. */
  get hasOtherWay() { return false; }

  get isInFlight() { return this.common.inFlight.has(this); }

  /** What the call has left of its time, for a message that begins now. */
  get left() { return Math.max(1, Math.ceil(this.until - performance.now())); }

  /** The subject on which it left, or would by the bus. */
  get subject() { return this.common.bus.subjectOf(this.service, this.method, this.instance); }

  /** Whether it takes several messages, of which some may be on their way: who sends them is told when it ends. */
  get takesSeveral() { return this.parts !== undefined; }

  /** Whether some of these have come, or left. */
  get isPartly() { return this.takesSeveral; }

  /** Whether an answer follows what announces its result, which is it otherwise. */
  get isAnsweredLast() { return false; }

  /** Lets it last without a deadline. */
  outlast() { clearTimeout(this.#timer); }

  /** Its message is begun, which leaves by a link; undefined: by the bus. */
  goesBy(link) {
    this.link = link;
    this.since = undefined;
    this.begun = performance.now();
    link?.began();
  }

  /** An instance has said that it has the call. */
  isAt(instance) {
    this.named = true;
    this.at ??= instance;
  }

  /** An instance, or NATS, says that it comes to nothing. */
  fail(error) { this.end(error); }

  /** NATS refuses what belongs to it. */
  denied(error) { this.fail(error); }

  /** Takes in a frame about the call that doesn't end it. */
  follow(f) {
    if (f.kind === Kind.largeReply) this.#announced(f);
    else if (f.kind === Kind.chunk) this.#part(f);
  }

  /** Ends the call, if it hasn't ended: answers that come late or twice are ignored. */
  end(error, reply) {
    if (this.leave(reply ? performance.now() - this.begun : undefined)) this.settle(error, reply);
  }

  /** Ends the call, if it hasn't ended, of which one instance has all, and tells that, perhaps with a reason. */
  abandon(error, why) {
    if (!this.leave()) return;
    this.common.outlet.control(this, { kind: Kind.cancel, seq: this.seq, time: why });
    this.abort(error);
  }

  /** Takes it out of those in flight, and reports whether it was there; it took so long, if that says anything of its instance. */
  leave(took) {
    if (!this.common.inFlight.take(this)) return false;
    clearTimeout(this.#timer);
    this.link?.done(took);
    this.#forget();
    this.parts?.close();
    return true;
  }

  /** Tells who waits for it how it ended. */
  settle(error, reply) {
    try {
      if (error) throw error;
      this.resolve(readResult(reply.body));
    } catch (err) {
      this.reject(err);
    }
  }

  /** Tells them that it was given up. */
  abort(error) { this.settle(error); }

  #expire() {
    const perhaps = this.captor ? `; perhaps no instance is running, which NATS doesn't tell, as ${captured(this.captor, this.subject)}` : "";
    const error = new HeliumError("deadline_exceeded", `no answer within ${this.time} ms${perhaps}`, { reason: "helium.deadline", outcome: this.outcome });
    if (!this.link && this.begun !== undefined) this.common.vigil.overdue(this);
    if (this.takesSeveral) this.abandon(error, TIME_OVER);
    else this.end(error);
  }

  /** A result comes that is larger than a message: the call has run. */
  #announced(f) {
    this.outcome = "executed";
    if (this.parts) return;
    const { turns, outlet, maxValue } = this.common;
    try {
      this.parts = new PartsIn(readAnnounced(f.body, maxValue), turns, (offset) => outlet.control(this, { kind: Kind.chunkCredit, seq: this.seq, offset }));
    } catch (err) {
      this.abandon(asBadResult(err));
    }
  }

  #part(f) {
    try {
      const body = this.parts?.put(f.offset, f.body);
      if (body) this.end(null, { body });
    } catch (err) {
      this.abandon(asBadResult(err));
    }
  }
}

/** Reads the result in an answer. */
export function readResult(body) {
  try {
    return decodeBody(body);
  } catch (err) {
    throw unreadable(err);
  }
}

/** What is wrong with a large result. */
const asBadResult = (err) => (err instanceof HeliumError ? err : unreadable(err));

const unreadable = (err) => new HeliumError("internal", `the result can't be read: ${err.message}`, { reason: "helium.bad_result", outcome: "executed" });
