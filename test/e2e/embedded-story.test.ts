import { tinyImage } from "@kilonova/virt-qemu";
import { afterAll, beforeAll, describe } from "vitest";
import { EmbeddedCloud } from "./embedded-cloud.js";
import { tellStory } from "./story.js";

const GREETING = "Greetings from the story";

describe.each(["fake", "qemu"] as const)("a cloud in one process, with %s devices", (devices) => {
  let cloud: EmbeddedCloud;

  beforeAll(async () => {
    cloud = await EmbeddedCloud.start(devices);
  });
  afterAll(() => cloud?.destroy());

  tellStory(() => ({
    client: cloud.client,
    image: tinyImage({ greeting: GREETING }),
    greeting: devices === "qemu" ? new RegExp(GREETING) : /\S/,
  }));
});
