// A caller: docs/protocol.md, "Calls" and "Direct links".

import { randomBytes } from "node:crypto";
import { DirectLinks } from "./directlinks.mjs";
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

/** The last token of the reply subject of a message, by its number. */
const nameOf = (token) => `+${token.toString(36)}`;

/** Errors of calls by a direct link that didn't run, and go by the bus. */
const ELSEWHERE = ["helium.no_such_method", "helium.no_instance", "helium.not_sent"];

export class Caller {
  #nc;
  #subjects;
  #inbox;
  #answers;
  #unmatched = 0;
  #calls = new Map(); // by their numbers: those in flight
  #links; // undefined: the caller uses the bus only

  /**
   * A caller over a connection, which stays its owner's to close. By itself it opens direct links
   * to instances that offer some and can be reached, and later calls go by them; with `busOnly`
   * it doesn't.
   */
  constructor(nc, { prefix, busOnly = false } = {}) {
    this.#nc = nc;
    this.#subjects = new Subjects(prefix);
    this.#inbox = newInbox(nc);
    this.#answers = nc.subscribe(`${this.#inbox}.*`, { callback: (err, msg) => err ?? this.#receive(msg) });
    if (busOnly) return;
    this.#links = new DirectLinks(nc, this.#subjects, {
      answered: (link, message, token) => this.#take(message, nameOf(token), link),
      broken: (link, why) => this.#lose(link, why),
    });
  }

  /** How many calls wait for their answer. */
  get inFlight() { return this.#calls.size; }

  /** How many answers came late, twice or unasked. */
  get unmatched() { return this.#unmatched; }

  /**
   * How it stands with each instance that offers direct links: `instance`, whether it is
   * `linked`, by which `address`, and `encrypted` or not, for which `services`, and the `reason`
   * if it isn't.
   */
  get directLinks() { return this.#links?.states ?? []; }

  close() {
    this.#answers.unsubscribe();
    for (const seq of this.#calls.keys()) {
      this.#end(seq, new HeliumError("canceled", "the caller was closed"));
    }
    this.#links?.close();
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
    const message = encodeMessage([frame]);
    const link = this.#linkFor(service, [method], undefined, message);
    if (link) link.send(service, method, unguessable(), message);
    else this.#nc.publish(this.#subjects.calls(service, method), message);
  }

  /** The link by which a message goes; undefined: the bus, which takes none that is too long. */
  #linkFor(service, methods, instance, message) {
    const fits = message.length <= (this.#nc.info?.max_payload ?? Infinity);
    return fits ? this.#links?.choose(service, methods, instance) : undefined;
  }

  #send(service, method, calls, instance) {
    // Answers may go to any reply subject of this form, so they can share messages.
    const token = unguessable();
    const promises = [], sent = [];
    const frames = calls.map((call) => {
      const { timeout = 10_000, signal, metadata = null, floats = false } = call;
      const seq = this.#unused();
      const pending = { service, method: method || call.method, token: nameOf(token), signal, instance, shared: !method, until: performance.now() + timeout };
      promises.push(new Promise((resolve, reject) => Object.assign(pending, { resolve, reject })));
      pending.timer = setTimeout(() => {
        const perhaps = pending.stream ? `; perhaps no instance is running, which NATS doesn't tell, as ${captured(pending.stream, this.#subjects.calls(service, method, instance))}` : "";
        this.#end(seq, new HeliumError("deadline_exceeded", `no answer within ${timeout} ms${perhaps}`, { reason: "helium.deadline" }));
      }, timeout);
      // Telling the instances is best effort: the call has ended here whether or not they hear it.
      pending.abort = () => this.#cancel(seq, pending).catch(() => {});
      this.#calls.set(seq, pending);
      sent.push(pending);
      signal?.addEventListener("abort", pending.abort);
      const body = encode(call.args, floats ? { kind: "list", elem: { kind: "float64" } } : undefined);
      pending.frame = { kind: Kind.call, seq, time: Math.ceil(timeout), metadata, body };
      return { ...pending.frame, method: method ? undefined : call.method };
    });
    const message = encodeMessage(frames);
    const link = this.#linkFor(service, sent.map((pending) => pending.method), instance, message);
    if (link === undefined) {
      this.#nc.publish(this.#subjects.calls(service, method, instance), message, { reply: `${this.#inbox}.${nameOf(token)}` });
      return promises;
    }
    for (const pending of sent) {
      Object.assign(pending, { link, began: performance.now() });
      link.began();
    }
    link.send(service, method, token, message);
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
    this.#take(msg.data, token);
  }

  /** Takes in a message of answers. What it says counts for calls that left by that link alone. */
  #take(message, token, link) {
    let frames;
    try {
      frames = decodeMessage(message);
    } catch {
      return; // it breaks the protocol; its calls end with their time
    }
    for (const f of frames) {
      // Metadata that can't be read are left out: the result is worth more than they are.
      if (f.kind === Kind.reply) this.#reply(f, link);
      if (f.kind !== Kind.error) continue;
      const error = f.error ?? new HeliumError("internal", f.fault.message, { reason: "helium.bad_result" });
      if (f.seq === 0n) this.#failMessage(token, error, link);
      else this.#fail(f.seq, error, link);
    }
  }

  /** Ends the calls of a message, which who wasn't sent it can't name. */
  #failMessage(token, error, link) {
    const meant = [...this.#calls].filter(([, pending]) => pending.token === token && pending.link === link);
    if (meant.length === 0) this.#unmatched++;
    for (const [seq] of meant) this.#fail(seq, error, link);
  }

  /**
   * Ends a call with an error. But one that shared a message and reached an instance without
   * its method, or nobody, is sent again on the method's own subject: it didn't run, and only
   * instances that have the method listen there. So is one that a direct link doesn't take.
   */
  #fail(seq, error, link) {
    const pending = this.#calls.get(seq);
    const elsewhere = ELSEWHERE.includes(error.reason) && error.outcome === "not executed";
    if (pending === undefined || pending.link !== link) {
      this.#unmatched++;
      return;
    }
    if (!(pending.shared || link) || !elsewhere) {
      this.#end(seq, pending.missing && error.reason === "helium.no_instance" ? pending.missing : error);
      return;
    }
    const { method } = pending;
    pending.shared = false; // once
    if (error.reason === "helium.no_such_method") {
      pending.missing = error;
      link?.lacks(pending.service, method);
    }
    link?.done();
    pending.link = undefined;
    pending.token = nameOf(unguessable());
    const time = Math.max(1, Math.ceil(pending.until - performance.now()));
    this.#nc.publish(this.#subjects.calls(pending.service, method, pending.instance), encodeMessage([{ ...pending.frame, time }]), { reply: `${this.#inbox}.${pending.token}` });
  }

  /** The calls in flight of a link that has ended: nobody can tell whether they ran. */
  #lose(link, why) {
    const error = new HeliumError("unavailable", `the direct link to the instance ended while the call was in flight: ${why.message}`, { reason: "helium.disconnected" });
    for (const [seq, pending] of [...this.#calls]) if (pending.link === link) this.#end(seq, error);
  }

  #reply(f, link) {
    const pending = this.#calls.get(f.seq);
    if (pending && pending.link === link) this.#end(f.seq, null, f);
    else this.#unmatched++;
  }

  /** Ends a call, if it hasn't ended: answers that come late or twice are ignored. */
  #end(seq, error, reply) {
    const pending = this.#calls.get(seq);
    if (pending === undefined) return;
    this.#calls.delete(seq);
    clearTimeout(pending.timer);
    pending.link?.done(reply && performance.now() - pending.began);
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

  /**
   * Gives a call up and tells the instance that a link leads to, or else every one of the
   * service; those without the call ignore it.
   */
  async #cancel(seq, pending) {
    this.#end(seq, new HeliumError("canceled", "the caller gave up"));
    const cancel = encodeMessage([{ kind: Kind.cancel, seq }]);
    if (pending.link) {
      pending.link.cancel(pending.service, cancel);
      return;
    }
    for (const { instance } of (await lookup(this.#nc, pending.service, this.#subjects.prefix)).records) {
      this.#nc.publish(this.#subjects.control(pending.service, instance), cancel, { reply: `${this.#inbox}.+` });
    }
  }
}
