import type { LogFields, Logger } from "@kilonova/plugin-api";
import { sampleNotification } from "@kilonova/plugin-testing";
import { describe, expect, it } from "vitest";
import { LogNotifier } from "./log-notifier.js";

function world() {
  const lines: { level: string; fields: LogFields; message: string }[] = [];
  const at = (level: string) => (fields: LogFields, message: string) => void lines.push({ level, fields, message });
  const logger: Logger = {
    debug: at("debug"),
    info: at("info"),
    warn: at("warn"),
    error: at("error"),
    child: () => logger,
  };
  return { lines, notifier: new LogNotifier(logger) };
}

describe("the log notifier", () => {
  it("writes a line of what happened, with all of it", async () => {
    const { lines, notifier } = world();
    const notification = sampleNotification({ eventType: "instance.create.end", priority: "info" });
    await notifier.notify(notification);
    expect(lines).toEqual([{ level: "info", fields: { notification }, message: "notification instance.create.end" }]);
  });

  it("warns of what failed", async () => {
    const { lines, notifier } = world();
    await notifier.notify(sampleNotification({ eventType: "rpc.error", priority: "error" }));
    expect(lines).toMatchObject([{ level: "warn", message: "notification rpc.error" }]);
  });
});
