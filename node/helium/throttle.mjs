// Which calls are held back while instances refuse most of them for load: a call that is refused costs a server that
// has too much to do a message to read and one to write, and one that isn't sent costs it nothing.

import { HeliumError } from "./errors.mjs";

/*
 * Of a method:
 *
 *     an instance takes a call   ─▶ permits for two more calls to each instance
 *     an instance refuses a call ─▶ none
 *
 * So instances get twice what they take at most, enough to find out at once that they can take more. Those that take
 * the most count: where one of several has room and the others are stuck, it goes on getting all that it can do,
 * though the others refuse their share of that. A few refusals hold nothing back, and once none has come for a moment
 * nothing is held back any more.
 */

// In milliseconds, unless it says otherwise:
const AFTER = 32, PAUSE = 50; // so many refusals within a pause begin an episode, which ends when none has come for one
const EACH = 2; // calls that may be sent to each instance for one that is taken
// What instances take is told in bursts, so permits for it are spread over a time, and those of a shorter one are kept,
// so many at least. What came in bursts would wait at the instance.
const EARN_TIME = 100, BURST_TIME = 5, LEAST_BURST = 8;
const MEMORY = 256; // after how many calls that were taken those before count half
const MOST_INSTANCES = 1000; // that are told apart
const MOST_METHODS = 64; // before it is looked which of them are over

/** The refusals of the calls of a method. */
export class Throttle {
  #refusals = 0; // since then, a pause ago at most when the latest came
  #since = -Infinity;
  #last = -Infinity; // when that was
  #permits = 0; // calls that may be sent, as of filled
  #filled = 0;
  #rate = 0; // permits in a millisecond; 0: that isn't known yet, and what is earned is there at once
  #earned = 0; // how many more there will be, since then
  #earnedSince = 0;
  #tallies; // of the calls that each instance took; undefined: there is no episode
  #most = 0; // the largest of them
  #taken = 0; // how many calls were taken since they were halved

  /** Whether nothing is held back, and what came before doesn't count any more. */
  isOver(now) { return now - this.#last >= PAUSE; }

  /** Whether a call is to be held back. */
  holds(now) {
    if (this.isOver(now)) this.#end();
    if (!this.#tallies) return false;
    this.#fill(now);
    if (this.#permits < 1) return true;
    this.#permits--;
    return false;
  }

  /** An instance refused a call for load; undefined: which one isn't known. */
  refused(by, now) {
    if (this.isOver(now)) this.#end();
    this.#last = now;
    if (now - this.#since >= PAUSE) [this.#since, this.#refusals] = [now, 0];
    if (++this.#refusals >= AFTER && !this.#tallies) {
      this.#permits = AFTER;
      this.#tallies = new Map();
      this.#filled = this.#earnedSince = now;
    }
    this.#tally(by, 0); // it is one of those that what is sent goes to
  }

  /** An instance took a call. */
  took(by) {
    if (!this.#tallies) return;
    if (++this.#taken > MEMORY) this.#halve();
    if (this.#tally(by, 1) <= this.#most) return;
    this.#most++;
    const more = EACH * this.#tallies.size;
    this.#earned += more;
    if (this.#rate === 0) this.#permits += more;
  }

  #tally(by, more) {
    if (!this.#tallies || !this.#tallies.has(by) && this.#tallies.size >= MOST_INSTANCES) return 0;
    const sum = (this.#tallies.get(by) ?? 0) + more;
    this.#tallies.set(by, sum);
    return sum;
  }

  /** Adds the permits that there are since it was called last. */
  #fill(now) {
    const took = now - this.#earnedSince;
    if (took >= EARN_TIME) {
      const lately = this.#earned / took;
      this.#rate = this.#rate > 0 ? (this.#rate + lately) / 2 : lately;
      this.#earned = 0;
      this.#earnedSince = now;
    }
    if (this.#rate > 0) this.#permits = Math.min(this.#permits + this.#rate * (now - this.#filled), Math.max(LEAST_BURST, this.#rate * BURST_TIME));
    this.#filled = now;
  }

  /**
   * Has what instances took count half, and forgets those that took nothing: they may be gone, and are here again with
   * their next answer.
   */
  #halve() {
    this.#most = Math.floor(this.#most / 2);
    this.#taken = 0;
    for (const [by, n] of this.#tallies) {
      if (n < 2) this.#tallies.delete(by);
      else this.#tallies.set(by, Math.floor(n / 2));
    }
  }

  #end() {
    this.#tallies = undefined;
    this.#permits = this.#rate = this.#earned = this.#most = this.#taken = 0;
  }
}

/** Whether an error says that an instance refused a call for load. */
const isRefusal = (error) => error?.reason === "helium.overloaded" && error.outcome === "not executed";

/** The methods of which calls were refused lately, each for itself, at any instance or at the one that the caller picks. */
export class Throttles {
  #clock;
  #methods = new Map();
  /** How many calls were held back. */
  heldBack = 0;

  /** `clock` gives the time in milliseconds, since any moment. */
  constructor(clock = () => performance.now()) { this.#clock = clock; }

  /** Lets a call go on, or throws that it is held back. */
  admit(service, method, instance) {
    if (this.#methods.size === 0) return;
    const throttle = this.#methods.get(nameOf(service, method, instance));
    if (!throttle?.holds(this.#clock())) return;
    this.heldBack++;
    throw new HeliumError("resource_exhausted", "the method's instances refuse most calls for load, so this one wasn't sent to them; try again later, or start more instances", { reason: "helium.overloaded", outcome: "not executed" });
  }

  /** A call was answered by an instance: with an error, or without one. */
  answered({ service, method, instance }, by, error) {
    if (!error && this.#methods.size === 0) return;
    const name = nameOf(service, method, instance);
    if (isRefusal(error)) this.#throttle(name).refused(by, this.#clock());
    else this.#methods.get(name)?.took(by);
  }

  #throttle(name) {
    if (!this.#methods.has(name)) {
      if (this.#methods.size >= MOST_METHODS) for (const [other, throttle] of this.#methods) if (throttle.isOver(this.#clock())) this.#methods.delete(other);
      this.#methods.set(name, new Throttle());
    }
    return this.#methods.get(name);
  }
}

const nameOf = (service, method, instance = "") => `${service} ${method} ${instance}`;
