// Tickets for direct links: docs/protocol.md, "Direct links".

import { BlockList, isIP, isIPv6 } from "node:net";
import { decodeMessage, encodeMessage, Kind } from "./frames.mjs";
import { FINGERPRINT, MAX_ADDRESS, MAX_ADDRESSES, SECRET, TICKET_ID } from "./limits.mjs";

/** A message that asks for a ticket, of who has the key of a fingerprint. */
export function ticketRequest(key) {
  return encodeMessage([{ kind: Kind.ticketRequest, key }]);
}

/**
 * Reads the answer to that: `addresses`, `id`, `secret` and the fingerprint of the instance's
 * `key`. It throws if there is no ticket in it.
 */
export function readTicket(message) {
  for (const f of decodeMessage(message)) {
    if (f.kind === Kind.error) throw f.error ?? f.fault;
    if (f.kind !== Kind.ticket) continue;
    const sound = f.id.length === TICKET_ID && f.secret.length === SECRET && f.key.length === FINGERPRINT;
    if (!sound) throw new RangeError("a ticket has bytes of another length than they have");
    // It is said to whoever listens at the addresses, before anybody there has proved anything.
    if (f.id.includes(0x0a) || f.id.includes(0x0d)) throw new RangeError("a ticket's id has the end of a line, which none has");
    const short = f.addresses.filter((address) => Buffer.byteLength(address) <= MAX_ADDRESS);
    return { addresses: short.slice(0, MAX_ADDRESSES), id: f.id, secret: f.secret, key: f.key };
  }
  throw new RangeError("the instance gives no ticket");
}

/**
 * Reads an address: `path`, or `host` and `port`; whether it is `onHost`, so that only programs
 * there get to it; and whether a connection is `encrypted`.
 */
export function parseAddress(text) {
  if (text.startsWith("unix:")) {
    if (text === "unix:") throw new RangeError("unix: has no path");
    return { path: text.slice(5), onHost: true, encrypted: false };
  }
  const plain = text.startsWith("plain:");
  const parts = /^(?:\[([\w:.%]+)\]|([^:/ [\]]+)):(\d{1,5})$/.exec(plain ? text.slice(6) : text);
  if (!parts || Number(parts[3]) > 65535) throw new RangeError(`${JSON.stringify(text)} is no address`);
  const host = parts[1] ?? parts[2];
  const onHost = host === "localhost" || isLoopback(host);
  return { host, port: Number(parts[3]), onHost, encrypted: !plain && !onHost };
}

const loopback = new BlockList();
loopback.addSubnet("127.0.0.0", 8);
loopback.addAddress("::1", "ipv6");

function isLoopback(host) {
  return isIP(host) !== 0 && loopback.check(host, isIPv6(host) ? "ipv6" : "ipv4");
}
