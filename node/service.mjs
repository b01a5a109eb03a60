// A service: docs/protocol.md, "Calls", "Plain requests" and "The binder".

import { randomBytes } from "node:crypto";
import { encode } from "@msgpack/msgpack";
import { headers as newHeaders } from "@nats-io/nats-core";
import { decodeBody, decodeMessage, encodeMessage, HeliumError, isMessage, Kind } from "./frames.mjs";
import { scan } from "./scan.mjs";

const GROUP = "helium";
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

  /**
   * A service over a connection. `methods` are, by their names, `{signature, params, run}`
   * and perhaps `idempotent` and `doc`; `run(...args, call)` returns a result or a promise of
   * one, or throws a HeliumError.
   */
  constructor(nc, { name, version = "0.0.0", methods, types, prefix = "helium" }) {
    this.#nc = nc;
    this.#prefix = prefix;
    this.#methods = methods;
    this.#record = {
      service: name, instance: this.instance, version, types, started: new Date().toISOString(),
      methods: Object.entries(methods).map(([method, m]) => ({
        name: method, signature: m.signature, kind: "call", idempotent: m.idempotent ?? false, doc: m.doc,
      })),
    };
  }

  get name() { return this.#record.service; }

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
    subscribe(`at.${instance}.>`, undefined, (msg) => {
      const [service, method = "", ...rest] = msg.subject.split(".").slice(this.#prefix.split(".").length + 2);
      const here = service === name && rest.length === 0;
      this.#receive(msg, method, here ? undefined : noSuch(`${service}.${method}`));
    });
    subscribe(`ctl.${instance}`, undefined, (msg) => this.#cancel(msg));
    await this.#nc.flush();
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
  }

  // The registry: register, then renew each third of the lease.

  async #ask(verb, body) {
    const answer = await this.#nc.request(`${this.#prefix}.binder.${verb}.${this.name}`, JSON.stringify(body), { timeout: 4000 });
    const said = answer.json();
    if (answer.headers?.get("Nats-Service-Error")) throw new HeliumError(said.code, said.message, said);
    return said;
  }

  async #register() {
    this.#renewIn((await this.#ask("register", this.#record)).lease_ms / 3);
  }

  #renewIn(milliseconds) {
    if (this.#renewal === null) return; // stopped
    this.#renewal = setTimeout(() => { this.#renewing = this.#renew().catch(() => this.#renewIn(100)); }, milliseconds);
  }

  async #renew() {
    try {
      this.#renewIn((await this.#ask("renew", { instance: this.instance })).lease_ms / 3);
    } catch (err) {
      if (err.reason !== "binder.unknown_instance") throw err;
      await this.#register();
    }
  }

  // Calls.

  /** Drops what wants its answer where no caller listens. */
  #checked(msg, handle) {
    const reply = msg.reply ?? "";
    if (reply === "" || /^(_INBOX[._]|_R_\.)/.test(reply) && !/[*>]/.test(reply)) handle(msg);
  }

  #receive(msg, method, refusal) {
    if (isMessage(msg.data)) this.#receiveFrames(msg, method, refusal);
    else this.#receivePlain(msg, method, refusal);
  }

  #receiveFrames(msg, method, refusal) {
    let frames = [];
    try {
      frames = decodeMessage(msg.data);
    } catch (err) {
      refusal = new HeliumError("invalid_argument", err.message, { reason: "helium.bad_message", outcome: "not executed" });
    }
    if (refusal) {
      this.#answer(msg, { kind: Kind.error, seq: 0n, error: this.#signed(refusal).element });
      return;
    }
    for (const f of frames) {
      if (f.kind !== Kind.call && f.kind !== Kind.oneWay) continue;
      const wanted = f.method || method;
      const key = f.kind === Kind.call ? `${inboxOf(msg.reply)} ${f.seq}` : Symbol();
      if (this.#calls.has(key)) continue; // in flight already
      const misled = method && f.method && f.method !== method
        ? new HeliumError("invalid_argument", `a call on the subject of ${method} names ${f.method}`, { reason: "helium.bad_message" }) : undefined;
      this.#run(key, wanted, Number(f.time), f.metadata, () => decodeBody(f.body), misled, (error, result, took) => {
        if (f.kind === Kind.oneWay) return;
        const answer = { seq: f.seq, time: took };
        this.#answer(msg, error ? { ...answer, kind: Kind.error, error: error.element } : { ...answer, kind: Kind.reply, body: encode(result) });
      });
    }
  }

  #receivePlain(msg, method, refusal) {
    const json = msg.data.length === 0 || msg.data[0] < 0x80;
    const pack = (value) => (json ? JSON.stringify(value) : encode(value));
    const args = () => {
      const text = new TextDecoder().decode(msg.data).trim();
      if (json && text === "") return [];
      const value = json ? JSON.parse(text) : decodeBody(msg.data);
      return Array.isArray(value) ? value : this.#inOrder(method, value);
    };
    this.#run(Symbol(), method, PLAIN_TIMEOUT, null, args, refusal, (error, result) => {
      if (!msg.reply) return;
      if (!error) {
        this.#nc.publish(msg.reply, pack(result));
        return;
      }
      const headers = newHeaders();
      headers.set("Nats-Service-Error", error.message.replace(/[\r\n]+/g, " "));
      headers.set("Nats-Service-Error-Code", String(error.status));
      this.#nc.publish(msg.reply, pack(error.body), { headers });
    });
  }

  /** Arguments by name in the order of the parameters. */
  #inOrder(method, named) {
    const { params } = this.#methods[method];
    const unknown = Object.keys(named).filter((name) => !params.includes(name));
    if (unknown.length > 0) throw new RangeError(`no parameter is called ${unknown.join(", ")}`);
    return params.map((name) => named[name] ?? null);
  }

  async #run(key, name, left, metadata, readArgs, refusal, answer) {
    const call = new Call({ method: name, metadata });
    const timer = setTimeout(() => call.end(new HeliumError("deadline_exceeded", "the time is over")), Math.min(left, 2 ** 31 - 1));
    this.#calls.set(key, call);
    const began = process.hrtime.bigint();
    let error, result, executed = false;
    try {
      if (refusal) throw refusal;
      if (!Object.hasOwn(this.#methods, name)) throw noSuch(`${this.name}.${name}`);
      if (left <= 0) throw new HeliumError("deadline_exceeded", "the time ran out before the call's turn", { reason: "helium.expired_in_queue" });
      const { run, params } = this.#methods[name];
      const args = this.#arguments(readArgs, params);
      executed = true;
      result = (await run(...args, call)) ?? null;
      scan(encode(result)); // what can't be read isn't sent
    } catch (err) {
      error = err instanceof HeliumError ? err : new HeliumError("unknown", String(err?.message ?? err));
      error.outcome = executed ? "executed" : "not executed";
      this.#signed(error);
    }
    clearTimeout(timer);
    this.#calls.delete(key);
    this.answered++;
    answer(error, result, executed ? (process.hrtime.bigint() - began) / 1000n : 0n);
    if (this.#calls.size === 0) this.#idle();
  }

  #arguments(read, params) {
    const bad = (message) => new HeliumError("invalid_argument", message, { reason: "helium.bad_argument" });
    let args;
    try {
      args = read();
    } catch (err) {
      throw bad(err.message);
    }
    if (!Array.isArray(args) || args.length !== params.length) throw bad(`want ${params.length} arguments`);
    return args;
  }

  #signed(error) {
    error.instance = this.instance;
    return error;
  }

  #answer(msg, frame) {
    if (msg.reply) this.#nc.publish(msg.reply, encodeMessage([frame]));
  }

  #cancel(msg) {
    for (const f of decodeMessage(msg.data)) {
      if (f.kind === Kind.cancel) this.#calls.get(`${inboxOf(msg.reply)} ${f.seq}`)?.end(new HeliumError("canceled", "the caller gave up"));
    }
  }
}

/** What the reply subjects of one caller have in common. */
function inboxOf(reply) {
  const shared = reply.lastIndexOf(".+");
  return shared >= 0 && !reply.includes(".", shared + 1) ? reply.slice(0, shared + 2) : reply;
}

function noSuch(what) {
  return new HeliumError("unimplemented", `there is no ${what} here`, { reason: "helium.no_such_method", outcome: "not executed" });
}
