import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { SchedulerWorld } from "../testing/scheduler-world.js";

let world: SchedulerWorld;
beforeEach(async () => {
  world = await SchedulerWorld.start();
});
afterEach(() => world.placement.close());

function usedAt(host: string): number {
  return world.mirror.index.get(`provider-${host}`)?.used["VCPU"] ?? 0;
}

function reserve(host: string, amount: number) {
  return world.mirror.reserve([{ providerId: `provider-${host}`, resources: { VCPU: amount } }]);
}

describe("the mirror", () => {
  test("reads everything once, then what changes: new, other and deleted providers", async () => {
    world.addHost("a");
    world.addHost("b");
    await world.mirror.catchUp();
    world.takeElsewhere("a", { VCPU: 3 });
    world.placement.delete("provider-b");
    world.addHost("c");
    await world.mirror.catchUp();
    expect(new Map([...world.mirror.index.values()].map((each) => [each.id, each]))).toEqual(world.placement.providers);
    expect(world.placement.calls.providers).toBe(1);
  });

  test("starts again where the feed no longer reaches back so far", async () => {
    world.addHost("a");
    world.addHost("b");
    await world.mirror.catchUp();
    world.placement.delete("provider-a");
    world.placement.forgetChanges();
    await world.mirror.catchUp();
    expect([...world.mirror.index.values()].map(({ id }) => id)).toEqual(["provider-b"]);
  });

  test("is repaired by a check where a change was never told of", async () => {
    const provider = world.addHost("a");
    await world.mirror.catchUp();
    world.placement.set({ ...provider, used: { VCPU: 7 } }, false);
    await world.mirror.catchUp();
    expect(usedAt("a")).toBe(0);
    await world.mirror.check();
    expect(usedAt("a")).toBe(7);
  });

  test("shows a claim of this process from the start, and not if it is not made", async () => {
    world.addHost("a");
    await world.mirror.catchUp();
    const reservation = reserve("a", 2);
    expect(usedAt("a")).toBe(2);
    reservation.withdraw();
    expect(usedAt("a")).toBe(0);
  });

  test("shows a claim that was made until placement tells of it, then once", async () => {
    world.addHost("a");
    await world.mirror.catchUp();
    const reservation = reserve("a", 2);
    world.takeElsewhere("a", { VCPU: 2 });
    reservation.confirm();
    expect(usedAt("a")).toBe(2);
    await world.mirror.catchUp();
    expect(usedAt("a")).toBe(2);
  });

  test("keeps a claim that is made while it catches up with what was before", async () => {
    world.addHost("a");
    await world.mirror.catchUp();
    const reservation = reserve("a", 2);
    world.placement.afterChanges = () => {
      world.placement.afterChanges = () => {};
      world.takeElsewhere("a", { VCPU: 2 });
      reservation.confirm();
    };
    await world.mirror.catchUp();
    expect(usedAt("a")).toBe(2);
    await world.mirror.catchUp();
    expect(usedAt("a")).toBe(2);
  });

  test("knows how old it is, and fails where placement does not answer", async () => {
    expect(world.mirror.age).toBe(Number.POSITIVE_INFINITY);
    await world.mirror.catchUp();
    await world.clock.advance(1_500);
    expect(world.mirror.age).toBe(1_500);
    world.placement.afterChanges = () => {
      throw new Error("database is gone");
    };
    await expect(world.mirror.catchUp()).rejects.toThrow("database is gone");
    expect(world.mirror.age).toBe(1_500);
  });
});

describe("the host table", () => {
  test("joins providers, hypervisors and services, and follows each", async () => {
    world.addHost("a", { resources: { VCPU: { total: 4, used: 1, ratio: 1.5 } }, traits: new Set(["HW_A"]) });
    await world.hosts.refresh();
    const [host] = world.hosts.all();
    expect(host).toMatchObject({ host: "a", node: "a", hypervisorType: "fake", up: true, disabled: false, servers: 0 });
    expect(host?.resources.get("VCPU")).toEqual({ total: 4, used: 1, capacity: 6 });
    expect(host?.traits.has("HW_A")).toBe(true);
    expect(world.hosts.all()[0]).toBe(host);

    world.takeElsewhere("a", { VCPU: 2 });
    await world.mirror.catchUp();
    expect(world.hosts.all()[0]).toMatchObject({ servers: 1 });
    const [service] = world.services;
    if (service) world.services[0] = { ...service, disabled: true, disabledReason: "broken fan" };
    await world.hosts.reload();
    expect(world.hosts.all()[0]).toMatchObject({ disabled: true, disabledReason: "broken fan" });
  });

  test("leaves out hypervisors without a provider or a service, and providers that are no hypervisor's", async () => {
    world.addHost("a");
    world.addHost("b");
    world.addHost("c");
    world.placement.delete("provider-a");
    world.services.splice(1, 1);
    world.hypervisors.splice(2, 1);
    await world.hosts.refresh();
    expect(world.hosts.all()).toEqual([]);
  });
});
