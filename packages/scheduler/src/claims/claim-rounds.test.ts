import type { Claim } from "@kilonova/contracts";
import { RequestContext } from "@kilonova/messaging";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { SchedulerWorld } from "../testing/scheduler-world.js";
import { ClaimRounds } from "./claim-rounds.js";

let world: SchedulerWorld;
let rounds: ClaimRounds;
beforeEach(async () => {
  world = await SchedulerWorld.start();
  world.addHost("a", { resources: { VCPU: { total: 3 } } });
  rounds = new ClaimRounds(world.placement.client);
});
afterEach(() => world.placement.close());

function claimOf(consumerId: string, vcpus = 1): Claim {
  const allocations = [{ providerId: "provider-a", resources: { VCPU: vcpus } }];
  return { consumerId, fence: 1, projectId: "p", userId: "u", allocations };
}

function claim(...claims: readonly Claim[]) {
  return rounds.claim(RequestContext.admin(), claims);
}

/** Holds the first claims that placement is asked for until it is told to go on; tells which consumers each call names. */
function held(count: number) {
  const calls: string[][] = [];
  let letGo = () => {};
  const gate = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  let seen = () => {};
  const arrived = new Promise<void>((resolve) => {
    seen = resolve;
  });
  world.placement.beforeClaim = async (claims) => {
    calls.push(claims.map(({ consumerId }) => consumerId));
    if (calls.length === count) seen();
    if (calls.length <= count) await gate;
  };
  return { calls, arrived, letGo };
}

describe("claims", () => {
  test("that come alone go at once, and are told why they are refused", async () => {
    expect(await claim(claimOf("one"), claimOf("two"))).toBeUndefined();
    expect(await claim(claimOf("three", 2))).toMatchObject({
      refusal: "noCapacity",
      consumerId: "three",
      providerId: "provider-a",
    });
    expect(world.placement.calls).toMatchObject({ claim: 2, claimEach: 0 });
  });

  test("that come while others are on their way go together, each list by itself", async () => {
    const { arrived, letGo } = held(2);
    const first = [claim(claimOf("one")), claim(claimOf("two"))];
    await arrived;
    const later = [claim(claimOf("three", 2)), claim(claimOf("four"))];
    letGo();
    expect(await Promise.all(first)).toEqual([undefined, undefined]);
    expect(await Promise.all(later)).toMatchObject([{ refusal: "noCapacity", consumerId: "three" }, undefined]);
    expect(world.placement.calls.claimEach).toBe(1);
    expect([...world.placement.claims.keys()].sort()).toEqual(["four", "one", "two"]);
  });

  test("of one consumer never go together", async () => {
    const { arrived, letGo } = held(2);
    const first = [claim(claimOf("one")), claim(claimOf("two"))];
    await arrived;
    const later = [claim(claimOf("same")), claim(claimOf("same")), claim(claimOf("same"))];
    letGo();
    expect(await Promise.all([...first, ...later])).toEqual(new Array(5).fill(undefined));
    expect(world.placement.calls.claimEach).toBe(0);
  });

  test("whose caller's time is over before their turn are not made", async () => {
    const { arrived, letGo } = held(2);
    const first = [claim(claimOf("one")), claim(claimOf("two"))];
    await arrived;
    const given = new AbortController();
    const late = rounds.claim(RequestContext.admin().withSignal(given.signal), [claimOf("late")]);
    given.abort();
    letGo();
    await Promise.all(first);
    await expect(late).rejects.toMatchObject({ code: "rpc.deadlineExceeded" });
    expect(world.placement.claims.has("late")).toBe(false);
  });

  test("that placement does not answer fail each by itself, and those behind go on", async () => {
    const { arrived, letGo } = held(2);
    const first = [claim(claimOf("one")), claim(claimOf("two"))];
    await arrived;
    let isBroken = true;
    const later = [claim(claimOf("three")), claim(claimOf("four", 0.5))];
    world.placement.afterClaim = () => {
      if (isBroken) throw new Error("the answer was lost");
    };
    letGo();
    for (const each of [...first, ...later]) await expect(each).rejects.toThrow();
    isBroken = false;
    expect(await claim(claimOf("one"))).toBeUndefined();
  });
});
