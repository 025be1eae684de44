import type { RequestContext } from "@kilonova/messaging";
import {
  CLOUD_HOOK_POINTS,
  hook,
  hookPoint,
  Manager,
  manager,
  method,
  rpcContract,
  rpcMethod,
} from "@kilonova/plugin-api";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { HookPoints, hookPointsOf, hookPointsOfModule } from "./hook-points.js";

const contract = rpcContract("billing", "1.3", {
  charge: method({
    args: z.object({ amount: z.number() }),
    result: z.string(),
    refusals: { broke: z.object({ missing: z.number() }) },
  }),
});
const refund = hookPoint("billing.refund", { description: "Money goes back.", stability: "stable", version: "2.0" });

@manager(contract)
class Billing extends Manager {
  @rpcMethod()
  @hook("billing.charge", { stability: "stable", amendable: ["amount"] })
  async charge(_context: RequestContext, { amount }: { amount: number }) {
    return { ok: true as const, value: String(amount) };
  }

  @hook(refund)
  async refund(_context: RequestContext, _payload: { id: string }): Promise<void> {}
}

describe("the points that a process knows", () => {
  it("are those of the cloud: every RPC method, and those that are declared", () => {
    const names = new HookPoints().all().map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(CLOUD_HOOK_POINTS.map(({ name }) => name)));
    expect(names).toEqual(expect.arrayContaining(["compute.buildServer", "conductor.takeOperation"]));
    expect(names).toEqual([...new Set(names)].sort());
  });

  it("say of an RPC method that is declared as well what was declared", () => {
    expect(new HookPoints().find("scheduler.selectDestinations")).toMatchObject({
      stability: "stable",
      version: "1.0",
      amendable: ["ignoredHosts"],
    });
  });

  it("grow by what is loaded", () => {
    const points = new HookPoints();
    expect(points.problemOf("billing.charge")).toBeDefined();
    points.add(hookPointsOfModule({ contract }));
    expect(points.problemOf("billing.charge")).toBeUndefined();
    expect(points.problemOf("billing.chrage")).toContain("did you mean billing.charge?");
  });

  it.each([
    ["billing.charge", true],
    ["server.fly", false],
    ["sever.create", false],
    ["billing", false],
  ])("tell the point of another process from a mistake: %s", (name, expected) => {
    expect(new HookPoints().mayBeElsewhere(name)).toBe(expected);
  });

  it("are all that a subject has, once one of them is there", () => {
    const points = new HookPoints();
    points.add(hookPointsOfModule({ contract }));
    expect(points.mayBeElsewhere("billing.refund")).toBe(false);
  });
});

describe("the points of a class", () => {
  it("are its RPC methods with what their contract says, and what is marked", () => {
    const points = hookPointsOf(Billing);
    expect([...points.keys()]).toEqual(["charge", "refund"]);
    expect(points.get("charge")).toMatchObject({
      name: "billing.charge",
      description: "RPC method charge of contract billing.",
      version: "1.3",
      stability: "stable",
      amendable: ["amount"],
      payload: contract.methods.charge.args,
    });
    expect(
      points.get("charge")?.result?.safeParse({ ok: false, refusal: "broke", details: { missing: 3 } }).success,
    ).toBe(true);
    expect(points.get("refund")).toMatchObject({
      name: "billing.refund",
      version: "2.0",
      description: "Money goes back.",
    });
  });
});

describe("the points of a module", () => {
  it("are those that it exports, and those of its contracts and classes", () => {
    const names = (module: object) => hookPointsOfModule(module).map(({ name }) => name);
    expect(names({ refund, other: 7 })).toEqual(["billing.refund"]);
    expect(names({ contract })).toEqual(["billing.charge"]);
    expect(names({ Billing })).toEqual(["billing.charge", "billing.refund"]);
    expect(names({ plain: () => {}, nothing: undefined })).toEqual([]);
  });
});
