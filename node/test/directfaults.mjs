// Direct links that are cut, that freeze, and that nobody is behind; direct_test.go starts a server
// whose callers dial a socket that this program forwards, or doesn't.

import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, createServer } from "node:net";
import { after, test } from "node:test";
import { Caller } from "../helium/caller.mjs";
import { connection, eventually, given } from "./world.mjs";

const nc = await connection();
const sockets = new Set();
const passed = { there: 0, back: 0 }; // bytes
let look = () => {}; // at what has passed
const forwarder = createServer((near) => {
  const far = connect(given("HELIUM_LISTENS"));
  for (const [from, to] of [[near, far], [far, near]]) {
    sockets.add(from);
    from.on("error", () => {}).on("close", () => { sockets.delete(from); to.destroy(); });
    from.on("data", (data) => {
      passed[from === near ? "there" : "back"] += data.length;
      look();
    });
    from.pipe(to);
  }
});
after(() => {
  forwarder.close();
  cut();
});

function cut() { for (const socket of sockets) socket.destroy(); }

function freeze() {
  for (const socket of sockets) {
    socket.unpipe();
    socket.pause();
  }
}

/** Does something to the link once so many bytes more have passed one way. */
function whenPassed(way, bytes, act) {
  const most = passed[way] + bytes;
  look = () => {
    if (passed[way] < most) return;
    look = () => {};
    act();
  };
}

/** Waits until calls go by a link, all the while calling. */
async function linked(caller) {
  await eventually("a link", async () => {
    assert.equal(await caller.call("probe", "next", [1]), 2);
    await caller.call("flows", "begun", []);
    return caller.directLinks.some((l) => ["probe", "flows"].every((service) => l.services.includes(service)));
  });
}

/** Begins a call that doesn't end, by a link, and waits until it runs. */
async function held(caller) {
  const { began, canceled } = await caller.call("probe", "ended", []);
  const call = caller.call("probe", "wait", [], { timeout: 60_000 }).catch((err) => err);
  await eventually("the handler runs", async () => (await caller.call("probe", "ended", [])).began > began);
  return { call, canceled };
}

test("while nobody is reached where a server listens, calls go by the bus, and then by the link", async () => {
  const caller = new Caller(nc);
  await eventually("it is tried", async () => {
    assert.equal(await caller.call("probe", "next", [1]), 2);
    return caller.directLinks.some((l) => l.reason);
  });
  assert.match(caller.directLinks[0].reason, /ENOENT|ECONNREFUSED/);
  await once(forwarder.listen(given("HELIUM_DIALED")), "listening");
  await linked(caller);
  caller.close();
});

test("calls whose link is cut are over at once, may have run, and others go on", async () => {
  const caller = new Caller(nc);
  await linked(caller);
  const { call, canceled } = await held(caller);
  cut();
  const err = await call;
  assert.deepEqual([err.code, err.reason, err.outcome], ["unavailable", "helium.disconnected", "unknown"]);
  await linked(caller);
  await eventually("the handler's context has ended", async () => (await caller.call("probe", "ended", [])).canceled > canceled);
  assert.equal(caller.inFlight, 0);
  caller.close();
});

test("calls whose link freezes are over after the silence of pings that nobody answers", async () => {
  const caller = new Caller(nc);
  await linked(caller);
  const { call } = await held(caller);
  freeze();
  const err = await call;
  assert.deepEqual([err.code, err.outcome], ["unavailable", "unknown"]);
  assert.match(err.message, /nothing has come for 1\.5 s/);
  cut();
  await linked(caller);
  caller.close();
});

for (const [what, act] of [["is cut", cut], ["freezes", freeze]]) {
  test(`a stream whose link ${what} while its arguments leave didn't run, and one whose result is on its way did`, async () => {
    const caller = new Caller(nc);
    await linked(caller);
    const begun = await caller.call("flows", "begun", []);
    let asked = 0;
    const pages = { *[Symbol.iterator]() { asked++; yield Buffer.alloc(20_000_000); } };
    whenPassed("there", 3_000_000, act);
    const early = await caller.call("flows", "bind", [Buffer.alloc(60_000_000)], { items: pages, timeout: 60_000 }).catch((err) => err);
    assert.deepEqual([early.reason, early.outcome, asked, caller.inFlight], ["helium.disconnected", "not executed", 0, 0], String(early));
    cut();
    await linked(caller);
    assert.equal(await caller.call("flows", "begun", []), begun);
    whenPassed("back", 3_000_000, act);
    const late = await caller.call("flows", "bind", [Buffer.alloc(2_000_000)], { items: pages, timeout: 60_000 }).catch((err) => err);
    assert.deepEqual([late.reason, late.outcome, asked, caller.inFlight], ["helium.disconnected", "executed", 1, 0], String(late));
    cut();
    await linked(caller);
    assert.equal(await caller.call("flows", "begun", []), begun + 1);
    caller.close();
  });
}
