import { appendFile, mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ConsoleLog } from "./console-log.js";

describe("ConsoleLog", () => {
  let folder: string;
  let path: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "kilonova-console-"));
    path = join(folder, "console.log");
  });
  afterEach(() => rm(folder, { recursive: true }));

  it("is empty where the guest never ran", async () => {
    const log = new ConsoleLog(path);
    await log.trim();
    expect(await log.read()).toBe("");
    expect(await log.read(5)).toBe("");
  });

  it("gives the newest lines, a last one without an end among them", async () => {
    await appendFile(path, "one\r\ntwo\nthree\n");
    const log = new ConsoleLog(path);
    expect(await log.read()).toBe("one\r\ntwo\nthree\n");
    expect(await log.read(2)).toBe("two\nthree\n");
    expect(await log.read(3)).toBe("one\r\ntwo\nthree\n");
    expect(await log.read(99)).toBe("one\r\ntwo\nthree\n");
    expect(await log.read(0)).toBe("");
    await appendFile(path, "login: ");
    expect(await log.read(1)).toBe("login: ");
    expect(await log.read(2)).toBe("three\nlogin: ");
  });

  it("gives 100 KiB at most, beginning with a whole character", async () => {
    await appendFile(path, `${"€".repeat(40_000)}\n`);
    const text = await new ConsoleLog(path).read();
    expect(text.length).toBeGreaterThan(34_000);
    expect(text).toMatch(/^€+\n$/);
  });

  it("keeps the newest half of a log that grew too long, and goes on", async () => {
    const log = new ConsoleLog(path, 100);
    await appendFile(path, "a".repeat(100));
    await log.trim();
    expect((await stat(path)).size).toBe(100);
    await appendFile(path, "b".repeat(50));
    await log.trim();
    expect((await stat(path)).size).toBe(0);
    await appendFile(path, "c");
    expect(await log.read()).toBe(`${"b".repeat(50)}c`);
  });
});
