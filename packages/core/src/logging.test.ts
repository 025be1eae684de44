import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { RequestContext } from "@kilonova/messaging";
import { expect, it, vi } from "vitest";
import { Runtime } from "./runtime.js";
import { Service } from "./service/service.js";
import { configurationOf } from "./testing/configuration.js";
import { testFolder } from "./testing/folder.js";
import { lifeContract, SCRIPT } from "./testing/life-manager.js";

const MANAGER = `${fileURLToPath(new URL("./testing/life-manager.ts", import.meta.url))}#LifeManager`;

it.each(["work", "tick"])("a line of what failed has the request, the service and the host: %s", async (step) => {
  const folder = await testFolder({});
  const file = join(folder, "kilonova.log");
  const configuration = await configurationOf({ log: { file, level: "info" }, service: { host: "node1" } }, folder);
  const runtime = await Runtime.create({ configuration });
  let requestId: string | undefined;
  const fail = async (context: RequestContext) => {
    requestId = context.requestId;
    throw new Error(`no ${step} today`);
  };
  runtime.container.register(SCRIPT, { events: [], at: { [step]: fail } });
  const service = await Service.create({ runtime, binary: "kilonova-life", manager: MANAGER });
  await service.serve();
  await runtime.rpc
    .client(lifeContract)
    .call.work(RequestContext.admin())
    .catch(() => {});
  await vi.waitFor(async () => {
    const lines: unknown[] = (await readFile(file, "utf8"))
      .split("\n")
      .filter((text) => text !== "")
      .map((line) => JSON.parse(line));
    const line = lines.find((each) => JSON.stringify(each).includes(`no ${step} today`));
    expect(line).toMatchObject({ requestId, service: "life", host: "node1" });
  });
  expect(requestId).toMatch(/^req-/);
  await service.stop();
  await runtime.close();
});
