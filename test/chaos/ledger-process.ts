import { inboxOf, Runtime, Service } from "@kilonova/core";
import { connectDatabase, DatabaseInbox, databaseOf } from "@kilonova/database";

// A process of the ledger: ledger-process.js HOST, with the addresses of its servers in the environment. It works until
// it is killed. The manager is found in the working folder.

const [host = ""] = process.argv.slice(2);
const { LEDGER_DATABASE: url = "", LEDGER_BROKER: brokerUrl = "" } = process.env;

const database = await connectDatabase({
  url,
  applicationName: `ledger ${host}`,
  poolSize: 16,
  connectTimeout: 10_000,
  statementTimeout: 30_000,
  onBroken: () => {},
});
const runtime = await Runtime.create({
  argv: [],
  env: {},
  searchFolders: [],
  overrides: {
    service: { host, state: "memory" },
    transport: { driver: "@kilonova/transport-rabbitmq#RabbitmqTransport" },
    rabbitmq: { url: brokerUrl },
    log: { level: "silent" },
  },
  places: [import.meta.url],
});
runtime.container.register(databaseOf("ledger"), database);
runtime.container.register(inboxOf("ledger"), new DatabaseInbox(database, "ledger"));
const manager = "./ledger-manager.js#LedgerManager";
const service = await Service.create({ runtime, binary: "ledger", topic: "ledger", manager });
await service.serve();
process.stdout.write("ready\n");
