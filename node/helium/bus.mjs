// The connection to NATS as a caller has it: docs/protocol.md, "Calls".

import { HeliumError } from "./errors.mjs";
import { newInbox } from "./subjects.mjs";

/** The last token of the reply subject of a message, by its number. */
export const nameOf = (token) => `+${token.toString(36)}`;

/** The way of messages that every instance of a service is on, and the inbox to which answers come. */
export class Bus {
  #nc;
  #subjects;
  #inbox;
  #hooks;
  #answers;
  #status;
  #connected = true; // to NATS, as far as it said
  #deaf; // why no answers come; undefined: they do

  /**
   * `hooks` are told what has `come`, with the last token of its subject; that the connection was `lost`, or is there
   * `again`; to which subject nothing may be published, `refused`; and why no answers come, `deafened`.
   */
  constructor(nc, subjects, hooks) {
    this.#nc = nc;
    this.#subjects = subjects;
    this.#hooks = hooks;
    this.#inbox = newInbox(nc);
    if (!this.#inbox.startsWith("_INBOX.")) throw new HeliumError("failed_precondition", `the connection's inboxes begin with "${nc.options.inboxPrefix}", where no server answers; set its inboxPrefix to "_INBOX", or to what begins with "_INBOX."`, { outcome: "not executed" });
    this.#answers = nc.subscribe(`${this.#inbox}.*`, { callback: (err, msg) => (err ? this.#deafen(err) : this.#receive(msg)) });
    this.#status = nc.status();
    this.#follow(this.#status);
  }

  /** How many bytes a message may have; undefined: nobody has said so yet. */
  get mostBytes() { return this.#nc.info?.max_payload; }

  /** Whether there is a connection to NATS now, as far as is known. */
  get isConnected() { return this.#connected && this.#nc.protocol?.connected !== false; }

  get prefix() { return this.#subjects.prefix; }

  close() {
    this.#answers.unsubscribe();
    this.#status.stop?.();
  }

  /** The subject on which calls leave. */
  subjectOf(service, method, instance) { return this.#subjects.calls(service, method, instance); }

  /** The service to one of whose instances a subject of calls leads. */
  serviceAt(subject) { return this.#subjects.serviceAt(subject); }

  /** The subject of what belongs to a call that an instance has, beside calls. */
  controlOf(service, instance) { return this.#subjects.control(service, instance); }

  /** Publishes a message of calls. One that isn't sent at once is never sent: what it throws says why. */
  publish(subject, message, token) {
    const refuse = (code, reason, why) => { throw new HeliumError(code, why, { reason, outcome: "not executed" }); };
    const most = this.mostBytes ?? Infinity;
    if (this.#deaf && token) refuse("permission_denied", "helium.not_permitted", this.#deaf);
    if (!this.isConnected) refuse("unavailable", "helium.not_sent", "not connected to NATS; see that the broker runs and that its address is right");
    if (message.length > most) refuse("resource_exhausted", "helium.call_too_large", `the message has ${message.length} bytes, and the NATS server takes ${most}; send fewer calls in one message, less metadata, or smaller arguments`);
    try {
      this.#nc.publish(subject, message, token && { reply: `${this.#inbox}.${token}` });
    } catch (err) {
      refuse("unavailable", "helium.not_sent", `the connection to NATS didn't take the call: ${err.message}`);
    }
  }

  /** Sends an instance what belongs to a call that it has. */
  control(service, instance, message, token = "+") {
    try {
      this.publish(this.controlOf(service, instance), message, token);
    } catch {
      // What is in flight ends with the connection, which says why.
    }
  }

  /** Resolves once the NATS server has answered. */
  echo() { return this.#nc.flush(); }

  #receive(msg) { this.#hooks.come(msg, msg.subject.slice(this.#inbox.length + 1)); }

  /** Follows what becomes of the connection. */
  async #follow(status) {
    for await (const { type, error } of status) {
      if (type === "error" && error?.operation === "publish") this.#hooks.refused(error.subject);
      if (type === "disconnect") this.#lose();
      if (type === "reconnect") {
        this.#connected = true;
        this.#hooks.again();
      }
    }
    this.#lose(); // it was closed, unless this was
  }

  #lose() {
    this.#connected = false;
    this.#hooks.lost();
  }

  /** NATS refuses to have answers come. */
  #deafen(err) {
    this.#deaf = `this connection's user may not subscribe to "${this.#inbox}.*", where answers come: ${err.message}; allow it to, or connect as another user`;
    this.#hooks.deafened(this.#deaf);
  }
}
