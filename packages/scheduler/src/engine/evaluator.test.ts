import { flatRequest } from "@kilonova/candidates";
import { freeOf, HostFilter, type HostState, type HostVerdict, HostWeigher, silentLogger } from "@kilonova/plugin-api";
import { FakeClock, sampleRequest } from "@kilonova/plugin-testing";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type GivenPlugins, givenChain } from "../testing/given-chains.js";
import { SchedulerWorld } from "../testing/scheduler-world.js";
import { type Evaluation, rankedWeights } from "./evaluation.js";
import { Evaluator } from "./evaluator.js";
import { Ranking } from "./ranking.js";
import type { Task } from "./task.js";

let world: SchedulerWorld;
beforeEach(async () => {
  world = await SchedulerWorld.start();
});
afterEach(() => world.placement.close());

class Enabled extends HostFilter {
  asked = 0;
  override signature(): string {
    return "";
  }
  override hostPasses(host: HostState): HostVerdict {
    this.asked++;
    return !host.disabled || { code: "disabled", words: "are disabled" };
  }
}

class FewServers extends HostFilter {
  override hostPasses(host: HostState): HostVerdict {
    return host.servers < 4 || { code: "many", words: "have four servers" };
  }
}

class Memory extends HostWeigher {
  override readonly weight = 1;
  override readonly minimum = 0;
  asked = 0;
  override signature(): string {
    return "";
  }
  override weigh(host: HostState): number {
    this.asked++;
    return freeOf(host, "MEMORY_MB");
  }
}

class Servers extends HostWeigher {
  override readonly weight = -0.5;
  override readonly weightKey = "servers_weight";
  override weigh(host: HostState): number {
    return host.servers;
  }
}

function taskFor(memoryMb: number, plugins: GivenPlugins, key = `${memoryMb}`): Task {
  const chain = givenChain("default", plugins, { logger: silentLogger, clock: new FakeClock() });
  const resourceRequest = flatRequest({ VCPU: 1, MEMORY_MB: memoryMb });
  return {
    chain,
    request: sampleRequest({ resourceRequest }),
    compiled: world.mirror.index.compile(resourceRequest),
    words: new Map(),
    ignoredHosts: new Set(),
    key,
  };
}

/** What an evaluation says: the hosts by name with their scores, and what each stage dropped. */
function said(evaluator: Evaluator, task: Task) {
  const { evaluation, shared } = evaluator.evaluate(task);
  const scores = new Ranking(evaluation.slots, rankedWeights(evaluation), undefined).scores();
  const hosts = evaluation.slots.map((slot, index) => [world.hosts.at(slot)?.host, scores[index]]);
  return { shared, hosts: new Map(hosts as [string, number][]) };
}

const nameAt = (slot: number) => world.hosts.at(slot)?.host;
const size = (memory: number) => ({ resources: { VCPU: { total: 100 }, MEMORY_MB: { total: memory } } });

describe("requests of one signature", () => {
  test("have a filter and a weigher asked about each host once, and again when the host has changed", async () => {
    for (const name of ["a", "b", "c"]) world.addHost(name, size(4096));
    await world.hosts.refresh();
    const [filter, weigher, evaluator] = [new Enabled(), new Memory(), new Evaluator(world.hosts)];
    for (const memory of [512, 1024, 2048])
      evaluator.evaluate(taskFor(memory, { filters: [filter], weighers: [weigher] }));
    expect([filter.asked, weigher.asked]).toEqual([3, 3]);
    world.takeElsewhere("b", { MEMORY_MB: 1024 });
    await world.mirror.catchUp();
    evaluator.evaluate(taskFor(256, { filters: [filter], weighers: [weigher] }));
    expect([filter.asked, weigher.asked]).toEqual([4, 4]);
  });

  test("do not share the verdict of a filter that failed", async () => {
    class Flaky extends HostFilter {
      fails = true;
      override signature(): string {
        return "";
      }
      override hostPasses(): boolean {
        if (this.fails) throw new Error("not now");
        return true;
      }
    }
    world.addHost("a", size(4096));
    await world.hosts.refresh();
    const [filter, evaluator] = [new Flaky(), new Evaluator(world.hosts)];
    expect(said(evaluator, taskFor(512, { filters: [filter] })).hosts.size).toBe(0);
    filter.fails = false;
    expect(said(evaluator, taskFor(1024, { filters: [filter] })).hosts.size).toBe(1);
  });
});

test("what a filter said for one request alone, since it failed, no equal request shares", async () => {
  class Flaky extends HostFilter {
    fails = true;
    override hostPasses(): boolean {
      if (this.fails) throw new Error("not now");
      return true;
    }
  }
  world.addHost("a", size(4096));
  await world.hosts.refresh();
  const [filter, evaluator] = [new Flaky(), new Evaluator(world.hosts)];
  const task = taskFor(512, { filters: [filter] });
  expect(said(evaluator, task).hosts.size).toBe(0);
  filter.fails = false;
  expect(said(evaluator, task)).toMatchObject({ shared: false, hosts: new Map([["a", 0]]) });
});

test("a weigher that counts nothing is asked from when an aggregate says that it counts", async () => {
  class Late extends HostWeigher {
    override readonly weight = 0;
    override readonly weightKey = "late_weight";
    override weigh(host: HostState): number {
      return host.host === "b" ? 1 : 0;
    }
  }
  for (const name of ["a", "b"]) world.addHost(name, size(4096));
  await world.hosts.refresh();
  const evaluator = new Evaluator(world.hosts);
  const task = taskFor(512, { weighers: [new Late()] });
  expect(said(evaluator, task).hosts.get("b")).toBe(0);
  world.aggregates.push({ id: 1, uuid: "u1", name: "one", metadata: { late_weight: "5" }, hosts: ["b"] });
  await world.hosts.refresh();
  expect(said(evaluator, task).hosts.get("b")).toBe(5);
});

describe("an equal request", () => {
  test("shares the evaluation, whatever few hosts have changed", async () => {
    for (const name of ["a", "b"]) world.addHost(name, size(4096));
    await world.hosts.refresh();
    const evaluator = new Evaluator(world.hosts);
    const task = taskFor(512, { filters: [new Enabled()], weighers: [new Memory()] });
    expect(said(evaluator, task).shared).toBe(false);
    world.takeElsewhere("a", { MEMORY_MB: 4000 });
    await world.mirror.catchUp();
    expect(said(evaluator, task)).toEqual({ shared: true, hosts: new Map([["b", 0]]) });
  });

  test("is told what dropped the hosts that have dropped out since, until they are back", async () => {
    for (const name of ["a", "b", "c"]) world.addHost(name, size(4096));
    world.addHost("tiny", size(100));
    await world.hosts.refresh();
    const evaluator = new Evaluator(world.hosts);
    const task = taskFor(512, { filters: [new Enabled(), new FewServers()] });
    const told = () =>
      evaluator.evaluate(task).evaluation.stages.map(({ plugin, hostsIn, hostsOut, drops }) => {
        const names = drops.map(({ refusal, sample }) =>
          [refusal.words, ...sample.map((slot) => nameAt(slot))].join(" "),
        );
        return [plugin, hostsIn, hostsOut, ...names];
      });
    const tooSmall = "are too small for 512 MB of memory tiny";
    const before = [
      ["resources", 4, 3, tooSmall],
      ["Enabled", 3, 3],
      ["FewServers", 3, 3],
    ];
    expect(told()).toEqual(before);

    const taken = world.takeElsewhere("a", { MEMORY_MB: 4000 });
    apply({ kind: "toggle", host: "b" });
    await world.hosts.refresh();
    expect(told()).toEqual([
      ["resources", 4, 2, tooSmall, "lack 512 MB of memory a"],
      ["Enabled", 2, 1, "are disabled b"],
      ["FewServers", 1, 1],
    ]);

    world.placement.take({ ...taken, allocations: [] });
    apply({ kind: "toggle", host: "b" });
    await world.hosts.refresh();
    expect(said(evaluator, task).shared).toBe(true);
    expect(told()).toEqual(before);

    world.placement.delete("provider-c");
    await world.hosts.refresh();
    expect(told()[0]).toEqual(["resources", 3, 2, tooSmall]);
  });

  test("looks anew at what a filter narrows to, where hosts came or changed", async () => {
    class Isolated extends HostFilter {
      override hostPasses({ host }: HostState): boolean {
        return host.startsWith("iso");
      }
      override narrow() {
        const refusal = { code: "not-isolated", words: "are not isolated" };
        return { within: { hosts: ["iso1", "iso2"] }, refusal };
      }
    }
    for (const name of ["iso1", "other"]) world.addHost(name, size(4096));
    await world.hosts.refresh();
    const evaluator = new Evaluator(world.hosts);
    const task = taskFor(512, { filters: [new Isolated()] });
    expect([...said(evaluator, task).hosts.keys()]).toEqual(["iso1"]);
    world.addHost("iso2", size(4096));
    await world.hosts.refresh();
    expect([...said(evaluator, task).hosts.keys()].sort()).toEqual(["iso1", "iso2"]);
  });

  /** What may happen to hosts between two requests. */
  const change = fc.oneof(
    fc.record({ kind: fc.constant("take" as const), host: fc.nat(7), memory: fc.integer({ min: 1, max: 1500 }) }),
    fc.record({ kind: fc.constant("add" as const), host: fc.nat(7), memory: fc.integer({ min: 100, max: 4000 }) }),
    fc.record({ kind: fc.constant("delete" as const), host: fc.nat(7) }),
    fc.record({ kind: fc.constant("toggle" as const), host: fc.nat(7) }),
    fc.record({ kind: fc.constant("group" as const), host: fc.nat(7), weight: fc.constantFrom("-2", "0", "3", "x") }),
    fc.record({ kind: fc.constant("share" as const), host: fc.nat(7) }),
  );

  type Change = typeof change extends fc.Arbitrary<infer Value> ? Value : never;

  test("has the very evaluation that it would have by itself, after any changes of hosts", {
    timeout: 60_000,
  }, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.array(change, { maxLength: 4 }), { minLength: 1, maxLength: 8 }), async (rounds) => {
        await world.placement.close();
        world = await SchedulerWorld.start();
        for (const name of [0, 1, 2, 3]) world.addHost(`h${name}`, size(2000 + 300 * name));
        await world.hosts.refresh();
        const plugins = { filters: [new Enabled(), new FewServers()], weighers: [new Memory(), new Servers()] };
        const evaluator = new Evaluator(world.hosts);
        for (const changes of rounds) {
          for (const each of changes) apply(each);
          await world.hosts.refresh();
          for (const memory of [300, 1200]) {
            const task = taskFor(memory, plugins);
            const fresh = said(new Evaluator(world.hosts), { ...task, key: undefined });
            expect(said(evaluator, task).hosts).toEqual(fresh.hosts);
            expectAccounts(evaluator.evaluate(task).evaluation);
          }
        }
      }),
      { numRuns: 60 },
    );
  });

  /** What comes to a stage and is not dropped there comes to the next; in the end there are those that passed. */
  function expectAccounts({ hosts, slots, stages }: Evaluation): void {
    let left = hosts;
    for (const { hostsIn, hostsOut, drops } of stages) {
      const dropped = drops.reduce((sum, drop) => sum + drop.hosts, 0);
      expect([hostsIn, hostsOut]).toEqual([left, left - dropped]);
      expect(drops.every((drop) => drop.hosts > 0 && drop.sample.length <= drop.hosts)).toBe(true);
      left = hostsOut;
    }
    expect(left).toBe(slots.length);
  }

  function apply(given: Change | { readonly kind: "toggle"; readonly host: string }): void {
    const name = typeof given.host === "string" ? given.host : `h${given.host}`;
    const provider = world.placement.providers.get(`provider-${name}`);
    const service = world.services.find(({ host }) => host === name);
    switch (given.kind) {
      case "take":
        if (provider) world.takeElsewhere(name, { MEMORY_MB: given.memory });
        return;
      case "add":
        if (!service) world.addHost(name, size(given.memory));
        return;
      case "delete":
        if (provider) world.placement.delete(provider.id);
        return;
      case "toggle":
        if (service)
          world.services.splice(world.services.indexOf(service), 1, { ...service, disabled: !service.disabled });
        return;
      case "group": {
        const metadata = { servers_weight: given.weight };
        world.aggregates.splice(0, 1, { id: 1, uuid: "u1", name: "one", metadata, hosts: [name] });
        return;
      }
      case "share": {
        const shares = world.placement.providers.get("pool");
        const traits = ["MISC_SHARES_VIA_AGGREGATE"];
        if (provider) world.placement.set({ ...provider, aggregates: [...provider.aggregates, "shared"] });
        const inventory = { total: 5000, reserved: 0, minUnit: 1, maxUnit: 5000, stepSize: 1, allocationRatio: 1 };
        world.placement.set({
          id: "pool",
          name: "pool",
          parentId: null,
          rootId: "pool",
          generation: 0,
          inventories: shares ? {} : { MEMORY_MB: inventory },
          used: {},
          consumers: 0,
          traits,
          aggregates: ["shared"],
        });
      }
    }
  }
});
