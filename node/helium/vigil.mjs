// Tells instances that are silent from those that take long: docs/protocol.md, "Heartbeats".

import { HeliumError } from "./errors.mjs";
import { Instances, promises } from "./instances.mjs";
import { Asked } from "./questions.mjs";

/*
 * Each interval there is a beat:
 *
 *     a call in flight ─▶ who may have it? ─▶ silent for 2 intervals: ask it whether it is there
 *                          the one that a         ├▶ 3: does the connection itself work?
 *                          heartbeat named,       └▶ 4: the call fails, and no others go there
 *                          or all                        until it is heard again
 *
 * Of those that may have a call, one that speaks doesn't have it: it would have said so. Intervals are counted,
 * not measured, so a program that stood still itself counts one.
 */
const BEAT = 500; // milliseconds

// In beats since the one in which a sign came last, of which the first is over before a whole interval is:
const ASK_AFTER = 3, FEEL_AFTER = 4, SILENT_AFTER = 5;

const ASK_AGAIN = 2; // how many beats there are between two questions to a silent instance
const MOST_ASKED = 8; // instances of a service in one beat
const MOST_NAMED = 3; // silent instances in an error

/** The vigil over calls that left by the bus. */
export class Vigil {
  #inFlight;
  #directory;
  #questions;
  #pulse;
  #isConnected;
  #instances = new Instances();
  #timer; // undefined: there is nothing to look after
  #due = 0; // when the next beat is
  #beat = 1;
  #anew = 0; // the beat before which nothing counts
  #overdue = new Map(); // calls that ended at their deadlines, by where they may be, to the beat since which
  #doubts = new Map(); // by instances that haven't been heard for a while, to what is known of them
  #silent = new Map(); // by service, names of instances that calls keep away from
  #suspected = new Map(); // who may have calls, found in this beat, by where these are
  #asked = new Map(); // how many were asked in this beat, by service

  /** `isConnected` tells whether the caller is connected to NATS. */
  constructor({ inFlight, directory, questions, pulse, isConnected }) {
    this.#inFlight = inFlight;
    this.#directory = directory;
    this.#questions = questions;
    this.#pulse = pulse;
    this.#isConnected = isConnected;
  }

  /** There is a call in flight. */
  begin() {
    if (this.#timer) return;
    this.#due = performance.now() + BEAT;
    this.#timer = setInterval(() => this.#step(), BEAT);
    this.#timer.unref();
  }

  close() {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /** Something has come from an instance, which is about a service that was called there. */
  heard(service, instance, abilities) { this.#instances.heard(service, instance, abilities, this.#beat); }

  /** Whether calls keep away from an instance. */
  isSilent(service, instance) { return this.#silent.get(service)?.has(instance) ?? false; }

  /** Whether they keep away from some instance of a service. */
  someSilent(service) { return this.#silent.has(service); }

  /**
   * A call by the bus has ended at its deadline. Where that is nearer than silence takes it gives a reason to ask: calls
   * with little time would go to a frozen instance for ever.
   */
  overdue(call) {
    const { service, method, goesTo } = call;
    const where = [service, method, goesTo].join(" ");
    const since = call.since ?? this.#beat;
    if (!(this.#overdue.get(where)?.since <= since)) this.#overdue.set(where, { since, service, method, goesTo });
    this.begin();
  }

  /**
   * Nothing came from an instance any more by its direct link. Of one that was heard by the bus in this beat, or the
   * one before, it is the link that is silent.
   */
  hush(service, instance) {
    const i = this.#instances.named(service, instance);
    if (i.heard + 1 >= this.#beat) return;
    const d = this.#doubt(i, "", this.#beat - 1);
    if (d.question) this.#shun(i, d);
    this.begin();
  }

  /** The connection is another one: what was silent before doesn't count. */
  restart() {
    this.#anew = this.#beat;
    for (const [i, d] of this.#doubts) if (!d.silent) this.#forget(i, d);
  }

  #step() {
    const now = performance.now();
    const isLate = now - this.#due >= BEAT; // this program stood still
    this.#due = now + BEAT;
    this.#beat++;
    if (isLate || !this.#isConnected()) this.#anew = this.#beat - 1;
    this.#asked.clear();
    this.#suspected.clear();
    for (const call of this.#inFlight.all) {
      if (call.link || call.begun === undefined) continue;
      call.since ??= this.#beat - 1;
      if (this.#beat - Math.max(call.since, this.#anew) >= ASK_AFTER) this.#judge(call);
    }
    this.#wonder();
    this.#review();
    if (this.#doubts.size === 0 && this.#inFlight.size === 0) this.close();
  }

  /** Ends a call whose instance is silent. */
  #judge(call) {
    const since = Math.max(call.since, this.#anew);
    const suspects = this.#suspects(call);
    if (suspects.some((s) => !s.promises)) return; // whoever has it needn't say so
    let quiet = [];
    for (const { i } of suspects) {
      const sign = Math.max(i.heard, since);
      if (this.#beat - sign >= ASK_AFTER) this.#doubt(i, call.method, sign);
      if (this.#isQuiet(sign)) quiet.push(i);
    }
    if (call.goesTo === undefined && suspects.every(({ i }) => i.heard === 0)) {
      // Nobody listens on the subjects of instances that were never heard: they may be another account's, whose
      // services reach this one and whose instances don't.
      quiet = quiet.filter((i) => this.#doubts.get(i)?.question?.state !== Asked.nobody);
    }
    if (quiet.length === 0 || this.#beat - since < SILENT_AFTER) return;
    const mute = quiet.filter((i) => this.#wasAsked(this.#doubts.get(i)));
    for (const i of mute) this.#shun(i, this.#doubts.get(i));
    const error = verdict(call, mute.length === 0 && call.at !== undefined ? quiet : mute); // it has shown that it has the call, and may not be asked
    if (call.takesSeveral) call.abandon(error);
    else call.end(error);
  }

  /** The instances that may have a call, and whether each would say so. */
  #suspects({ service, method, goesTo }) {
    const where = [service, method, goesTo].join(" ");
    if (!this.#suspected.has(where)) {
      const all = this.#directory.known(service).filter((r) => (goesTo === undefined ? r.methods.some((m) => m.name === method) : r.instance === goesTo));
      if (goesTo !== undefined && all.length === 0) all.push({ instance: goesTo, abilities: 0 });
      const first = Math.floor(Math.random() * all.length); // not all may be asked
      this.#suspected.set(where, [...all.slice(first), ...all.slice(0, first)].map((record) => {
        const i = this.#instances.named(service, record.instance);
        return { i, promises: promises(i, record) };
      }));
    }
    return this.#suspected.get(where);
  }

  /** Doubts the instances that overdue calls may be at. */
  #wonder() {
    for (const call of this.#overdue.values()) {
      const suspects = this.#suspects(call);
      if (suspects.some((s) => !s.promises)) continue;
      const since = Math.max(Math.min(call.since, this.#beat - 1), this.#anew);
      for (const { i } of suspects) if (i.heard <= since) this.#doubt(i, call.method, since);
    }
    this.#overdue.clear();
  }

  /** Whether an instance is silent that hasn't been heard since a beat in which it was, or should have been. */
  #isQuiet(since) {
    if (this.#beat - since >= FEEL_AFTER) this.#pulse.feel(this.#beat);
    return this.#beat - since >= SILENT_AFTER && this.#pulse.since(since + FEEL_AFTER);
  }

  /** Has an instance asked that hasn't been heard since a beat, on the subject of a method that it may have a call of. */
  #doubt(i, method, from) {
    let d = this.#doubts.get(i);
    if (d === undefined) {
      d = { method, from, question: undefined, asked: 0, silent: false, since: 0 };
      this.#doubts.set(i, d);
    }
    d.wanted = this.#beat;
    if (!d.question) this.#ask(i, d);
    return d;
  }

  #ask(i, d) {
    const asked = this.#asked.get(i.service) ?? 0;
    if (asked >= MOST_ASKED) return;
    this.#asked.set(i.service, asked + 1);
    const question = this.#questions.ask(i.service, d.method, i.name);
    if (!question) return;
    if (d.question) this.#questions.drop(d.question);
    Object.assign(d, { question, asked: this.#beat });
  }

  /** Whether an instance in doubt was asked before this beat, and may be. */
  #wasAsked(d) { return d?.question !== undefined && this.#beat > d.asked && d.question.state !== Asked.refused; }

  /** Has calls keep away from an instance that is silent. One that isn't there at all gets none anyway. */
  #shun(i, d) {
    if (d.silent || d.question.state !== Asked.open) return;
    Object.assign(d, { silent: true, since: this.#beat });
    if (!this.#silent.has(i.service)) this.#silent.set(i.service, new Set());
    this.#silent.get(i.service).add(i.name);
  }

  /** Looks at the instances in doubt: those that were heard again are in doubt no more, and silent ones are asked now and then. */
  #review() {
    for (const [i, d] of this.#doubts) {
      const isOpen = d.question?.state === Asked.open;
      if (d.silent ? i.heard >= d.since || !isOpen : i.heard > d.from || !isOpen && d.wanted !== this.#beat) this.#forget(i, d);
      else if (d.silent && this.#beat - d.asked >= ASK_AGAIN) this.#ask(i, d);
      else if (!d.silent && isOpen && this.#beat > d.asked && this.#isQuiet(Math.max(d.from, this.#anew))) this.#shun(i, d);
    }
  }

  #forget(i, d) {
    this.#doubts.delete(i);
    if (d.question) this.#questions.drop(d.question);
    if (!d.silent) return;
    const names = this.#silent.get(i.service);
    names.delete(i.name);
    if (names.size === 0) this.#silent.delete(i.service);
  }
}

/** The error of a call that one of the mute instances has, as far as is known. */
function verdict({ service, outcome }, mute) {
  const names = mute.map((i) => `"${i.name}"`);
  const unknown = outcome === "unknown" ? "; nobody can tell whether the call ran" : "";
  const fail = (message, instance) => new HeliumError("unavailable", message + unknown, { reason: "helium.silent", outcome, instance });
  if (mute.length === 1) return fail(`instance ${names} has been silent for 2 s, which would say each half second that the call runs; it is frozen, dead or cut off`, mute[0].name);
  const more = names.length > MOST_NAMED ? ` and ${names.length - MOST_NAMED} more` : "";
  const whose = names.length > 0 ? `; ${names.slice(0, MOST_NAMED).join(", ")}${more} are silent` : "";
  return fail(`for 2 s no instance of service "${service}" has said that the call runs, as the one that has it would each half second${whose}`);
}
