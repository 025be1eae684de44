import { method, RequestContext, rpcContract } from "@kilonova/messaging";
import { describe, expect, expectTypeOf, it } from "vitest";
import { z } from "zod";
import { CLOUD_HOOK_POINTS, serverBuild, serverCreate, serverDelete, serverReboot } from "./cloud-hook-points.js";
import { type HookAt, type HookEvent, hook, hooksOf, type PreAnswer } from "./hook.js";
import { hookPoint, isHookPoint, type PayloadAt, type ResultAt } from "./hook-point.js";

describe("the hook points of the cloud", () => {
  it.each(CLOUD_HOOK_POINTS.map((point) => [point.name, point] as const))("%s says all of itself", (name, point) => {
    const { description, version, stability, payload, result, amendable = [] } = point.spec;
    expect(isHookPoint(point)).toBe(true);
    expect(name).toMatch(/^[a-z]+\.[a-z][A-Za-z]+$/);
    expect(description).toMatch(/^[A-Z].*\.$/);
    expect(version).toMatch(/^\d+\.\d+$/);
    expect(["stable", "internal"]).toContain(stability);
    expect(Object.keys(payload?.shape ?? {})).toEqual(expect.arrayContaining([...amendable]));
    // What JSON Schema can say in full can be shown, and be sent on by a hook: a contract takes nothing else.
    const answer = result instanceof z.ZodOptional ? result.unwrap() : (result ?? z.null());
    const spec = method({ args: payload ?? z.object({}), result: answer as z.ZodType });
    expect(() => rpcContract("probe", "1.0", { spec })).not.toThrow();
  });

  it("have each a name of its own", () => {
    const names = CLOUD_HOOK_POINTS.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
  });
});

describe("the types of a declared point", () => {
  it("let a hook read what the point declares", () => {
    class Audit implements HookAt<typeof serverCreate> {
      readonly seen: string[] = [];

      pre({ payload, context }: HookEvent<PayloadAt<typeof serverCreate>>): PreAnswer {
        this.seen.push(`${context.projectId} ${payload.name} ${payload.flavor.vcpus}`);
        if (payload.metadata["owner"] === undefined) return { veto: "A server needs an owner." };
        return { amend: { metadata: { ...payload.metadata, audited: "yes" } } };
      }

      async post(_event: HookEvent, result: ResultAt<typeof serverCreate>): Promise<void> {
        if ("servers" in result) this.seen.push(...result.servers.map(({ id }) => id));
        else this.seen.push(result.message);
      }
    }
    const hook: HookAt<typeof serverCreate> = new Audit();
    expect(hook.pre).toBeDefined();
    expectTypeOf<PayloadAt<typeof serverReboot>["type"]>().toEqualTypeOf<"SOFT" | "HARD">();
    expectTypeOf<ResultAt<typeof serverDelete>>().toEqualTypeOf<
      { readonly status: number; readonly message: string } | undefined
    >();
    expectTypeOf<ResultAt<typeof serverBuild>["networkInfo"][number]["macAddress"]>().toEqualTypeOf<string>();
  });

  it("let a hook that never answers say so, at once or later", () => {
    class Watch implements HookAt<typeof serverCreate> {
      pre(): void {}
    }
    class SlowWatch implements HookAt<typeof serverCreate> {
      async pre(): Promise<void> {}
    }
    expectTypeOf<Watch | SlowWatch>().toExtend<HookAt<typeof serverCreate>>();
  });

  it("show it as frozen as it is", () => {
    expectTypeOf<PayloadAt<typeof serverCreate>["metadata"]>().toEqualTypeOf<Readonly<Record<string, string>>>();
    type Networks = Exclude<PayloadAt<typeof serverCreate>["networks"], string>;
    expectTypeOf<Networks>().toEqualTypeOf<
      readonly { readonly networkId: string; readonly fixedAddress?: string | undefined }[]
    >();
  });

  it("refuse a hook that reads what is not there", () => {
    class Wrong implements HookAt<typeof serverDelete> {
      pre({ payload }: HookEvent<PayloadAt<typeof serverDelete>>): undefined {
        // @ts-expect-error a server as hooks see it has no user data
        void payload.server.userData;
      }
    }
    class WrongAnswer implements HookAt<typeof serverDelete> {
      // @ts-expect-error an answer is nothing, a veto or an amendment
      pre(): boolean {
        return false;
      }
    }
    expect([Wrong, WrongAnswer]).toHaveLength(2);
  });

  it("hold the marked method to payload and result", async () => {
    const move = hookPoint("server.move", {
      payload: z.object({ id: z.string(), hosts: z.array(z.string()) }),
      result: z.object({ host: z.string() }),
    });
    class Mover {
      @hook(move)
      async move(_context: RequestContext, { id, hosts }: { id: string; hosts: readonly string[]; fence: number }) {
        return { host: `${id} ${hosts}`, secret: 1 };
      }
      // @ts-expect-error it passes no hosts
      @hook(move)
      async withoutHosts(_context: RequestContext, _payload: { id: string }) {
        return { host: "" };
      }
      // @ts-expect-error it answers no host
      @hook(move)
      async withoutAnswer(_context: RequestContext, _payload: { id: string; hosts: string[] }): Promise<void> {}
    }
    expect(hooksOf(Mover).map(({ method, point }) => [method, point])).toEqual([
      ["move", "server.move"],
      ["withoutHosts", "server.move"],
      ["withoutAnswer", "server.move"],
    ]);
    expect(await new Mover().move(new RequestContext(), { id: "s", hosts: ["h"], fence: 1 })).toMatchObject({
      host: "s h",
    });
  });
});
