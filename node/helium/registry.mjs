// What answers on a binder's subjects, and what of it is a binder's: docs/protocol.md,
// "The binder".

import { HeliumError } from "./errors.mjs";
import { fromJSON, parseJSON } from "./json.mjs";
import { newInbox, Subjects } from "./subjects.mjs";

/** How long one request to the binders waits for its answer, in milliseconds. */
const BINDER_TIMEOUT = 4000;

/**
 * Returns the name of the JetStream stream whose acknowledgement a message is, or
 * undefined: a stream that captures a request's subject answers before anybody else.
 */
export function acknowledgedBy(data) {
  if (data[0] !== 0x7b || data.length > 4096) return undefined; // "{"
  try {
    const { stream, seq } = JSON.parse(new TextDecoder().decode(data));
    return typeof stream === "string" && stream !== "" && typeof seq === "number" ? stream : undefined;
  } catch {
    return undefined;
  }
}

/** Says what is wrong where a stream answers on a subject, and what to do. */
export function captured(stream, subject) {
  return `the JetStream stream "${stream}" captures ${subject}, and acknowledges what is sent there; ` +
    `take the subject out of the stream's, with "nats stream edit ${stream}"`;
}

/** Asks the binders. The answer comes to an inbox of the request's own. */
export function askBinder(nc, subject, body) {
  return nc.request(subject, body, { timeout: BINDER_TIMEOUT, noMux: true, reply: newInbox(nc) });
}

/** Reads what answered a request to the binders; `fits` says whether a binder says that. */
export function binderSaid(msg, subject, fits) {
  const refuse = (why) => new HeliumError("failed_precondition", why, { reason: "binder.foreign_answer" });
  const stream = acknowledgedBy(msg.data);
  if (stream) throw refuse(`the answer on ${subject} is no binder's: ${captured(stream, subject)}`);
  let said;
  try {
    said = msg.json();
  } catch {
    said = null;
  }
  const failed = msg.headers?.get("Nats-Service-Error");
  if (failed) throw new HeliumError(said?.code ?? "unknown", said?.message ?? failed, said ?? {});
  if (said === null || typeof said !== "object" || Array.isArray(said) || !fits(said)) {
    throw refuse(`what answered on ${subject} isn't a binder; see who subscribes to that subject`);
  }
  return said;
}

/** Asks a binder for a service, a method of one, or a method's bare name. */
export async function lookup(nc, name, prefix) {
  const subject = new Subjects(prefix).binder("lookup", name);
  const answer = await askBinder(nc, subject, "");
  const entry = binderSaid(answer, subject, (entry) => Array.isArray(entry.records));
  // JSON.parse would round abilities of 64 bits, and so lose those that are known here.
  const { records } = /\d{16}/.test(answer.string()) ? fromJSON(parseJSON(answer.string())) : entry;
  for (const r of records) r.abilities = Number(BigInt.asUintN(31, BigInt(r.abilities ?? 0)));
  return { ...entry, records };
}
