import { serviceSuite } from "@kilonova/plugin-testing";
import { describe, it } from "vitest";
import { LifeManager, lifeContract } from "./testing/life-manager.js";

describe("the manager that core's own tests rest on keeps the contract of a service", () => {
  const makeWorld = async () => ({
    manager: new LifeManager({ events: [] }),
    calls: [{ method: "work" }],
    end: async () => {},
  });
  for (const check of serviceSuite(lifeContract, makeWorld)) it(check.name, check.run);
});
