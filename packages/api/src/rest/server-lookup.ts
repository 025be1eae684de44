import { findServer, findServerEvenDeleted, type ServerRecord } from "@kilonova/compute-store";
import type { Database } from "@kilonova/database";
import { ApiFault, type RouteRequest } from "@kilonova/http";

/** What a look for a server needs of its request. */
export type Asking = Pick<RouteRequest, "context" | "policy">;

/** Finds the servers that requests name, and asks whether they may be touched. */
export class ServerLookup {
  constructor(readonly database: Database) {}

  /**
   * A server that whoever asks may do this to. Another project's does not exist for him, nor does one that is deleted,
   * except where deleted ones are asked for.
   *
   * @throws ApiFault 404, or 403 where the server is the project's own but the rule says no
   */
  async find(asking: Asking, serverId: string, policy: string, deleted: "no" | "yes" = "no"): Promise<ServerRecord> {
    const find = deleted === "yes" ? findServerEvenDeleted : findServer;
    const server = await find(this.database, serverId);
    const { context } = asking;
    if (!server || (!context.isAdmin && server.projectId !== context.projectId)) throw noSuchServer(serverId);
    asking.policy.authorize(policy, { projectId: server.projectId, userId: server.userId });
    return server;
  }
}

/** The fault of a server that does not exist, or is another project's. */
export function noSuchServer(serverId: string): ApiFault {
  return new ApiFault(404, `Instance ${serverId} could not be found.`);
}
