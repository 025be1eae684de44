import { Runtime } from "@kilonova/core";

/** By which a test calls services as one of their processes would. @param rabbitmq options of the group `rabbitmq` */
export function runtimeOfTest(rabbitmq: Readonly<Record<string, unknown>>): Promise<Runtime> {
  return Runtime.create({
    argv: [],
    env: {},
    searchFolders: [],
    overrides: {
      transport: { driver: "@kilonova/transport-rabbitmq#RabbitmqTransport" },
      rabbitmq,
      log: { level: "error" },
    },
    places: [import.meta.url],
  });
}
