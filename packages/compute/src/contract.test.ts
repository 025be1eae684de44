import { computeContract } from "@kilonova/contracts";
import { silentLogger, systemClock } from "@kilonova/plugin-api";
import { serviceSuite } from "@kilonova/plugin-testing";
import { describe, it } from "vitest";
import { ComputeManager } from "./manager.js";
import { computeOptions } from "./options.js";
import { HOST, TestCloud } from "./testing/test-cloud.js";
import { TestNetworkDriver, TestVirtDriver } from "./testing/test-hypervisor.js";

describe("the compute manager keeps the contract of a service", () => {
  const makeWorld = async () => {
    const cloud = new TestCloud();
    await cloud.open();
    const settings = computeOptions.schema.parse({ reservedHostMemoryMb: 0 });
    const [virt, network] = [new TestVirtDriver(cloud.host), new TestNetworkDriver(cloud.host)];
    const { id: serverId } = cloud.newServer();
    return {
      manager: new ComputeManager(cloud.rpc, HOST, systemClock, silentLogger, settings, virt, network, {}),
      calls: [{ method: "getConsoleOutput", args: { serverId, length: null } }],
      end: () => cloud.close(),
    };
  };
  for (const check of serviceSuite(computeContract, makeWorld)) it(check.name, check.run);
});
