import { networkContract } from "@kilonova/contracts";
import { connectDatabase, type Database, frameworkMigrations, Migrator } from "@kilonova/database";
import { testDatabase } from "@kilonova/database/testing";
import { RequestContext } from "@kilonova/messaging";
import { networkManagerSuite, serviceSuite } from "@kilonova/plugin-testing";
import { describe, it } from "vitest";
import { FlatManager } from "./flat-manager.js";
import { networkMigrations } from "./migrations.js";
import { networkOptions } from "./options.js";

/** A database of the check's own. */
async function emptyDatabase() {
  const test = await testDatabase();
  await new Migrator(test.url, [frameworkMigrations, networkMigrations]).migrate();
  const database = await connectDatabase({
    url: test.url,
    applicationName: "test",
    poolSize: 10,
    connectTimeout: 10_000,
    statementTimeout: 30_000,
  });
  const end = async () => {
    await database.$client.end();
    await test.drop();
  };
  return { database, end };
}

function managerOn(database: Database): FlatManager {
  return new FlatManager(database, networkOptions.schema.parse({}));
}

describe("the flat manager keeps the contract of a network manager", () => {
  const makeWorld = async () => {
    const { database, end } = await emptyDatabase();
    const makeManager = async () => {
      const manager = managerOn(database);
      await manager.initHost();
      return manager;
    };
    return { makeManager, end };
  };
  for (const check of networkManagerSuite(makeWorld)) it(check.name, check.run);
});

describe("the flat manager keeps the contract of a service", () => {
  const makeWorld = async () => {
    const { database, end } = await emptyDatabase();
    const server = { serverId: "one", fence: 1 };
    const calls = [
      { method: "listNetworks", context: new RequestContext({ projectId: "project" }) },
      { method: "allocateForServer", args: { ...server, projectId: "project", host: "host1", networks: "auto" } },
      { method: "deallocateForServer", args: server },
    ];
    return { manager: managerOn(database), calls, end };
  };
  for (const check of serviceSuite(networkContract, makeWorld)) it(check.name, check.run);
});
