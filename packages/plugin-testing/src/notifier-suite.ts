import assert from "node:assert/strict";
import { isOfKind, type Notification, type Notifier } from "@kilonova/plugin-api";
import { checksInWorld, type WorldChecks } from "./checks-in-world.js";
import type { ContractCheck } from "./contract-check.js";
import { frozenCopy } from "./frozen-copy.js";
import { assortedNotifications, sampleNotification } from "./sample-notification.js";
import { soon } from "./settled.js";

/** One notifier and where it delivers to. What is optional and missing is not checked. */
export interface NotifierWorld {
  readonly notifier: Notifier;
  /** Everything that has arrived by now, each as its text: a line of a log, the body of a request. */
  received?(): Promise<readonly string[]> | readonly string[];
  /** From now on the destination refuses whatever comes, at once. */
  refuse?(): Promise<void> | void;
  /** From now on the destination takes what comes and never answers. */
  stall?(): Promise<void> | void;
  /** Ends the destination. The check has closed the notifier. */
  end(): Promise<void>;
}

/** What every notifier promises, as checks for any test runner. */
export function notifierSuite(makeWorld: () => Promise<NotifierWorld>): readonly ContractCheck[] {
  return checksInWorld(checks, makeWorld, ({ notifier }) => soon("the end of the notifier", notifier.close()));
}

/** Milliseconds for a delivery that cannot succeed, after which its signal aborts. */
const TIME_LIMIT = 500;

const checks: WorldChecks<NotifierWorld> = {
  "a notifier says that it is one": async ({ notifier }) => {
    assert.ok(isOfKind(notifier, "notifier"), "its class does not extend Notifier");
  },

  "whatever it is told, of either priority, arrives once": async (world) => {
    const told = assortedNotifications();
    for (const notification of told) await delivered(world, notification);
    await arrivedOnce(world, told);
  },

  "what is told at the same time arrives, each once": async (world) => {
    const told = Array.from({ length: 40 }, (_, index) => sampleNotification({ payload: { index } }));
    await Promise.all(told.map((notification) => delivered(world, notification)));
    await arrivedOnce(world, told);
  },

  "it leaves a notification as it is": async (world) => {
    // Frozen: to write to it throws.
    for (const notification of assortedNotifications()) await delivered(world, frozenCopy(notification));
  },

  "a delivery that is given up before it begins settles": async ({ notifier }) => {
    const given = notifier.notify(sampleNotification(), AbortSignal.abort(new Error("given up")));
    await soon("the delivery", settled(given));
  },

  "a destination that refuses is said by rejecting, when the signal aborts at the latest": async (world) => {
    if (!world.refuse) return;
    await world.refuse();
    await failsInTime(world.notifier);
  },

  "a delivery to a destination that never answers ends by its signal, and by rejecting": async (world) => {
    if (!world.stall) return;
    await world.stall();
    await failsInTime(world.notifier);
  },

  "it closes though its destination never answers, and may be closed again": async (world) => {
    await world.stall?.();
    const controller = new AbortController();
    const pending = Array.from({ length: 3 }, () => world.notifier.notify(sampleNotification(), controller.signal));
    const outcomes = pending.map(settled);
    // What core does: the process leaves, and the signal says so.
    controller.abort(new Error("the process leaves"));
    await soon("the end of it", world.notifier.close());
    await soon("what was pending", Promise.all(outcomes));
    await soon("the end of it, again", world.notifier.close());
  },

  "after it is closed nothing arrives any more": async (world) => {
    if (!world.received) return;
    const told = Array.from({ length: 10 }, () => sampleNotification());
    const outcomes = told.map((notification) => settled(world.notifier.notify(notification, patient())));
    await soon("the end of it", world.notifier.close());
    await soon("what was pending", Promise.all(outcomes));
    const before = (await world.received()).length;
    await new Promise((resolve) => setTimeout(resolve, 50));
    assert.equal((await world.received()).length, before, "something arrived after it was closed");
  },
};

function patient(): AbortSignal {
  return new AbortController().signal;
}

async function delivered({ notifier }: NotifierWorld, notification: Notification): Promise<void> {
  const answer: unknown = await soon("a delivery", notifier.notify(notification, patient()));
  assert.equal(answer, undefined);
}

async function arrivedOnce(world: NotifierWorld, told: readonly Notification[]): Promise<void> {
  if (!world.received) return;
  const texts = await world.received();
  for (const { messageId, eventType, priority } of told) {
    const found = texts.filter((text) => text.includes(messageId));
    assert.equal(found.length, 1, `a notification arrived ${found.length} times`);
    for (const words of [eventType, priority]) assert.ok(found[0]?.includes(words), `"${words}" did not arrive`);
  }
}

async function failsInTime(notifier: Notifier): Promise<void> {
  const signal = AbortSignal.timeout(TIME_LIMIT);
  const outcome = await soon("the end of a delivery", settled(notifier.notify(sampleNotification(), signal)));
  assert.equal(outcome, "rejected", "it resolved, though nothing was delivered");
}

async function settled(delivery: Promise<void>): Promise<"resolved" | "rejected"> {
  return delivery.then(
    () => "resolved",
    () => "rejected",
  );
}
