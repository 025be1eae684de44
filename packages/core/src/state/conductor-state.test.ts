import { type Framework, frameworkContract } from "@kilonova/contracts";
import {
  type Handlers,
  isKilonovaError,
  KilonovaError,
  MemoryTransport,
  MemoryWire,
  ok,
  RequestContext,
  Rpc,
  refused,
} from "@kilonova/messaging";
import { endpoint, lockFence, rpcMethod, synchronized } from "@kilonova/plugin-api";
import { FakeClock } from "@kilonova/plugin-testing";
import { describe, expect, it } from "vitest";
import { endpointOf } from "../container/explorer.js";
import { Hooks } from "../hooks/hooks.js";
import { type LogLine, recordingLogger } from "../testing/recording-logger.js";
import { Weaver } from "../weaver.js";
import { conductorState } from "./conductor-state.js";
import { memoryState } from "./memory-state.js";

type Given<Method extends keyof Handlers<Framework>> = Parameters<Handlers<Framework>[Method]>[1];

const { serviceRecords, locks, driverState } = memoryState(new FakeClock());

/** A conductor that keeps the state in its memory. */
@endpoint(frameworkContract)
class Conductor implements Handlers<Framework> {
  @rpcMethod() async ping() {
    return "pong" as const;
  }
  @rpcMethod() async registerService(_: RequestContext, args: Given<"registerService">) {
    return serviceRecords.register(args);
  }
  @rpcMethod() async reportService(_: RequestContext, { id }: Given<"reportService">) {
    return (await serviceRecords.report(id)) ? ok() : refused("serviceNotFound", { id });
  }
  @rpcMethod() async removeService(_: RequestContext, { id }: Given<"removeService">) {
    await serviceRecords.remove(id);
  }
  @rpcMethod() async listServices(_: RequestContext, { topic }: Given<"listServices">) {
    return [...(await serviceRecords.list(topic))];
  }
  @rpcMethod() async acquireLock(_: RequestContext, { name, holder, lease }: Given<"acquireLock">) {
    const held = await locks.acquire(name, holder, lease);
    return held ? ok(held) : refused("held", { name, holder: "another" });
  }
  @rpcMethod() async renewLock(_: RequestContext, { name, holder, fence, lease }: Given<"renewLock">) {
    return (await locks.renew(name, holder, fence, lease)) ? ok() : refused("lockLost", { name });
  }
  @rpcMethod() async releaseLock(_: RequestContext, { name, holder, fence }: Given<"releaseLock">) {
    await locks.release(name, holder, fence);
  }
  @rpcMethod() async readDriverState(_: RequestContext, { driver, host, key }: Given<"readDriverState">) {
    return (await driverState.read(`${host} ${driver}`, key)) ?? null;
  }
  @rpcMethod() async writeDriverState(
    _: RequestContext,
    { driver, host, key, value, version }: Given<"writeDriverState">,
  ) {
    const written = await driverState.write(`${host} ${driver}`, key, value, version);
    return written === undefined ? refused("versionConflict", { version }) : ok({ version: written });
  }
}

function world() {
  const wire = new MemoryWire();
  const clock = new FakeClock();
  const lines: LogLine[] = [];
  const state = conductorState(new Rpc(new MemoryTransport(wire)), "node1", clock, recordingLogger(lines));
  const startConductor = () =>
    new Rpc(new MemoryTransport(wire)).serve({ topic: "conductor", server: "control" }, [endpointOf(new Conductor())]);
  return { state, clock, lines, startConductor };
}

describe("the framework's state with a conductor", () => {
  it("waits for a conductor with longer and longer pauses, saying so, and goes on as soon as one answers", async () => {
    const { state, clock, lines, startConductor } = world();
    let isReady = false;
    const waiting = state.ready(RequestContext.admin()).then(() => {
      isReady = true;
    });
    await clock.advance(60_000);
    expect(isReady).toBe(false);
    expect(lines.length).toBeGreaterThan(3);
    expect(lines.length).toBeLessThan(20);
    expect(lines[0]).toMatchObject({ level: "warn", message: "no conductor answers yet; waiting for one" });
    await startConductor();
    await clock.advance(10_000);
    await waiting;
  });

  it("waits through a broker that cannot be reached, too", async () => {
    const clock = new FakeClock();
    const transport = new MemoryTransport();
    let tries = 0;
    transport.call = async () => {
      tries += 1;
      throw new KilonovaError(tries < 3 ? "transport.unreachable" : "rpc.peerLost", "nobody");
    };
    const stopping = new AbortController();
    const { ready } = conductorState(new Rpc(transport), "node1", clock, recordingLogger([]));
    const waiting = ready(RequestContext.admin().withSignal(stopping.signal)).catch((error) => error);
    await clock.advance(60_000);
    expect(tries).toBeGreaterThan(5);
    stopping.abort();
    expect(isKilonovaError(await waiting, "rpc.cancelled")).toBe(true);
  });

  it("gives up waiting when it is told to", async () => {
    const { state, clock } = world();
    const stopping = new AbortController();
    const waiting = state.ready(RequestContext.admin().withSignal(stopping.signal)).catch((error) => error);
    await clock.advance(10_000);
    stopping.abort();
    expect(isKilonovaError(await waiting, "rpc.cancelled")).toBe(true);
  });

  it("keeps service records", async () => {
    const { state, startConductor } = world();
    await startConductor();
    const registration = { binary: "kilonova-compute", topic: "compute", host: "node1", contracts: { compute: "1.0" } };
    const record = await state.serviceRecords.register(registration);
    expect(record).toMatchObject(registration);
    expect(await state.serviceRecords.report(record.id)).toBe(true);
    expect(await state.serviceRecords.list("compute")).toHaveLength(1);
    await state.serviceRecords.remove(record.id);
    expect(await state.serviceRecords.report(record.id)).toBe(false);
    expect(await state.serviceRecords.list(null)).toEqual([]);
  });

  it("keeps locks", async () => {
    const { state, startConductor } = world();
    await startConductor();
    const held = await state.locks.acquire("lock", "me", 60_000);
    expect(held).toEqual({ fence: 1 });
    expect(await state.locks.acquire("lock", "other", 60_000)).toBeUndefined();
    expect(await state.locks.renew("lock", "me", 1, 60_000)).toBe(true);
    expect(await state.locks.renew("lock", "other", 1, 60_000)).toBe(false);
    await state.locks.release("lock", "me", 1);
    expect(await state.locks.acquire("lock", "other", 60_000)).toEqual({ fence: 2 });
  });

  it("keeps what drivers of this host remember", async () => {
    const { state, startConductor } = world();
    await startConductor();
    expect(await state.driverState.read("vlan", "a")).toBeUndefined();
    expect(await state.driverState.write("vlan", "a", { id: 7 }, 0)).toBe(1);
    expect(await state.driverState.write("vlan", "a", { id: 8 }, 0)).toBeUndefined();
    expect(await state.driverState.read("vlan", "a")).toEqual({ value: { id: 7 }, version: 1 });
    expect(await driverState.read("node1 vlan", "a")).toEqual({ value: { id: 7 }, version: 1 });
  });

  it("hands a method of a compute the fence of the lock across the cluster that it runs under", async () => {
    const { state, clock, lines, startConductor } = world();
    await startConductor();
    class Compute {
      @synchronized("image-cache", { across: "cluster" })
      async clean(context: RequestContext) {
        // What goes on under the lock takes copies of the context along.
        return [lockFence(context), lockFence(context.within(5_000).elevated()), lockFence(context.detached())];
      }
    }
    const makeCompute = () => {
      const compute = new Compute();
      const hooks = new Hooks(recordingLogger(lines));
      new Weaver({ hooks, clock, locks: () => state.locks }).weave(compute);
      return compute;
    };
    const asking = RequestContext.admin();
    const [first, ...others] = await makeCompute().clean(asking);
    expect(others).toEqual([first, undefined]);
    const [second] = await makeCompute().clean(asking);
    expect(second).toBeGreaterThan(first ?? Number.NaN);
    expect(lockFence(asking)).toBeUndefined();
  });
});
