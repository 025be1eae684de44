import { isKilonovaError } from "@kilonova/messaging";
import { FakeClock } from "@kilonova/plugin-testing";
import { describe, expect, it } from "vitest";
import { memoryState } from "../state/memory-state.js";
import { ClusterLease } from "./cluster-lease.js";

function world() {
  const clock = new FakeClock();
  const { locks } = memoryState(clock);
  const asked = (holder: string) => ({ locks, clock, name: "sweep", holder });
  return { clock, locks, asked };
}

describe("a lease", () => {
  it("is had by one, and by the next when it is given back, with a higher fence", async () => {
    const { asked } = world();
    const first = await ClusterLease.tryAcquire(asked("one"));
    expect(first?.fence).toBe(1);
    expect(await ClusterLease.tryAcquire(asked("two"))).toBeUndefined();
    await first?.end();
    const second = await ClusterLease.tryAcquire(asked("two"));
    expect(second?.fence).toBe(2);
    await second?.end();
  });

  it("can be kept for a while though nothing is done under it, and then runs out", async () => {
    const { clock, asked } = world();
    await (await ClusterLease.tryAcquire(asked("one")))?.keep(300_000);
    await clock.advance(299_999);
    expect(await ClusterLease.tryAcquire(asked("two"))).toBeUndefined();
    await clock.advance(1);
    const second = await ClusterLease.tryAcquire(asked("two"));
    expect(second?.fence).toBe(2);
    await second?.end();
    expect(clock.sleeping).toBe(0);
  });

  it("that was kept is gone on with under the same fence, unless another has had the lock since", async () => {
    const { clock, asked } = world();
    await (await ClusterLease.tryAcquire(asked("one")))?.keep(60_000);
    const again = await ClusterLease.tryAcquire(asked("one"), 1);
    expect(again?.fence).toBe(1);
    await again?.keep(60_000);
    await clock.advance(60_000);
    await (await ClusterLease.tryAcquire(asked("two")))?.end();
    const last = await ClusterLease.tryAcquire(asked("one"), 1);
    expect(last?.fence).toBe(3);
    await last?.end();
  });

  it("is not believed in for longer than its time when the clock is set back", async () => {
    const { clock, asked } = world();
    let behind = 0;
    const setBack = { now: () => clock.now() - behind, sleep: clock.sleep.bind(clock) };
    const lease = await ClusterLease.tryAcquire({
      ...asked("one"),
      clock: setBack,
      locks: { ...asked("one").locks, renew: () => Promise.reject(new Error("unreachable")) },
    });
    behind = 3_600_000;
    await clock.advance(29_999);
    expect(lease?.lost.aborted).toBe(false);
    await clock.advance(1);
    expect(lease?.lost.aborted).toBe(true);
    await lease?.end();
    expect(clock.sleeping).toBe(0);
  });

  it("is lost at the end of its time though whoever keeps the locks has not answered", async () => {
    const { clock, asked } = world();
    const deaf = { ...asked("one").locks, renew: () => new Promise<never>(() => {}) };
    const lease = await ClusterLease.tryAcquire({ ...asked("one"), locks: deaf });
    await clock.advance(30_000);
    expect(lease?.lost.aborted).toBe(true);
  });

  it("that is abandoned is lost at once for its holder, and runs out for the others", async () => {
    const { clock, asked } = world();
    const first = await ClusterLease.tryAcquire(asked("one"));
    first?.abandon();
    expect(first?.lost.aborted).toBe(true);
    let thrown: unknown;
    try {
      first?.throwIfLost();
    } catch (error) {
      thrown = error;
    }
    expect(isKilonovaError(thrown, "lock.lost")).toBe(true);
    await first?.keep(3_600_000);
    expect(await ClusterLease.tryAcquire(asked("two"))).toBeUndefined();
    await clock.advance(30_000);
    const second = await ClusterLease.tryAcquire(asked("two"));
    expect(second?.fence).toBe(2);
    await second?.end();
  });
});
