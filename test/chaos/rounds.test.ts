import { expect, it } from "vitest";
import { inRounds } from "./rounds.js";

it("rounds ask for everything once, and every strike meets work", async () => {
  const lines: string[] = [];
  const asked = (name: string) => async (index: number) => {
    await new Promise((resolve) => setImmediate(resolve));
    lines.push(`${name} ${index}`);
  };
  const strike = (name: string) => async () => void lines.push(name);
  await inRounds(
    [
      { howMany: 7, atOnce: 2, ask: asked("a") },
      { howMany: 3, atOnce: 5, ask: asked("b") },
    ],
    [strike("first"), strike("second")],
  );
  const all = (name: string, howMany: number) => Array.from({ length: howMany }, (_, index) => `${name} ${index}`);
  expect([...lines].sort()).toEqual([...all("a", 7), ...all("b", 3), "first", "second"].sort());
  // Four of ten in the first round: the strike falls after two, and the second after two of the other six.
  expect(lines.indexOf("first")).toBeGreaterThanOrEqual(2);
  expect(lines.indexOf("first")).toBeLessThan(4 + 1);
  expect(lines.indexOf("second")).toBeGreaterThanOrEqual(5 + 2);
  expect(lines.at(-1)).not.toBe("second");
});
