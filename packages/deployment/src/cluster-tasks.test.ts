import { periodicTasksOf } from "@kilonova/core";
import { IdentityManager } from "@kilonova/identity";
import { FlatManager } from "@kilonova/network";
import { PlacementManager } from "@kilonova/placement";
import { expect, it } from "vitest";

it.each([
  [PlacementManager, "forget"],
  [FlatManager, "forget"],
  [IdentityManager, "forgetExpiredRevocations"],
])("what has one database for all services of a topic is cleaned up by one of them: %o", (type, method) => {
  expect(periodicTasksOf(type).find((task) => task.method === method)?.spec.once).toBe("cluster");
});
