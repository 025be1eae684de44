import { tinyImage } from "@kilonova/virt-qemu";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { BrokerWithRights } from "../servers/broker-with-rights.js";
import { type ProcessName, SeparateProcesses } from "./separate-processes.js";
import { tellStory } from "./story.js";

/** The broker's users of the processes, with the rights that docs/guides/separate-processes.md has an operator give. */
const USERS: Readonly<Record<ProcessName, string>> = {
  conductor: "conductor",
  control: "control",
  scheduler: "scheduler",
  compute1: "compute.compute1",
  compute2: "compute.compute2",
  api: "api",
};

describe("a cloud whose processes have broker users of their own, with the rights that are printed", () => {
  let broker: BrokerWithRights;
  let cloud: SeparateProcesses;

  beforeAll(async () => {
    const together = "control=identity,image,placement,network";
    broker = await BrokerWithRights.start("--host", "compute1", "--host", "compute2", "--together", together);
    const brokerUrlOf = (name: ProcessName) => broker.urlOf(USERS[name]);
    const ground = { brokerUrl: broker.urlOf("operator"), brokerUrlOf };
    cloud = await SeparateProcesses.start("fake", [], {}, ground);
  });
  afterAll(async () => {
    await cloud?.destroy();
    await broker?.stop();
  });

  tellStory(() => ({ client: cloud.client, image: tinyImage({ greeting: "unread" }), greeting: /\S/ }));

  it("gave nothing up on the way, and nobody was refused", async () => {
    expect(JSON.parse(await broker.rpc("dead", "list", "--json"))).toEqual([]);
    expect(cloud.fallen).toEqual([]);
    for (const name of Object.keys(USERS) as ProcessName[])
      expect(cloud.process(name).output).not.toMatch(/ACCESS_REFUSED|rpc\.forbidden/);
  });
});
