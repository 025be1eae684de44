import { startThrowAwayPostgres } from "@kilonova/database/testing";
import { tinyImage } from "@kilonova/virt-qemu";
import { afterAll, beforeAll, describe } from "vitest";
import { SeparateProcesses } from "./separate-processes.js";
import { tellStory } from "./story.js";

describe("a cloud of separate processes over PostgreSQL alone", () => {
  let cloud: SeparateProcesses;

  beforeAll(async () => {
    const postgres = startThrowAwayPostgres();
    const { url: brokerUrl } = await (await postgres).createDatabase();
    cloud = await SeparateProcesses.start("fake", [], {}, { postgres, brokerUrl });
  });
  afterAll(() => cloud?.destroy());

  tellStory(() => ({
    client: cloud.client,
    image: tinyImage({ greeting: "Greetings from the story" }),
    greeting: /\S/,
  }));
});
