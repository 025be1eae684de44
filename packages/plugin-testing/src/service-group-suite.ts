import assert from "node:assert/strict";
import { isOfKind, type ServiceGroupDriver, type ServiceRecord } from "@kilonova/plugin-api";
import type { ContractCheck } from "./contract-check.js";
import type { FakeClock } from "./fake-clock.js";

/** What one check works with: a driver, and the services that it is asked about. */
export interface ServiceGroupWorld {
  readonly driver: ServiceGroupDriver;
  /** The driver's clock. */
  readonly clock: FakeClock;
  /** Milliseconds after which a silent service counts as down: `service.downTime`. */
  readonly downTime: number;
  /** Makes the record of one more service. */
  register(): Promise<ServiceRecord>;
  /** A record as it is read now. */
  read(record: ServiceRecord): Promise<ServiceRecord>;
}

/** What every service group driver promises, as checks for any test runner. */
export function servicegroupDriverSuite(makeWorld: () => Promise<ServiceGroupWorld>): readonly ContractCheck[] {
  return Object.entries(checks).map(([name, check]) => ({
    name,
    run: async () => {
      const members: ServiceRecord[] = [];
      const world = await makeWorld();
      try {
        await check(new Group(world, members));
      } finally {
        for (const member of members) await world.driver.leave(member);
      }
    },
  }));
}

/** A world with the few things that checks do in it. */
class Group {
  constructor(
    readonly world: ServiceGroupWorld,
    private readonly members: ServiceRecord[],
  ) {}

  async member(): Promise<ServiceRecord> {
    const record = await this.world.register();
    this.members.push(record);
    await this.world.driver.join(record);
    return record;
  }

  async isUp(record: ServiceRecord): Promise<boolean> {
    return this.world.driver.isUp(await this.world.read(record));
  }
}

const checks: Readonly<Record<string, (group: Group) => Promise<void>>> = {
  "a service group driver says that it is one": async ({ world }) => {
    assert.ok(isOfKind(world.driver, "servicegroup-driver"), "its class does not extend ServiceGroupDriver");
  },

  "a service that never joined is down": async (group) => {
    assert.equal(await group.isUp(await group.world.register()), false);
  },

  "a service is up when it has joined": async (group) => {
    assert.equal(await group.isUp(await group.member()), true);
  },

  "a service stays up for as long as it is in the group": async (group) => {
    const record = await group.member();
    for (let round = 0; round < 5; round += 1) {
      await group.world.clock.advance(group.world.downTime);
      assert.equal(await group.isUp(record), true, `down after ${round + 1} times the down time`);
    }
  },

  "a service that reports at an interval of its own is up as well": async (group) => {
    const { driver, clock, downTime } = group.world;
    const record = await group.world.register();
    await driver.join(record, downTime / 4);
    try {
      await clock.advance(downTime * 2);
      assert.equal(await group.isUp(record), true);
    } finally {
      await driver.leave(record);
    }
  },

  "a service that left is down when the down time is over, and the others are not": async (group) => {
    const [leaver, stayer] = [await group.member(), await group.member()];
    await group.world.driver.leave(leaver);
    await group.world.clock.advance(group.world.downTime * 2);
    assert.equal(await group.isUp(leaver), false, "who left is up");
    assert.equal(await group.isUp(stayer), true, "who stayed is down");
  },

  "a service that was forced down is down, whatever it reports": async (group) => {
    const record = await group.world.read(await group.member());
    assert.equal(group.world.driver.isUp({ ...record, forcedDown: true }), false);
  },

  "a service that joins again is up again": async (group) => {
    const record = await group.member();
    await group.world.driver.leave(record);
    await group.world.clock.advance(group.world.downTime * 2);
    await group.world.driver.join(record);
    assert.equal(await group.isUp(record), true);
  },

  "to leave twice, or without having joined, does no harm": async (group) => {
    const record = await group.member();
    await group.world.driver.leave(record);
    await group.world.driver.leave(record);
    await group.world.driver.leave(await group.world.register());
  },
};
