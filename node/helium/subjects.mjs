// Subjects: docs/protocol.md, "Names and subjects".

import { randomBytes } from "node:crypto";

/**
 * A new inbox of a connection. Nobody can guess it, as one can those that the NATS client makes:
 * they follow one another.
 */
export function newInbox(nc) {
  return `${nc.options?.inboxPrefix || "_INBOX"}.${randomBytes(14).toString("hex")}`;
}

/** The subjects of one deployment. */
export class Subjects {
  constructor(prefix = "helium") { this.prefix = prefix; }

  /** Where calls go: of one method or, without one, of several; to one instance or to any. */
  calls(service, method = "", instance = "") {
    const where = instance ? `at.${service}.${instance}` : `call.${service}`;
    return `${this.prefix}.${where}${method ? "." + method : ""}`;
  }

  /** What matches everything below the subject of one instance. */
  belowInstance(service, instance) { return `${this.calls(service, "", instance)}.>`; }

  /** The service to one of whose instances the subject of a message of calls leads; undefined: it leads to none, or to any. */
  serviceAt(subject) {
    const at = `${this.prefix}.at.`;
    return subject.startsWith(at) ? subject.slice(at.length).split(".")[0] : undefined;
  }

  /** Where cancels for calls of a service go, to one instance. */
  control(service, instance) { return `${this.prefix}.ctl.${service}.${instance}`; }

  /** Where a binder is asked: register, renew, end or lookup, and about what. */
  binder(verb, name) { return `${this.prefix}.binder.${verb}.${name}`; }
}

/** Tells whether a message that wants its answer there may be answered: at inboxes alone. */
export function allowedReply(subject) {
  return /^(_INBOX|_R_)\./.test(subject) && !/[*>]/.test(subject);
}

/** What the reply subjects of one caller have in common. */
export function callerOf(reply) {
  const shared = reply.lastIndexOf(".+");
  return shared >= 0 && !reply.includes(".", shared + 1) ? reply.slice(0, shared + 2) : reply;
}
