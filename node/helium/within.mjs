// The time of a call, and what ends before it.

import { HeliumError } from "./errors.mjs";

/** The longest time that a call has, in milliseconds, some 24 days: a timer that is set to more ends at once. */
const MOST_TIME = 2 ** 31 - 1;

/** The time that a call has, in whole milliseconds; none is an error. */
export function timeOf(timeout = 10_000) {
  if (!(timeout > 0)) throw noTime(`no time is left: the timeout is ${timeout} ms`);
  return Math.min(Math.ceil(timeout), MOST_TIME);
}

export const noTime = (message) => new HeliumError("deadline_exceeded", message, { reason: "helium.deadline", outcome: "not executed" });

/** The error of a call that was given up before anything of it was sent. */
export const givenUp = () => new HeliumError("canceled", "the caller gave up", { reason: "helium.canceled", outcome: "not executed" });

const heard = new WeakMap(); // by signals, to what is to be done when they abort

/** Does something when a signal aborts, and returns what takes that back. However many do, the signal has one listener. */
export function onAbort(signal, act) {
  if (signal === undefined) return () => {};
  let all = heard.get(signal);
  if (all === undefined) {
    all = { acts: new Set(), listener: () => { for (const act of [...all.acts]) act(); } };
    heard.set(signal, all);
    signal.addEventListener("abort", all.listener);
  }
  all.acts.add(act);
  return () => {
    if (!all.acts.delete(act) || all.acts.size > 0) return;
    heard.delete(signal);
    signal.removeEventListener("abort", all.listener);
  };
}

/** Waits for what comes before a call is sent, until its time is over or its signal gives it up. */
export function within(promise, until, signal, what) {
  let timer, forget;
  const over = new Promise((_, reject) => {
    const abort = () => reject(givenUp());
    timer = setTimeout(() => reject(noTime(`${what} until the call's time was over`)), Math.max(0, until - performance.now()));
    forget = onAbort(signal, abort);
    if (signal?.aborted) abort();
  });
  return Promise.race([promise, over]).finally(() => {
    clearTimeout(timer);
    forget();
  });
}
