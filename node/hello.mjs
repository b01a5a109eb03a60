// Finds every service on the bus and calls one: NATS_URL=… node hello.mjs

import { Svcm } from "@nats-io/services";
import { connect } from "@nats-io/transport-node";

const nc = await connect({ servers: process.env.NATS_URL });
for await (const service of await new Svcm(nc).client().info()) {
  console.log(service.name, service.version, service.endpoints.map((e) => e.metadata.signature));
}
const answer = await nc.request("helium.call.math.add", "[2, 3]", { timeout: 5000 });
console.log("2 + 3 =", answer.json());
await nc.close();
