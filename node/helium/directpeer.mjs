// An instance as a caller's direct links know it: what may be called there, and when it is asked
// for that again: docs/protocol.md, "Direct links".

// In milliseconds:
const RENEW = 55_000; // when a right is renewed
const KEEP = 80_000; // for how long it is used when that is refused
const RENEW_PAUSE = 4000; // at most, after a failure to renew a right
const FIRST_PAUSE = 250; // after a failure, at first
const LAST_PAUSE = 60_000; // and after many
const LIVED = 60_000; // for how long a link has stood that is worth being opened again at once

/** Who is asked isn't who is at the other end of the link. */
export class WrongKey extends Error {}

/**
 * Whether an error says that the caller may not call any more. Others say only that nobody was asked, as the
 * caller or the instance has no connection to NATS.
 */
function isRefusal(err) {
  const denied = [err, err?.cause].some((e) => e?.name === "PermissionViolationError");
  return denied || err instanceof WrongKey || err?.reason === "helium.not_permitted";
}

/** The growing pauses between what fails again and again. */
class Backoff {
  until = -Infinity; // not before
  #pause = FIRST_PAUSE; // the next one

  failed(now, most = LAST_PAUSE) {
    const pause = Math.min(this.#pause, most);
    this.until = now + pause * (0.5 + Math.random());
    this.#pause = Math.min(2 * pause, LAST_PAUSE);
  }
}

export class Peer {
  link; // undefined: there is none
  working = false; // a ticket is asked for or used
  #services = new Map(); // by name, to { right, asking, reason }; a right is { renew, ends, refused }
  #opening = new Backoff(); // of links
  #opened; // when the link was
  #reason; // why there is none; undefined: it is on its way, or there is one

  constructor(instance) { this.instance = instance; }

  /** How far it is with the instance. */
  get state() {
    const { instance, link } = this;
    let reason = this.#reason?.message;
    for (const [name, s] of link ? this.#services : []) if (!s.right && s.reason) reason ??= `service "${name}": ${s.reason.message}`;
    return { instance, linked: link !== undefined, address: link?.address, encrypted: link?.encrypted, services: link?.services ?? [], reason };
  }

  /** Whether calls of a service go by the link. */
  reaches(service) { return this.link?.services.includes(service) ?? false; }

  /** The service, of those that are wanted, for which a ticket is to be asked for now: whose turn came first. */
  due(wanted, now) {
    if (this.working || !this.link && now < this.#opening.until) return undefined;
    const until = (service) => this.#services.get(service)?.asking.until ?? -Infinity;
    return wanted.filter((service) => now >= until(service) && !(this.#services.get(service)?.right?.renew > now))
      .reduce((first, service) => (first === undefined || until(service) < until(first) ? service : first), undefined);
  }

  /** Ends rights that NATS refuses to renew, and takes in which the instance has ended. */
  review(now) {
    for (const [service, s] of this.#services) {
      if (s.right?.refused && now >= s.right.ends) this.link?.leave(service);
      if (!this.reaches(service)) s.right = undefined;
    }
  }

  /** A link was opened. */
  linked(link, now) {
    this.link = link;
    this.#opened = now;
    this.#reason = undefined;
  }

  /** The instance has given the right to call a service. */
  granted(service, now) {
    this.#services.set(service, { right: { renew: now + RENEW - Math.random() * RENEW / 6, ends: now + KEEP, refused: false }, asking: new Backoff() });
  }

  /** It gave none, or the link that comes first couldn't be opened. */
  failed(service, err, now, opening) {
    if (!this.#services.has(service)) this.#services.set(service, { asking: new Backoff() });
    const s = this.#services.get(service);
    s.reason = err;
    if (s.right) {
      s.right.refused = isRefusal(err);
      if (!s.right.refused) s.right.ends = now + KEEP; // the instance ends it, unless it can't be asked itself
    }
    if (!this.link) this.#reason = err;
    if (opening && !this.link) this.#opening.failed(now); // for all services
    else s.asking.failed(now, s.right ? RENEW_PAUSE : LAST_PAUSE);
  }

  /** The link has ended. One that breaks soon after it was opened may do so again. */
  lost(why, now) {
    this.link = undefined;
    this.#reason = why;
    for (const s of this.#services.values()) s.right = undefined;
    if (now - this.#opened < LIVED) {
      this.#opening.failed(now);
      return;
    }
    this.#opening = new Backoff();
    this.#opening.until = now + Math.random() * FIRST_PAUSE;
  }
}
