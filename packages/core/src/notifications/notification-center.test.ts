import {
  KilonovaError,
  MemoryTransport,
  MemoryWire,
  method,
  RequestContext,
  Rpc,
  rpcContract,
} from "@kilonova/messaging";
import { NOTIFICATIONS, type Notification, notificationsOn, notificationType, rpcError } from "@kilonova/plugin-api";
import { FakeClock } from "@kilonova/plugin-testing";
import { describe, expect, it, vi } from "vitest";
import { z } from "zod";
import { Container } from "../container/container.js";
import { ObjectLoader } from "../container/object-loader.js";
import { Runtime } from "../runtime.js";
import { LEAVING_TIME } from "../service/way-out.js";
import { configurationOf } from "../testing/configuration.js";
import { testFolder } from "../testing/folder.js";
import { Gate } from "../testing/gate.js";
import { type LogLine, recordingLogger } from "../testing/recording-logger.js";
import { NotificationCenter } from "./notification-center.js";
import { connectNotifications, failureObserver } from "./notification-outlets.js";
import { CLOSE_TIME, DRAIN_TIME } from "./notification-queue.js";

const guestMoved = notificationType("guest.moved", {
  version: "1.2",
  payload: z.object({ id: z.string(), to: z.object({ host: z.string() }) }),
  description: "A guest has moved.",
});
const context = new RequestContext({ requestId: "req-1", projectId: "p", userId: "u" });
const payload = { id: "g1", to: { host: "h2" } };

function world({ timeLimit = 10_000, queueSize = 100 } = {}) {
  const lines: LogLine[] = [];
  const clock = new FakeClock();
  const logger = recordingLogger(lines);
  const center = new NotificationCenter({ clock, logger, options: { timeLimit, queueSize } });
  return { center, clock, lines, logger, notifications: center.publisher("compute.host1") };
}

/** Takes what it is given, and tells. */
function taker() {
  const taken: Notification[] = [];
  return { taken, notify: async (told: Notification) => void taken.push(told), close: vi.fn(async () => {}) };
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

describe("a notification", () => {
  it("says who tells what of whose request, when, and what its type is", async () => {
    const { center, clock, notifications } = world();
    const { taken, ...outlet } = taker();
    center.add("taker", outlet);
    notifications.info(context, guestMoved, payload);
    notifications.error(new RequestContext({ requestId: "req-2" }), guestMoved, payload);
    await settled();
    expect(taken).toEqual([
      {
        messageId: expect.stringMatching(/^[0-9a-f-]{36}$/),
        eventType: "guest.moved",
        version: "1.2",
        priority: "info",
        publisherId: "compute.host1",
        timestamp: new Date(clock.now()).toISOString(),
        requestId: "req-1",
        projectId: "p",
        userId: "u",
        payload,
      },
      expect.objectContaining({ priority: "error", requestId: "req-2", projectId: null, userId: null }),
    ]);
    expect(taken[0]?.messageId).not.toBe(taken[1]?.messageId);
  });

  it("is what it was when it was told, whatever sender and notifiers do to it, and holds what its type has alone", async () => {
    const { center, notifications } = world();
    const first = taker();
    const second = taker();
    center.add("writer", {
      ...first,
      notify: async (told) => {
        (told.payload as { id: string }).id = "changed";
      },
    });
    center.add("second", second);
    const mine = { id: "g1", to: { host: "h2" }, password: "hidden" };
    notifications.info(context, guestMoved, mine);
    mine.to.host = "h3";
    await settled();
    expect(second.taken[0]?.payload).toEqual(payload);
    expect(center.counts()).toMatchObject([{ failed: 1 }, { delivered: 1 }]);
  });

  it("that does not fit its type, or is far too long, is logged and never thrown", async () => {
    const { center, lines, notifications } = world();
    const { taken, ...outlet } = taker();
    center.add("taker", outlet);
    notifications.info(context, guestMoved, { id: 3 } as never);
    notifications.info(context, guestMoved, undefined as never);
    notifications.info(context, guestMoved, { ...payload, id: "x".repeat(300_000) });
    await settled();
    expect(taken).toEqual([]);
    expect(lines.map(({ level, fields }) => [level, fields["eventType"]])).toEqual(
      Array(3).fill(["error", "guest.moved"]),
    );
    expect(lines[0]?.fields["error"]).toMatch(/does not fit its type/);
  });

  it("costs nothing where nobody takes it", () => {
    const { notifications, lines } = world();
    notifications.info(context, guestMoved, { id: 3 } as never);
    expect(lines).toEqual([]);
  });
});

describe("a notifier", () => {
  it("that fails or hangs costs the others nothing, and is named in the log once a minute at most", async () => {
    const { center, clock, lines, notifications } = world();
    const good = taker();
    center.add("broken", {
      notify: async () => {
        throw new Error("no paper");
      },
      close: async () => {},
    });
    center.add("good", good);
    for (let count = 0; count < 5; count += 1) notifications.info(context, guestMoved, payload);
    await settled();
    expect(good.taken).toHaveLength(5);
    expect(lines).toEqual([
      {
        level: "warn",
        message: "notifications were not delivered",
        fields: { notifier: "broken", failed: 1, dropped: 0, error: "no paper" },
      },
    ]);
    await clock.advance(59_000);
    expect(lines).toHaveLength(1);
    await clock.advance(1_000);
    expect(lines[1]?.fields).toMatchObject({ notifier: "broken", failed: 4, dropped: 0 });
    await clock.advance(120_000);
    expect(lines).toHaveLength(2);
    expect(center.counts()).toEqual([
      { notifier: "broken", delivered: 0, failed: 5, dropped: 0 },
      { notifier: "good", delivered: 5, failed: 0, dropped: 0 },
    ]);
  });

  it("is told to give a delivery up when its time is over", async () => {
    const { center, clock, lines, notifications } = world({ timeLimit: 2_000 });
    const given: AbortSignal[] = [];
    center.add("slow", {
      notify: (_, signal) =>
        new Promise((_resolve, reject) => {
          given.push(signal);
          signal.addEventListener("abort", () => reject(signal.reason));
        }),
      close: async () => {},
    });
    notifications.info(context, guestMoved, payload);
    await clock.advance(1_999);
    expect(given[0]?.aborted).toBe(false);
    await clock.advance(1);
    expect(given[0]?.aborted).toBe(true);
    expect(lines[0]?.fields).toMatchObject({ notifier: "slow", failed: 1, error: "it took longer than 2000 ms" });
  });

  it("that ignores the signal holds no more than its few deliveries; what it cannot take is dropped and counted", async () => {
    const { center, clock, notifications } = world({ timeLimit: 1_000, queueSize: 4 });
    const gate = new Gate();
    const notify = vi.fn(() => gate.promise);
    center.add("deaf", { notify, close: async () => {} });
    for (let count = 0; count < 20; count += 1) notifications.info(context, guestMoved, payload);
    await clock.advance(100_000);
    expect(notify).toHaveBeenCalledTimes(8);
    expect(center.counts()).toEqual([{ notifier: "deaf", delivered: 0, failed: 8, dropped: 8 }]);
    gate.resolve();
    await settled();
    expect(notify).toHaveBeenCalledTimes(12);
    expect(center.counts()).toMatchObject([{ delivered: 4, failed: 8, dropped: 8 }]);
  });

  it("that throws at once has failed like any other", async () => {
    const { center, notifications } = world();
    const throws = () => {
      throw new Error("at once");
    };
    center.add("throws", { notify: throws, close: throws });
    notifications.info(context, guestMoved, payload);
    await settled();
    expect(center.counts()).toMatchObject([{ failed: 1 }]);
    await center.close();
  });
});

describe("the end of a process", () => {
  it("waits for what is to be delivered, then closes the notifiers; what is told later is dropped", async () => {
    const { center, notifications } = world();
    const gate = new Gate();
    const { taken, ...outlet } = taker();
    center.add("slow", {
      ...outlet,
      notify: async (told) => {
        await gate.promise;
        taken.push(told);
      },
    });
    for (let count = 0; count < 10; count += 1) notifications.info(context, guestMoved, payload);
    const closed = center.close();
    notifications.info(context, guestMoved, payload);
    await settled();
    expect(outlet.close).not.toHaveBeenCalled();
    gate.resolve();
    await closed;
    expect(taken).toHaveLength(10);
    expect(outlet.close).toHaveBeenCalledOnce();
    expect(center.counts()).toMatchObject([{ delivered: 10, dropped: 1 }]);
    await center.close();
    expect(outlet.close).toHaveBeenCalledOnce();
  });

  it("is not held up by one that never delivers and never closes", async () => {
    const { center, clock, lines, notifications } = world({ timeLimit: 60_000 });
    const never = new Promise<never>(() => {});
    const signals: AbortSignal[] = [];
    center.add("stuck", {
      notify: (_, signal) => {
        signals.push(signal);
        return never;
      },
      close: () => never,
    });
    for (let count = 0; count < 10; count += 1) notifications.info(context, guestMoved, payload);
    let isClosed = false;
    const closed = center.close().then(() => {
      isClosed = true;
    });
    await clock.advance(DRAIN_TIME - 1);
    expect(signals.some(({ aborted }) => aborted)).toBe(false);
    await clock.advance(1);
    expect(signals.every(({ aborted }) => aborted)).toBe(true);
    expect(isClosed).toBe(false);
    await clock.advance(CLOSE_TIME);
    await closed;
    expect(lines.reduce((sum, { fields }) => sum + Number(fields["failed"]) + Number(fields["dropped"]), 0)).toBe(10);
  });
});

describe("the time that notifications have at the end of a process", () => {
  it("leaves some of the step of the way out that it is part of, for the transport to close", async () => {
    const { center, clock, notifications } = world({ timeLimit: 60_000 });
    const never = new Promise<never>(() => {});
    center.add("dead", { notify: () => never, close: () => never });
    notifications.info(context, guestMoved, payload);
    let isClosed = false;
    const closed = center.close().then(() => {
      isClosed = true;
    });
    await clock.advance(LEAVING_TIME - 1_000);
    expect(isClosed).toBe(true);
    await closed;
  });
});

describe("notifications", () => {
  const SINKS = `
const key = Symbol.for("kilonova.plugin");
export const taken = [];
export class Sink {
  static [key] = { kind: "notifier", version: 1 };
  async notify(told) { taken.push(told); }
  async close() { taken.push("closed"); }
}
export class Broken extends Sink { constructor() { super(); throw new Error("no ink"); } }
export class Other {}
`;

  async function connect(notifications: { notifiers?: string[]; topics?: string[] }) {
    const folder = await testFolder({ "sinks.mjs": SINKS });
    const configuration = await configurationOf({ notifications }, folder);
    const { center, ...rest } = world();
    const rpc = new Rpc(new MemoryTransport(new MemoryWire()));
    const container = new Container(configuration, new ObjectLoader(folder));
    await connectNotifications(center, { topics: notifications.topics ?? [] }, rpc, container);
    return { center, rpc, folder, ...rest };
  }

  it("go to the notifiers that the option names", async () => {
    const { center, notifications, folder } = await connect({ notifiers: ["./sinks.mjs#Sink"] });
    const { taken } = (await import(`${folder}/sinks.mjs`)) as { taken: unknown[] };
    notifications.info(context, guestMoved, payload);
    await center.close();
    expect(taken).toEqual([expect.objectContaining({ eventType: "guest.moved" }), "closed"]);
    expect(center.counts()).toMatchObject([{ notifier: "Sink" }]);
  });

  it("go there from every process: what services tell, and failed RPC methods", async () => {
    const folder = await testFolder({ "sinks.mjs": SINKS });
    const configuration = await configurationOf(
      { notifications: { notifiers: ["./sinks.mjs#Sink"] }, service: { host: "host1" } },
      folder,
    );
    const runtime = await Runtime.create({ configuration });
    const { taken } = (await import(`${folder}/sinks.mjs`)) as { taken: unknown[] };
    runtime.container.resolve(NOTIFICATIONS).info(context, guestMoved, payload);
    const failing = rpcContract("failing", "1.0", { run: method({}) });
    const run = async () => {
      throw new TypeError("a bug");
    };
    await runtime.rpc.serve({ topic: "failing", server: "host1" }, [
      { contract: failing, handlers: new Map([["run", run]]) },
    ]);
    await expect(runtime.rpc.client(failing).call.run(context)).rejects.toThrow("a bug");
    await runtime.close();
    expect(taken).toMatchObject([
      { eventType: "guest.moved", publisherId: "test.host1" },
      { eventType: "rpc.error", publisherId: "failing.host1" },
      "closed",
    ]);
  });

  it("have notifiers that are none, or cannot be made, said by name", async () => {
    await expect(connect({ notifiers: ["./sinks.mjs#Broken"] })).rejects.toThrow(/notifications.notifiers.*no ink/);
    await expect(connect({ notifiers: ["./sinks.mjs#Other"] })).rejects.toThrow(/expected a notifier/);
  });

  it("go to each topic that the option names, where services take them", async () => {
    const { rpc, notifications } = await connect({ topics: ["audit", "billing"] });
    const taken: unknown[] = [];
    for (const topic of ["audit", "billing"]) {
      const notify = async (at: RequestContext, told: never) => {
        taken.push([topic, at.requestId, at.isAdmin, told]);
      };
      await rpc.serve({ topic, server: "one" }, [
        { contract: notificationsOn(topic), handlers: new Map([["notify", notify]]) },
      ]);
    }
    notifications.info(context, guestMoved, payload);
    await vi.waitFor(() => expect(taken).toHaveLength(2));
    const told = expect.objectContaining({ eventType: "guest.moved", payload });
    expect(taken).toEqual([
      ["audit", "req-1", false, told],
      ["billing", "req-1", false, told],
    ]);
  });
});

describe("a failed RPC method", () => {
  const tasks = rpcContract("tasks", "1.0", { run: method({}) }, { topic: "work" });

  function failing(contract: typeof tasks | ReturnType<typeof notificationsOn>, name: string) {
    const { center, lines, logger } = world();
    const outlet = taker();
    center.add("taker", outlet);
    const wire = new MemoryWire();
    const server = new Rpc(new MemoryTransport(wire), { onFailure: failureObserver(logger, center) });
    const handler = async () => {
      throw new TypeError("a bug");
    };
    const listening = server.serve({ topic: contract.topic, server: "host1" }, [
      { contract, handlers: new Map([[name, handler]]) },
    ]);
    return { ...outlet, lines, listening, client: new Rpc(new MemoryTransport(wire)) };
  }

  it("is logged and told, with whose request it was", async () => {
    const { taken, lines, listening, client } = failing(tasks, "run");
    await listening;
    await expect(client.client(tasks).call.run(context)).rejects.toThrow("a bug");
    await settled();
    expect(lines).toMatchObject([{ level: "warn", message: "an RPC method failed", fields: { requestId: "req-1" } }]);
    expect(taken).toMatchObject([
      {
        eventType: rpcError.eventType,
        priority: "error",
        publisherId: "work.host1",
        requestId: "req-1",
        projectId: "p",
        payload: { contract: "tasks", method: "run", code: "rpc.failed", message: "a bug" },
      },
    ]);
  });

  it("is logged with what lies behind it, which nobody else is told", async () => {
    const { center, lines, logger } = world();
    const { taken, ...outlet } = taker();
    center.add("taker", outlet);
    const wire = new MemoryWire();
    const server = new Rpc(new MemoryTransport(wire), { onFailure: failureObserver(logger, center) });
    const handler = async () => {
      throw new KilonovaError("database.failed", "The database refused.", { cause: new Error("duplicate key") });
    };
    await server.serve({ topic: "work", server: "host1" }, [
      { contract: tasks, handlers: new Map([["run", handler]]) },
    ]);
    const answer = new Rpc(new MemoryTransport(wire)).client(tasks).call.run(context);
    const error: unknown = await answer.catch((thrown) => thrown);
    await settled();
    expect(error).toMatchObject({ code: "database.failed", message: "The database refused." });
    expect(error).not.toHaveProperty("cause");
    expect(lines).toMatchObject([{ fields: { error: "The database refused.", cause: "duplicate key" } }]);
    expect(JSON.stringify(taken)).toContain("The database refused.");
    expect(JSON.stringify(taken)).not.toContain("duplicate key");
  });

  it("that takes notifications is logged alone: it would be told of its own failure", async () => {
    const contract = notificationsOn("audit");
    const { taken, lines, listening, client } = failing(contract, "notify");
    await listening;
    const told = { eventType: "x", version: "1.0", priority: "info" as const, publisherId: "p", timestamp: "now" };
    const whose = { messageId: "m", requestId: "r", projectId: null, userId: null, payload: {} };
    await expect(client.client(contract).call.notify(context, { ...told, ...whose })).rejects.toThrow("a bug");
    await settled();
    expect(lines).toHaveLength(1);
    expect(taken).toEqual([]);
  });
});
