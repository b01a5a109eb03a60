// What tests put in the place of a binder, of an instance, and of the way to the broker.

import { once } from "node:events";
import { connect as connectSocket, createServer } from "node:net";
import { after } from "node:test";
import { connect } from "@nats-io/transport-node";
import { decodeMessage, encodeMessage } from "../helium/frames.mjs";
import { given } from "./world.mjs";

/** Answers lookups under a prefix of its own with the text that `says` returns; undefined: not at all. */
export async function binder(nc, prefix, says) {
  const sub = nc.subscribe(`${prefix}.binder.>`, {
    callback: (err, msg) => {
      const text = says(msg.subject.slice(prefix.length + ".binder.".length));
      if (text !== undefined) msg.respond(text);
    },
  });
  after(() => sub.unsubscribe());
  await nc.flush();
}

/** A record of a service with one method, as text, as its abilities may be larger than a number. */
export const recordOf = (instance, abilities, service = "fake", method = "flow") => `{"service":"${service}","instance":"${instance}","methods":[{"name":"${method}","signature":"${method}()","kind":"stream"}],"abilities":${abilities}}`;

/**
 * An instance of a service that hands over each frame that comes, by `came`, with a function that answers frames to
 * its sender.
 */
export async function instance(nc, prefix, name, came, service = "fake") {
  const callback = (err, msg) => {
    const answer = (...frames) => nc.publish(msg.reply, encodeMessage(frames));
    for (const f of decodeMessage(msg.data)) came(f, answer);
  };
  for (const subject of [`${prefix}.at.${service}.${name}`, `${prefix}.at.${service}.${name}.>`, `${prefix}.ctl.${service}.${name}`]) {
    const sub = nc.subscribe(subject, { callback });
    after(() => sub.isClosed() || sub.unsubscribe());
  }
  await nc.flush();
}

/** A connection through a forwarder that can be cut, and lets nothing pass until it is mended. */
export async function frail() {
  const { hostname, port } = new URL(given("HELIUM_URL"));
  const sockets = new Set();
  let whole = true;
  const forwarder = createServer((near) => {
    if (!whole) {
      near.destroy();
      return;
    }
    const far = connectSocket(Number(port), hostname);
    for (const [from, to] of [[near, far], [far, near]]) {
      sockets.add(from);
      from.on("error", () => {}).on("close", () => { sockets.delete(from); to.destroy(); });
      from.pipe(to);
    }
  });
  await once(forwarder.listen(0, "127.0.0.1"), "listening");
  const nc = await connect({ port: forwarder.address().port, reconnectTimeWait: 20, maxReconnectAttempts: -1 });
  const cut = () => { for (const socket of sockets) socket.destroy(); };
  after(async () => {
    await nc.close();
    forwarder.close();
    cut();
  });
  const told = async (type) => { for await (const s of nc.status()) if (s.type === type) return; };
  return {
    nc,
    /** Resolves once the connection knows that it was cut. */
    cut: async () => {
      const lost = told("disconnect");
      whole = false;
      cut();
      await lost;
    },
    /** Resolves once it is there again. */
    mend: async () => {
      const found = told("reconnect");
      whole = true;
      await found;
    },
  };
}
