// A service: docs/protocol.md, "Calls", "Plain requests" and "The binder".

import { randomBytes } from "node:crypto";
import { headers as newHeaders } from "@nats-io/nats-core";
import { Answers } from "./answers.mjs";
import { decodeBody, decodeMessage, encodeMessage, HeliumError, isMessage, Kind } from "./frames.mjs";
import { fitted, fromJSON, parseJSON, toJSON, unique } from "./json.mjs";
import { encode } from "./msgpack.mjs";
import { binderSaid, untilRenewal } from "./registry.mjs";
import { scan } from "./scan.mjs";
import { parseMethod, parseTypes } from "./signature.mjs";

const GROUP = "helium";
const FRAME_ROOM = 48; // bytes that a message has beside a result, at most
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
  #prefix;
  #record;
  #methods;
  #subscriptions = [];
  #calls = new Map(); // in flight, by caller and number
  #idle = () => {};
  #renewal; // the timer of the next one; null: stopped
  #renewing; // settles with the one under way
  #answers;

  /**
   * A service over a connection. `methods` are, by their names, `{signature, run}` and
   * perhaps `idempotent` and `doc`; `run(...args, call)` returns a result or a promise of
   * one, or throws a HeliumError. `types` are what the signatures' named types stand for.
   */
  constructor(nc, { name, version = "0.0.0", methods, types, prefix = "helium" }) {
    this.#nc = nc;
    this.#answers = new Answers(nc, { changed: () => this.#recordChanged() });
    this.#prefix = prefix;
    const named = parseTypes(types);
    this.#methods = Object.fromEntries(Object.entries(methods).map(([method, m]) => [method, { ...parseMethod(m.signature, named), run: m.run }]));
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
    const subscribe = (subject, queue, handle) => this.#subscriptions.push(this.#nc.subscribe(`${this.#prefix}.${subject}`, {
      queue, callback: (err, msg) => err ?? this.#checked(msg, handle),
    }));
    for (const method of Object.keys(this.#methods)) {
      subscribe(`call.${name}.${method}`, GROUP, (msg) => this.#receive(msg, method));
    }
    subscribe(`call.${name}`, GROUP, (msg) => this.#receive(msg, ""));
    subscribe(`at.${name}.${instance}`, undefined, (msg) => this.#receive(msg, ""));
    subscribe(`at.${name}.${instance}.>`, undefined, (msg) => {
      const method = msg.subject.split(".").slice(this.#prefix.split(".").length + 3).join(".");
      this.#receive(msg, method, Object.hasOwn(this.#methods, method) ? undefined : noSuch(`${name}.${method}`));
    });
    subscribe(`ctl.${name}.${instance}`, undefined, (msg) => this.#cancel(msg));
    await this.#answers.open();
    await this.#register();
  }

  /** Leaves the registry, takes no more calls, finishes those it has, and sends the answers. */
  async stop() {
    clearTimeout(this.#renewal);
    this.#renewal = null;
    await this.#renewing; // told of the end before, it would register again
    await this.#ask("end", { instance: this.instance });
    await Promise.all(this.#subscriptions.map((sub) => sub.drain()));
    if (this.#calls.size > 0) await new Promise((resolve) => { this.#idle = resolve; });
    await this.#nc.flush();
    this.#answers.close();
  }

  // The registry: register, then renew each third of the lease.

  async #ask(verb, body) {
    const subject = `${this.#prefix}.binder.${verb}.${this.name}`;
    const answer = await this.#nc.request(subject, JSON.stringify(body), { timeout: 4000 });
    return binderSaid(answer, subject, (said) => verb === "end" || Number.isFinite(said.lease_ms) && said.lease_ms > 0);
  }

  async #register() {
    const { warnings } = this.#answers;
    const record = warnings.length > 0 ? { ...this.#record, warnings } : this.#record;
    this.#renewIn(untilRenewal(await this.#ask("register", record)));
  }

  /** Registers anew what the record says now. */
  #recordChanged() {
    if (this.#renewal === undefined) return; // not registered yet
    this.#renewIn(0, () => this.#register());
  }

  #renewIn(milliseconds, renew = () => this.#renew()) {
    if (this.#renewal === null) return; // stopped
    clearTimeout(this.#renewal);
    this.#renewal = setTimeout(() => { this.#renewing = renew().catch(() => this.#renewIn(100, renew)); }, milliseconds);
  }

  async #renew() {
    try {
      this.#renewIn(untilRenewal(await this.#ask("renew", { instance: this.instance })));
    } catch (err) {
      if (err.reason !== "binder.unknown_instance") throw err;
      await this.#register();
    }
  }

  // Calls.

  /** Drops what wants its answer where no caller listens. */
  #checked(msg, handle) {
    const reply = msg.reply ?? "";
    if (reply === "" || /^(_INBOX|_R_)\./.test(reply) && !/[*>]/.test(reply)) handle(msg);
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
      const stray = frames.find((f) => typeof f.kind === "number" && !kinds.includes(f.kind));
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
      if (typeof f.kind !== "number") continue; // of a version to come
      const answered = f.kind === Kind.call && msg.reply;
      const key = answered ? `${inboxOf(msg.reply)} ${f.seq}` : Symbol();
      if (this.#calls.has(key)) continue; // in flight already
      let refused;
      if (!method && !f.method) refused = badMessage("a call on the service's subject names no method");
      else if (method && f.method && f.method !== method) refused = badMessage(`a call on the subject of ${method} names ${f.method}`);
      else if (!Object.hasOwn(this.#methods, f.method || method)) refused = noSuch(`${this.name}.${f.method}`);
      else if (f.fault) refused = badMessage(f.fault.message);
      const run = { name: f.method || method, left: Number(f.time), metadata: f.metadata, refused };
      this.#run(key, run, (m) => this.#inOrder(m, decodeBody(f.body)), (error, result, took) => {
        if (!answered) return undefined;
        const answer = { seq: f.seq, time: took };
        if (!error && result.length + FRAME_ROOM > this.#nc.info.max_payload) return this.#tooLarge(result);
        this.#answer(msg, error ? { ...answer, kind: Kind.error, error: error.element } : { ...answer, kind: Kind.reply, body: result });
        return undefined;
      }, (value, m) => encode(value, m.result));
    }
  }

  #receivePlain(msg, method, refusal) {
    this.#answers.expect(msg.reply, 1);
    const json = isJSON(msg.data);
    const args = (m) => {
      const text = json ? new TextDecoder("utf-8", { fatal: true }).decode(msg.data) : ""; // without a byte order mark
      if (json && text.trim() === "") return this.#inOrder(m, []);
      const value = json ? parseJSON(text) : decodeBody(msg.data);
      if (Array.isArray(value)) return this.#inOrder(m, value, json);
      if (json ? !value?.pairs : value === null || typeof value !== "object" || value instanceof Map) throw new RangeError("want an array, or arguments by name");
      return this.#named(m, json ? value.pairs : Object.entries(value), json);
    };
    const refused = refusal ?? (method ? undefined : badMessage(`a plain request goes to a method's subject, such as ${this.#prefix}.call.${this.name}.<method>`));
    this.#run(Symbol(), { name: method, left: PLAIN_TIMEOUT, metadata: null, refused }, args, (error, result) => {
      if (!error && result.length > this.#nc.info.max_payload) return this.#tooLarge(result);
      if (error) this.#plainError(msg, json, error);
      else if (msg.reply) this.#answers.publish(msg.reply, result);
      return undefined;
    }, (value, m) => (json ? new TextEncoder().encode(toJSON(value, m.result)) : encode(value, m.result)));
  }

  #plainError(msg, json, error) {
    if (!msg.reply) return;
    const headers = newHeaders();
    headers.set("Nats-Service-Error", error.message.replace(/[\0-\x1f\x7f]+/g, " ").slice(0, 200));
    headers.set("Nats-Service-Error-Code", String(error.status));
    this.#answers.publish(msg.reply, json ? JSON.stringify(error.body) : encode(error.body), { headers });
  }

  /** Arguments in the order of the parameters, each as its type wants it. */
  #inOrder(m, list, json = false) {
    if (!Array.isArray(list)) throw new RangeError("the arguments aren't an array");
    const { params, variadic } = m;
    if (variadic ? list.length < params.length - 1 : list.length !== params.length) throw new RangeError(`${list.length} arguments, want ${params.length}`);
    return list.map((v, i) => {
      const { type } = params[Math.min(i, params.length - 1)];
      return json ? fromJSON(v, type) : fitted(v, type);
    });
  }

  /** Arguments by name; what is optional may be left out, and so may a variadic list. */
  #named(m, pairs, json) {
    unique(pairs);
    const given = new Map(pairs);
    for (const name of given.keys()) if (!m.params.some((p) => p.name === name)) throw new RangeError(`no parameter is called ${name}`);
    const list = [];
    m.params.forEach(({ name, type }, i) => {
      const value = given.get(name);
      if (m.variadic && i === m.params.length - 1) {
        if (value !== undefined && value !== null && !Array.isArray(value)) throw new RangeError(`${name} repeats: want an array`);
        list.push(...(value ?? []));
      } else if (given.has(name)) list.push(value);
      else if (type.kind === "optional" || type.kind === "any") list.push(null);
      else throw new RangeError(`the argument ${name} is missing`);
    });
    return this.#inOrder(m, list, json);
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
      const args = rephrase("invalid_argument", "helium.bad_argument", () => readArgs(m));
      executed = true;
      const value = (await m.run(...args, call)) ?? null;
      result = rephrase("internal", "helium.bad_result", () => {
        if (m.result) scan(encode(value, m.result)); // what can't be read isn't sent
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
      const json = isJSON(msg.data);
      const error = badMessage("a control subject takes cancels only");
      error.outcome = "not executed";
      this.#plainError(msg, json, this.#signed(error));
      return;
    }
    for (const f of this.#frames(msg, [Kind.cancel])) {
      if (f.kind === Kind.cancel && msg.reply) this.#calls.get(`${inboxOf(msg.reply)} ${f.seq}`)?.end(new HeliumError("canceled", "the caller gave up"));
    }
  }
}

/** Turns what goes wrong in f into an error of a code and a reason. */
function rephrase(code, reason, f) {
  try {
    return f();
  } catch (err) {
    throw new HeliumError(code, err.message, { reason });
  }
}

/** Tells a plain request's JSON, which may begin with a byte order mark, from msgpack. */
function isJSON(data) {
  return data.length === 0 || data[0] < 0x80 || data[0] === 0xef && data[1] === 0xbb && data[2] === 0xbf;
}

/** What the reply subjects of one caller have in common. */
function inboxOf(reply) {
  const shared = reply.lastIndexOf(".+");
  return shared >= 0 && !reply.includes(".", shared + 1) ? reply.slice(0, shared + 2) : reply;
}

function noSuch(what) {
  return new HeliumError("unimplemented", `there is no ${what} here`, { reason: "helium.no_such_method", outcome: "not executed" });
}

function badMessage(message) {
  return new HeliumError("invalid_argument", message, { reason: "helium.bad_message", outcome: "not executed" });
}
