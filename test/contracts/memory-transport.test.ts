import { MemoryTransport, MemoryWire } from "@kilonova/messaging";
import { transportSuite } from "@kilonova/plugin-testing";
import { describe, it } from "vitest";

describe("the memory transport", () => {
  const wire = new MemoryWire();
  for (const check of transportSuite(async () => new MemoryTransport(wire))) it(check.name, check.run);
});
