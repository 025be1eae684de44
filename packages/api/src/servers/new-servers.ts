import { randomUUID } from "node:crypto";
import type { Keypair, NewServer } from "@kilonova/compute-store";
import { hostnameOf } from "./hostname.js";
import type { ServerCreation } from "./server-manager.js";

/** As many as are wanted; the store takes the first of them where the quota has no room for all. */
export function newServers(creation: ServerCreation, keypair: Keypair | undefined): NewServer[] {
  const several = creation.maxCount > 1;
  return Array.from({ length: creation.maxCount }, (_, index) => {
    const id = randomUUID();
    const number = several ? index + 1 : undefined;
    return {
      id,
      name: several ? `${creation.name}-${number}` : creation.name,
      hostname:
        creation.hostname === undefined ? hostnameOf(creation.name, id, number) : numbered(creation.hostname, number),
      description: creation.description,
      flavor: creation.flavor,
      imageId: creation.imageId,
      keyName: keypair?.name ?? null,
      publicKey: keypair?.publicKey ?? null,
      userData: creation.userData,
      metadata: creation.metadata,
      configDrive: creation.configDrive,
      diskConfig: creation.diskConfig,
      accessIpV4: creation.accessIpV4,
      accessIpV6: creation.accessIpV6,
      availabilityZone: creation.availabilityZone,
    };
  });
}

function numbered(hostname: string, number: number | undefined): string {
  return number === undefined ? hostname : `${hostname}-${number}`;
}
