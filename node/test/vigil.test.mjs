// Whom the vigil takes for silent, beat by beat, and which calls it ends.

import assert from "node:assert/strict";
import { after, before, beforeEach, mock, test } from "node:test";
import { Detour } from "../helium/detour.mjs";
import { Ability } from "../helium/frames.mjs";
import { Asked } from "../helium/questions.mjs";
import { Vigil } from "../helium/vigil.mjs";

const BEAT = 500;
const record = (instance, abilities = Ability.heartbeats, more = {}) => ({ instance, abilities, methods: [{ name: "flow" }, { name: "ebb" }], ...more });

/** A world of calls of fake.flow, whose time passes by beats. */
class World {
  calls = [];
  asked = []; // each beat's questions, as the instances' names
  questions = [];
  isConnected = true;
  echoes = true; // the NATS server answers
  felt = false; // it has
  now = 1000;

  constructor(...records) {
    this.records = records;
    this.directory = { known: () => this.records, forget: (service, instance) => { this.records = this.records.filter((r) => r.instance !== instance); } };
    this.vigil = new Vigil({
      inFlight: this.#inFlight(), directory: this.directory, isConnected: () => this.isConnected,
      pulse: { feel: () => { this.felt = this.echoes; }, since: () => this.felt },
      questions: {
        ask: (service, method, instance) => {
          const question = { service, method, instance, state: Asked.open };
          this.questions.push(question);
          return question;
        },
        drop: () => {},
      },
    });
  }

  #inFlight() {
    const world = this;
    return { get all() { return [...world.calls]; }, get size() { return world.calls.length; } };
  }

  /** A call that has left, and how it ends. */
  call(more = {}) {
    const call = { service: "fake", method: "flow", begun: this.now, goesTo: undefined, outcome: "unknown", takesSeveral: false, ...more };
    const over = (way) => (error) => {
      call.error = error;
      call.way = way;
      this.calls.splice(this.calls.indexOf(call), 1);
    };
    Object.assign(call, { end: over("end"), abandon: over("abandon") });
    this.calls.push(call);
    this.vigil.begin();
    return call;
  }

  /** So many intervals pass, at the beginning of each of which those that speak are heard. */
  pass(beats, { speak = [], abilities = Ability.heartbeats } = {}) {
    for (let i = 0; i < beats; i++) {
      const before = this.questions.length;
      for (const name of speak) this.vigil.heard("fake", name, BigInt(abilities));
      this.now += BEAT;
      for (const { act } of timers) act();
      this.asked.push(this.questions.slice(before).map((q) => q.instance).sort().join());
    }
  }
}

let world;
const timers = new Set(); // what is to be done each interval

before(() => {
  mock.method(globalThis, "setInterval", (act) => {
    const timer = { act, unref() {} };
    timers.add(timer);
    return timer;
  });
  mock.method(globalThis, "clearInterval", (timer) => timers.delete(timer));
  mock.method(performance, "now", () => world?.now ?? 0);
});
beforeEach(() => timers.clear());
after(() => mock.restoreAll());

const facts = ({ error }) => error && [error.code, error.reason, error.outcome, error.instance];

test("an instance that has a call is asked after two intervals, and after four the call is over", () => {
  world = new World(record("i1"), record("i2"));
  const call = world.call({ goesTo: "i1" });
  world.pass(4);
  assert.deepEqual([call.error, world.asked], [undefined, ["", "", "i1", ""]]);
  world.pass(1);
  assert.deepEqual(facts(call), ["unavailable", "helium.silent", "unknown", "i1"]);
  assert.match(call.error.message, /instance "i1" has been silent for 2 s.*nobody can tell whether the call ran/);
  assert.deepEqual([call.way, world.vigil.isSilent("fake", "i1"), world.vigil.isSilent("fake", "i2"), world.vigil.someSilent("other")], ["end", true, false, false]);
});

test("a call that takes several messages is given up at its instance, and says if it can't have run", () => {
  world = new World(record("i1"));
  const call = world.call({ goesTo: "i1", takesSeveral: true, outcome: "not executed" });
  world.pass(5);
  assert.deepEqual([call.way, facts(call)], ["abandon", ["unavailable", "helium.silent", "not executed", "i1"]]);
  assert.doesNotMatch(call.error.message, /nobody can tell/);
});

test("an instance that says that it has the call may take as long as it likes", () => {
  world = new World(record("i1"));
  const call = world.call({ goesTo: "i1" });
  world.pass(40, { speak: ["i1"] });
  assert.deepEqual([call.error, world.questions], [undefined, []]);
});

test("a call that nobody has named is at one that doesn't speak", () => {
  world = new World(record("i1"), record("i2"), record("i3"));
  const call = world.call();
  world.pass(5, { speak: ["i1", "i3"] });
  assert.deepEqual(facts(call), ["unavailable", "helium.silent", "unknown", "i2"]);
  assert.deepEqual(new Set(world.asked), new Set(["", "i2"]));
});

test("of several silent ones three are named", () => {
  for (const [count, want] of [[2, /"i\d", "i\d" are silent/], [5, /"i\d", "i\d", "i\d" and 2 more are silent/]]) {
    world = new World(...Array.from({ length: count }, (_, i) => record(`i${i}`)));
    const call = world.call();
    for (const { instance } of world.records) world.vigil.heard("fake", instance, 1n);
    world.pass(5);
    assert.deepEqual(facts(call), ["unavailable", "helium.silent", "unknown", ""]);
    assert.match(call.error.message, want);
  }
});

test("no more than eight instances of a service are asked in one interval", () => {
  world = new World(...Array.from({ length: 20 }, (_, i) => record(`i${i}`)));
  world.call();
  world.pass(3);
  assert.equal(world.questions.length, 8);
});

for (const [what, records, speak] of [
  ["that sends no heartbeats", [record("i1"), record("i2", 0)], {}],
  ["that says itself that it sends none any more", [record("i1"), record("i2")], { speak: ["i2"], abilities: Ability.answersOnce }],
]) {
  test(`a call that may be at an instance ${what} isn't given up`, () => {
    world = new World(...records);
    const call = world.call();
    world.pass(20, speak);
    assert.equal(call.error, undefined);
    assert.equal(world.vigil.someSilent("fake"), false);
  });
}

test("while the NATS server says nothing no instance is taken for silent", () => {
  world = new World(record("i1"));
  world.echoes = false;
  const call = world.call({ goesTo: "i1" });
  world.pass(20);
  assert.equal(call.error, undefined);
  world.echoes = true;
  world.pass(1);
  assert.equal(facts(call)?.[1], "helium.silent");
});

test("neither while the connection is lost, nor while this program stood still", () => {
  world = new World(record("i1"));
  const call = world.call({ goesTo: "i1" });
  world.pass(4);
  world.isConnected = false;
  world.pass(5);
  world.isConnected = true;
  world.pass(3);
  world.now += 60_000;
  world.pass(4);
  assert.equal(call.error, undefined);
  world.pass(1);
  assert.equal(facts(call)?.[1], "helium.silent");
});

test("silence on a connection that is gone doesn't count on the next one", () => {
  world = new World(record("i1"));
  const call = world.call({ goesTo: "i1" });
  world.pass(4);
  world.vigil.restart();
  world.pass(4);
  assert.equal(call.error, undefined);
  world.pass(1);
  assert.equal(facts(call)?.[1], "helium.silent");
});

test("a silent instance is asked each second, until it is heard again or isn't there", () => {
  for (const back of [() => world.vigil.heard("fake", "i1", 1n), () => { world.questions.at(-1).state = Asked.nobody; }]) {
    world = new World(record("i1"));
    world.call({ goesTo: "i1" });
    world.pass(5);
    world.asked = [];
    world.pass(6);
    assert.equal(world.asked.filter((who) => who === "i1").length, 3, world.asked.join());
    back();
    assert.equal(world.vigil.isSilent("fake", "i1"), true);
    world.pass(1);
    assert.deepEqual([world.vigil.isSilent("fake", "i1"), world.vigil.someSilent("fake")], [false, false]);
    world.asked = [];
    world.pass(4);
    assert.equal(world.asked.join(""), "");
  }
});

test("one that isn't there, or may not be asked, isn't kept away from", () => {
  for (const state of [Asked.nobody, Asked.refused]) {
    world = new World(record("i1"));
    const call = world.call({ goesTo: "i1" });
    world.pass(3);
    world.questions[0].state = state;
    world.pass(2);
    assert.deepEqual(facts(call), ["unavailable", "helium.silent", "unknown", state === Asked.nobody ? "i1" : ""]);
    assert.equal(world.vigil.someSilent("fake"), false);
  }
});

test("instances that were never heard, where nobody listens, aren't blamed for calls for any", () => {
  world = new World(record("i1"), record("i2"));
  const call = world.call();
  for (let i = 0; i < 20; i++) {
    world.pass(1);
    for (const q of world.questions) q.state = Asked.nobody;
  }
  assert.equal(call.error, undefined);
});

test("calls that end at their deadlines before silence is told give a reason to ask", () => {
  world = new World(record("i1"), record("i2"));
  const call = world.call();
  world.calls = [];
  world.vigil.overdue(call);
  world.pass(1);
  assert.equal(world.asked.join(""), "i1,i2");
  world.pass(8, { speak: ["i2"] });
  assert.deepEqual([world.vigil.isSilent("fake", "i1"), world.vigil.isSilent("fake", "i2")], [true, false]);
});

test("who is silent by a direct link is kept away from by the bus, unless it was just heard there", () => {
  world = new World(record("i1"), record("i2"));
  world.call({ link: {} });
  world.pass(5, { speak: ["i2"] });
  for (const instance of ["i1", "i2"]) world.vigil.hush("fake", instance);
  assert.deepEqual([world.vigil.isSilent("fake", "i1"), world.vigil.isSilent("fake", "i2")], [true, false]);
  world.pass(1, { speak: ["i1"] });
  assert.equal(world.vigil.isSilent("fake", "i1"), false);
});

test("calls go around a silent instance, where another one can take them and NATS permits it", () => {
  world = new World(record("i1"), record("i2"), record("i3", 1, { per_method: true }), record("i4", 1, { methods: [{ name: "ebb" }] }));
  const detour = new Detour(world.directory, world.vigil, { serviceAt: (subject) => subject.split(".")[2] });
  const chosen = (...given) => {
    const names = new Set();
    for (let i = 0; i < 100; i++) names.add(detour.choose("fake", ...given));
    return [...names].sort();
  };
  assert.deepEqual(chosen(["flow"], false), [undefined]); // nobody is silent
  world.call({ goesTo: "i1" });
  world.pass(5);
  assert.deepEqual(chosen(["flow"], false), ["i2", "i3"]);
  assert.deepEqual(chosen(["ebb"], false), ["i2", "i3", "i4"]);
  assert.deepEqual(chosen(["ebb", "flow"], true), ["i2"]);
  assert.deepEqual(chosen(["flow"], false, ["i3"]), ["i2"]);
  assert.equal(detour.choose("other", ["flow"], false), undefined);
  detour.deserted("fake", "i2");
  assert.deepEqual(chosen(["ebb", "flow"], true), [undefined]);
  detour.refused("helium.at.fake.i3.flow");
  assert.deepEqual(chosen(["flow"], false), [undefined]);
  detour.renew();
  assert.deepEqual(chosen(["flow"], false), ["i3"]);
});
