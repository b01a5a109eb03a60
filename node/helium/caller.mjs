// A caller: docs/protocol.md, "Calls", "Streams", "Large values" and "Direct links".

import { Clocks } from "./clocks.mjs";
import { crc32c } from "./crc32c.mjs";
import { DirectLinks } from "./directlinks.mjs";
import { HeliumError } from "./errors.mjs";
import { readExtent, writeExtent } from "./extent.mjs";
import { Ability, decodeBody, decodeMessage, encodeMessage, Kind, TIME_OVER } from "./frames.mjs";
import { CreditPool, itemSizes } from "./items.mjs";
import { MAX_VALUE, PartsIn, PartsOut, Turns } from "./largevalue.mjs";
import { encode } from "./msgpack.mjs";
import { checkNames } from "./names.mjs";
import { unguessable } from "./numbers.mjs";
import { OpenStream } from "./openstream.mjs";
import { acknowledgedBy, captured, lookup } from "./registry.mjs";
import { newInbox, Subjects } from "./subjects.mjs";
import { Targets } from "./targets.mjs";
import { Vigil } from "./vigil.mjs";
import { givenUp, onAbort, timeOf, within } from "./within.mjs";

/** The last token of the reply subject of a message, by its number. */
const nameOf = (token) => `+${token.toString(36)}`;

/** Errors of calls that didn't run, and go by the bus if they went by a direct link, or to another instance. */
const ELSEWHERE = ["helium.no_such_method", "helium.no_instance", "helium.not_sent"];

/** Of how many instances each is told that a call was given up which any of them may have. */
const TOLD = 8;

/** In what time an instance has said that it has a call, in milliseconds, and a few times over. */
const SAID = 10_000;

/** To how many instances a call goes at most of which one instance has all. */
const INSTANCES = 3;

/** How often a stream by the bus gets a reply subject that no other message has, in milliseconds. */
const RENEWAL = 30_000;

const PART_OVERHEAD = 64; // bytes of a message of a part beside that

const floating = (floats) => (floats ? { kind: "list", elem: { kind: "float64" } } : undefined);

export class Caller {
  #nc;
  #subjects;
  #inbox;
  #answers;
  #unmatched = 0;
  #calls = new Map(); // by their numbers: those in flight
  #links; // undefined: the caller uses the bus only
  #clocks = new Clocks();
  #targets;
  #vigil = new Vigil((instance) => this.#ask(instance), (instance) => this.#silent(instance));
  #questions = new Map(); // which instances are asked for a sign, by the tokens of these messages
  #givenUp = new Map(); // services of calls that were, by their numbers, until an instance says that it has them
  #pool = new CreditPool();
  #turns = new Turns();
  #maxValue;
  #renewal;
  #status;
  #closed = false;
  #connected = true; // to NATS, as far as it said
  #deaf; // why no answers come by the bus; undefined: they do

  /**
   * A caller over a connection, which stays its owner's to close. By itself it opens direct links
   * to instances that offer some and can be reached, and later calls go by them; with `busOnly`
   * it doesn't. Arguments and results may have `maxValue` bytes. Every `renewal` milliseconds a stream by
   * the bus has NATS permit its instance anew to answer.
   */
  constructor(nc, { prefix, busOnly = false, maxValue = MAX_VALUE, renewal = RENEWAL } = {}) {
    this.#nc = nc;
    this.#subjects = new Subjects(prefix);
    this.#inbox = newInbox(nc);
    if (!this.#inbox.startsWith("_INBOX.")) throw new HeliumError("failed_precondition", `the connection's inboxes begin with "${nc.options.inboxPrefix}", where no server answers; set its inboxPrefix to "_INBOX", or to what begins with "_INBOX."`, { outcome: "not executed" });
    this.#targets = new Targets(nc, prefix);
    this.#maxValue = maxValue;
    this.#renewal = renewal;
    this.#answers = nc.subscribe(`${this.#inbox}.*`, { callback: (err, msg) => (err ? this.#deafen(err) : this.#receive(msg)) });
    this.#status = nc.status();
    this.#follow(this.#status);
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
    if (this.#closed) return;
    this.#closed = true;
    this.#answers.unsubscribe();
    this.#status.stop?.();
    for (const [seq, pending] of [...this.#calls]) this.#abandon(seq, pending, closed("while the call was in flight", pending.outcome));
    this.#vigil.close();
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
    if (options.items) return this.#sendItems(service, method, args, options);
    const body = encode(args, floating(options.floats));
    if (body.length > this.#room) return this.#callLarge(service, method, body, options);
    const [result] = this.#send(service, method, [{ method, body, ...options }], options.instance);
    return result;
  }

  /** Makes calls of a service's methods in one message, and returns their promises. */
  callTogether(service, calls) {
    for (const { method } of calls) checkNames({ service, method });
    return this.#send(service, "", calls.map((call) => ({ ...call, body: encode(call.args, floating(call.floats)) })));
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
    if (this.#closed) throw closed("before");
    const frame = { kind: Kind.oneWay, seq: 0n, time: timeOf(timeout), body: encode(args) };
    const message = encodeMessage([frame]);
    const link = this.#linkFor(service, [method], undefined, message);
    if (link) link.send(service, method, unguessable(), message);
    else this.#publish(this.#subjects.calls(service, method), message);
  }

  /** How many bytes of arguments fit a message, with what stands around them. */
  get #room() { return (this.#nc.info?.max_payload ?? Infinity) - 512; }

  /** The link by which a message goes; undefined: the bus, which takes none that is too long. */
  #linkFor(service, methods, instance, message) {
    const fits = message.length <= (this.#nc.info?.max_payload ?? Infinity);
    return fits ? this.#links?.choose(service, methods, instance) : undefined;
  }

  /** Enters a call under a number of its own, which it returns with what is known of it. */
  #enter(service, method, { timeout, signal, instance, until = performance.now() + timeOf(timeout) }, token, more) {
    const time = timeOf(until - performance.now());
    let seq = unguessable();
    while (this.#calls.has(seq)) seq = unguessable();
    const pending = { service, method, token: nameOf(token), signal, instance, until, time, outcome: "unknown", ...more };
    pending.timer = setTimeout(() => {
      const perhaps = pending.stream ? `; perhaps no instance is running, which NATS doesn't tell, as ${captured(pending.stream, this.#subjects.calls(service, pending.shared ? "" : method, instance))}` : "";
      const error = new HeliumError("deadline_exceeded", `no answer within ${time} ms${perhaps}`, { reason: "helium.deadline", outcome: pending.outcome });
      // Of what takes several messages more may be on its way: who sends it is told.
      if (pending.open || pending.out || pending.parts) this.#abandon(seq, pending, error, TIME_OVER);
      else this.#end(seq, error);
    }, time);
    // Telling the instances is best effort: the call has ended here whether or not they hear it.
    this.#calls.set(seq, pending);
    pending.forget = onAbort(signal, () => this.#cancel(seq, pending).catch(() => {}));
    return { seq, pending };
  }

  #send(service, method, calls, instance) {
    // Answers may go to any reply subject of this form, so they can share messages.
    const token = unguessable();
    const sent = [], frames = [];
    const promises = calls.map((call) => new Promise((resolve, reject) => {
      if (this.#closed) throw closed("before");
      if (call.signal?.aborted) throw givenUp();
      const { seq, pending } = this.#enter(service, method || call.method, { ...call, instance }, token, { shared: !method });
      Object.assign(pending, { resolve, reject });
      sent.push(pending);
      pending.frame = { kind: Kind.call, seq, time: pending.time, metadata: call.metadata ?? null, body: call.body };
      frames.push({ ...pending.frame, method: method ? undefined : call.method });
    }));
    if (sent.length === 0) return promises;
    try {
      const message = this.#message(service, frames);
      const link = this.#linkFor(service, sent.map((pending) => pending.method), instance, message);
      if (link) for (const pending of sent) this.#goesBy(link, pending);
      else this.#begun(sent);
      this.#post(link, service, method, instance, token, message);
    } catch (err) {
      for (const { frame } of sent) this.#end(frame.seq, err);
    }
    return promises;
  }

  /** A message of calls, which begins with what the caller says of itself. */
  #message(service, frames) { return encodeMessage([this.#clocks.about(service), ...frames]); }

  /** Sends a message of calls by a link, or without one by the bus. */
  #post(link, service, method, instance, token, message) {
    if (link) link.send(service, method, token, message);
    else this.#publish(this.#subjects.calls(service, method, instance), message, nameOf(token));
  }

  /** Publishes a message of calls. One that isn't sent at once is never sent: what it throws says why. */
  #publish(subject, message, token) {
    const refuse = (code, reason, why) => { throw new HeliumError(code, why, { reason, outcome: "not executed" }); };
    const most = this.#nc.info?.max_payload ?? Infinity;
    if (this.#deaf && token) refuse("permission_denied", "helium.not_permitted", this.#deaf);
    if (!this.#connected || this.#nc.protocol?.connected === false) refuse("unavailable", "helium.not_sent", "not connected to NATS; see that the broker runs and that its address is right");
    if (message.length > most) refuse("resource_exhausted", "helium.call_too_large", `the message has ${message.length} bytes, and the NATS server takes ${most}; send fewer calls in one message, less metadata, or smaller arguments`);
    try {
      this.#nc.publish(subject, message, token && { reply: `${this.#inbox}.${token}` });
    } catch (err) {
      refuse("unavailable", "helium.not_sent", `the connection to NATS didn't take the call: ${err.message}`);
    }
  }

  #goesBy(link, pending) {
    Object.assign(pending, { link, began: performance.now(), begun: performance.now() });
    link.began();
  }

  #begun(sent) { for (const pending of sent) pending.begun = performance.now(); }

  /**
   * Sends the first frame of a call of which one instance has all, which it returns the call of. `record` is
   * that instance's.
   */
  #sendTo(record, link, frame, pending, token) {
    Object.assign(pending, { at: record.instance, takesParts: (record.abilities & Ability.itemParts) !== 0, number: token, token: nameOf(token), first: frame });
    if (pending.open) pending.outcome = "unknown";
    pending.tried.push(record.instance);
    if (link) this.#goesBy(link, pending);
    else {
      this.#begun([pending]);
      pending.watched = record.instance;
      this.#vigil.begin(record.instance, (record.abilities & Ability.heartbeats) !== 0);
      if (pending.open) this.#renewPermissions(frame.seq, pending);
    }
    try {
      this.#post(link, pending.service, pending.method, record.instance, token, this.#message(pending.service, [frame]));
    } catch (err) {
      this.#leave(frame.seq);
      pending.open?.abort(err);
      pending.open?.in.close();
      throw err;
    }
  }

  /** Has NATS permit the instance that has a stream anew to answer, again and again. */
  #renewPermissions(seq, pending) {
    const nothing = encodeMessage([{ kind: Kind.credit, seq, bytes: 0, items: 0 }]);
    pending.renewal ??= setInterval(() => this.#tell(pending, nothing, nameOf(unguessable())), this.#renewal).unref();
  }

  /** Has a call of which one instance has all, but that didn't begin there, go to another one. */
  async #goElsewhere(seq, pending, error) {
    const { service, method, signal, until, tried, need, first } = pending;
    pending.link?.done();
    if (pending.watched) this.#vigil.end(pending.watched);
    Object.assign(pending, { link: undefined, at: undefined, watched: undefined, token: "", outcome: "not executed" });
    try {
      const { record, link } = await this.#target(service, method, need, { signal, until, tried });
      if (!this.#calls.has(seq)) return;
      const time = Math.max(1, Math.ceil(until - performance.now()));
      this.#sendTo(record, link, { ...first, time, lasts: first.lasts && time }, pending, unguessable());
    } catch (err) {
      if (this.#calls.has(seq)) this.#end(seq, error);
      else pending.reject?.(err);
    }
  }

  /** An instance that is able to do something, of those that weren't tried, and the link to it; undefined: the bus. */
  async #target(service, method, need, { instance, signal, until, tried = [] }) {
    if (this.#closed) throw closed("before");
    if (signal?.aborted) throw givenUp();
    let link;
    const record = await within(this.#targets.choose(service, method, need, {
      instance, tried,
      preferred: (able) => {
        link = this.#links?.choose(service, [method], instance);
        return link && able.find((r) => r.instance === link.instance);
      },
    }), until, signal, `nobody said which instances ${service} has`);
    if (link?.instance !== record.instance) link = this.#links?.choose(service, [method], record.instance);
    if (this.#closed) throw closed("before");
    return { record, link };
  }

  /** Begins a stream. */
  async #open(service, method, args, options, takes) {
    const { timeout, metadata = null, floats = false, items } = options;
    checkNames({ service, method, instance: options.instance });
    options = { ...options, until: performance.now() + timeOf(timeout) };
    const body = encode(args, floating(floats));
    const { record, link } = await this.#target(service, method, "streams", options);
    const token = unguessable();
    const { seq, pending } = this.#enter(service, method, options, token, { need: "streams", tried: [] });
    const room = this.#nc.info?.max_payload ?? 1024 * 1024;
    const open = new OpenStream({
      pool: this.#pool, takes, items, floats, maxValue: Math.max(this.#maxValue, room),
      sizes: () => itemSizes({ room, link: pending.link, parts: pending.takesParts, maxValue: this.#maxValue }),
      begun: () => { if (timeout === undefined) clearTimeout(pending.timer); },
      tell: (f) => { if (this.#calls.has(seq)) this.#control(pending, { ...f, seq }); },
      leave: (error) => this.#abandon(seq, pending, error),
    });
    pending.open = open;
    pending.settle = (error, reply) => open.settle(error, reply);
    const lasts = timeout === undefined ? 0 : pending.time;
    this.#sendTo(record, link, { kind: Kind.stream, seq, time: pending.time, metadata, lasts, ...open.credit, body }, pending, token);
    return { open, leave: () => this.#abandon(seq, pending, new HeliumError("canceled", "the caller left the stream", { reason: "helium.canceled" })) };
  }

  async *#items(service, method, args, options) {
    const { open, leave } = await this.#open(service, method, args, options, true);
    try {
      for (;;) {
        const { done, value } = await open.in.next();
        if (done) return;
        yield value;
      }
    } finally {
      leave();
      open.in.close();
    }
  }

  /** Calls a method that takes a stream and returns none. */
  async #sendItems(service, method, args, options) {
    const { open } = await this.#open(service, method, args, options, false);
    const reply = await open.result;
    return readResult(reply.body);
  }

  /** Makes a call whose arguments don't fit a message. */
  async #callLarge(service, method, body, options) {
    const { timeout, metadata = null } = options;
    options = { ...options, until: performance.now() + timeOf(timeout) };
    if (body.length > this.#maxValue) throw new HeliumError("resource_exhausted", `the arguments have ${body.length} bytes, and at most ${this.#maxValue} are sent`, { reason: "helium.call_too_large", outcome: "not executed" });
    const { record, link } = await this.#target(service, method, "chunks", options);
    const token = unguessable();
    const { seq, pending } = this.#enter(service, method, options, token, { outcome: "not executed", need: "chunks", tried: [] });
    const room = (this.#nc.info?.max_payload ?? Infinity) - PART_OVERHEAD;
    pending.out = new PartsOut(body, room, (offset, part) => {
      this.#post(pending.link, service, method, pending.at, pending.number, encodeMessage([{ kind: Kind.chunk, seq, offset, body: part }]));
    });
    const result = new Promise((resolve, reject) => Object.assign(pending, { resolve, reject }));
    this.#sendTo(record, link, { kind: Kind.largeCall, seq, time: pending.time, metadata, body: writeExtent(body.length, crc32c(body)) }, pending, token);
    return result;
  }

  /** Sends the instance that has a call what belongs to it beside calls. */
  #control(pending, f) {
    const message = encodeMessage([f]);
    if (pending.link) pending.link.cancel(pending.service, message);
    else if (pending.at) this.#tell(pending, message, "+");
  }

  /** Sends the instance that has a call a message on its control subject. */
  #tell(pending, message, token) {
    try {
      this.#publish(this.#subjects.control(pending.service, pending.at), message, token);
    } catch {
      // What is in flight ends with the connection, which says why.
    }
  }

  #receive(msg) {
    const token = msg.subject.slice(this.#inbox.length + 1);
    if (msg.data.length === 0 && msg.headers?.code === 503) {
      if (this.#questions.delete(token)) return; // its instance finishes its last calls, or is silent
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
    let from = "";
    if (frames[0].kind === Kind.instance) {
      from = frames[0].instance;
      if (this.#questions.get(token) === from) this.#vigil.heard(from);
      this.#questions.delete(token);
    }
    for (const f of frames) {
      if (f.kind === Kind.running) for (const seq of f.seqs) this.#at(seq, link, from) ?? this.#endAt(seq, link, from);
      const pending = f.seq === undefined ? undefined : this.#at(f.seq, link, from);
      // Metadata that can't be read are left out: the result is worth more than they are.
      if (f.kind === Kind.reply) this.#reply(f, link);
      else if (f.kind >= Kind.items && f.kind <= Kind.itemPart || f.kind === Kind.account) pending?.open?.follow(f);
      else if (f.kind === Kind.chunkCredit) this.#grant(pending, f);
      else if (f.kind === Kind.largeReply && pending) this.#announced(f, pending);
      else if (f.kind === Kind.chunk && pending) this.#part(f, pending);
      if (f.kind !== Kind.error) continue;
      const error = f.error ?? new HeliumError("internal", f.fault.message, { reason: "helium.bad_result" });
      if (f.seq === 0n) this.#failMessage(token, error, link);
      else this.#fail(f.seq, error, link);
    }
    if (from && (frames[0].abilities & BigInt(Ability.answersOnce)) !== 0n) this.#interrupted(from);
  }

  /** An instance can send one message only from now on: NATS refuses the rest of what takes several. */
  #interrupted(instance) {
    for (const [seq, pending] of [...this.#calls]) {
      const isPartly = pending.open?.hasBegun || pending.out || pending.parts;
      if (pending.link || pending.at !== instance || !isPartly) continue;
      const message = `instance ${instance} may send one message only to this caller from now on, so what was to come got lost; let its user publish to "_INBOX.>", for longer than this lasts`;
      this.#abandon(seq, pending, new HeliumError("unavailable", message, { reason: "helium.silent", outcome: pending.outcome, instance }));
    }
  }

  /** The call of a number that left by a link, of which an instance has said that it has it. */
  #at(seq, link, instance) {
    const pending = this.#calls.get(seq);
    if (pending?.link !== link) return undefined;
    if (pending && instance) {
      pending.named = true;
      pending.at ??= instance;
      if (pending.at === instance) this.#vigil.heard(instance);
    }
    return pending;
  }

  /** The instance takes more of a call's arguments. */
  #grant(pending, f) {
    try {
      pending?.out?.grant(f.offset);
    } catch (err) {
      this.#abandon(f.seq, pending, err);
    }
    if (pending?.out?.isWhole) pending.outcome = "unknown";
  }

  /** A result comes that is larger than a message: the call has run. */
  #announced(f, pending) {
    pending.outcome = "executed";
    if (pending.parts) return;
    try {
      const extent = readExtent(f.body);
      if (extent.length === 0n) throw new RangeError("it has no bytes");
      if (extent.length > BigInt(this.#maxValue)) throw new HeliumError("resource_exhausted", `the result has ${extent.length} bytes, and at most ${this.#maxValue} are taken`, { reason: "helium.result_too_large", outcome: "executed" });
      pending.parts = new PartsIn(extent, this.#turns, (offset) => this.#control(pending, { kind: Kind.chunkCredit, seq: f.seq, offset }));
    } catch (err) {
      this.#abandon(f.seq, pending, asBadResult(err));
    }
  }

  #part(f, pending) {
    try {
      const body = pending.parts?.put(f.offset, f.body);
      if (body) this.#end(f.seq, null, { body });
    } catch (err) {
      this.#abandon(f.seq, pending, asBadResult(err));
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
   * instances that have the method listen there. So is one that a direct link doesn't take, and one that
   * is said to have waited for longer than it is on its way.
   */
  #fail(seq, error, link) {
    const pending = this.#calls.get(seq);
    const elsewhere = ELSEWHERE.includes(error.reason) && error.outcome === "not executed";
    if (pending === undefined || pending.link !== link) {
      this.#unmatched++;
      return;
    }
    const isStill = pending.open ? !pending.open.hasBegun : pending.out && !pending.out.hasBegun;
    if (elsewhere && isStill && !pending.instance && pending.tried.length < INSTANCES) {
      this.#goElsewhere(seq, pending, error);
      return;
    }
    const again = pending.frame && !pending.reclocked && this.#clocks.disproved(pending.service, error, pending.begun);
    if (!pending.frame || !again && (!(pending.shared || link) || !elsewhere)) {
      this.#end(seq, pending.missing && error.reason === "helium.no_instance" ? pending.missing : error);
      return;
    }
    const { service, method, instance } = pending;
    pending.shared = false; // once
    pending.reclocked ||= again;
    if (error.reason === "helium.no_such_method") {
      pending.missing = error;
      link?.lacks(service, method);
    }
    link?.done();
    const token = unguessable();
    Object.assign(pending, { link: undefined, at: undefined, token: nameOf(token) });
    const time = Math.max(1, Math.ceil(pending.until - performance.now()));
    this.#begun([pending]);
    try {
      this.#post(undefined, service, method, instance, token, this.#message(service, [{ ...pending.frame, time }]));
    } catch (err) {
      this.#end(seq, err);
    }
  }

  /** The calls in flight of a link that has ended: nobody can tell whether they ran, but for those that say. */
  #lose(link, why) {
    const what = link ? `the direct link to the instance ended while the call was in flight: ${why.message}` : "the connection to NATS was lost while the call was in flight";
    for (const [seq, pending] of [...this.#calls]) {
      if (pending.link === link) this.#end(seq, new HeliumError("unavailable", what, { reason: "helium.disconnected", outcome: pending.outcome }));
    }
  }

  /** Follows what becomes of the connection. */
  async #follow(status) {
    for await (const { type, error } of status) {
      if (type === "error" && error?.operation === "publish") this.#refused(error.subject);
      if (type === "disconnect") {
        this.#connected = false;
        this.#lose(undefined);
      }
      if (type === "reconnect") {
        this.#connected = true;
        this.#clocks.renew();
      }
    }
    this.#connected = false; // it was closed, unless this caller was
    this.#lose(undefined);
  }

  /** NATS refuses to have answers come. */
  #deafen(err) {
    this.#deaf = `this connection's user may not subscribe to "${this.#inbox}.*", where answers come: ${err.message}; allow it to, or connect as another user`;
    for (const [seq, pending] of [...this.#calls]) {
      if (!pending.link) this.#end(seq, new HeliumError("permission_denied", this.#deaf, { reason: "helium.not_permitted", outcome: pending.outcome }));
    }
  }

  /** NATS refuses what is published to a subject: no call that left there has run, unless an instance has named it. */
  #refused(subject) {
    for (const [seq, pending] of [...this.#calls]) {
      if (pending.link) continue;
      const { service, method, instance, at, shared } = pending;
      const isControl = at !== undefined && subject === this.#subjects.control(service, at) && (pending.open || pending.out || pending.parts);
      if (!isControl && subject !== this.#subjects.calls(service, shared ? "" : method, pending.open || pending.out ? at : instance)) continue;
      const ran = isControl || pending.named ? pending.outcome : "not executed";
      const why = `this connection's user may not publish to "${subject}"; allow it to, or connect as another user`;
      const error = new HeliumError(shared ? "unavailable" : "permission_denied", why, { reason: shared ? "helium.not_sent" : "helium.not_permitted", outcome: ran });
      if (pending.frame) this.#fail(seq, error); // of a message of several methods each may go on a subject of its own
      else this.#abandon(seq, pending, error);
    }
  }

  /** Asks an instance, of which nothing has come for a while, whether it is there. */
  #ask(instance) {
    const pending = [...this.#calls.values()].find((p) => p.watched === instance);
    if (!pending) return;
    const token = unguessable();
    this.#questions.set(nameOf(token), instance);
    setTimeout(() => this.#questions.delete(nameOf(token)), 10_000).unref();
    try {
      this.#post(undefined, pending.service, pending.method, instance, token, this.#message(pending.service, []));
    } catch {
      // Its calls end with the connection.
    }
  }

  /** Ends the calls of an instance that is frozen, dead or cut off. */
  #silent(instance) {
    for (const [seq, pending] of [...this.#calls]) {
      if (pending.watched !== instance) continue;
      this.#abandon(seq, pending, new HeliumError("unavailable", "the instance that has the call has been silent for 2 s; it is frozen, dead or cut off", { reason: "helium.silent", outcome: pending.outcome }));
    }
  }

  #reply(f, link) {
    const pending = this.#calls.get(f.seq);
    if (pending && pending.link === link) this.#end(f.seq, null, f);
    else this.#unmatched++;
  }

  /** Takes a call out of those in flight; undefined: it isn't there any more. */
  #leave(seq, took) {
    const pending = this.#calls.get(seq);
    if (pending === undefined) return undefined;
    this.#calls.delete(seq);
    clearTimeout(pending.timer);
    clearInterval(pending.renewal);
    pending.link?.done(took ? performance.now() - pending.began : undefined);
    pending.forget();
    if (pending.watched) this.#vigil.end(pending.watched);
    pending.parts?.close();
    return pending;
  }

  /** Ends a call, if it hasn't ended: answers that come late or twice are ignored. */
  #end(seq, error, reply) {
    const pending = this.#leave(seq, reply && !this.#calls.get(seq)?.open);
    if (pending === undefined) return;
    if (pending.settle) {
      pending.settle(error, reply);
      return;
    }
    if (error) {
      pending.reject(error);
      return;
    }
    try {
      pending.resolve(readResult(reply.body));
    } catch (err) {
      pending.reject(err);
    }
  }

  /** Ends a call, if it hasn't ended, of which one instance has all, and tells that, perhaps with a reason. */
  #abandon(seq, pending, error, why) {
    if (this.#leave(seq) === undefined) return;
    this.#control(pending, { kind: Kind.cancel, seq, time: why });
    if (pending.open) pending.open.abort(error);
    else pending.reject(error);
  }

  /** Tells an instance that a call which it says it has was given up. */
  #endAt(seq, link, at) {
    const service = this.#givenUp.get(seq);
    if (service === undefined || link || !at) return;
    this.#givenUp.delete(seq);
    this.#tell({ service, at }, encodeMessage([{ kind: Kind.cancel, seq }]), "+");
  }

  /**
   * Gives a call up and tells the instance that has it, if that is known, or else every one of the
   * service; those without the call ignore it. Of many only those are told that won't say by themselves that they
   * have it.
   */
  async #cancel(seq, pending) {
    const error = new HeliumError("canceled", "the caller gave up", { reason: "helium.canceled", outcome: pending.outcome });
    if (pending.link || pending.at) {
      this.#abandon(seq, pending, error);
      return;
    }
    this.#end(seq, error);
    const cancel = encodeMessage([{ kind: Kind.cancel, seq }]);
    this.#givenUp.set(seq, pending.service);
    setTimeout(() => this.#givenUp.delete(seq), SAID).unref();
    const { records } = await lookup(this.#nc, pending.service, this.#subjects.prefix);
    for (const { instance, abilities } of records) {
      if (records.length <= TOLD || (abilities & Ability.heartbeats) === 0) this.#tell({ ...pending, at: instance }, cancel, "+");
    }
  }
}

const closed = (when, outcome = "not executed") => new HeliumError("failed_precondition", `the caller was closed ${when}; make a new one`, { reason: "helium.client_closed", outcome });

function readResult(body) {
  try {
    return decodeBody(body);
  } catch (err) {
    throw new HeliumError("internal", `the result can't be read: ${err.message}`, { reason: "helium.bad_result", outcome: "executed" });
  }
}

/** What is wrong with a large result. */
const asBadResult = (err) => (err instanceof HeliumError ? err : new HeliumError("internal", `the result can't be read: ${err.message}`, { reason: "helium.bad_result", outcome: "executed" }));
