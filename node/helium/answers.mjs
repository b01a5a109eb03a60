// The answers that NATS refuses, or an export drops: docs/protocol.md, "Permissions".

import { createInbox, headers as newHeaders } from "@nats-io/nats-core";
import { NOTHING } from "./frames.mjs";
import { newInbox } from "./subjects.mjs";

const KEPT = 4096; // reply subjects that are remembered
const TRACE_TIME = 2000; // how long a trace is waited for, in milliseconds
const LOOK_AGAIN = 60_000; // how long an examination is believed, in milliseconds

/**
 * Publishes a service's answers, and finds out which of them get lost: those that the user's
 * permissions don't cover, and those that an export of another account's requests drops. It
 * says once on `log` what to set, counts, and calls `changed` when `warnings` are others.
 */
export class Answers {
  /** How many answers NATS refused to publish. */
  refused = 0;
  /** How many answers an export dropped, or may have where its kind can't be seen. */
  dropped = 0;
  #nc;
  #log;
  #changed;
  #status;
  #asked = new Set(); // inboxes of nobody that were published to
  #denied = new Set(); // kinds of inboxes
  #lately = new Set(); // reply subjects, the oldest first
  #owed = new Map(); // reply subjects of exports, to what is known of their answers
  #export = { kind: "unknown", looked: 0, looking: false, doubted: 0 };
  #warnings = new Map(); // by reason

  constructor(nc, { log = console.warn, changed = () => {} } = {}) {
    this.#nc = nc;
    this.#log = log;
    this.#changed = changed;
  }

  /** What is wrong, as it stands in the service's record. */
  get warnings() {
    return [...this.#warnings].map(([reason, message]) => ({ reason, message }));
  }

  /** Resolves once it is known whether the service may publish to inboxes. */
  async open() {
    this.#status = this.#nc.status();
    (async () => {
      for await (const s of this.#status) {
        if (s.type === "error" && s.error.operation === "publish") this.#refuse(s.error.subject);
      }
    })();
    this.#ask("_INBOX");
    await this.#nc.flush();
    await new Promise(setImmediate); // what was refused is told by now
  }

  close() { this.#status?.stop(); }

  /** A request came to which so many answers are owed. */
  expect(reply, owed) {
    if (!reply || owed === 0) return;
    this.#ask(reply.split(".", 1)[0]);
    if (reply.startsWith("_R_.")) this.#owed.set(reply, { owed, sent: 0 });
  }

  publish(reply, data, options) {
    this.#lately.delete(reply);
    this.#lately.add(reply);
    if (this.#lately.size > KEPT) this.#lately.delete(this.#lately.values().next().value);
    try {
      this.#nc.publish(reply, data, options);
    } catch (err) {
      this.#log(`an answer couldn't be sent, and its caller waits in vain: ${err.message}`);
    }
    const e = this.#owed.get(reply);
    if (e) this.#exported(reply, ++e.sent, e.sent >= e.owed);
  }

  // Permissions: a message to an inbox that is nobody's is refused where an answer would be
  // that allow_responses doesn't cover.

  #ask(kind) {
    if (this.#asked.has(kind)) return;
    this.#asked.add(kind);
    const nobodys = createInbox(kind);
    for (const subject of [nobodys, `${nobodys}.+`, `${createInbox(nobodys)}.+`]) {
      this.#asked.add(subject);
      this.#nc.publish(subject, NOTHING);
    }
  }

  #refuse(subject) {
    if (!this.#asked.has(subject)) {
      if (!this.#lately.has(subject)) return; // somebody else's on this connection
      this.refused++;
    }
    this.#denied.add(subject.split(".", 1)[0]);
    const kinds = [...this.#denied].sort().map((kind) => `"${kind}.>"`).join(", ");
    this.#warn("helium.answers_limited", `this service's user may not publish to ${kinds}, or only as many answers a request as allow_responses permits; ` +
      `NATS refuses the others, and their callers wait in vain. Allow the user to publish to ${kinds}; not allow_responses with max: -1, ` +
      "for which NATS keeps every reply subject and looks through them again and again");
  }

  // Exports: the trace of a message that is sent after an answer shows whether the export
  // still takes answers, see docs/protocol.md.

  #exported(reply, nth, last) {
    const x = this.#export;
    if (last) this.#owed.delete(reply);
    if (this.#denied.has("_R_")) return; // NATS tells of each
    if (nth > 1 && x.kind !== "all") {
      x.doubted++;
      this.#judge();
    }
    const due = x.kind === "unknown" || Date.now() - x.looked >= LOOK_AGAIN;
    if (!due || x.looking || nth === 1 && !last) return;
    x.looking = true;
    this.#trace(reply, last).then((kind) => {
      if (kind !== "hidden" || x.kind !== "one") x.kind = kind;
    }, () => {}).finally(() => {
      x.looking = false;
      x.looked = Date.now();
      this.#judge();
    });
  }

  #judge() {
    const x = this.#export;
    if (x.kind === "unknown" || x.kind === "hidden" && x.doubted === 0) return;
    if (x.kind === "all") {
      x.doubted = 0;
      if (this.#warnings.delete("helium.answers_dropped")) this.#changed();
      return;
    }
    this.dropped += x.doubted;
    x.doubted = 0;
    const which = x.kind === "one" ? "with the response type singleton, the default, which" : "whose response type can't be seen from here; if it is singleton, the default, it";
    this.#warn("helium.answers_dropped", `requests come through another account's import of a service export ${which} takes one answer message a request ` +
      "and drops the others, whose callers wait in vain. Set response_type: stream on the export");
  }

  /** Tells whether a message to the reply subject crosses to the other account. */
  async #trace(reply, last) {
    const dest = newInbox(this.#nc);
    const traces = this.#nc.subscribe(dest, { timeout: TRACE_TIME });
    const headers = newHeaders();
    headers.set("Nats-Trace-Dest", dest);
    if (last) headers.set("Nats-Trace-Only", "true"); // delivered to nobody
    this.#asked.add(reply); // a refusal is none of an answer
    this.#nc.publish(reply, NOTHING, { headers });
    try {
      let outstanding = 1;
      for await (const m of traces) {
        const { hops = 0, events = [] } = m.json();
        if (events.some((e) => e.error)) return "hidden";
        if (events.some((e) => e.type === "si")) return "all";
        outstanding += hops - 1;
        if (outstanding === 0) return "one";
      }
      return "hidden";
    } catch {
      return "hidden"; // nobody traces
    } finally {
      this.#asked.delete(reply);
      traces.unsubscribe();
    }
  }

  #warn(reason, message) {
    const before = this.#warnings.get(reason);
    if (before === message) return;
    this.#warnings.set(reason, message);
    if (before === undefined) this.#log(`${reason}: ${message}`);
    this.#changed();
  }
}
