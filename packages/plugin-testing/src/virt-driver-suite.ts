import assert from "node:assert/strict";
import {
  type GuestSpec,
  hostFactsSchema,
  isOfKind,
  type PowerState,
  RequestContext,
  type VirtDriver,
} from "@kilonova/plugin-api";
import type { ContractCheck } from "./contract-check.js";
import { soon } from "./settled.js";

/** The drivers of one host that the checks work on. */
export interface VirtDriverWorld {
  /** One more driver object for the same host, `initHost` done: what a restart of the compute makes. */
  makeDriver(): Promise<VirtDriver>;
  /** A guest that can run here, of a server of its own. */
  guest(): GuestSpec;
  /** What each guest writes on its serial port once each time it has booted; undefined where the driver has no console. */
  readonly greeting: string | undefined;
  /** Milliseconds that a guest is given to shut itself down; short where it never does. */
  readonly shutdownTimeout: number;
  /** Ends what the world holds. The checks have destroyed their guests. */
  end(): Promise<void>;
}

/** What every virt driver promises, as checks for any test runner. */
export function virtDriverSuite(makeWorld: () => Promise<VirtDriverWorld>): readonly ContractCheck[] {
  return Object.entries(checks).map(([name, check]) => ({
    name,
    run: async () => {
      const world = await makeWorld();
      const bench = new Bench(world, await world.makeDriver());
      try {
        await check(bench);
      } finally {
        await bench.clear();
        await world.end();
      }
    },
  }));
}

type Checks = Readonly<Record<string, (bench: Bench) => Promise<void>>>;

const CONTEXT = RequestContext.admin();
/** A standard name or `CUSTOM_…`. Which standard ones there are Placement knows. */
const TRAIT = /^[A-Z][A-Z0-9_]{0,254}$/;

/** One check's drivers and what it looks at. */
class Bench {
  readonly #made: VirtDriver[];

  constructor(
    readonly world: VirtDriverWorld,
    readonly driver: VirtDriver,
  ) {
    this.#made = [driver];
  }

  async restarted(): Promise<VirtDriver> {
    const driver = await this.world.makeDriver();
    this.#made.push(driver);
    return driver;
  }

  async spawned(): Promise<GuestSpec> {
    const guest = this.world.guest();
    await this.driver.spawn(CONTEXT, guest);
    await this.booted(guest.server.id, 1);
    return guest;
  }

  /** Waits until the console shows so many greetings, and sees that it shows no more. */
  async booted(serverId: string, times: number): Promise<void> {
    const { greeting } = this.world;
    if (greeting === undefined) return;
    const greetings = async () =>
      ((await this.driver.getConsoleOutput(serverId, null)) ?? "").split(greeting).length - 1;
    await eventually(`greeting ${times} on the console`, async () => (await greetings()) >= times);
    assert.equal(await greetings(), times, "the guest booted more often than it was asked to");
  }

  async has(serverId: string, state: PowerState | undefined): Promise<void> {
    assert.equal(await this.driver.getPowerState(serverId), state);
  }

  async clear(): Promise<void> {
    // The newest: a check may have ended an older one.
    const driver = this.#made.at(-1) ?? this.driver;
    for (const id of await driver.listServers()) await driver.destroy(CONTEXT, id);
    for (const driver of this.#made) await driver.cleanupHost();
  }
}

const checks: Checks = {
  "a virt driver says that it is one, and which interfaces its guests can use": async ({ driver }) => {
    assert.ok(isOfKind(driver, "virt-driver"), "its class does not extend VirtDriver");
    assert.ok(driver.vifTypes.length > 0, "its guests can use no interface");
    for (const type of driver.vifTypes) assert.match(type, /^\S+$/);
  },

  "a host tells what it has, and is the same hypervisor to each driver object": async (bench) => {
    const first = await bench.driver.getAvailableResources();
    for (const amount of [first.vcpus, first.memoryMb, first.diskGb]) {
      assert.ok(Number.isSafeInteger(amount) && amount > 0, `${amount} is no amount`);
    }
    assert.ok(Number.isSafeInteger(first.hypervisorVersion) && first.hypervisorVersion >= 0);
    const again = await (await bench.restarted()).getAvailableResources();
    assert.equal(again.hypervisorHostname, first.hypervisorHostname);
  },

  "what a host says of itself beyond its size can be sent, and its traits are Placement's words, each once": async (
    bench,
  ) => {
    const { facts = {}, traits = [] } = await bench.driver.getAvailableResources();
    const parsed = hostFactsSchema.safeParse(facts);
    assert.ok(parsed.success, `its facts are not what is declared: ${parsed.error?.message}`);
    assert.deepEqual(JSON.parse(JSON.stringify(facts)), parsed.data, "its facts lose something when they are sent");
    for (const trait of traits) assert.match(trait, TRAIT, `${trait} is no trait`);
    assert.deepEqual([...new Set(traits)], traits, "it reports a trait twice");
  },

  "a guest is made, runs, is listed, and is removed without a trace": async (bench) => {
    const { server } = await bench.spawned();
    await bench.has(server.id, "running");
    assert.deepEqual(await bench.driver.listServers(), [server.id]);
    await bench.driver.destroy(CONTEXT, server.id);
    await bench.has(server.id, undefined);
    assert.deepEqual(await bench.driver.listServers(), []);
  },

  "a guest that is there is left as it is, by another driver object too": async (bench) => {
    const guest = await bench.spawned();
    await bench.driver.spawn(CONTEXT, guest);
    await (await bench.restarted()).spawn(CONTEXT, guest);
    await bench.has(guest.server.id, "running");
    await bench.booted(guest.server.id, 1);
  },

  "guests outlive the driver object, which lets go of them, and the next one finds them": async (bench) => {
    const { server } = await bench.spawned();
    await bench.driver.cleanupHost();
    const next = await bench.restarted();
    assert.deepEqual(await next.listServers(), [server.id]);
    assert.equal(await next.getPowerState(server.id), "running");
    await next.destroy(CONTEXT, server.id);
    assert.deepEqual(await next.listServers(), []);
  },

  "there is no power state of none, and destroying none succeeds": async (bench) => {
    const { server } = bench.world.guest();
    await bench.has(server.id, undefined);
    await bench.driver.destroy(CONTEXT, server.id);
    const made = await bench.spawned();
    await bench.driver.destroy(CONTEXT, made.server.id);
    await bench.driver.destroy(CONTEXT, made.server.id);
  },

  "a guest is stopped and started, each safe to repeat": async (bench) => {
    const { server, vifs } = await bench.spawned();
    await bench.driver.powerOff(CONTEXT, server.id, { timeout: bench.world.shutdownTimeout });
    await bench.driver.powerOff(CONTEXT, server.id, { timeout: bench.world.shutdownTimeout });
    await bench.has(server.id, "shutdown");
    assert.deepEqual(await bench.driver.listServers(), [server.id]);
    await bench.driver.powerOn(CONTEXT, server.id, vifs);
    await bench.driver.powerOn(CONTEXT, server.id, vifs);
    await bench.has(server.id, "running");
    await bench.booted(server.id, 2);
  },

  "a guest that is off is still off for the next driver object, which can start and destroy it": async (bench) => {
    const { server, vifs } = await bench.spawned();
    await bench.driver.powerOff(CONTEXT, server.id, { timeout: 0 });
    const next = await bench.restarted();
    assert.equal(await next.getPowerState(server.id), "shutdown");
    await next.powerOn(CONTEXT, server.id, vifs);
    await next.powerOff(CONTEXT, server.id, { timeout: 0 });
    await next.destroy(CONTEXT, server.id);
    await bench.has(server.id, undefined);
  },

  "a guest runs after each reboot, whether it was on or off": async (bench) => {
    const { server, vifs } = await bench.spawned();
    await bench.driver.reboot(CONTEXT, server.id, "HARD", vifs);
    await bench.booted(server.id, 2);
    await bench.driver.reboot(CONTEXT, server.id, "SOFT", vifs);
    await bench.booted(server.id, 3);
    await bench.driver.powerOff(CONTEXT, server.id, { timeout: 0 });
    await bench.driver.reboot(CONTEXT, server.id, "HARD", vifs);
    await bench.booted(server.id, 4);
    await bench.has(server.id, "running");
  },

  "what cannot be done to a guest that is not there fails, and makes none": async (bench) => {
    const { server, vifs } = bench.world.guest();
    await assert.rejects(async () => bench.driver.powerOn(CONTEXT, server.id, vifs));
    await assert.rejects(async () => bench.driver.reboot(CONTEXT, server.id, "HARD", vifs));
    assert.deepEqual(await bench.driver.listServers(), []);
  },

  "the console gives its last lines, or all that is kept": async (bench) => {
    const { server } = await bench.spawned();
    const all = await bench.driver.getConsoleOutput(server.id, null);
    if (all === null) return assert.equal(bench.world.greeting, undefined, "a driver without console greets on none");
    const lines = all.split(/(?<=\n)/);
    assert.equal(await bench.driver.getConsoleOutput(server.id, 1), lines.at(-1));
    assert.equal(await bench.driver.getConsoleOutput(server.id, lines.length + 100), all);
  },

  "a build ends by the context's signal and leaves nothing behind": async (bench) => {
    const context = new RequestContext({}, { signal: AbortSignal.abort(new Error("given up")) });
    await assert.rejects(async () => bench.driver.spawn(context, bench.world.guest()), /given up/);
    assert.deepEqual(await bench.driver.listServers(), []);
  },

  "what is done to a guest settles when it is given up, and the guest can still be destroyed": async (bench) => {
    const { server, vifs } = await bench.spawned();
    const given = new RequestContext({}, { signal: AbortSignal.abort(new Error("given up")) });
    const steps = [
      () => bench.driver.powerOff(given, server.id, { timeout: 60_000 }),
      () => bench.driver.powerOn(given, server.id, vifs),
      () => bench.driver.reboot(given, server.id, "SOFT", vifs),
    ];
    for (const step of steps)
      await soon(
        "a step that was given up",
        step().catch(() => {}),
      );
    await bench.driver.destroy(CONTEXT, server.id);
    assert.deepEqual(await bench.driver.listServers(), []);
  },

  "guests are made and removed side by side": async (bench) => {
    const guests = Array.from({ length: 4 }, () => bench.world.guest());
    await Promise.all(guests.map((guest) => bench.driver.spawn(CONTEXT, guest)));
    const ids = guests.map(({ server }) => server.id).sort();
    assert.deepEqual([...(await bench.driver.listServers())].sort(), ids);
    for (const id of ids) await bench.has(id, "running");
    await Promise.all(ids.map((id) => bench.driver.destroy(CONTEXT, id)));
    assert.deepEqual(await bench.driver.listServers(), []);
  },
};

async function eventually(what: string, holds: () => Promise<boolean>): Promise<void> {
  let isOver = false;
  const look = async () => {
    while (!isOver && !(await holds())) await new Promise((resolve) => setTimeout(resolve, 10));
  };
  try {
    await soon(what, look());
  } finally {
    isOver = true;
  }
}
