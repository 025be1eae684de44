import type { ServiceRecord } from "@kilonova/contracts";
import { rpcContract } from "@kilonova/messaging";
import { ServiceGroupDriver, systemClock } from "@kilonova/plugin-api";
import { describe, expect, it, vi } from "vitest";
import { memoryState } from "../state/memory-state.js";
import type { ServiceRecords } from "./service-records.js";
import { type Pin, ServiceVersions } from "./service-versions.js";

const compute = rpcContract("compute", "1.17", {});
const other = rpcContract("other", "2.3", {});

/** Whoever's host is not named so lives. */
class AllButTheDead extends ServiceGroupDriver {
  override async join(): Promise<void> {}
  override async leave(): Promise<void> {}
  override isUp({ host }: ServiceRecord): boolean {
    return host !== "dead";
  }
}

function world(pins: Readonly<Record<string, Pin>>) {
  const { serviceRecords } = memoryState(systemClock);
  const list = vi.fn<ServiceRecords["list"]>((topic) => serviceRecords.list(topic));
  const current = { pins };
  const versions = new ServiceVersions({
    pins: () => current.pins,
    records: () => ({ ...serviceRecords, list }),
    group: async () => new AllButTheDead(),
  });
  const register = (host: string, contracts: Readonly<Record<string, string>>) =>
    serviceRecords.register({ binary: "kilonova-compute", topic: "compute", host, contracts });
  return { versions, register, list, current };
}

describe("the pin of a contract", () => {
  it("is what the options say, and nothing where they do not", () => {
    const { versions } = world({ compute: "1.16" });
    expect(versions.pinOf(compute)).toBe("1.16");
    expect(versions.pinOf(other)).toBeUndefined();
    expect(versions.pinOf(rpcContract("constructor", "1.0", {}))).toBeUndefined();
  });

  it("is the lowest that a living service answers, where it is auto", async () => {
    const { versions, register } = world({ compute: "auto" });
    await register("new", { compute: "1.17" });
    await register("old", { compute: "1.9" });
    await register("dead", { compute: "1.2" });
    await register("without", { other: "1.0" });
    await register("strange", { compute: "newest" });
    expect(await versions.pinOf(compute)).toBe("1.9");
  });

  it("is found out once, whoever waits for it, until it is told to forget", async () => {
    const { versions, register, list, current } = world({ compute: "auto" });
    await register("old", { compute: "1.16" });
    expect(await Promise.all([versions.pinOf(compute), versions.pinOf(compute)])).toEqual(["1.16", "1.16"]);
    await register("old", { compute: "1.17" });
    expect(versions.pinOf(compute)).toBe("1.16");
    expect(list).toHaveBeenCalledTimes(1);
    versions.reset();
    expect(await versions.pinOf(compute)).toBe("1.17");
    current.pins = { compute: "1.15" };
    expect(versions.pinOf(compute)).toBe("1.17");
    versions.reset();
    expect(versions.pinOf(compute)).toBe("1.15");
  });

  it("is asked for again where nobody lived, or where it could not be read", async () => {
    const { versions, register, list } = world({ compute: "auto" });
    expect(await versions.pinOf(compute)).toBeUndefined();
    list.mockRejectedValueOnce(new Error("the database is away"));
    await expect(versions.pinOf(compute)).rejects.toThrow("the database is away");
    await register("old", { compute: "1.16" });
    expect(await versions.pinOf(compute)).toBe("1.16");
  });
});
