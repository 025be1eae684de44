import { afterEach, describe, expect, it } from "vitest";
import { type LogLine, recordingLogger } from "../testing/recording-logger.js";
import { onSignals } from "./process-signals.js";

let end = () => {};
afterEach(() => end());

function world(handlers: { stop?: () => Promise<void>; reload?: () => Promise<void> } = {}) {
  const seen: string[] = [];
  const lines: LogLine[] = [];
  end = onSignals(
    recordingLogger(lines),
    {
      stop: async (signal) => {
        seen.push(`stop ${signal}`);
        await handlers.stop?.();
      },
      reload: async () => {
        seen.push("reload");
        await handlers.reload?.();
      },
    },
    (code) => seen.push(`leave ${code}`),
  );
  return { seen, lines };
}

/** Delivers a signal as Node does, without the risk of ending the test's own process. */
const tell = (signal: NodeJS.Signals) => process.emit(signal, signal);
const settled = () => new Promise((resolve) => setImmediate(resolve));

describe("a process", () => {
  it("drains at the first SIGTERM or SIGINT and leaves at once at the second SIGINT", () => {
    const { seen } = world({ stop: () => new Promise(() => {}) });
    tell("SIGTERM");
    tell("SIGINT");
    expect(seen).toEqual(["stop SIGTERM", "leave 130"]);
  });

  it("leaves with 143 at a second SIGTERM", () => {
    const { seen } = world({ stop: () => new Promise(() => {}) });
    tell("SIGINT");
    tell("SIGTERM");
    expect(seen).toEqual(["stop SIGINT", "leave 143"]);
  });

  it("leaves with 1 when it cannot stop in order", async () => {
    const { seen, lines } = world({ stop: async () => Promise.reject(new Error("stuck")) });
    tell("SIGTERM");
    await settled();
    expect(seen).toEqual(["stop SIGTERM", "leave 1"]);
    expect(lines).toMatchObject([{ level: "error", fields: { error: "stuck" } }]);
  });

  it("reloads at each SIGHUP, and goes on when that fails", async () => {
    const { seen, lines } = world({ reload: async () => Promise.reject(new Error("bad option")) });
    tell("SIGHUP");
    tell("SIGHUP");
    await settled();
    expect(seen).toEqual(["reload", "reload"]);
    expect(lines[0]).toMatchObject({ level: "error", fields: { error: "bad option" } });
  });

  it("stops listening when it is told so", () => {
    const before = process.listenerCount("SIGHUP");
    const { seen } = world();
    expect(process.listenerCount("SIGHUP")).toBe(before + 1);
    end();
    expect(process.listenerCount("SIGHUP")).toBe(before);
    expect(seen).toEqual([]);
  });
});
