import { type Placement, placementContract } from "@kilonova/contracts";
import { connectDatabase, type Database, frameworkMigrations, Migrator } from "@kilonova/database";
import { testDatabase } from "@kilonova/database/testing";
import { MemoryTransport, Rpc, type RpcClient, type RpcHandler } from "@kilonova/messaging";
import { rpcMethodsOf } from "@kilonova/plugin-api";
import { PlacementManager } from "../manager.js";
import { placementMigrations } from "../migrations.js";

/** Placement on a database of its own, called over a transport. For tests. */
export interface LivePlacement {
  readonly call: RpcClient<Placement>["call"];
  readonly manager: PlacementManager;
  readonly database: Database;
  stop(): Promise<void>;
}

export async function livePlacement(keepDeletedProviders = 60_000): Promise<LivePlacement> {
  const test = await testDatabase();
  await new Migrator(test.url, [frameworkMigrations, placementMigrations]).migrate();
  const database = await connectDatabase({
    url: test.url,
    applicationName: "test",
    poolSize: 10,
    connectTimeout: 10_000,
    statementTimeout: 30_000,
  });
  const manager = new PlacementManager(database, {
    manager: "@kilonova/placement#PlacementManager",
    keepDeletedProviders,
    keepConsumers: 60_000,
  });
  const transport = new MemoryTransport();
  const rpc = new Rpc(transport);
  const handlers = new Map<string, RpcHandler>();
  for (const name of rpcMethodsOf(PlacementManager)) {
    handlers.set(name, (manager[name as keyof Placement["methods"]] as RpcHandler).bind(manager));
  }
  await rpc.serve({ topic: "placement", server: "host" }, [{ contract: placementContract, handlers }]);
  return {
    call: rpc.client(placementContract).call,
    manager,
    database,
    stop: async () => {
      await transport.close();
      await database.$client.end();
      await test.drop();
    },
  };
}
