// A service: docs/protocol.md, "Calls", "Plain requests" and "The binder".

import { randomBytes } from "node:crypto";
import { headers as newHeaders } from "@nats-io/nats-core";
import { Answers } from "./answers.mjs";
import * as args from "./arguments.mjs";
import { badMessage, cut, HeliumError, noSuchMethod, rephrase } from "./errors.mjs";
import { decodeMessage, encodeMessage, FRAME_OVERHEAD, isMessage, Kind } from "./frames.mjs";
import { toJSON } from "./json.mjs";
import { MAX_HEADER_TEXT } from "./limits.mjs";
import { decode, encode } from "./msgpack.mjs";
import { Registration } from "./registration.mjs";
import { parseMethod, parseTypes } from "./signature.mjs";
import { allowedReply, callerOf, Subjects } from "./subjects.mjs";
import { asType } from "./values.mjs";

const GROUP = "helium"; // the queue group of all instances
const PLAIN_TIMEOUT = 30_000; // the time of a call that brings none, in milliseconds

/** A call on its way through a service, handed to the method as the last argument. */
class Call {
  #abort = new AbortController();
  constructor(fields) { Object.assign(this, fields); }
  /** Aborts when the caller gives up or the time is over. */
  get signal() { return this.#abort.signal; }
  end(reason) { this.#abort.abort(reason); }
}

export class Service {
  instance = "i" + randomBytes(10).toString("hex");
  /** How many calls were answered. */
  answered = 0;
  #nc;
  #subjects;
  #record;
  #methods;
  #subscriptions = [];
  #calls = new Map(); // in flight, by caller and number
  #idle = () => {};
  #answers;
  #registration;

  /**
   * A service over a connection. `methods` are, by their names, `{signature, run}` and
   * perhaps `idempotent` and `doc`; `run(...args, call)` returns a result or a promise of
   * one, or throws a HeliumError. `types` are what the signatures' named types stand for.
   */
  constructor(nc, { name, version = "0.0.0", methods, types, prefix }) {
    this.#nc = nc;
    this.#subjects = new Subjects(prefix);
    this.#answers = new Answers(nc, { changed: () => this.#registration.recordChanged() });
    this.#registration = new Registration(nc, this.#subjects, () => {
      const { warnings } = this.#answers;
      return warnings.length > 0 ? { ...this.#record, warnings } : this.#record;
    });
    const named = parseTypes(types);
    this.#methods = Object.fromEntries(Object.entries(methods).map(([method, m]) => [method, { ...parseMethod(m.signature, named), run: m.run }]));
    const stream = Object.values(this.#methods).find((m) => m.sends || m.yields);
    if (stream) throw new RangeError(`${stream.name} takes or returns a stream, which a service here can't`);
    this.#record = {
      service: name, instance: this.instance, version, types, started: new Date().toISOString(),
      methods: Object.entries(methods).map(([method, m]) => ({
        name: method, signature: m.signature, kind: "call", idempotent: m.idempotent ?? false, doc: m.doc,
      })),
    };
  }

  get name() { return this.#record.service; }
  /** How many answers NATS refused to publish, and how many an export dropped: see `warnings`. */
  get refused() { return this.#answers.refused; }
  get dropped() { return this.#answers.dropped; }
  /** Why answers get lost and what to set, a reason and a message each; they stand in the record, too. */
  get warnings() { return this.#answers.warnings; }

  /** Resolves once the service can be called. */
  async start() {
    const { name, instance } = this;
    const subjects = this.#subjects;
    const subscribe = (subject, queue, handle) => this.#subscriptions.push(this.#nc.subscribe(subject, {
      queue, callback: (err, msg) => err ?? this.#checked(msg, handle),
    }));
    for (const method of Object.keys(this.#methods)) {
      subscribe(subjects.calls(name, method), GROUP, (msg) => this.#receive(msg, method));
    }
    subscribe(subjects.calls(name), GROUP, (msg) => this.#receive(msg, ""));
    subscribe(subjects.calls(name, "", instance), undefined, (msg) => this.#receive(msg, ""));
    subscribe(subjects.belowInstance(name, instance), undefined, (msg) => {
      const method = msg.subject.slice(subjects.calls(name, "", instance).length + 1);
      this.#receive(msg, method, Object.hasOwn(this.#methods, method) ? undefined : noSuchMethod(`${name}.${method}`));
    });
    subscribe(subjects.control(name, instance), undefined, (msg) => this.#cancel(msg));
    await this.#answers.open();
    try {
      await this.#registration.register();
    } catch (err) {
      for (const sub of this.#subscriptions) sub.unsubscribe(); // nobody is to be served by what didn't start
      this.#answers.close();
      throw err;
    }
  }

  /** Leaves the registry, takes no more calls, finishes those it has, and sends the answers. */
  async stop() {
    await this.#registration.end().catch((err) => {
      console.warn(`the registry couldn't be told that ${this.name} ends, and keeps it until its lease is over: ${err.message}`);
    });
    await Promise.all(this.#subscriptions.map((sub) => sub.drain()));
    if (this.#calls.size > 0) await new Promise((resolve) => { this.#idle = resolve; });
    await this.#nc.flush();
    this.#answers.close();
  }

  // Calls.

  /** Drops what wants its answer where no caller listens. */
  #checked(msg, handle) {
    if (!msg.reply || allowedReply(msg.reply)) handle(msg);
  }

  #receive(msg, method, refusal) {
    if (isMessage(msg.data)) this.#receiveFrames(msg, method, refusal);
    else this.#receivePlain(msg, method, refusal);
  }

  /** Reads a message whole; if it breaks the protocol anywhere, says so and returns nothing. */
  #frames(msg, kinds, refusal) {
    try {
      if (refusal) throw refusal;
      const frames = decodeMessage(msg.data);
      const stray = frames.find((f) => !mayBeIgnored(f) && !kinds.includes(f.kind));
      if (stray) throw new RangeError(`a frame of kind ${stray.kind} has no place on ${msg.subject}`);
      return frames;
    } catch (err) {
      const error = err instanceof HeliumError ? err : badMessage(err.message);
      error.outcome = "not executed";
      this.#answer(msg, { kind: Kind.error, seq: 0, error: this.#signed(error).element });
      return [];
    }
  }

  #receiveFrames(msg, method, refusal) {
    const frames = this.#frames(msg, [Kind.call, Kind.oneWay], refusal);
    this.#answers.expect(msg.reply, frames.filter((f) => f.kind === Kind.call).length);
    for (const f of frames) {
      if (mayBeIgnored(f)) continue;
      const answered = f.kind === Kind.call && msg.reply;
      const key = answered ? `${callerOf(msg.reply)} ${f.seq}` : Symbol();
      if (this.#calls.has(key)) continue; // in flight already
      let refused;
      if (!method && !f.method) refused = badMessage("a call on the service's subject names no method");
      else if (method && f.method && f.method !== method) refused = badMessage(`a call on the subject of ${method} names ${f.method}`);
      else if (!Object.hasOwn(this.#methods, f.method || method)) refused = noSuchMethod(`${this.name}.${f.method}`);
      else if (f.fault) refused = badMessage(f.fault.message);
      const run = { name: f.method || method, left: Number(f.time), metadata: f.metadata, refused };
      this.#run(key, run, (m) => args.framed(m, f.body), (error, result, took) => {
        if (!answered) return undefined;
        const answer = { seq: f.seq, time: took };
        if (!error && result.length + FRAME_OVERHEAD > this.#nc.info.max_payload) return this.#tooLarge(result);
        this.#answer(msg, error ? { ...answer, kind: Kind.error, error: error.element } : { ...answer, kind: Kind.reply, body: result });
        return undefined;
      }, (value, m) => encode(value, m.result));
    }
  }

  #receivePlain(msg, method, refusal) {
    this.#answers.expect(msg.reply, 1);
    const json = args.isJSON(msg.data);
    const left = timeOf(msg.headers?.get("Helium-Timeout"));
    const refused = refusal ?? (method ? undefined : badMessage(`a plain request goes to a method's subject, such as ${this.#subjects.calls(this.name, "<method>")}`)) ??
      (left === undefined ? badMessage(`the header Helium-Timeout is ${JSON.stringify(msg.headers.get("Helium-Timeout"))}, want milliseconds, a whole number above 0`) : undefined);
    this.#run(Symbol(), { name: method, left: left ?? PLAIN_TIMEOUT, metadata: null, refused }, (m) => args.plain(m, msg.data), (error, result) => {
      if (!error && result.length > this.#nc.info.max_payload) return this.#tooLarge(result);
      if (error) this.#plainError(msg, json, error);
      else if (msg.reply) this.#answers.publish(msg.reply, result);
      return undefined;
    }, (value, m) => (json ? new TextEncoder().encode(toJSON(value, m.result)) : encode(value, m.result)));
  }

  #plainError(msg, json, error) {
    if (!msg.reply) return;
    const headers = newHeaders();
    headers.set("Nats-Service-Error", cut(error.message.replace(/[\0-\x1f\x7f]+/g, " "), MAX_HEADER_TEXT));
    headers.set("Nats-Service-Error-Code", String(error.status));
    this.#answers.publish(msg.reply, json ? JSON.stringify(error.body) : encode(error.body), { headers });
  }

  /** Runs a call. `send` takes its error or its packed result; it returns an error if that can't be sent. */
  async #run(key, { name, left, metadata, refused }, readArgs, send, pack) {
    const call = new Call({ method: name, metadata });
    const timer = setTimeout(() => call.end(new HeliumError("deadline_exceeded", "the time is over")), Math.min(left, 2 ** 31 - 1));
    this.#calls.set(key, call);
    const began = process.hrtime.bigint();
    let error, result, executed = false;
    try {
      // The order of these is the protocol's.
      if (refused) throw refused;
      const m = this.#methods[name];
      if (left <= 0) throw new HeliumError("deadline_exceeded", "the time ran out before the call's turn", { reason: "helium.expired_in_queue" });
      const values = rephrase("invalid_argument", "helium.bad_argument", () => readArgs(m));
      executed = true;
      const value = (await m.run(...values, call)) ?? null;
      result = rephrase("internal", "helium.bad_result", () => {
        if (m.result) asType(decode(encode(value, m.result)), m.result); // what can't be read, or doesn't fit, isn't sent
        return pack(m.result ? value : null, m);
      });
    } catch (err) {
      error = err instanceof HeliumError ? err : new HeliumError("unknown", String(err?.message ?? err));
    }
    clearTimeout(timer);
    this.#calls.delete(key);
    this.answered++;
    const took = executed ? (process.hrtime.bigint() - began) / 1000n : 0n;
    const finish = (e) => {
      if (e) e.outcome = executed ? "executed" : "not executed";
      return send(e && this.#signed(e), result, took);
    };
    const unsendable = finish(error);
    if (unsendable) finish(unsendable);
    if (this.#calls.size === 0) this.#idle();
  }

  #tooLarge(result) {
    return new HeliumError("resource_exhausted", `the result of ${result.length} bytes fits no message`, { reason: "helium.result_too_large" });
  }

  #signed(error) {
    error.instance = this.instance;
    return error;
  }

  #answer(msg, frame) {
    if (msg.reply) this.#answers.publish(msg.reply, encodeMessage([frame]));
  }

  #cancel(msg) {
    if (!isMessage(msg.data)) {
      const json = args.isJSON(msg.data);
      const error = badMessage("a control subject takes cancels only");
      error.outcome = "not executed";
      this.#plainError(msg, json, this.#signed(error));
      return;
    }
    for (const f of this.#frames(msg, [Kind.cancel])) {
      if (f.kind === Kind.cancel && msg.reply) this.#calls.get(`${callerOf(msg.reply)} ${f.seq}`)?.end(f.time ? new HeliumError("deadline_exceeded", "the caller's time is over") : new HeliumError("canceled", "the caller gave up"));
    }
  }
}

/** The time that a plain request has, by its header; undefined: that says something else. */
function timeOf(header) {
  if (!header) return PLAIN_TIMEOUT;
  return /^\d+$/.test(header) && /[1-9]/.test(header) ? Number(header) : undefined;
}

/** Frames of versions to come, and those about their sender. */
function mayBeIgnored(f) { return typeof f.kind !== "number" || f.kind >= Kind.sender; }
