// From a ticket to a connection: docs/protocol.md, "Tickets" and "Opening".

import { connect as connectSocket } from "node:net";
import { connect as connectTLS } from "node:tls";
import { DirectKind, Incoming } from "./directframes.mjs";
import { fingerprintOf } from "./identity.mjs";
import { Opening } from "./opening.mjs";
import { parseAddress } from "./tickets.mjs";

const OPENING_TIME = 5000; // in milliseconds
const HOST_TIME = 1000; // for a connection on the same host to stand
const DIAL_TIME = 3000; // for any other

/**
 * Opens a connection at the first of a ticket's addresses that works. With `secure` plain ones
 * that leave the host are refused. Returns the `connection`, its `session`, the `address`,
 * whether it is `encrypted`, and the `number` of the ticket's service.
 */
export async function dial(ticket, identity, secure) {
  let first;
  for (const address of ticket.addresses) {
    try {
      return { address, ...await open(parseAddress(address), ticket, identity, secure) };
    } catch (err) {
      first ??= new Error(`${address}: ${err.message}`, { cause: err });
    }
  }
  throw first ?? new Error("the ticket has no address");
}

async function open(at, ticket, identity, secure) {
  if (secure && !at.encrypted && !at.onHost) throw new Error("the address isn't encrypted, and the connection to NATS is");
  try {
    return await openAs(at, at.encrypted, ticket, identity);
  } catch (err) {
    // Behind an address of the loopback there may be a forwarder to another host.
    if (err instanceof OnlyTLS) return openAs(at, true, ticket, identity);
    throw err;
  }
}

/** The instance takes TLS alone. */
class OnlyTLS extends Error {}

const ONLY_TLS = 0x16; // what such a one answers

async function openAs(at, encrypted, ticket, identity) {
  const { onHost } = at;
  const socket = connectSocket(at.path ? { path: at.path } : { host: at.host, port: at.port, noDelay: true, keepAlive: true, keepAliveInitialDelay: 15_000 });
  socket.on("error", () => {}); // who waits for it is told
  const unreachable = setTimeout(() => socket.destroy(new Error("nobody answered there in time")), onHost ? HOST_TIME : DIAL_TIME);
  const late = setTimeout(() => socket.destroy(new Error("the other end didn't open the connection in time")), OPENING_TIME);
  try {
    await ready(socket, "connect");
    clearTimeout(unreachable);
    const connection = new Connection(encrypted ? await encrypt(socket, ticket, identity) : socket);
    const opening = new Opening(ticket, identity.fingerprint);
    connection.socket.write(opening.hello);
    const challenge = await connection.until((incoming) => incoming.take(Opening.CHALLENGE)).catch((err) => {
      throw connection.saidOnly(ONLY_TLS) ? new OnlyTLS("whoever listens there takes TLS alone") : err;
    });
    const { response, session } = opening.answer(challenge);
    connection.socket.write(response);
    const taken = await connection.until((incoming) => incoming.frame());
    if (taken.kind !== DirectKind.taken || !taken.id.equals(ticket.id) || taken.service === 0) throw new Error("the instance doesn't take the ticket");
    return { connection, session, encrypted, number: taken.service };
  } catch (err) {
    socket.destroy();
    throw err;
  } finally {
    clearTimeout(unreachable);
    clearTimeout(late);
  }
}

/** TLS with who has the key that the ticket names, and nobody else. */
async function encrypt(socket, ticket, identity) {
  const encrypted = connectTLS({
    socket, key: identity.key, cert: identity.certificate, minVersion: "TLSv1.3", ALPNProtocols: ["helium"],
    rejectUnauthorized: false, // the key is compared instead
  });
  await ready(encrypted, "secureConnect");
  if (!fingerprintOf(encrypted)?.equals(ticket.key)) throw new Error("the other end has another key than the one that the ticket names");
  return encrypted;
}

function ready(socket, event) {
  return new Promise((resolve, reject) => {
    socket.once(event, resolve);
    socket.once("error", reject);
    socket.once("close", () => reject(new Error("the other end closed the connection")));
  });
}

/** A connection from which somebody reads at a time. It keeps no process alive. */
class Connection {
  #incoming = new Incoming();
  #read = () => {}; // told that something has come
  #over = () => {}; // told why nothing more comes
  #why; // that

  constructor(socket) {
    this.socket = socket;
    socket.unref();
    socket.on("data", (part) => { this.#incoming.push(part); this.#read(); });
    socket.on("error", (err) => this.#end(err));
    socket.on("close", () => this.#end(new Error("the other end closed the connection")));
  }

  #end(err) {
    this.#why ??= err;
    this.#over(this.#why);
  }

  /** Whether all that has come is one byte. */
  saidOnly(byte) { return this.#incoming.take(1)?.[0] === byte && this.#incoming.empty; }

  /** Waits until something can be read of what comes. */
  until(read) {
    return new Promise((resolve, reject) => {
      this.#over = reject;
      this.#read = () => {
        try {
          const got = read(this.#incoming);
          if (got === undefined) return;
          this.#read = () => {};
          resolve(got);
        } catch (err) {
          reject(err);
        }
      };
      if (this.#why) reject(this.#why);
      else this.#read();
    });
  }

  /** Hands over each frame from now on, and then why there are no more. */
  frames(take, over) {
    let ended = false;
    this.#over = (err) => {
      if (!ended) over(err);
      ended = true;
    };
    this.#read = () => {
      try {
        for (let f; !ended && (f = this.#incoming.frame()) !== undefined; ) take(f);
      } catch (err) {
        this.#over(err);
        this.socket.destroy();
      }
    };
    if (this.#why) this.#over(this.#why);
    else this.#read();
  }
}
