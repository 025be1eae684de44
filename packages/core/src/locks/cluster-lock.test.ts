import { isKilonovaError, RequestContext } from "@kilonova/messaging";
import { FakeClock } from "@kilonova/plugin-testing";
import { describe, expect, it } from "vitest";
import { memoryState } from "../state/memory-state.js";
import { Gate } from "../testing/gate.js";
import { withClusterLock } from "./cluster-lock.js";
import type { Locks } from "./locks.js";

function world() {
  const clock = new FakeClock();
  const { locks } = memoryState(clock);
  return { clock, locks, context: RequestContext.admin() };
}

/** Work that ends when the test says so, and tells when it began. */
function held() {
  const begun = new Gate<RequestContext>();
  const ended = new Gate<string>();
  const work = (context: RequestContext) => {
    begun.resolve(context);
    return ended.promise;
  };
  return { work, begun: begun.promise, finish: ended.resolve };
}

describe("a lock across the cluster", () => {
  it("lets one in at a time, and the next when it is given back", async () => {
    const { clock, locks, context } = world();
    const first = held();
    const one = withClusterLock(locks, clock, context, "vlan", first.work);
    await first.begun;
    let isIn = false;
    const two = withClusterLock(locks, clock, context, "vlan", async () => {
      isIn = true;
      return "two";
    });
    await clock.advance(1_000);
    expect(isIn).toBe(false);
    first.finish("one");
    expect(await one).toBe("one");
    await clock.advance(1_000);
    expect(await two).toBe("two");
  });

  it("is held for as long as the work takes, by renewing its lease", async () => {
    const { clock, locks, context } = world();
    const long = held();
    const running = withClusterLock(locks, clock, context, "vlan", long.work);
    await long.begun;
    await clock.advance(600_000);
    expect(await locks.acquire("vlan", "another", 1_000)).toBeUndefined();
    long.finish("done");
    expect(await running).toBe("done");
    expect(await locks.acquire("vlan", "another", 1_000)).toEqual({ fence: 2 });
  });

  it("outlives a short absence of whoever keeps the locks", async () => {
    const { clock, locks, context } = world();
    let isAway = false;
    const shaky: Locks = {
      ...locks,
      renew: async (...args) => {
        if (isAway) throw new Error("unreachable");
        return locks.renew(...args);
      },
    };
    const long = held();
    const running = withClusterLock(shaky, clock, context, "vlan", long.work);
    await long.begun;
    isAway = true;
    await clock.advance(15_000);
    isAway = false;
    await clock.advance(60_000);
    long.finish("done");
    expect(await running).toBe("done");
  });

  it.each([
    ["another has taken it", async () => false],
    [
      "nobody can be asked until the lease is over",
      async () => {
        throw new Error("unreachable");
      },
    ],
  ])("is lost when %s: the work is told, and its result thrown away", async (_, renew) => {
    const { clock, locks, context } = world();
    const long = held();
    const running = withClusterLock({ ...locks, renew }, clock, context, "vlan", long.work).catch((error) => error);
    const { signal } = await long.begun;
    await clock.advance(30_000);
    expect(signal.aborted).toBe(true);
    long.finish("too late");
    expect(isKilonovaError(await running, "lock.lost")).toBe(true);
  });

  it("is waited for no longer than the context allows", async () => {
    const { clock, locks, context } = world();
    await locks.acquire("vlan", "another", 3_600_000);
    const waiting = withClusterLock(locks, clock, context.within(5), "vlan", async () => "never").catch(
      (error) => error,
    );
    expect(isKilonovaError(await waiting, "rpc.deadlineExceeded")).toBe(true);
  });

  it("is given back when the work fails, with the work's own error", async () => {
    const { clock, locks, context } = world();
    const failing = withClusterLock(locks, clock, context, "vlan", async () => {
      throw new Error("broken");
    });
    await expect(failing).rejects.toThrow("broken");
    expect(await locks.acquire("vlan", "another", 1_000)).toEqual({ fence: 2 });
  });
});
