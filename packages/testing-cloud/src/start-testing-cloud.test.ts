import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startTestingCloud } from "./start-testing-cloud.js";

// One that can is a whole cloud: test/e2e has it.

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "kilonova-testing-cloud-"));
});
afterAll(() => rm(folder, { recursive: true }));

function listeners(): readonly number[] {
  return ["SIGINT", "SIGTERM", "SIGHUP", "exit"].map((event) => process.listenerCount(event));
}

describe("a cloud for tests that cannot be started", () => {
  it("says what is wrong and leaves nothing behind", async () => {
    const before = listeners();
    const broken = { configuration: { scheduler: { filters: ["./no-such-file.js#Filter"] } } };
    await expect(startTestingCloud({ ...broken, configurationDirectory: folder })).rejects.toThrow("no-such-file.js");
    await expect(startTestingCloud({ configuration: { compute: { drivr: "x" } } })).rejects.toThrow("compute.drivr");
    await expect(startTestingCloud({ plugins: [join(folder, "nowhere")] })).rejects.toThrow("nowhere");
    await expect(startTestingCloud({ plugins: [], configurationDirectory: "." })).rejects.toThrow(TypeError);
    expect(listeners()).toEqual(before);
  });
});
