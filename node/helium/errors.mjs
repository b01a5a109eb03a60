// Errors: docs/protocol.md, "Errors".

import { MAX_ENTRIES, MAX_ERROR_TEXT, MAX_REASON } from "./limits.mjs";

const CODES = ["", "canceled", "unknown", "invalid_argument", "deadline_exceeded", "not_found", "already_exists",
  "permission_denied", "resource_exhausted", "failed_precondition", "aborted", "out_of_range", "unimplemented",
  "internal", "unavailable", "data_loss", "unauthenticated"];
const OUTCOMES = ["unknown", "not executed", "executed"];
const STATUS = {
  invalid_argument: 400, failed_precondition: 400, out_of_range: 400, unauthenticated: 401, permission_denied: 403,
  not_found: 404, already_exists: 409, aborted: 409, resource_exhausted: 429, canceled: 499, unimplemented: 501,
  unavailable: 503, deadline_exceeded: 504,
};

/** What a call fails with. */
export class HeliumError extends Error {
  constructor(code, message, { reason = "", details = null, outcome = "unknown", instance = "" } = {}) {
    super(message);
    this.name = "HeliumError";
    Object.assign(this, { code, reason, details, outcome, instance });
  }

  /** The same error with another outcome, which is known, and with a text in front of its own. */
  settled(outcome, before = "") {
    const { code, reason, details, instance } = this;
    return new HeliumError(code, before + this.message, { reason, details, outcome, instance });
  }

  /** The number that the headers of a plain answer have for the code. */
  get status() { return STATUS[this.code] ?? 500; }

  /** The body of a plain answer. */
  get body() {
    const { code, reason, message, details, outcome, instance } = this.#sendable;
    return { code, reason, message, ...(details && { details }), outcome, instance };
  }

  /** The element of an error frame. */
  get element() {
    const { code, reason, message, details, outcome, instance } = this.#sendable;
    return [CODES.indexOf(code), reason, message, details, OUTCOMES.indexOf(outcome), instance];
  }

  /** What fits a message, and can be read. */
  get #sendable() {
    const details = Object.entries(this.details ?? {}).map(([name, text]) => [name, String(text)]);
    const size = details.reduce((sum, pair) => sum + Buffer.byteLength(pair[0]) + Buffer.byteLength(pair[1]), 0);
    return {
      code: CODES.includes(this.code, 1) ? this.code : "unknown",
      reason: cut(String(this.reason), MAX_REASON), message: cut(this.message, MAX_ERROR_TEXT),
      details: details.length > 0 && details.length <= MAX_ENTRIES && size <= MAX_ERROR_TEXT ? Object.fromEntries(details) : null,
      outcome: OUTCOMES.includes(this.outcome) ? this.outcome : "unknown", instance: this.instance,
    };
  }
}

/** The beginning of a text, so many bytes at most, that doesn't end within a character. */
export function cut(text, most) {
  const bytes = Buffer.from(text);
  if (bytes.length <= most) return text;
  let end = most;
  while ((bytes[end] & 0xc0) === 0x80) end--;
  return bytes.toString("utf8", 0, end);
}

/** Reads the element of an error frame. */
export function readError(r) {
  if (r.array() < 6) throw new RangeError("fewer than six elements");
  const code = CODES[Number(r.unsigned())] || "unknown";
  const [reason, message] = [r.text(), r.text()];
  const details = r.texts(MAX_ENTRIES);
  const outcome = OUTCOMES[Number(r.unsigned())] ?? "unknown";
  return new HeliumError(code, message, { reason, details, outcome, instance: r.text() });
}

/** The error of a call for a method that isn't there. */
export function noSuchMethod(what) {
  return new HeliumError("unimplemented", `there is no ${what} here`, { reason: "helium.no_such_method", outcome: "not executed" });
}

/** The error of a message, or a call, that breaks the protocol. */
export function badMessage(message) {
  return new HeliumError("invalid_argument", message, { reason: "helium.bad_message", outcome: "not executed" });
}

/** Turns what goes wrong in f into an error of a code and a reason. */
export function rephrase(code, reason, f) {
  try {
    return f();
  } catch (err) {
    throw new HeliumError(code, err.message, { reason });
  }
}
