import { type LogFields, silentLogger } from "@kilonova/plugin-api";
import { notifierSuite } from "@kilonova/plugin-testing";
import { describe, test } from "vitest";
import { LogNotifier } from "./log-notifier.js";

const checks = notifierSuite(async () => {
  const lines: string[] = [];
  const write = (fields: LogFields) => void lines.push(JSON.stringify(fields));
  return {
    notifier: new LogNotifier({ ...silentLogger, info: write, warn: write }),
    received: () => lines,
    end: async () => {},
  };
});

describe("the log notifier", () => {
  test.each(checks)("$name", ({ run }) => run());
});
