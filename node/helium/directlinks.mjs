// To which instances a caller has direct links, and for how long: docs/protocol.md, "Direct links".

import { randomBytes } from "node:crypto";
import { dial } from "./dial.mjs";
import { DirectLink } from "./directlink.mjs";
import { Peer, WrongKey } from "./directpeer.mjs";
import { Identity } from "./identity.mjs";
import { order } from "./rendezvous.mjs";
import { newInbox } from "./subjects.mjs";
import { readTicket, ticketRequest } from "./tickets.mjs";

const GIVES_TICKETS = 8; // the ability, in a record
const MAX_LINKS = 64;

// In milliseconds:
const TICK = 1000; // how often it is looked whether there is something to do
const LOOK_EVERY = 10_000; // how often the registry is asked about a service that is called
const ASK_TIME = 3000; // for an instance to give a ticket
const UNUSED = 60_000; // for how long a link stays that nobody uses

/** The direct links of a caller. No call waits for one. */
export class DirectLinks {
  #nc;
  #subjects;
  #directory;
  #hooks;
  #identity; // made when it is needed first
  #services = new Map(); // those that are called, by name
  #peers = new Map(); // instances that give tickets for them, by name
  #random = randomBytes(8).toString("hex"); // picks to which of very many instances there are links
  #ticks; // the timer
  #status; // of the connection to NATS
  #online = true; // as far as NATS is concerned
  #closed = false;

  /** The links of who is told of `answered` messages and of `broken` links. */
  constructor(nc, subjects, directory, hooks) {
    this.#nc = nc;
    this.#subjects = subjects;
    this.#directory = directory;
    this.#hooks = hooks;
    this.#status = nc.status();
    this.#follow();
  }

  /** How it stands with each instance that gives tickets. */
  get states() { return [...this.#peers.values()].map((peer) => peer.state); }

  /**
   * The link by which a message of calls goes, to one instance or to any that has the methods;
   * undefined: the bus. Instances without a link keep their share by the bus.
   */
  choose(service, methods, instance) {
    if (this.#closed) return undefined;
    const { records } = this.#used(service);
    const able = instance ? [{ instance }] : records.filter((r) => methods.every((m) => r.methods.has(m)));
    const linked = able.map((r) => this.#peers.get(r.instance)?.link).filter((link) => link?.reaches(service, methods));
    if (linked.length === 0 || Math.random() * able.length >= linked.length) return undefined;
    const [a, b] = [0, 1].map(() => linked[Math.floor(Math.random() * linked.length)]);
    return a.cost <= b.cost ? a : b;
  }

  close() {
    if (this.#closed) return;
    this.#closed = true;
    clearInterval(this.#ticks);
    this.#status.stop();
    for (const { link } of this.#peers.values()) link?.close();
  }

  /** Notes that a service is called, and begins to look after it if it is the first time. */
  #used(service) {
    let s = this.#services.get(service);
    if (s === undefined) {
      s = { name: service, records: [], looked: -Infinity, looking: false };
      this.#services.set(service, s);
      if (this.#ticks === undefined) {
        this.#ticks = setInterval(() => this.#look(), TICK);
        this.#ticks.unref();
      }
      queueMicrotask(() => this.#look());
    }
    s.used = performance.now();
    return s;
  }

  /** Notes whether there is a connection to NATS, and ends with it. */
  async #follow() {
    for await (const { type } of this.#status) {
      if (type === "disconnect") this.#online = false;
      if (type === "reconnect") this.#online = true;
    }
    this.close();
  }

  /** Does what is to be done now. */
  #look() {
    if (this.#closed) return;
    const now = performance.now();
    const used = [...this.#services.values()].filter((s) => now - s.used < UNUSED);
    for (const s of used) if (this.#online && !s.looking && now - s.looked >= LOOK_EVERY) this.#find(s);
    for (const s of used) s.records = s.records.filter((r) => !r.isForgotten || this.#isLinked(s, r));
    const chosen = this.#chosen(used);
    for (const [instance, services] of chosen) {
      if (!this.#peers.has(instance)) this.#peers.set(instance, new Peer(instance));
      const peer = this.#peers.get(instance);
      const due = this.#online ? peer.due(services, now) : undefined;
      if (due !== undefined) this.#work(peer, due);
    }
    for (const peer of this.#peers.values()) this.#review(peer, chosen.has(peer.instance), now);
  }

  /** Whether calls of a service go by a link to an instance that has it. */
  #isLinked(s, { instance }) { return this.#peers.get(instance)?.reaches(s.name) ?? false; }

  /** Ends rights that are over, and links that nobody uses. */
  #review(peer, isChosen, now) {
    peer.review(now);
    const isUsed = (peer.link?.services ?? []).some((service) => now - this.#services.get(service).used < UNUSED);
    if (isChosen || isUsed || peer.working || peer.link?.isBusy) return;
    this.#peers.delete(peer.instance);
    peer.link?.close();
  }

  /**
   * The instances to which there are links, with the services for which: those of the own cluster
   * first, and of too many some that are the same each time.
   */
  #chosen(used) {
    const all = new Map();
    for (const s of used) {
      for (const r of s.records.filter((r) => r.givesTickets)) {
        if (!all.has(r.instance)) all.set(r.instance, { isFar: r.cluster !== this.#nc.info?.cluster, services: [] });
        all.get(r.instance).services.push(s.name);
      }
    }
    const names = [...all.keys()];
    if (names.length <= MAX_LINKS) return new Map(names.map((name) => [name, all.get(name).services]));
    const [near, far] = [false, true].map((isFar) => order(this.#random, names.filter((name) => all.get(name).isFar === isFar)));
    return new Map([...near, ...far].slice(0, MAX_LINKS).map((name) => [name, all.get(name).services]));
  }

  /**
   * Asks the registry which instances a service has. If nobody answers, what is known stays, and so does an
   * instance to which there is a link: one that has lost NATS is forgotten.
   */
  async #find(s) {
    s.looking = true;
    s.looked = performance.now();
    try {
      const records = await this.#directory.ask(s.name);
      this.#found(s, records.map((r) => ({
        instance: r.instance, cluster: r.cluster, methods: new Set(r.methods.map((m) => m.name)),
        givesTickets: (r.abilities & GIVES_TICKETS) !== 0 && !r.per_method,
      })));
    } catch (err) {
      if (err.code === "not_found") this.#found(s, []);
    } finally {
      s.looking = false;
    }
    this.#look();
  }

  #found(s, records) {
    const known = new Set(records.map((r) => r.instance));
    const forgotten = s.records.filter((r) => !known.has(r.instance) && this.#isLinked(s, r));
    s.records = [...records, ...forgotten.map((r) => ({ ...r, isForgotten: true }))];
  }

  /** Gets, or renews, the right to call a service at an instance, and a link if there is none. */
  async #work(peer, service) {
    peer.working = true;
    let opening = false;
    try {
      const ticket = await this.#ask(service, peer.instance);
      opening = !peer.link;
      if (peer.link && !peer.link.key.equals(ticket.key)) throw new WrongKey("the instance has another key than the link to it");
      const number = opening ? await this.#dial(peer, ticket) : await peer.link.further(ticket);
      if (peer.link) {
        peer.link.reach(service, number);
        peer.granted(service, performance.now());
      } // else it has ended meanwhile
    } catch (err) {
      peer.failed(service, err, performance.now(), opening);
    } finally {
      peer.working = false;
    }
    this.#look(); // there may be more services
  }

  async #ask(service, instance) {
    this.#identity ??= new Identity();
    const options = { timeout: ASK_TIME, noMux: true, reply: newInbox(this.#nc) };
    const answer = await this.#nc.request(this.#subjects.calls(service, "", instance), ticketRequest(this.#identity.fingerprint), options);
    return readTicket(answer.data);
  }

  async #dial(peer, ticket) {
    const secure = this.#nc.protocol?.transport?.isEncrypted() ?? false;
    const opened = await dial(ticket, this.#identity, secure);
    if (this.#closed) {
      opened.connection.socket.destroy();
      throw new Error("the caller was closed");
    }
    let broken = false;
    const link = new DirectLink(opened, peer.instance, ticket.key, {
      answered: this.#hooks.answered,
      broken: (link, why) => {
        broken = true;
        if (peer.link === link) peer.lost(why, performance.now());
        this.#hooks.broken(link, why);
      },
    });
    if (broken) throw link.ended;
    peer.linked(link, performance.now());
    return opened.number;
  }
}
