import { randomBytes, randomUUID } from "node:crypto";
import type { Server, Vif } from "@kilonova/plugin-api";

/** A server with an id of its own, as a driver is given one: small, and of the name and flavor that a test wants. */
export function sampleServer(
  changes: Partial<Omit<Server, "flavor">> & { flavor?: Partial<Server["flavor"]> } = {},
): Server {
  const { flavor, ...rest } = changes;
  return {
    id: randomUUID(),
    projectId: "project",
    userId: "user",
    name: "sample",
    hostname: "sample",
    vmState: "building",
    taskState: "spawning",
    powerState: "pending",
    flavor: {
      id: "1",
      name: "tiny",
      vcpus: 1,
      memoryMb: 32,
      rootGb: 0,
      ephemeralGb: 0,
      swapMb: 0,
      extraSpecs: {},
      ...flavor,
    },
    imageId: null,
    keyName: null,
    publicKey: null,
    userData: null,
    metadata: {},
    configDrive: false,
    host: "host1",
    node: "host1",
    availabilityZone: null,
    reservationId: "r-sample",
    launchIndex: 0,
    createdAt: "2030-01-01T00:00:00.000Z",
    launchedAt: null,
    fence: 1,
    ...rest,
  };
}

/** An interface with an id and a MAC address of its own. */
export function sampleVif(changes: Partial<Vif> = {}): Vif {
  const [one = 0, two = 0, three = 0] = randomBytes(3);
  const mac = [one, two, three].map((byte) => byte.toString(16).padStart(2, "0")).join(":");
  return {
    portId: randomUUID(),
    networkId: "11111111-1111-4111-8111-111111111111",
    networkName: "private",
    macAddress: `fa:16:3e:${mac}`,
    addresses: [{ address: `10.0.${two}.${(three % 250) + 2}`, version: 4, prefix: 16, gateway: "10.0.0.1" }],
    nameservers: [],
    mtu: 1500,
    ...changes,
  };
}
