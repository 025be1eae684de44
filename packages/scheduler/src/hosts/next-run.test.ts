import { expect, test } from "vitest";
import { NextRun } from "./next-run.js";

test("whoever asks gets a run that began later, and all who ask meanwhile share it", async () => {
  const ends: (() => void)[] = [];
  const work = new NextRun(() => new Promise<void>((resolve) => ends.push(resolve)));
  const first = work.ask();
  const later = [work.ask(), work.ask()];
  expect(ends).toHaveLength(1);
  ends[0]?.();
  await first;
  await new Promise((resolve) => setImmediate(resolve));
  expect(ends).toHaveLength(2);
  ends[1]?.();
  await Promise.all(later);
  expect(ends).toHaveLength(2);
});

test("a run that fails fails for those who asked for it, not for the next", async () => {
  let runs = 0;
  const work = new NextRun(async () => {
    runs++;
    if (runs === 1) throw new Error("unreachable");
  });
  const [first, second] = await Promise.allSettled([work.ask(), work.ask()]);
  expect([first.status, second.status]).toEqual(["rejected", "fulfilled"]);
});
