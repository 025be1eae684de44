import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { StateFolder } from "@kilonova/database/embedded";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { CloudProcess } from "./cloud-process.js";
import { DEVICE_OPTIONS } from "./embedded-cloud.js";

describe("Ctrl-C while a cloud is being started", () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "kilonova-e2e-"));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it.each([
    ["while PostgreSQL is being made", /making a new PostgreSQL/],
    ["while services are being started", /service conductor is up/],
    ["while the first guest is being made", /web services listen/],
  ])("%s stops what was started and says so", async (_, moment) => {
    const args = ["up", "--first-guest", "--state-dir", "state", "--http.port", "0", ...DEVICE_OPTIONS.fake];
    const cloud = CloudProcess.launch(args, { cwd: folder });
    await cloud.until(moment);
    expect(await cloud.end("SIGINT")).toBe(1);
    expect(cloud.output).toContain("kilonova: The start was interrupted; what had been started is stopped again.");
    expect(cloud.output).not.toMatch(/^\s+at /m);
    // Nobody holds the folder any more, and no PostgreSQL was left in it.
    await (await StateFolder.hold(join(folder, "state"))).release();
  });
});
