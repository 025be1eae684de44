import { tinyImage } from "@kilonova/virt-qemu";
import { afterAll, beforeAll, describe } from "vitest";
import { SeparateProcesses } from "./separate-processes.js";
import { tellStory } from "./story.js";

const GREETING = "Greetings from the story";

describe.each(["fake", "qemu"] as const)(
  "a cloud of separate processes over RabbitMQ and PostgreSQL, with %s devices",
  (devices) => {
    let cloud: SeparateProcesses;

    beforeAll(async () => {
      cloud = await SeparateProcesses.start(devices);
    });
    afterAll(() => cloud?.destroy());

    tellStory(() => ({
      client: cloud.client,
      image: tinyImage({ greeting: GREETING }),
      greeting: devices === "qemu" ? new RegExp(GREETING) : /\S/,
    }));
  },
);
