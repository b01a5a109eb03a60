// Takes in what comes for calls in flight: docs/protocol.md, "Calls" and "Who may answer".

import { HeliumError } from "./errors.mjs";
import { Ability, decodeMessage, Kind } from "./frames.mjs";
import { interrupt } from "./losses.mjs";
import { acknowledgedBy } from "./registry.mjs";

/** Hands each frame to its call. */
export class Receiver {
  #inFlight;
  #signs;

  /**
   * `signs` are told of what comes beside answers: `nobody` listens where a message went, and who has
   * `answered` it, each with its token; by the bus an instance was `heard`, of a service that was called there; one has a
   * call that isn't in flight, `stray`. And of what comes for calls: one was `ended`, by an instance, if that says
   * which it is, with an error or without one.
   */
  constructor(inFlight, signs) {
    this.#inFlight = inFlight;
    this.#signs = signs;
  }

  /** Takes in a message of the bus, with the last token of its subject. */
  come(msg, token) {
    if (msg.data.length === 0 && msg.headers?.code === 503) {
      if (this.#signs.nobody(token)) return;
      this.#failMessage(token, new HeliumError("unavailable", "nobody listens", { reason: "helium.no_instance", outcome: "not executed" }));
      return;
    }
    const stream = acknowledgedBy(msg.data);
    if (stream) {
      // No answer, but a JetStream stream that keeps the message: an instance may answer yet.
      for (const call of this.#inFlight.of(token)) call.captor = stream;
      return;
    }
    this.take(msg.data, token);
  }

  /** Takes in a message of answers. What it says counts for calls that left by that link alone; undefined: by the bus. */
  take(message, token, link) {
    let frames;
    try {
      frames = decodeMessage(message);
    } catch {
      return; // it breaks the protocol; its calls end with their time
    }
    const [about] = frames;
    const from = about.kind === Kind.instance ? about : undefined;
    if (from && !link) this.#signs.answered(token, from);
    for (const f of frames) this.#frame(f, token, link, from);
    if (from && (about.abilities & BigInt(Ability.answersOnce)) !== 0n) interrupt(this.#inFlight, from.instance);
  }

  #frame(f, token, link, from) {
    for (const seq of f.kind === Kind.running ? f.seqs : []) {
      if (!this.#at(seq, link, from) && from && !link) this.#signs.stray(seq, from.instance);
    }
    const call = f.seq === undefined ? undefined : this.#at(f.seq, link, from);
    // Metadata that can't be read are left out: the result is worth more than they are.
    if (f.kind === Kind.error && f.seq === 0n) this.#failMessage(token, errorOf(f), link, from);
    else if (f.kind === Kind.error || f.kind === Kind.reply) this.#ended(f, call, from);
    else if (call) {
      if (f.kind === Kind.largeReply && !call.isAnsweredLast) this.#signs.ended(call, from?.instance);
      call.follow(f);
    }
  }

  #ended(f, call, from) {
    if (call === undefined) {
      this.#inFlight.unmatched++;
      return;
    }
    const error = f.kind === Kind.error ? errorOf(f) : undefined;
    this.#signs.ended(call, from?.instance, error);
    if (error) call.fail(error);
    else call.end(null, f);
  }

  /** The call of a number that left by a link, of which an instance says that it has it. */
  #at(seq, link, from) {
    const call = this.#inFlight.get(seq, link);
    if (call === undefined || !from) return call;
    call.isAt(from.instance);
    if (!link) this.#signs.heard(call.service, from);
    return call;
  }

  /** Fails the calls of a message, which who wasn't sent it can't name. */
  #failMessage(token, error, link, from) {
    const meant = this.#inFlight.of(token, link);
    if (meant.length === 0) this.#inFlight.unmatched++;
    for (const call of meant) {
      this.#signs.ended(call, from?.instance, error);
      call.fail(error);
    }
  }
}

const errorOf = (f) => f.error ?? new HeliumError("internal", f.fault.message, { reason: "helium.bad_result" });
