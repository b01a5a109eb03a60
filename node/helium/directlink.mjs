// A direct link as its caller has it: docs/protocol.md, "What travels".

import { DirectKind, frameHead } from "./directframes.mjs";
import { proveFurther } from "./opening.mjs";

const BEAT = 500; // how often it is looked whether anything comes, in milliseconds
const SILENT_BEATS = 3; // without a sign of life, though asked for one in each, before the link breaks
const TAKE_TIME = 5000; // for the other end to take a further ticket, in milliseconds
const CLOGGED = 32 * 1024 * 1024; // bytes that wait for the other end, before calls go by the bus
const LIVELY = 0.1; // what the latest call counts for in how long calls take

/** Why a link has ended of which nothing came any more. */
export class SilentLink extends Error {}

export class DirectLink {
  /** Why the link has ended; undefined: it hasn't. */
  ended;
  #socket;
  #session;
  #hooks;
  #services = new Map(); // by name, to { number, lacks, over }: of one that is over no new calls go by it
  #waiting = new Map(); // by the ids of further tickets, to who waits for the answer
  #away = false; // no more calls go by it
  #inFlight = 0;
  #took = 0; // how long a call took lately, in milliseconds
  #beats; // the timer, while calls are in flight
  #beaten = 0;
  #heard = false; // something, since the last beat
  #silent = 0; // beats without
  #pings = 0n;

  /**
   * A link by a connection that dial has opened to an instance. `answered` is handed each
   * message with its token, and `broken` why the link has ended.
   */
  constructor({ connection, session, address, encrypted }, instance, key, hooks) {
    Object.assign(this, { instance, key, address, encrypted });
    this.#socket = connection.socket;
    this.#session = session;
    this.#hooks = hooks;
    this.#socket.on("data", () => { this.#heard = true; });
    connection.frames((f) => this.#take(f), (err) => this.end(err));
  }

  /** The services that can be called by it. */
  get services() { return [...this.#services.keys()].filter((service) => !this.#services.get(service).over); }

  /** How long another call is expected to take. */
  get cost() { return (this.#inFlight + 1) * this.#took; }

  get isBusy() { return this.#inFlight > 0; }

  /** Has the link reach a service, by the number that the other end gave it. */
  reach(service, number) {
    this.#services.set(service, { number, lacks: this.#services.get(service)?.lacks ?? new Set() });
  }

  /** Has no new calls of a service go by it. What is to be said of those that the other end has taken still does. */
  leave(service) {
    const s = this.#services.get(service);
    if (s !== undefined) s.over = true;
  }

  /** The instance has said that it hasn't a method. */
  lacks(service, method) { this.#services.get(service)?.lacks.add(method); }

  /** Tells whether a message for methods of a service can go by it now. */
  reaches(service, methods) {
    const s = this.#services.get(service);
    return s !== undefined && !s.over && !this.#away && this.#socket.writableLength < CLOGGED && !methods.some((m) => s.lacks.has(m));
  }

  /** Sends a message of calls of one method, or without one of several. */
  send(service, method, token, message) {
    this.#write({ kind: DirectKind.calls, service: this.#services.get(service).number, token, method }, message);
  }

  /** Sends a message of cancels, or of what else goes on in calls that the other end has taken. */
  cancel(service, message) {
    const s = this.#services.get(service);
    if (s !== undefined) this.#write({ kind: DirectKind.cancels, service: s.number }, message);
  }

  /** A call that it was sent waits for its answer. */
  began() {
    if (this.#inFlight++ > 0 || this.ended) return;
    this.#silent = 0;
    this.#heard = true;
    this.#beaten = performance.now();
    this.#beats = setInterval(() => this.#beat(), BEAT);
    this.#beats.unref();
  }

  /** A call doesn't wait any more; it took so long, if that says anything about the instance. */
  done(took) {
    if (took !== undefined) this.#took = this.#took === 0 ? took : this.#took + LIVELY * (took - this.#took);
    if (--this.#inFlight === 0) clearInterval(this.#beats);
  }

  /** Has the other end take a further ticket, and returns the number of its service. */
  async further(ticket) {
    const id = ticket.id.toString("hex");
    let timer;
    try {
      return await new Promise((resolve, reject) => {
        timer = setTimeout(() => reject(new Error("the instance said nothing to the ticket in time")), TAKE_TIME);
        timer.unref();
        this.#waiting.set(id, { resolve, reject });
        this.#write({ kind: DirectKind.proof, id: ticket.id, proof: proveFurther(this.#session, ticket) });
      });
    } finally {
      clearTimeout(timer);
      this.#waiting.delete(id);
    }
  }

  /** Ends the link once what was written has left. */
  close() {
    this.#socket.end();
    this.end(new Error("the link was closed"));
  }

  /** Ends the link, once. */
  end(why) {
    if (this.ended) return;
    this.ended = why;
    this.#away = true;
    clearInterval(this.#beats);
    for (const { reject } of this.#waiting.values()) reject(why);
    if (!this.#socket.writableEnded) this.#socket.destroy();
    this.#hooks.broken(this, why);
  }

  #take(f) {
    switch (f.kind) {
      case DirectKind.answers:
        this.#hooks.answered(this, new Uint8Array(f.message.buffer, f.message.byteOffset, f.message.length), f.token);
        break;
      case DirectKind.ping:
        this.#write({ kind: DirectKind.pong, token: f.token });
        break;
      case DirectKind.goodbye:
        if (!this.#away) this.#write({ kind: DirectKind.goodbye });
        this.#away = true;
        break;
      case DirectKind.over:
        for (const [service, { number }] of this.#services) if (number === f.service) this.leave(service);
        break;
      case DirectKind.taken: {
        const waiting = this.#waiting.get(f.id.toString("hex"));
        if (f.service === 0) waiting?.reject(new Error("the instance doesn't take the ticket"));
        else waiting?.resolve(f.service);
      }
    }
  }

  #write(f, message) {
    if (this.ended) return;
    this.#socket.cork();
    this.#socket.write(frameHead(f, message?.length));
    if (message) this.#socket.write(message);
    this.#socket.uncork();
  }

  /** The other end is asked for a sign, and given up if nothing has come for a while. */
  #beat() {
    const late = performance.now() - this.#beaten > 2 * BEAT; // this program stood still
    this.#beaten = performance.now();
    this.#silent = late || this.#heard ? 0 : this.#silent + 1;
    this.#heard = false;
    if (this.#silent >= SILENT_BEATS) this.end(new SilentLink("nothing has come for 1.5 s, though the other end was asked for a sign; it is frozen, or cut off"));
    else this.#write({ kind: DirectKind.ping, token: ++this.#pings });
  }
}
