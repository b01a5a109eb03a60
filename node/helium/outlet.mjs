// By which way a message leaves, a direct link or the bus: docs/protocol.md, "Direct links".

import { nameOf } from "./bus.mjs";
import { Clocks } from "./clocks.mjs";
import { encodeMessage } from "./frames.mjs";

/** The ways of a caller's messages. No link, undefined, stands for the bus. */
export class Outlet {
  #bus;
  #links;
  clocks = new Clocks();

  /** Without `links` all messages leave by the bus. */
  constructor(bus, links) {
    this.#bus = bus;
    this.#links = links;
  }

  /** A message of calls, which begins with what the caller says of itself. */
  message(service, frames) { return encodeMessage([this.clocks.about(service), ...frames]); }

  /** The link by which calls may go, to one instance or to any that has the methods. */
  choose(service, methods, instance) { return this.#links?.choose(service, methods, instance); }

  /** The link by which a message goes. The bus takes none that is too long, and says so. */
  linkFor(service, methods, instance, message) {
    return message.length <= (this.#bus.mostBytes ?? Infinity) ? this.choose(service, methods, instance) : undefined;
  }

  /**
   * Sends a message of calls, or throws why it isn't sent: one that is too long isn't by a link either. One without
   * answers has no token.
   */
  send(link, { service, method, instance }, token, message) {
    if (link && message.length <= (this.#bus.mostBytes ?? Infinity)) link.send(service, method, token, message);
    else this.#bus.publish(this.#bus.subjectOf(service, method, instance), message, token && nameOf(token));
  }

  /** Sends the instance that has a call what belongs to it beside calls. */
  control({ link, service, at }, f) {
    const message = encodeMessage([f]);
    if (link) link.cancel(service, message);
    else if (at) this.#bus.control(service, at, message);
  }
}
