import { afterEach, expect, it } from "vitest";
import { recordingLogger } from "../testing/recording-logger.js";
import type { StallWatch } from "./stall-watch.js";

/** As it is built: its thread is a file of its own. */
const BUILT = new URL("../../dist/loop-watch/stall-watch.js", import.meta.url).href;

let watch: StallWatch | undefined;
afterEach(() => watch?.stop());

function computeForTooLong(until: number) {
  while (performance.now() < until);
}

it("names who held the loop, and how often", { timeout: 60_000 }, async () => {
  const built: typeof import("./stall-watch.js") = await import(BUILT);
  watch = new built.StallWatch(recordingLogger([]), 0);
  watch.start();
  const found = () => watch?.counts().find((count) => count.function === "computeForTooLong");
  // Until its thread is up nobody looks.
  while (!found()) {
    await new Promise((resolve) => setTimeout(resolve, 20));
    computeForTooLong(performance.now() + 300);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  const { stalls = 0, time = 0, longest = 0, package: owner } = found() ?? {};
  expect(owner).toBe("@kilonova/core");
  expect(stalls).toBeGreaterThan(0);
  expect(longest).toBeGreaterThan(50);
  expect(time).toBeGreaterThanOrEqual(longest);
});
