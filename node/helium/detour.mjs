// Where calls for any instance go while some are silent: docs/protocol.md, "Heartbeats".

/** Keeps calls away from silent instances, to which NATS would go on handing messages of the queue group. */
export class Detour {
  #directory;
  #vigil;
  #bus;
  #denied = new Set(); // services whose instances may not be addressed

  constructor(directory, vigil, bus) {
    this.#directory = directory;
    this.#vigil = vigil;
    this.#bus = bus;
  }

  /** The instance to which a message of calls goes, of those that weren't tried; undefined: to any, as NATS likes. */
  choose(service, methods, isShared, tried = []) {
    if (!this.#vigil.someSilent(service) || this.#denied.has(service)) return undefined;
    const able = this.#directory.known(service).filter((r) => !(isShared && r.per_method) && !tried.includes(r.instance)
      && !this.#vigil.isSilent(service, r.instance) && methods.every((name) => r.methods.some((m) => m.name === name)));
    return able[Math.floor(Math.random() * able.length)]?.instance;
  }

  /** Nobody listens on the subjects of an instance. */
  deserted(service, instance) { this.#directory.forget(service, instance); }

  /** NATS refuses what is published to a subject. */
  refused(subject) {
    const service = this.#bus.serviceAt(subject);
    if (service) this.#denied.add(service);
  }

  /** The connection is another one, which may be permitted more. */
  renew() { this.#denied.clear(); }
}
