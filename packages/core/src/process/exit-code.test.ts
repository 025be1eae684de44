import { ConfigurationError } from "@kilonova/config";
import { expect, it } from "vitest";
import { exitCodeOf } from "./exit-code.js";

it("is 2 for a mistake in the options and 1 for all else", () => {
  expect(exitCodeOf(new ConfigurationError("program", []))).toBe(2);
  expect(exitCodeOf(new Error("broken"))).toBe(1);
  expect(exitCodeOf("broken")).toBe(1);
});
