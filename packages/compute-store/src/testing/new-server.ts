import { randomUUID } from "node:crypto";
import type { Flavor, RequestSpec } from "@kilonova/contracts";
import type { CreateServers, NewServer } from "../create-servers.js";

/** 1 VCPU, 64 MiB, no disk. */
export const TINY_FLAVOR: Flavor = {
  id: "1",
  name: "tiny",
  vcpus: 1,
  memoryMb: 64,
  rootGb: 0,
  ephemeralGb: 0,
  swapMb: 0,
  extraSpecs: {},
};

/** A server as a test asks for one. */
export function newServer(changes: Partial<NewServer> = {}): NewServer {
  return {
    id: randomUUID(),
    name: "server",
    hostname: "server",
    description: null,
    flavor: TINY_FLAVOR,
    imageId: null,
    keyName: null,
    publicKey: null,
    userData: null,
    metadata: {},
    configDrive: false,
    diskConfig: "MANUAL",
    accessIpV4: null,
    accessIpV6: null,
    availabilityZone: null,
    ...changes,
  };
}

/** A request for servers, one where nothing is said, without limits. */
export function createRequest(changes: Partial<CreateServers> = {}): CreateServers {
  const projectId = changes.projectId ?? "project";
  const requestSpec: RequestSpec = {
    reservationId: `r-${randomUUID().slice(0, 8)}`,
    reason: "create",
    projectId,
    userId: "user",
    flavor: TINY_FLAVOR,
    image: null,
    availabilityZone: null,
    forcedHost: null,
    networks: "none",
    hints: {},
  };
  return {
    requestId: `req-${randomUUID()}`,
    projectId,
    userId: "user",
    servers: [newServer()],
    minCount: 1,
    requestSpec,
    limits: { instances: -1, cores: -1, ram: -1 },
    takeWithin: 5_000,
    ...changes,
  };
}
