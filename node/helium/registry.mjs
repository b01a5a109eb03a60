// What answers on a binder's subjects, and what of it is a binder's: docs/protocol.md,
// "The binder".

import { randomBytes } from "node:crypto";
import { ClosedConnectionError, headers as newHeaders, NoRespondersError, TimeoutError } from "@nats-io/nats-core";
import { HeliumError } from "./errors.mjs";
import { fromJSON, parseJSON } from "./json.mjs";
import { newInbox, Subjects } from "./subjects.mjs";

/** How long a request to the binders waits for its answer, in milliseconds. */
const BINDER_TIMEOUT = 4000;

/**
 * The pause before another binder is asked as well, in milliseconds: the one that was may be frozen. NATS may hand it
 * the next request, too, so those behind that come sooner.
 */
const ASK_AGAIN = 250, ASK_NEXT = 100;

/** How often they are asked. */
const ASKED = 16;

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

/**
 * Asks the binders, again and again; the first answer counts. It comes to an inbox of the request's own. All
 * that are sent have one name, by which the store does what they want once.
 */
export function askBinder(nc, subject, body) {
  const options = { reply: newInbox(nc) };
  if (nc.info?.headers) {
    options.headers = newHeaders();
    options.headers.set("Helium-Request", randomBytes(16).toString("hex"));
  }
  return new Promise((resolve, reject) => {
    let asked = 0, again;
    const end = (settle, value) => {
      clearTimeout(late);
      clearTimeout(again);
      sub.unsubscribe();
      settle(value);
    };
    const sub = nc.subscribe(options.reply, {
      callback: (err, msg) => {
        if (err) end(reject, err);
        else if (msg.data.length === 0 && msg.headers?.code === 503) end(reject, new NoRespondersError(subject));
        else end(resolve, msg);
      },
    });
    const late = setTimeout(() => end(reject, new TimeoutError()), BINDER_TIMEOUT);
    sub.requestSubject = subject; // that NATS refuses it is told there
    sub.closed.then(() => end(reject, new ClosedConnectionError()));
    const ask = () => {
      try {
        nc.publish(subject, body, options);
      } catch (err) {
        end(reject, err);
        return;
      }
      if (++asked < ASKED) again = setTimeout(ask, asked === 1 ? ASK_AGAIN : ASK_NEXT);
    };
    ask();
  });
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
