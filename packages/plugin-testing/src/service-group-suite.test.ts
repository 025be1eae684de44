import { ServiceGroupDriver, type ServiceRecord } from "@kilonova/plugin-api";
import { expect, it } from "vitest";
import { FakeClock } from "./fake-clock.js";
import { servicegroupDriverSuite } from "./service-group-suite.js";

/** Believes in everyone who ever joined. */
class Trusting extends ServiceGroupDriver {
  readonly #joined = new Set<string>();
  override async join({ id }: ServiceRecord) {
    this.#joined.add(id);
  }
  override async leave() {}
  override isUp({ id, forcedDown }: ServiceRecord) {
    return this.#joined.has(id) && !forcedDown;
  }
}

it("the service group suite fails a driver that never counts anyone out, for that and nothing else", async () => {
  let services = 0;
  const makeWorld = async () => ({
    driver: new Trusting(),
    clock: new FakeClock(),
    downTime: 60_000,
    register: async () => {
      services += 1;
      return { id: String(services), forcedDown: false } as ServiceRecord;
    },
    read: async (record: ServiceRecord) => record,
  });
  const outcomes = servicegroupDriverSuite(makeWorld).map(async ({ name, run }) =>
    run().then(
      () => [],
      () => [name],
    ),
  );
  expect((await Promise.all(outcomes)).flat()).toEqual([
    "a service that left is down when the down time is over, and the others are not",
  ]);
});
