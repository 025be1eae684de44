import { KilonovaError } from "@kilonova/messaging";
import { z } from "zod";
import type { CloudClient } from "../cloud/cloud-client.js";
import type { AskedServer } from "./print-decision.js";

const UUID = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i;

const resource = z.object({ id: z.string(), name: z.string() });

/** True for what is an id: everything else is a name. */
export function isId(text: string): boolean {
  return UUID.test(text);
}

/**
 * A server by its id or by its name, of whatever project. One that is gone is known by its id alone.
 *
 * @throws KilonovaError `cloud.refused` where no server has that name, or more than one
 */
export async function findServer(cloud: CloudClient, text: string): Promise<AskedServer> {
  if (isId(text)) {
    const found = await cloud.find(z.object({ server: resource }), `/servers/${text}`);
    return { id: text.toLowerCase(), name: found?.server.name };
  }
  const query = { name: `^${text.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&")}$`, all_tenants: 1 };
  const { servers } = await cloud.get(z.object({ servers: z.array(resource) }), "/servers", query);
  const named = servers.filter(({ name }) => name === text);
  const [server, ...others] = named;
  if (!server) {
    throw new KilonovaError(
      "cloud.refused",
      `There is no server named ${text}. One that was deleted is found by its id alone.`,
    );
  }
  if (others.length === 0) return server;
  const ids = named.map(({ id }) => id).join(", ");
  throw new KilonovaError("cloud.refused", `${named.length} servers are named ${text}; say which by its id: ${ids}.`);
}
