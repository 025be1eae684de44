import { appendFile, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { ServerLog } from "./server-log.js";

let folder: string;
let log: ServerLog;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "kilonova-log-"));
  log = new ServerLog(join(folder, "server.log"));
});

afterEach(() => rm(folder, { recursive: true, force: true }));

test("a log that grew too long is emptied, and what it held kept once", async () => {
  await appendFile(log.path, "x".repeat(100));
  await log.bound(100);
  expect(await log.size()).toBe(100);
  await appendFile(log.path, "y");
  await log.bound(100);

  expect(await log.size()).toBe(0);
  expect(await readFile(`${log.path}.1`, "utf8")).toBe(`${"x".repeat(100)}y`);
});

test("the text since a place in the log leaves out what was there before, and all but its end", async () => {
  await appendFile(log.path, "before\n");
  const place = await log.size();
  expect(log.textSince(place)).toBe("");
  await appendFile(log.path, `${"z".repeat(5000)}\nlast words\n`);

  expect(log.textSince(place)).toMatch(/^z+\nlast words$/);
  expect(log.textSince(place).length).toBeLessThanOrEqual(4096);
  await log.bound(10);
  expect(log.textSince(place)).toBe("");
});
