import { describe, expect, it } from "vitest";
import { FakeClock } from "./fake-clock.js";

describe("the fake clock", () => {
  it("stands still until it is moved", async () => {
    const clock = new FakeClock(1_000);
    expect(clock.now()).toBe(1_000);
    await clock.advance(500);
    expect(clock.now()).toBe(1_500);
  });

  it("wakes sleepers in their order, each at its own instant, and those that sleep again", async () => {
    const clock = new FakeClock(0);
    const woken: [string, number][] = [];
    const sleep = (name: string, milliseconds: number) =>
      clock.sleep(milliseconds).then(() => woken.push([name, clock.now()]));
    void sleep("late", 300);
    void sleep("early", 100).then(() => sleep("again", 100));
    void sleep("never", 1_000);
    await clock.advance(500);
    expect(woken).toEqual([
      ["early", 100],
      ["again", 200],
      ["late", 300],
    ]);
    expect([clock.now(), clock.sleeping]).toEqual([500, 1]);
  });

  it("lets a sleeper be woken by its signal", async () => {
    const clock = new FakeClock();
    const controller = new AbortController();
    const sleeping = clock.sleep(1_000, controller.signal);
    controller.abort(new Error("enough"));
    await expect(sleeping).rejects.toThrow("enough");
    await expect(clock.sleep(1, controller.signal)).rejects.toThrow("enough");
    expect(clock.sleeping).toBe(0);
  });
});
