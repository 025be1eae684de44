import { setTimeout as pass } from "node:timers/promises";
import { expect, it } from "vitest";
import { TimeLimitError, withinTime } from "./within-time.js";

it("gives work up in these words when its time is over", async () => {
  const work = withinTime(new Promise(() => {}), 1, "it took too long");
  await expect(work).rejects.toThrow(new TimeLimitError("it took too long"));
});

it("gives work its time where that is longer than a timer can count", async () => {
  // A timer that is asked for too much ends after one millisecond.
  expect(await withinTime(pass(20, "done"), 90 * 86_400_000, "it took too long")).toBe("done");
});
