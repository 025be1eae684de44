import { fileURLToPath } from "node:url";
import { ConfigurationError } from "@kilonova/config";
import { isKilonovaError, type Listener, RequestContext } from "@kilonova/messaging";
import { FakeClock } from "@kilonova/plugin-testing";
import { afterEach, describe, expect, it, vi } from "vitest";
import { Runtime } from "../runtime.js";
import type { FrameworkState } from "../state/framework-state.js";
import { memoryState } from "../state/memory-state.js";
import { configurationOf } from "../testing/configuration.js";
import { testFolder } from "../testing/folder.js";
import { Gate } from "../testing/gate.js";
import { lifeContract, SCRIPT, type Script, sideContract } from "../testing/life-manager.js";
import { type LogLine, recordingLogger } from "../testing/recording-logger.js";
import { installSecondCopy } from "../testing/second-copy.js";
import { Service } from "./service.js";
import type { ServiceSettings } from "./service-settings.js";

const MANAGER = `${fileURLToPath(new URL("../testing/life-manager.ts", import.meta.url))}#LifeManager`;

const GROUP = `
export let events = [];
export let intervals = [];
export class Group {
  static [Symbol.for("kilonova.plugin")] = { kind: "servicegroup-driver", version: 1 };
  async join(_, interval) { events.push("join"); intervals.push(interval); }
  async leave() { events.push("leave"); }
  isUp() { return true; }
}`;

let runtime: Runtime;
afterEach(() => runtime?.close());

/** A service whose every step is written down. */
async function world(
  at: Script["at"] = {},
  values: Record<string, Record<string, unknown>> = {},
  settings: ServiceSettings = {},
) {
  const folder = await testFolder({ "group.mjs": GROUP });
  const { events, intervals } = (await import(`${folder}/group.mjs`)) as { events: string[]; intervals: number[] };
  const clock = new FakeClock();
  const inner = memoryState(clock);
  const state: FrameworkState = {
    ...inner,
    ready: async () => void events.push("ready"),
    serviceRecords: {
      ...inner.serviceRecords,
      register: (registration) => {
        events.push("register");
        return inner.serviceRecords.register(registration);
      },
    },
  };
  const configuration = await configurationOf({ servicegroup: { driver: "./group.mjs#Group" }, ...values }, folder);
  runtime = await Runtime.create({ configuration, clock, state: async () => state });
  const listen = runtime.transport.listen.bind(runtime.transport);
  vi.spyOn(runtime.transport, "listen").mockImplementation(async (...args): Promise<Listener> => {
    const listener = await listen(...args);
    events.push("listen");
    return {
      address: listener.address,
      stop: async () => {
        events.push("stop listening");
        await listener.stop();
      },
    };
  });
  runtime.container.register(SCRIPT, { events, at });
  const lines: LogLine[] = [];
  vi.spyOn(runtime.logger, "child").mockImplementation((own) => recordingLogger(lines, own));
  const service = await Service.create({
    runtime,
    binary: "kilonova-life",
    host: "here",
    manager: MANAGER,
    ...settings,
  });
  const { call } = runtime.rpc.client(lifeContract);
  const context = RequestContext.admin();
  return { service, events, intervals, lines, call, clock, records: state.serviceRecords, context };
}

const START = ["ready", "initHost", "register", "preStartHook", "listen", "postStartHook", "join", "tick"];

describe("a service", () => {
  it.each([
    [{}, 64],
    [{ concurrency: 7 }, 7],
    [{ concurrency: 7, concurrencyOf: { life: 2, other: 3 } }, 2],
  ])("works on so many messages at the same time as options say: %j", async (transport, concurrency) => {
    const { service } = await world({}, { transport });
    await service.serve();
    expect(vi.mocked(runtime.transport.listen).mock.lastCall?.[2]).toMatchObject({ concurrency });
    await service.stop();
  });

  it("goes through its life in order", async () => {
    const { service, events, call, context } = await world();
    expect(events).toEqual([]);
    await service.serve();
    expect(events).toEqual(START);
    expect(await call.work(context)).toBe("done");
    await service.stop();
    await service.stop();
    await service.wait();
    expect(events.slice(START.length)).toEqual(["work", "stop listening", "cleanupHost", "leave"]);
    expect(await call.work(context).catch((error) => error.code)).toBe("rpc.noListener");
  });

  it("can be called from its postStartHook on, not before", async () => {
    const heard: Record<string, unknown> = {};
    const ask = (step: string) => async (context: RequestContext) => {
      heard[step] = await runtime.rpc
        .client(lifeContract)
        .call.work(context)
        .catch((error) => error.code);
    };
    const { service } = await world({ preStartHook: ask("before"), postStartHook: ask("after") });
    await service.serve();
    expect(heard).toEqual({ before: "rpc.noListener", after: "done" });
    await service.stop();
  });

  it("has a record that names what it answers, additional endpoints too, and keeps it when it stops", async () => {
    const { service, records, context } = await world();
    await service.serve();
    const expected = { binary: "kilonova-life", topic: "life", host: "here", contracts: { life: "1.3", side: "2.0" } };
    expect(await records.list("life")).toMatchObject([expected]);
    expect(await runtime.rpc.client(sideContract).call.aside(context)).toBe("aside");
    await service.stop();
    expect(await records.list("life")).toMatchObject([expected]);
  });

  it("weaves its additional endpoints", async () => {
    const { service } = await world();
    const [side] = service.manager.additionalEndpoints;
    expect(side && Object.hasOwn(side, "aside")).toBe(true);
  });

  it("leaves no record when it is killed", async () => {
    const { service, records, events } = await world();
    await service.serve();
    await service.kill();
    expect(await records.list(null)).toEqual([]);
    expect(events.slice(START.length)).toEqual(["stop listening", "cleanupHost", "leave"]);
  });

  it("leaves no record when it is killed after it was stopped", async () => {
    const { service, records } = await world();
    await service.serve();
    await service.stop();
    await service.kill();
    expect(await records.list(null)).toEqual([]);
  });

  it("leaves nothing when its initHost fails", async () => {
    const { service, events, records } = await world({
      initHost: async () => Promise.reject(new Error("no hypervisor")),
    });
    await expect(service.serve()).rejects.toThrow("no hypervisor");
    expect(events).toEqual(["ready", "initHost", "cleanupHost"]);
    expect(await records.list(null)).toEqual([]);
    await service.wait();
  });

  it("does not go on listening when its postStartHook fails", async () => {
    const { service, call, context } = await world({ postStartHook: async () => Promise.reject(new Error("broken")) });
    await expect(service.serve()).rejects.toThrow("broken");
    expect(await call.work(context).catch((error) => error.code)).toBe("rpc.noListener");
  });

  it("gives up its start when it is told to stop meanwhile", async () => {
    const { service, events, records } = await world({
      initHost: ({ signal }) =>
        new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason))),
    });
    const starting = service.serve().catch((error) => error);
    await vi.waitFor(() => expect(events).toContain("initHost"));
    await service.stop();
    expect(await starting).toBeDefined();
    expect(events).toEqual(["ready", "initHost", "cleanupHost"]);
    expect(await records.list(null)).toEqual([]);
  });
});

describe("a service that takes long to start", () => {
  it("says every ten seconds which step of which manager it waits for", async () => {
    const gate = new Gate();
    const { service, events, lines, clock } = await world({ initHost: () => gate.promise });
    const starting = service.serve();
    await vi.waitFor(() => expect(events).toContain("initHost"));
    await clock.advance(9_999);
    expect(lines).toEqual([]);
    await clock.advance(15_001);
    expect(lines).toMatchObject([
      { level: "warn", fields: { service: "life", step: "initHost", manager: "LifeManager", waited: 10_000 } },
      { level: "warn", fields: { step: "initHost", waited: 20_000 }, message: "the service still waits for initHost" },
    ]);
    gate.resolve();
    await starting;
    lines.length = 0;
    await clock.advance(60_000);
    expect(lines).toEqual([]);
    await service.stop();
  });

  it("gives up when it is told to, though its manager does not", async () => {
    const values = { service: { gracefulShutdownTimeout: "10ms" } };
    const { service, events, lines } = await world({ initHost: () => new Promise(() => {}) }, values);
    const starting = service.serve().catch((error) => error);
    await vi.waitFor(() => expect(events).toContain("initHost"));
    await service.stop();
    expect(isKilonovaError(await starting, "rpc.cancelled")).toBe(true);
    expect(events).toEqual(["ready", "initHost", "cleanupHost"]);
    expect(lines).toMatchObject([
      { level: "error", fields: { manager: "LifeManager" }, message: "could not finish its work" },
      { level: "info", message: "the service has stopped" },
    ]);
    // The process's log has the host already: it would be there twice.
    expect(lines.map(({ fields }) => fields)).not.toContainEqual(expect.objectContaining({ host: expect.anything() }));
  });
});

describe("the intervals of a service", () => {
  it("are those of the options unless it has its own", async () => {
    const values = { service: { reportInterval: "20s", periodicInterval: "40s" } };
    for (const [settings, report, rounds] of [
      [{}, 20_000, 4],
      [{ reportInterval: "3s", periodicInterval: "30s" }, 3_000, 5],
    ] as const) {
      const { service, intervals, clock } = await world({}, values, settings);
      const asked = vi.spyOn(service.manager, "periodicTasks");
      await service.serve();
      expect(intervals).toEqual([report]);
      await clock.advance(125_000);
      expect(asked).toHaveBeenCalledTimes(rounds);
      await service.stop();
      await runtime.close();
    }
  });

  it("must be as long as those of the options have to", async () => {
    await expect(world({}, {}, { reportInterval: "0s" })).rejects.toThrow("reportInterval must not be 0s.");
  });
});

describe("a service that stops", () => {
  it("says what it waits for, periodic tasks by their names", async () => {
    const gate = new Gate();
    const { service, lines, clock } = await world({ tick: () => gate.promise });
    await service.serve();
    const stopping = service.stop();
    await clock.advance(10_000);
    const fields = { step: "finish its work", manager: "LifeManager", tasks: ["tick"] };
    expect(lines.filter(({ level }) => level === "warn")).toMatchObject([{ fields }]);
    gate.resolve();
    await stopping;
  });

  it("lets running work end and takes no more", async () => {
    const gate = new Gate();
    const { service, events, call, context } = await world({ work: () => gate.promise });
    await service.serve();
    const running = call.work(context);
    await vi.waitFor(() => expect(events).toContain("work"));
    const stopping = service.stop();
    await vi.waitFor(() => expect(events).toContain("stop listening"));
    expect(await call.work(context).catch((error) => error.code)).toBe("rpc.noListener");
    expect(events).not.toContain("cleanupHost");
    gate.resolve();
    expect(await running).toBe("done");
    await stopping;
    expect(events.slice(-2)).toEqual(["cleanupHost", "leave"]);
  });

  it("waits no longer than service.gracefulShutdownTimeout, and cleans up all the same", async () => {
    const values = { service: { gracefulShutdownTimeout: "10ms" } };
    const { service, events, call, context } = await world({ work: () => new Promise(() => {}) }, values);
    await service.serve();
    call.work(context).catch(() => {});
    await vi.waitFor(() => expect(events).toContain("work"));
    await service.stop();
    expect(events.slice(-2)).toEqual(["cleanupHost", "leave"]);
  });

  it("leaves although its cleanupHost fails", async () => {
    const { service, events } = await world({ cleanupHost: async () => Promise.reject(new Error("stuck")) });
    await service.serve();
    await service.stop();
    expect(events.at(-1)).toBe("leave");
  });

  it("tells its periodic tasks", async () => {
    const told = new Gate();
    const { service } = await world({
      tick: async ({ signal }) => {
        await new Promise((resolve) => signal.addEventListener("abort", resolve));
        told.resolve();
      },
    });
    await service.serve();
    await service.stop();
    await told.promise;
  });
});

describe("a service that is told SIGHUP", () => {
  it("reads options again and resets its manager", async () => {
    const { service, events } = await world();
    const reload = vi.spyOn(runtime.configuration, "reload");
    await service.serve();
    await service.reload();
    expect(reload).toHaveBeenCalledOnce();
    expect(events.at(-1)).toBe("reset");
    await service.stop();
  });
});

describe("the manager of a service", () => {
  it("is found by the option of its topic, though nobody has declared it yet", async () => {
    runtime = await Runtime.create({ configuration: await configurationOf({ life: { manager: MANAGER } }) });
    runtime.container.register(SCRIPT, { events: [] });
    const service = await Service.create({ runtime, binary: "kilonova-life" });
    expect([service.topic, service.manager.constructor.name]).toEqual(["life", "LifeManager"]);
  });

  it("may be a class, or an instance, of a second copy of plugin-api; both are woven", async () => {
    const folder = await testFolder({
      "manager.mjs": `
        import { Manager, manager, method, rpcContract, rpcMethod, synchronized } from "@kilonova/plugin-api";
        import { z } from "zod";
        const contract = rpcContract("life", "1.0", { work: method({ result: z.string() }) });
        export class Foreign extends Manager { async work() { return "foreign"; } }
        manager(contract)(Foreign);
        rpcMethod()(Foreign.prototype, "work", {});
        synchronized("work")(Foreign.prototype, "work", {});
        export const instance = new Foreign();
        export const factory = async () => new Foreign();`,
    });
    await installSecondCopy(folder);
    runtime = await Runtime.create({ configuration: await configurationOf({}, folder) });
    for (const name of ["Foreign", "instance", "factory"]) {
      const service = await Service.create({ runtime, topic: "life", manager: `./manager.mjs#${name}` });
      expect(Object.hasOwn(service.manager, "work")).toBe(true);
      await service.serve();
      expect(await runtime.rpc.client(lifeContract).call.work(RequestContext.admin())).toBe("foreign");
      await service.stop();
    }
  });

  it.each([
    [undefined, "service.failedToStart", "Option life.manager is not set: it names the manager of service life"],
    ["./nothing.js#X", "object.notFound", "option life.manager: ./nothing.js#X leads nowhere"],
    ["@kilonova/messaging#MemoryTransport", "object.wrongKind", "expected a service, received a transport"],
    ["@kilonova/plugin-api#Manager", "contract.invalid", "Manager is not marked with @manager"],
  ] as const)("that is wrong is named: %s", async (path, code, words) => {
    runtime = await Runtime.create({ configuration: await configurationOf(path ? { life: { manager: path } } : {}) });
    const error: unknown = await Service.create({ runtime, topic: "life" }).catch((thrown) => thrown);
    expect(isKilonovaError(error, code), String(error)).toBe(true);
    expect(String(error)).toContain(words);
  });

  it("has to answer on the topic of its contract", async () => {
    runtime = await Runtime.create({ configuration: await configurationOf() });
    runtime.container.register(SCRIPT, { events: [] });
    await expect(Service.create({ runtime, topic: "afterlife", manager: MANAGER })).rejects.toThrow(
      "answers contract life, which is called on topic life; the service listens on afterlife.",
    );
  });

  it("is not made where an option of a declared group has a wrong name; other groups are others'", async () => {
    const configuration = await configurationOf({ service: { reportIntervall: "1s" }, scheduler: { what: "ever" } });
    runtime = await Runtime.create({ configuration });
    runtime.container.register(SCRIPT, { events: [] });
    const error: unknown = await Service.create({ runtime, topic: "life", manager: MANAGER }).catch((thrown) => thrown);
    expect(error).toBeInstanceOf(ConfigurationError);
    expect(String(error)).toContain("reportIntervall");
    expect(String(error)).not.toContain("scheduler");
  });
});

describe("a service with a runtime of its own", () => {
  it("takes its name from the program, options from its command line, and closes the runtime when it stops", async () => {
    const folder = await testFolder({
      "kilonova-life.js": "",
      "manager.mjs": `
        import { Manager, manager, method, optionGroup, rpcContract, rpcMethod } from "@kilonova/plugin-api";
        import { z } from "zod";
        export class Foreign extends Manager { async work() { return "foreign"; } }
        manager(rpcContract("life", "1.0", { work: method({ result: z.string() }) }))(Foreign);
        rpcMethod()(Foreign.prototype, "work", {});`,
    });
    await installSecondCopy(folder);
    const argv = [
      process.execPath,
      `${folder}/kilonova-life.js`,
      "--life.manager",
      `${folder}/manager.mjs#Foreign`,
      "--log.level",
      "silent",
    ];
    vi.spyOn(process, "argv", "get").mockReturnValue(argv);
    const service = await Service.create();
    vi.restoreAllMocks();
    runtime = service.runtime;
    expect([service.binary, service.topic]).toEqual(["kilonova-life", "life"]);
    await service.serve();
    await service.kill();
    const error: unknown = await service.runtime.rpc
      .client(lifeContract)
      .call.work(RequestContext.admin())
      .catch((thrown) => thrown);
    expect(isKilonovaError(error, "transport.closed")).toBe(true);
  });
});
