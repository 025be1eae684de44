import { setTimeout as pass } from "node:timers/promises";
import { expect, it } from "vitest";
import { systemClock } from "./clock.js";

it("sleeps through what is longer than a timer can count", async () => {
  const end = new AbortController();
  const sleeping = systemClock.sleep(90 * 86_400_000, end.signal);
  // A timer that is asked for too much ends after one millisecond.
  void pass(20).then(() => end.abort(new Error("woken")));
  await expect(sleeping).rejects.toMatchObject({ name: "AbortError" });
});
