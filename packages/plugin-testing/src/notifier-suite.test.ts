import { type Notification, Notifier } from "@kilonova/plugin-api";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type NotifierWorld, notifierSuite } from "./notifier-suite.js";
import { failingNames } from "./testing/failing-checks.js";

/** Where notifications go: a list, which may refuse, or never answer. */
class Destination {
  readonly texts: string[] = [];
  state: "well" | "refusing" | "stalled" = "well";

  async take(text: string, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.state === "refusing") throw new Error("refused");
    if (this.state === "stalled") {
      await new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
    }
    this.texts.push(text);
  }
}

class ListNotifier extends Notifier {
  constructor(protected readonly destination: Destination) {
    super();
  }

  override async notify(notification: Notification, signal: AbortSignal): Promise<void> {
    await this.destination.take(JSON.stringify(notification), signal);
  }
}

class Silent extends ListNotifier {
  override async notify(notification: Notification, signal: AbortSignal): Promise<void> {
    await super.notify(notification, signal).catch(() => {});
  }
}

class Deaf extends ListNotifier {
  override notify(notification: Notification): Promise<void> {
    return super.notify(notification, new AbortController().signal);
  }
}

class Twice extends ListNotifier {
  override async notify(notification: Notification, signal: AbortSignal): Promise<void> {
    await super.notify(notification, signal);
    await super.notify(notification, signal);
  }
}

class InfoOnly extends ListNotifier {
  override async notify(notification: Notification, signal: AbortSignal): Promise<void> {
    if (notification.priority === "info") await super.notify(notification, signal);
  }
}

class Meddling extends ListNotifier {
  override async notify(notification: Notification, signal: AbortSignal): Promise<void> {
    Object.assign(notification, { publisherId: "me" });
    await super.notify(notification, signal);
  }
}

/** Answers at once and delivers later, its end or not. */
class Late extends ListNotifier {
  override async notify(notification: Notification, signal: AbortSignal): Promise<void> {
    if (this.destination.state !== "well") return super.notify(notification, signal);
    setTimeout(() => void super.notify(notification, signal).catch(() => {}), 10);
  }
}

/** One that cannot be looked at is one the checks know less of. */
function suite(Class: new (destination: Destination) => Notifier, isOpen = true) {
  return notifierSuite(async (): Promise<NotifierWorld> => {
    const destination = new Destination();
    const world = { notifier: new Class(destination), end: async () => {} };
    if (!isOpen) return world;
    return {
      ...world,
      received: () => destination.texts,
      refuse: () => {
        destination.state = "refusing";
      },
      stall: () => {
        destination.state = "stalled";
      },
    };
  });
}

describe("the notifier suite", () => {
  for (const check of suite(ListNotifier)) it(`passes a good notifier: ${check.name}`, check.run);
  for (const check of suite(ListNotifier, false)) it(`passes one that nobody can look into: ${check.name}`, check.run);

  describe("with the time that a check waits for what never comes cut short", () => {
    beforeEach(() => {
      const setTimeout = globalThis.setTimeout;
      vi.stubGlobal("setTimeout", (work: () => void, delay: number) => setTimeout(work, Math.min(delay, 3_000)));
    });
    afterEach(() => vi.unstubAllGlobals());

    it.each<[string, new (destination: Destination) => Notifier, readonly string[]]>([
      [
        "says nothing of a failure",
        Silent,
        [
          "a destination that refuses is said by rejecting, when the signal aborts at the latest",
          "a delivery to a destination that never answers ends by its signal, and by rejecting",
        ],
      ],
      [
        "does not hear its signal",
        Deaf,
        [
          "a delivery to a destination that never answers ends by its signal, and by rejecting",
          "it closes though its destination never answers, and may be closed again",
        ],
      ],
      [
        "delivers twice",
        Twice,
        ["whatever it is told, of either priority, arrives once", "what is told at the same time arrives, each once"],
      ],
      ["passes errors over", InfoOnly, ["whatever it is told, of either priority, arrives once"]],
      ["writes to what it is given", Meddling, ["it leaves a notification as it is"]],
      [
        "delivers when it is closed",
        Late,
        [
          "whatever it is told, of either priority, arrives once",
          "what is told at the same time arrives, each once",
          "after it is closed nothing arrives any more",
        ],
      ],
    ])("fails one that %s", async (_, Class, names) => {
      expect(await failingNames(suite(Class))).toEqual(names);
    });
  });
});
