// What ends calls that nobody answers any more: docs/protocol.md, "Calls" and "Permissions".

import { HeliumError } from "./errors.mjs";

/** The calls of a link, undefined: of the bus, that has ended: nobody can tell whether they ran, but for those that say. */
export function lose(inFlight, link, why) {
  const what = link ? `the direct link to the instance ended while the call was in flight: ${why.message}` : "the connection to NATS was lost while the call was in flight";
  for (const call of inFlight.all) if (call.link === link) call.end(new HeliumError("unavailable", what, { reason: "helium.disconnected", outcome: call.outcome }));
}

/** NATS refuses to have answers come by the bus. */
export function deafen(inFlight, why) {
  for (const call of inFlight.all) if (!call.link) call.end(new HeliumError("permission_denied", why, { reason: "helium.not_permitted", outcome: call.outcome }));
}

/** NATS refuses what is published to a subject: no call that left there has run, unless an instance has named it. */
export function refuse(inFlight, bus, subject) {
  for (const call of inFlight.all) {
    if (call.link) continue;
    const isControl = call.at !== undefined && call.takesSeveral && subject === bus.controlOf(call.service, call.at);
    if (!isControl && subject !== call.subject) continue;
    const outcome = isControl || call.named ? call.outcome : "not executed";
    const why = `this connection's user may not publish to "${subject}"; allow it to, or connect as another user`;
    const [code, reason] = call.hasOtherWay ? ["unavailable", "helium.not_sent"] : ["permission_denied", "helium.not_permitted"];
    call.denied(new HeliumError(code, why, { reason, outcome }));
  }
}

/** An instance can send one message only from now on: NATS refuses the rest of what takes several. */
export function interrupt(inFlight, instance) {
  for (const call of inFlight.all) {
    if (call.link || call.at !== instance || !call.isPartly) continue;
    const message = `instance ${instance} may send one message only to this caller from now on, so what was to come got lost; let its user publish to "_INBOX.>", for longer than this lasts`;
    call.abandon(new HeliumError("unavailable", message, { reason: "helium.silent", outcome: call.outcome, instance }));
  }
}
