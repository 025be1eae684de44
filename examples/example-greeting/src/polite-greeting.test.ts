import { silentLogger } from "@kilonova/plugin-api";
import { expect, it } from "vitest";
import { PoliteGreeting, politeOptions } from "./polite-greeting.js";

it("greets by the title of its option", async () => {
  const greeting = new PoliteGreeting(politeOptions.schema.parse({ title: "esteemed" }), silentLogger);
  expect(await greeting.greet("Ada")).toBe("A very good day to you, esteemed Ada.");
});
