import { randomUUID } from "node:crypto";
import { sampleRequestSpec } from "@kilonova/plugin-testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { SchedulingCloud } from "./scheduling-cloud.js";

const [FIRST, SECOND] = ["scheduler1", "scheduler2"] as const;

/** Fills up hosts with little memory first, and hears the hint `query`. */
const CHANGED = {
  scheduler: {
    filters: ["@kilonova/filters-host#ComputeFilter", "@kilonova/filters-host#JsonFilter"],
    weights: { RAMWeigher: -1 },
  },
};

const ONLY_LARGE = { query: JSON.stringify([">", "$free_ram_mb", 100_000]) };

describe("a scheduler's configuration file that changes, and SIGHUP", () => {
  let cloud: SchedulingCloud;

  beforeAll(async () => {
    cloud = await SchedulingCloud.start({ schedulers: 2, placements: 0, others: ["control", "api"] });
    await cloud.addHost("small", { VCPU: 1_000, MEMORY_MB: 50_000, DISK_GB: 1_000 });
    await cloud.addHost("large", { VCPU: 1_000, MEMORY_MB: 500_000, DISK_GB: 1_000 });
  });
  afterAll(() => cloud?.destroy());

  /** On which host it places a server. */
  async function hostBy(scheduler: string, hints = {}): Promise<string> {
    const outcome = await cloud.scheduler(scheduler).selectDestinations(cloud.context, {
      requestSpec: sampleRequestSpec({ hints }),
      servers: [{ serverId: randomUUID(), fence: 1 }],
      alternates: 0,
      ignoredHosts: [],
    });
    return outcome.ok ? (outcome.value[0]?.destination.host ?? "") : outcome.refusal;
  }

  const digestOf = async (scheduler: string) => (await cloud.scheduler(scheduler).chain(cloud.context)).digest;
  const tell = (scheduler: string) => cloud.process(scheduler).child.kill("SIGHUP");
  const shown = () => cloud.command("scheduler", "chain", "show");

  test("change the chain of the scheduler that is told, which all can see, and of all when all are told", async () => {
    const before = await digestOf(FIRST);
    expect(await digestOf(SECOND)).toBe(before);
    expect(await shown()).toMatchObject({ code: 0, output: expect.stringContaining("run the same.") });
    expect(await hostBy(FIRST)).toBe("large");

    for (const scheduler of [FIRST, SECOND]) await cloud.configure(scheduler, CHANGED);
    tell(FIRST);
    await expect.poll(() => digestOf(FIRST), { timeout: 30_000 }).not.toBe(before);
    const after = await digestOf(FIRST);
    expect(await hostBy(FIRST)).toBe("small");
    expect(await hostBy(FIRST, ONLY_LARGE)).toBe("large");

    expect(await digestOf(SECOND)).toBe(before);
    expect(await hostBy(SECOND)).toBe("large");
    const { code, output } = await shown();
    expect(code).toBe(1);
    for (const words of [`${after} on ${FIRST} `, `${before} on ${SECOND} `, "do not run the same."])
      expect(output).toContain(words);

    tell(SECOND);
    await expect.poll(() => digestOf(SECOND), { timeout: 30_000 }).toBe(after);
    expect(await shown()).toMatchObject({ code: 0, output: expect.stringContaining(`${after} on ${FIRST} `) });
    expect(await hostBy(SECOND)).toBe("small");
  });

  test.each([
    ["a plugin that there is not", { filters: ["@kilonova/filters-host#MoonFilter"] }, "MoonFilter"],
    ["a package that there is not", { weighers: ["@kilonova/moon#MoonWeigher"] }, "@kilonova/moon"],
    ["a plugin of another kind", { filters: ["@kilonova/weighers-resource#RAMWeigher"] }, "RAMWeigher"],
    ["a weigher that the chain has not", { weights: { MoonWeigher: 1 } }, "MoonWeigher"],
    ["no list where one belongs", { filters: 7 }, "scheduler.filters"],
  ])("leave the chain as it was where the file names %s, and the log says so", async (_, scheduler, words) => {
    const before = { digest: await digestOf(FIRST), host: await hostBy(FIRST), asked: await hostBy(FIRST, ONLY_LARGE) };
    await cloud.configure(FIRST, { scheduler });
    tell(FIRST);
    await cloud.process(FIRST).until(new RegExp(`"level":50.*${words}`), 30_000);
    const after = { digest: await digestOf(FIRST), host: await hostBy(FIRST), asked: await hostBy(FIRST, ONLY_LARGE) };
    expect(after).toEqual(before);
  });

  test("change it after a file that was wrong was mended", async () => {
    await cloud.configure(FIRST, { scheduler: { filters: ["@kilonova/filters-host#MoonFilter"] } });
    tell(FIRST);
    const before = await digestOf(FIRST);
    await cloud.configure(FIRST, { scheduler: { weights: { CPUWeigher: 7 } } });
    tell(FIRST);
    await expect.poll(() => digestOf(FIRST), { timeout: 30_000 }).not.toBe(before);
  });
});
