// A caller: docs/protocol.md, "Calls".

import { randomBytes } from "node:crypto";
import { HeliumError } from "./errors.mjs";
import { decodeBody, decodeMessage, encodeMessage, Kind } from "./frames.mjs";
import { encode } from "./msgpack.mjs";
import { acknowledgedBy, captured, lookup } from "./registry.mjs";
import { newInbox, Subjects } from "./subjects.mjs";

/**
 * A number of 64 bits, not 0, that nobody can guess, whatever others they have seen. So who
 * names a call or a message was sent it.
 */
const unguessable = () => randomBytes(8).readBigUInt64BE() || 1n;

const newToken = () => `+${unguessable().toString(36)}`;

export class Caller {
  #nc;
  #subjects;
  #inbox;
  #answers;
  #unmatched = 0;
  #calls = new Map(); // by their numbers: those in flight

  /** A caller over a connection, which stays its owner's to close. */
  constructor(nc, { prefix } = {}) {
    this.#nc = nc;
    this.#subjects = new Subjects(prefix);
    this.#inbox = newInbox(nc);
    this.#answers = nc.subscribe(`${this.#inbox}.*`, { callback: (err, msg) => err ?? this.#receive(msg) });
  }

  /** How many calls wait for their answer. */
  get inFlight() { return this.#calls.size; }

  /** How many answers came late, twice or unasked. */
  get unmatched() { return this.#unmatched; }

  close() {
    this.#answers.unsubscribe();
    for (const seq of this.#calls.keys()) {
      this.#end(seq, new HeliumError("canceled", "the caller was closed"));
    }
  }

  /**
   * Calls a method with a list of arguments and returns its result. `timeout` is in
   * milliseconds; `signal`, an AbortSignal, cancels the call; `metadata` go with it;
   * `floats` sends all numbers as floats; `instance` picks who is to run it.
   */
  call(service, method, args, options = {}) {
    const [result] = this.#send(service, method, [{ method, args, ...options }], options.instance);
    return result;
  }

  /** Makes calls of a service's methods in one message, and returns their promises. */
  callTogether(service, calls) {
    return this.#send(service, "", calls);
  }

  /** Calls without an answer. */
  notify(service, method, args, { timeout = 10_000 } = {}) {
    const frame = { kind: Kind.oneWay, seq: 0n, time: Math.ceil(timeout), body: encode(args) };
    this.#nc.publish(this.#subjects.calls(service, method), encodeMessage([frame]));
  }

  #send(service, method, calls, instance) {
    // Answers may go to any reply subject of this form, so they can share messages.
    const token = newToken();
    const promises = [];
    const frames = calls.map((call) => {
      const { timeout = 10_000, signal, metadata = null, floats = false } = call;
      const seq = this.#unused();
      const pending = { service, token, signal, instance, shared: method ? undefined : call, until: performance.now() + timeout };
      promises.push(new Promise((resolve, reject) => Object.assign(pending, { resolve, reject })));
      pending.timer = setTimeout(() => {
        const perhaps = pending.stream ? `; perhaps no instance is running, which NATS doesn't tell, as ${captured(pending.stream, this.#subjects.calls(service, method, instance))}` : "";
        this.#end(seq, new HeliumError("deadline_exceeded", `no answer within ${timeout} ms${perhaps}`, { reason: "helium.deadline" }));
      }, timeout);
      // Telling the instances is best effort: the call has ended here whether or not they hear it.
      pending.abort = () => this.#cancel(seq, pending).catch(() => {});
      this.#calls.set(seq, pending);
      signal?.addEventListener("abort", pending.abort);
      const body = encode(call.args, floats ? { kind: "list", elem: { kind: "float64" } } : undefined);
      pending.frame = { kind: Kind.call, seq, time: Math.ceil(timeout), metadata, body };
      return { ...pending.frame, method: method ? undefined : call.method };
    });
    this.#nc.publish(this.#subjects.calls(service, method, instance), encodeMessage(frames), { reply: `${this.#inbox}.${token}` });
    return promises;
  }

  /** A number that no call in flight has. */
  #unused() {
    let seq = unguessable();
    while (this.#calls.has(seq)) seq = unguessable();
    return seq;
  }

  #receive(msg) {
    const token = msg.subject.slice(this.#inbox.length + 1);
    if (msg.data.length === 0 && msg.headers?.code === 503) {
      this.#failMessage(token, new HeliumError("unavailable", "nobody listens", { reason: "helium.no_instance", outcome: "not executed" }));
      return;
    }
    const stream = acknowledgedBy(msg.data);
    if (stream) {
      // No answer, but a JetStream stream that keeps the message: an instance may answer yet.
      for (const pending of this.#calls.values()) if (pending.token === token) pending.stream = stream;
      return;
    }
    let frames;
    try {
      frames = decodeMessage(msg.data);
    } catch {
      return; // it breaks the protocol; its calls end with their time
    }
    for (const f of frames) {
      // Metadata that can't be read are left out: the result is worth more than they are.
      if (f.kind === Kind.reply) this.#reply(f);
      if (f.kind !== Kind.error) continue;
      const error = f.error ?? new HeliumError("internal", f.fault.message, { reason: "helium.bad_result" });
      if (f.seq === 0n) this.#failMessage(token, error);
      else this.#fail(f.seq, error);
    }
  }

  /** Ends the calls of a message, which who wasn't sent it can't name. */
  #failMessage(token, error) {
    const meant = [...this.#calls].filter(([, pending]) => pending.token === token);
    if (meant.length === 0) this.#unmatched++;
    for (const [seq] of meant) this.#fail(seq, error);
  }

  /**
   * Ends a call with an error. But one that shared a message and reached an instance without
   * its method, or nobody, is sent again on the method's own subject: it didn't run, and only
   * instances that have the method listen there.
   */
  #fail(seq, error) {
    const pending = this.#calls.get(seq);
    const elsewhere = ["helium.no_such_method", "helium.no_instance"].includes(error.reason) && error.outcome === "not executed";
    if (pending === undefined) {
      this.#unmatched++;
      return;
    }
    if (!pending.shared || !elsewhere) {
      this.#end(seq, pending.missing && error.reason === "helium.no_instance" ? pending.missing : error);
      return;
    }
    const { method } = pending.shared;
    pending.shared = undefined; // once
    if (error.reason === "helium.no_such_method") pending.missing = error;
    pending.token = newToken();
    const time = Math.max(1, Math.ceil(pending.until - performance.now()));
    this.#nc.publish(this.#subjects.calls(pending.service, method, pending.instance), encodeMessage([{ ...pending.frame, time }]), { reply: `${this.#inbox}.${pending.token}` });
  }

  #reply(f) {
    if (this.#calls.has(f.seq)) this.#end(f.seq, null, f);
    else this.#unmatched++;
  }

  /** Ends a call, if it hasn't ended: answers that come late or twice are ignored. */
  #end(seq, error, reply) {
    const pending = this.#calls.get(seq);
    if (pending === undefined) return;
    this.#calls.delete(seq);
    clearTimeout(pending.timer);
    pending.signal?.removeEventListener("abort", pending.abort);
    if (error) {
      pending.reject(error);
      return;
    }
    try {
      pending.resolve(decodeBody(reply.body));
    } catch (err) {
      pending.reject(new HeliumError("internal", `the result can't be read: ${err.message}`, { reason: "helium.bad_result", outcome: "executed" }));
    }
  }

  /** Gives a call up and tells every instance of the service; those without it ignore it. */
  async #cancel(seq, pending) {
    this.#end(seq, new HeliumError("canceled", "the caller gave up"));
    const cancel = encodeMessage([{ kind: Kind.cancel, seq }]);
    for (const { instance } of (await lookup(this.#nc, pending.service, this.#subjects.prefix)).records) {
      this.#nc.publish(this.#subjects.control(pending.service, instance), cancel, { reply: `${this.#inbox}.+` });
    }
  }
}
