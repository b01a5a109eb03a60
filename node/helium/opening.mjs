// How a direct link opens: docs/protocol.md, "Opening".

import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";

const MAGIC = Buffer.from([0xc1, ...Buffer.from("Helium"), 1]); // the last byte is the version
const NONCE = 32; // bytes
const PROOF = 32; // bytes

function prove(secret, label, ...parts) {
  const mac = createHmac("sha256", secret).update(label).update(Buffer.of(0));
  for (const part of parts) mac.update(part);
  return mac.digest();
}

/** The caller's side of an opening, by a ticket, with the caller's key and nonce. */
export class Opening {
  #ticket;
  #key;
  #nonce;

  constructor(ticket, key, nonce = randomBytes(NONCE)) {
    this.#ticket = ticket;
    this.#key = key;
    this.#nonce = nonce;
  }

  get hello() { return Buffer.concat([MAGIC, this.#ticket.id, this.#nonce]); }

  /** How long the instance's answer to that is. */
  static CHALLENGE = NONCE + PROOF;

  /**
   * Reads that answer and returns what goes back, `response`, and what further tickets are bound
   * to, `session`. It throws if the other end doesn't know the ticket's secret.
   */
  answer(challenge) {
    const { id, secret, key } = this.#ticket;
    const said = [id, this.#nonce, challenge.subarray(0, NONCE), this.#key, key];
    if (!timingSafeEqual(prove(secret, "helium direct link 1, server", ...said), challenge.subarray(NONCE))) {
      throw new Error("the other end doesn't know the ticket's secret");
    }
    return { response: prove(secret, "helium direct link 1, client", ...said), session: prove(secret, "helium direct link 1, session", ...said) };
  }
}

/** The proof of a further ticket on a connection that is open. */
export function proveFurther(session, { id, secret }) {
  return prove(secret, "helium direct link 1, further", session, id);
}
