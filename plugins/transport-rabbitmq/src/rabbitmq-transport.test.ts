import { transportSuite } from "@kilonova/plugin-testing";
import { afterAll, describe, it } from "vitest";
import { connected, removeTopics, testTopic } from "./testing/broker.js";

afterAll(removeTopics);

describe("the RabbitMQ transport", () => {
  for (const check of transportSuite(connected, { newTopic: testTopic })) it(check.name, check.run);
});
