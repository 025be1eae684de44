import { expect, test } from "vitest";
import { instantOf } from "./instants.js";

test.each([
  ["2026-01-02T03:04:05Z", "2026-01-02T03:04:05.000Z"],
  ["2026-01-02T03:04:05", "2026-01-02T03:04:05.000Z"],
  ["2026-01-02T03:04:05.678901", "2026-01-02T03:04:05.678Z"],
  ["2026-01-02T03:04:05+01:00", "2026-01-02T02:04:05.000Z"],
  ["2026-01-02T03:04:05 01:00", "2026-01-02T02:04:05.000Z"],
  ["2026-01-02 03:04:05", "2026-01-02T03:04:05.000Z"],
  ["2026-01-02", "2026-01-02T00:00:00.000Z"],
])("%s is %s", (text, instant) => {
  expect(instantOf(text, "changes-since")).toBe(instant);
});

test.each(["", "yesterday", "2026-13-01T00:00:00Z", "1"])("%j is no instant", (text) => {
  expect(() => instantOf(text, "changes-since")).toThrow(/changes-since/);
});
